"""Whose turn it is: requests of several clients, taken in a fair order.

Owns the queue between the threads that read from clients and the one that works. Clients take turns; within one
client the order is that of asking. Several jobs may run at once, where whoever runs them takes them so. It runs nothing
itself.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from finr1_desk.core.errors import UserError
from finr1_desk.engine.protocol import Count, Forget, Generate, Load, PlanLoad, Unload

Work = Load | Generate | Count | PlanLoad | Forget | Unload


@dataclass(eq=False, slots=True)
class Job:
    """A request on its way. The two events are set from other threads while it waits or runs.

    `ahead` is what the client was last told of its place; -1 before that. `broken` is why it was cancelled, where
    that was not what the client asked for.
    """

    client: int
    work: Work
    cancelled: threading.Event = field(default_factory=threading.Event)
    answer_now: threading.Event = field(default_factory=threading.Event)
    ahead: int = -1
    broken: UserError | None = None

    @property
    def request(self) -> str:
        return self.work.request


class Scheduler:
    """Thread-safe.

    Args:
        on_moved: called with a waiting job whenever the number of jobs before it has changed; it must be quick and
            not call back.
    """

    def __init__(self, on_moved: Callable[[Job, int], None]) -> None:
        self._on_moved = on_moved
        self._changed = threading.Condition()
        self._waiting: dict[int, deque[Job]] = {}
        self._turns: deque[int] = deque()  # clients with waiting jobs, the next one first
        self._running: list[Job] = []

    def submit(self, job: Job) -> None:
        with self._changed:
            queue = self._waiting.setdefault(job.client, deque())
            if not queue:
                self._turns.append(job.client)
            queue.append(job)
            self._tell_places()
            self._changed.notify()

    def take(self, timeout: float | None = None) -> Job | None:
        """Waits for the next job, which then counts as running until `done`; None after `timeout` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: bool(self._turns), timeout):
                return None
            return self._begin(self._turns[0])

    def take_beside(self, fits: Callable[[Job], bool], most: int) -> Job | None:
        """The next job, where it can run beside those that do; None where it has to wait for their end.

        Args:
            fits: whether a job can; nothing overtakes one that cannot.
            most: how many jobs of one client may run; beyond that the other clients' are next.
        """
        with self._changed:
            for client in self._turns:
                if sum(job.client == client for job in self._running) < most:
                    return self._begin(client) if fits(self._waiting[client][0]) else None
            return None

    def _begin(self, client: int) -> Job:
        self._turns.remove(client)
        job = self._waiting[client].popleft()
        if self._waiting[client]:
            self._turns.append(client)
        else:
            del self._waiting[client]
        self._running.append(job)
        self._tell_places()
        return job

    @property
    def has_waiting(self) -> bool:
        """Whether `take` would give a job at once; costs nothing to ask."""
        return bool(self._turns)

    def done(self, job: Job) -> None:
        """A running job has ended."""
        with self._changed:
            self._running.remove(job)
            self._tell_places()

    def find(self, client: int, request: str) -> Job | None:
        """The job of this client with this id, waiting or running."""
        with self._changed:
            return next((job for job in self._all() if job.client == client and job.request == request), None)

    def cancel(self, client: int, request: str) -> Job | None:
        """Cancels one request. A waiting job is taken out and returned; a running one is marked and ends by itself."""
        with self._changed:
            for job in self._running:
                if job.client == client and job.request == request:
                    job.cancelled.set()
                    return None
            for job in self._waiting.get(client, ()):
                if job.request == request:
                    self._remove(job)
                    self._tell_places()
                    return job
            return None

    def drop_client(self, client: int) -> None:
        """A client has gone: its waiting jobs vanish, its running one is cancelled."""
        with self._changed:
            if self._waiting.pop(client, None):
                self._turns.remove(client)
            for job in self._running:
                if job.client == client:
                    job.cancelled.set()
            self._tell_places()

    def others_at_work(self, client: int) -> bool:
        """Whether a request of another client runs or waits."""
        with self._changed:
            return any(job.client != client for job in self._all())

    def _all(self) -> list[Job]:
        return self._running + [job for queue in self._waiting.values() for job in queue]

    def _remove(self, job: Job) -> None:
        queue = self._waiting[job.client]
        queue.remove(job)
        if not queue:
            del self._waiting[job.client]
            self._turns.remove(job.client)

    def _in_order(self) -> list[Job]:
        queues = {client: deque(jobs) for client, jobs in self._waiting.items()}
        turns = deque(self._turns)
        order = []
        while turns:
            client = turns.popleft()
            order.append(queues[client].popleft())
            if queues[client]:
                turns.append(client)
        return order

    def _tell_places(self) -> None:
        before = 1 if self._running else 0  # those that run end in no known order
        for place, job in enumerate(self._in_order(), start=before):
            if place != job.ahead:
                job.ahead = place
                self._on_moved(job, place)
