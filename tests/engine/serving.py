"""The worker's service without a process around it, so that a test decides when it is idle and for how long.

Owns the loop that the worker's main thread has, in steps; it holds no tests.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from pathlib import Path

from finr1_desk.core.events import EngineEvent, Finished, GenerateRequest, Started, TextProduced
from finr1_desk.core.prompts import Turn, shown_to_model
from finr1_desk.core.reasoning import split
from finr1_desk.engine.protocol import Forget, Generate, Reply, Unload
from finr1_desk.engine.scheduler import Job, Scheduler, Work
from finr1_desk.engine.service import Service
from finr1_desk.engine.survival.safe_mode import SafeModes
from finr1_desk.engine.worker_log import WorkerLog

PATIENCE_S = 60.0


class Serving:
    """A service, its one client, and what it said."""

    def __init__(self, runtime: Path) -> None:
        self.events: list[Reply | EngineEvent] = []
        self.scheduler = Scheduler(lambda _job, _ahead: None)
        self.service = Service(
            self.scheduler,
            WorkerLog(),
            lambda _client, reply: self.events.append(reply),
            self.events.append,
            SafeModes(runtime),
        )
        self._numbers = itertools.count(1)

    def ask(self, request: GenerateRequest) -> Finished:
        """Has an answer written; idle work waits."""
        self.submit(Generate(f"r{next(self._numbers)}", request))
        self.service.run_one(self.scheduler.take(0))
        finished = self.events[-1]
        assert isinstance(finished, Finished)
        return finished

    def submit(self, work: Work) -> None:
        self.scheduler.submit(Job(1, work))

    def settle(self, most_steps: int = 10_000) -> None:
        """Uses idle time until there is nothing left to do, or for so many steps."""
        deadline = time.monotonic() + PATIENCE_S
        for _ in range(most_steps):
            if self.service.is_settled:
                return
            assert time.monotonic() < deadline
            self.service.run_one(self.scheduler.take(0.001))

    def text(self, finished: Finished) -> str:
        produced = [event for event in self.events if isinstance(event, TextProduced)]
        return "".join(event.text for event in produced if event.request == finished.request)

    def started(self, finished: Finished) -> Started:
        return next(event for event in self.events if isinstance(event, Started) and event.request == finished.request)

    def following(self, request: GenerateRequest, finished: Finished, question: str) -> GenerateRequest:
        """What a conversation asks after this answer, as the application builds it."""
        shown = shown_to_model(split(request.prefix + self.text(finished)))
        return replace(request, turns=(*request.turns, Turn("assistant", shown), Turn("user", question)), prefix="")

    def forget(self, conversation: str) -> None:
        self.submit(Forget("forget", conversation))
        self.service.run_one(self.scheduler.take(0))

    def unload(self) -> None:
        self.submit(Unload("unload"))
        self.service.run_one(self.scheduler.take(0))

    def close(self) -> None:
        self.unload()
        self.settle()  # a snapshot on its way to the disk
        self.service.templates.close()

    def held(self, conversation: str) -> list[int] | None:
        """The tokens in memory for a conversation."""
        with self.service.holding_model() as loaded:
            assert loaded is not None
            found = loaded.cache.of(conversation)
            return None if found is None else list(loaded.cache.tokens(found))

    def sequences(self) -> list[list[int]]:
        """The tokens of everything in memory."""
        with self.service.holding_model() as loaded:
            assert loaded is not None
            return [list(tokens) for tokens in loaded.context.sequences.values()]

    def expected(self, request: GenerateRequest) -> list[int]:
        """The tokens of a request's prompt."""
        with self.service.holding_model() as loaded:
            assert loaded is not None
            return list(loaded.prompts.build(request.turns))


def files(folder: Path) -> list[str]:
    return sorted(found.name for found in folder.iterdir()) if folder.is_dir() else []
