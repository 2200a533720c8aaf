"""One answer at a time, for the terminal: asks the engine, follows what it writes, keeps it.

Owns the loop between the engine's events and the main thread, where the store and the terminal live. An interrupt
(Ctrl-C) cancels the answer and never the program while it runs. What was shown is on disk within a second.
"""

from __future__ import annotations

import contextlib
import queue
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

from finr1_desk.app.live import LiveStatus
from finr1_desk.app.writing import Writing, unsaved_answer
from finr1_desk.core.conversation import FinishReason, Message, ModelIdentity
from finr1_desk.core.errors import UserError
from finr1_desk.core.events import (
    EngineDied,
    EngineEvent,
    Finished,
    GenerateRequest,
    LoadedModel,
    LoadProgress,
    ModelRequest,
    SampleFinished,
    Started,
    TextProduced,
)
from finr1_desk.core.remote import ServerAccess
from finr1_desk.engine.client import EngineClient
from finr1_desk.engine.remote.engine import RemoteEngine
from finr1_desk.engine.routing import RoutedEngine

if TYPE_CHECKING:
    from finr1_desk.store.database import Store

_SAVE_S: Final = 0.5  # half of the promised second, so that a slow disk still keeps the promise
_LEAVE_S: Final = 15.0  # for a worker that is just starting; one that runs lets go at once
_POLL_S: Final = 0.1  # how soon an interrupt or a typed command is noticed where the system does not wake us


class _Interrupt:
    """Ctrl-C was pressed."""


class Answering:
    """This process's way to the engine; used from the main thread.

    Args:
        identify: gives the identity of a loaded model, once an answer has ended.
        on_retry: told when the engine died and the question is asked again in a safe mode.
        access: what lets a request into a server, where one is asked.
    """

    def __init__(
        self,
        runtime_dir: Path,
        identify: Callable[[LoadedModel], ModelIdentity],
        on_retry: Callable[[EngineDied], None],
        access: Callable[[str], ServerAccess],
    ) -> None:
        self._inbox: queue.SimpleQueue[EngineEvent | _Interrupt] = queue.SimpleQueue()
        self._client = RoutedEngine(
            lambda: EngineClient(runtime_dir, self._inbox.put, kind="terminal"),
            lambda: RemoteEngine(access, self._inbox.put),
        )
        self._identify = identify
        self._on_retry = on_retry
        self._writing: Writing | None = None
        self.interrupted = False

    def prepare(self, model: ModelRequest) -> None:
        """Starts loading the model; what goes wrong is told by the first answer."""
        self._client.load(model)

    def unload(self) -> None:
        self._client.unload()

    def close(self) -> None:
        self._client.close(_LEAVE_S)

    def answer_now(self) -> None:
        """Ends the thinking of the answer that is being written."""
        if self._writing is not None:
            self._client.answer_now(self._writing.request_id)

    def stop(self) -> None:
        """Ends the answer that is being written; what has come stays."""
        if self._writing is not None:
            self._client.cancel(self._writing.request_id)

    def write(
        self,
        request: GenerateRequest,
        answer: Message,
        store: Store | None,
        on_change: Callable[[Message, LiveStatus], None],
        on_idle: Callable[[], None] = lambda: None,
    ) -> Answer:
        """Has one answer written and returns it as it ended.

        Args:
            answer: the empty answer, in the store where it is to be kept.
            store: keeps the answer; None where it is not kept.
            on_change: gets the answer and how it stands, at every event.
            on_idle: called some ten times a second, for what may have been typed.

        Raises:
            UserError: the end of the answer could not be kept.
        """
        self._writing = writing = Writing(answer, request.model.path)
        keeper = _Keeper(store)
        self.interrupted = False
        with self._interrupts():
            try:
                writing.request_id = self._client.generate(request)
                finished = self._follow(writing, keeper, on_change, on_idle)
            except BaseException:  # a second Ctrl-C, say: what has come is kept all the same
                self.stop()
                writing.take(Finished(writing.request_id, FinishReason.CANCELLED))
                keeper.finish(writing.ended(self._identity(writing)))
                raise
            finally:
                self._writing = None
            message = writing.ended(self._identity(writing))
            on_change(message, writing.status)
            return Answer(keeper.finish(message), writing.started, finished, writing.error)

    def write_samples(
        self, request: GenerateRequest, on_change: Callable[[Sequence[Writing]], None]
    ) -> tuple[list[Answer], Finished]:
        """Has several answers to one question written; returns them as they ended, and the end of the whole.

        Args:
            on_change: gets all answers as they stand, at every event.
        """
        writings = [Writing(unsaved_answer(), request.model.path) for _ in range(request.samples)]
        self._writing = writings[0]
        self.interrupted = False
        with self._interrupts():
            try:
                request_id = self._client.generate(request)
                for writing in writings:
                    writing.request_id = request_id
                finished = self._follow_samples(writings, on_change)
            except BaseException:
                self.stop()
                raise
            finally:
                self._writing = None
        identity = self._identity(writings[0])
        answers = [
            Answer(writing.ended(identity), writing.started, writing.end or finished, writing.error)
            for writing in writings
        ]
        return answers, finished

    def _follow_samples(self, writings: list[Writing], on_change: Callable[[Sequence[Writing]], None]) -> Finished:
        while True:
            event = self._next(writings[0].request_id)
            if isinstance(event, TextProduced):
                writings[event.sample].take(event)
            elif isinstance(event, SampleFinished):
                writings[event.sample].take(
                    Finished(event.request, event.reason, event.usage, event.timing, think_cut=event.think_cut)
                )
            elif event is not None:
                for writing in writings:
                    if writing.end is None:
                        writing.take(event)
                if isinstance(event, Finished):
                    return event
            on_change(writings)

    def _follow(
        self,
        writing: Writing,
        keeper: _Keeper,
        on_change: Callable[[Message, LiveStatus], None],
        on_idle: Callable[[], None],
    ) -> Finished:
        while True:
            event = self._next(writing.request_id)
            if event is not None:
                writing.take(event)
                if isinstance(event, Finished):
                    return event
                on_change(writing.message, writing.status)
            keeper.keep(writing)
            on_idle()

    def _identity(self, writing: Writing) -> ModelIdentity | None:
        return self._identify(writing.started.model) if writing.started is not None else None

    def _next(self, request_id: str) -> EngineEvent | None:
        """What comes of a request within a moment. On the way Ctrl-C stops it, and that it is tried again is told."""
        try:
            event = self._inbox.get(timeout=_POLL_S)
        except queue.Empty:
            return None
        if isinstance(event, _Interrupt):
            self.interrupted = True
            self.stop()
            return None
        if isinstance(event, EngineDied) and event.safe_mode:
            self._on_retry(event)
            return None
        return event if _concerns(event, request_id) else None

    @contextlib.contextmanager
    def _interrupts(self) -> Iterator[None]:
        """The first Ctrl-C goes to the loop; the next one has its usual effect."""

        def on_interrupt(_signal: int, _frame: FrameType | None) -> None:
            signal.signal(signal.SIGINT, before)
            self._inbox.put(_Interrupt())

        before = signal.signal(signal.SIGINT, on_interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


def _concerns(event: EngineEvent, request_id: str) -> bool:
    return isinstance(event, LoadProgress) or getattr(event, "request", None) == request_id


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that has ended."""

    message: Message
    started: Started | None
    finished: Finished
    error: UserError | None


class _Keeper:
    """Puts an answer into the store while it grows."""

    def __init__(self, store: Store | None) -> None:
        self._store = store
        self._next = 0.0

    def keep(self, writing: Writing) -> None:
        if self._store is None or not writing.unsaved or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _SAVE_S
        # A disk that is full now may have room in half a second; if not, the end of the answer says so.
        with contextlib.suppress(UserError):
            self._store.write_answer(writing.id, writing.message.parts)
            writing.unsaved = False

    def finish(self, message: Message) -> Message:
        if self._store is None:
            return message
        return self._store.finish_answer(message.id, message.parts, message.state, message.generation)
