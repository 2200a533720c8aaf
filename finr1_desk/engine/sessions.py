"""The worker's side of its connections: who is attached, and what they say.

Owns the listener's handshakes, a reading and a writing thread per client, and the moment the worker ends: when its
last client has left. It decides nothing about models; requests go to the scheduler, events come from the service.

Reading never waits for llama.cpp, and llama.cpp never waits for a slow client: what is to be sent is queued. A client
that stops reading makes its queue no longer than the answers that it has asked for.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import threading
from collections.abc import Callable
from multiprocessing import AuthenticationError
from multiprocessing import connection as mp
from multiprocessing.connection import Connection, Listener
from typing import Final

from finr1_desk.core.conversation import FinishReason
from finr1_desk.core.errors import UserError
from finr1_desk.core.events import EngineEvent, Finished, Queued, TokensCounted
from finr1_desk.engine import protocol
from finr1_desk.engine.protocol import (
    AnswerNow,
    Bye,
    Cancel,
    Command,
    Count,
    Farewell,
    Forget,
    Generate,
    Hello,
    Load,
    PlanLoad,
    ProtocolError,
    Refused,
    Reply,
    Unload,
    Welcome,
)
from finr1_desk.engine.scheduler import Job, Scheduler
from finr1_desk.engine.worker_log import WorkerLog

_MAX_STRANGERS: Final = 32  # connections that have not proved that they know the key


class _Client:
    """One attached client: its connection and the replies on their way to it."""

    def __init__(self, number: int, kind: str, connection: Connection) -> None:
        self.number = number
        self.kind = kind
        self.connection = connection
        self._outbox: queue.SimpleQueue[Reply | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name=f"writer-{number}", daemon=True)

    def start(self) -> None:
        self._writer.start()

    def send(self, reply: Reply) -> None:
        self._outbox.put(reply)

    def stop(self) -> None:
        self._outbox.put(None)

    def _write(self) -> None:
        try:
            while (reply := self._outbox.get()) is not None:
                self.connection.send_bytes(protocol.encode(reply))
        except (OSError, ValueError):  # it has gone; its reading thread sees that too
            return


class Sessions:
    """All attached clients.

    Args:
        on_empty: called once, when the last client has left; no client is accepted from then on.
    """

    def __init__(self, log: WorkerLog, on_empty: Callable[[], None]) -> None:
        self._log = log
        self._on_empty = on_empty
        self._lock = threading.Lock()
        self._clients: dict[int, _Client] = {}
        self._numbers = itertools.count(1)
        self._strangers = 0
        self._leaving = False
        self.scheduler = Scheduler(self._on_moved)
        self._counts: queue.SimpleQueue[tuple[int, Count]] = queue.SimpleQueue()
        # Given by the worker before anything is accepted:
        self.greeting: Callable[[], EngineEvent | None] = lambda: None
        self.count_beside: Callable[[Count], int | None] = lambda _work: None

    # -- sending, from any thread

    def send(self, client: int, reply: Reply) -> None:
        with self._lock:
            found = self._clients.get(client)
        if found is not None:
            found.send(reply)

    def broadcast(self, reply: Reply) -> None:
        with self._lock:
            clients = list(self._clients.values())
        for client in clients:
            client.send(reply)

    def _on_moved(self, job: Job, ahead: int) -> None:
        if ahead > 0:
            self.send(job.client, Queued(job.request, ahead))

    # -- threads

    def serve(self, listener: Listener, key: bytes) -> None:
        """Accepts connections for ever; each gets a thread of its own, so a silent one holds up nobody."""
        threading.Thread(target=self._count, name="counter", daemon=True).start()
        while True:
            try:
                connection = listener.accept()
            except (OSError, EOFError) as error:
                self._log.write_error("accept", error)
                threading.Event().wait(0.1)
                continue
            with self._lock:
                self._strangers += 1
                crowded = self._strangers > _MAX_STRANGERS
            if crowded:
                self._end_stranger(connection)
                continue
            threading.Thread(target=self._talk, args=(connection, key), name="reader", daemon=True).start()

    def leave_if_empty(self) -> None:
        """For a worker that nobody came to: ends it as if its last client had left."""
        with self._lock:
            if self._clients or self._leaving:
                return
            self._leaving = True
        self._on_empty()

    def _end_stranger(self, connection: Connection) -> None:
        with self._lock:
            self._strangers -= 1
        connection.close()

    def _talk(self, connection: Connection, key: bytes) -> None:
        try:
            mp.deliver_challenge(connection, key)
            mp.answer_challenge(connection, key)
            hello = protocol.decode(connection.recv_bytes(protocol.MAX_MESSAGE_BYTES))
            client = self._welcome(hello, connection)
        except (OSError, EOFError, AuthenticationError, ProtocolError, ValueError) as error:
            self._log.write(f"connection refused: {type(error).__name__}")
            client = None
        if client is None:
            self._end_stranger(connection)
            return
        try:
            while True:
                self._obey(client, connection.recv_bytes(protocol.MAX_MESSAGE_BYTES))
        except (OSError, EOFError):
            pass
        except ProtocolError as error:
            self._log.write(f"client {client.number} sent nonsense: {type(error).__name__}")
        self._remove(client)

    def _welcome(self, hello: Hello | Bye | Command | Reply, connection: Connection) -> _Client | None:
        """Accepts a client of the same version; tells another one ours."""
        own = protocol.application_version()
        if not isinstance(hello, Hello) or (hello.protocol, hello.version) != (protocol.PROTOCOL_VERSION, own):
            connection.send_bytes(protocol.encode(Refused(protocol.PROTOCOL_VERSION, own)))
            return None
        with self._lock:
            if self._leaving:
                return None
            client = _Client(next(self._numbers), hello.kind, connection)
            self._clients[client.number] = client
            self._strangers -= 1
            client.send(Welcome(protocol.PROTOCOL_VERSION, own, os.getpid(), client.number))
            greeting = self.greeting()  # under the lock: a broadcast that contradicts it comes after it
            if greeting is not None:
                client.send(greeting)
        client.start()
        self._log.write(f"client {client.number} ({hello.kind}, process {hello.pid}) attached")
        return client

    def _remove(self, client: _Client) -> None:
        with self._lock:
            del self._clients[client.number]
            self._leaving = last = not self._clients
        self.scheduler.drop_client(client.number)
        client.stop()
        with contextlib.suppress(OSError):
            client.connection.close()
        self._log.write(f"client {client.number} left")
        if last:
            self._on_empty()

    # -- commands

    def _obey(self, client: _Client, raw: bytes) -> None:
        """Raises ProtocolError for what is no command."""
        command = protocol.decode(raw)
        number = client.number
        if isinstance(command, Load | Generate | PlanLoad | Forget):
            self.scheduler.submit(Job(number, command))
        elif isinstance(command, Count):
            self._counts.put((number, command))
        elif isinstance(command, Unload):
            if self.scheduler.others_at_work(number):
                client.send(protocol.Done(command.request))
            else:
                self.scheduler.submit(Job(number, command))
        elif isinstance(command, Cancel):
            removed = self.scheduler.cancel(number, command.request)
            if removed is not None:
                client.send(Finished(command.request, FinishReason.CANCELLED))
        elif isinstance(command, AnswerNow):
            job = self.scheduler.find(number, command.request)
            if job is not None:
                job.answer_now.set()
        elif isinstance(command, Bye):
            with self._lock:
                last = len(self._clients) == 1
            client.send(Farewell(last))
        else:
            raise ProtocolError("not a command")

    def _count(self) -> None:
        """Counts tokens beside a running generation; what needs another model's vocabulary waits its turn."""
        while True:
            number, work = self._counts.get()
            try:
                tokens = self.count_beside(work)
            except UserError as error:
                self.send(number, Finished(work.request, FinishReason.ERROR, code=error.code, params=error.params))
                continue
            except Exception as error:  # a bug must not end the counting
                self._log.write_error("count", error)
                self.send(number, Finished(work.request, FinishReason.CANCELLED))
                continue
            if tokens is None:
                self.scheduler.submit(Job(number, work))
            else:
                self.send(number, TokensCounted(work.request, tokens))
