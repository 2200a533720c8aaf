"""A client's events, recorded so that tests can wait for one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from finr1_desk.core.events import EngineEvent, Finished, Planned, TextProduced, TokensCounted

# Generous: the machine that runs the tests may be busy.
PATIENCE_S = 60.0

E = TypeVar("E")


class Recorder:
    """Give it to a client as `on_event`."""

    def __init__(self) -> None:
        self.events: list[EngineEvent] = []
        self.times: list[float] = []
        self._changed = threading.Condition()

    def __call__(self, event: EngineEvent) -> None:
        with self._changed:
            self.events.append(event)
            self.times.append(time.monotonic())
            self._changed.notify_all()

    def wait_for(self, kind: type[E], condition: Callable[[E], bool] = lambda _event: True) -> E:
        """The first event of this kind, past or future, for which the condition holds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._find(kind, condition) is not None, PATIENCE_S):
                raise AssertionError(f"no {kind.__name__} among {self.events[-20:]}")
            found = self._find(kind, condition)
        assert found is not None
        return found

    def _find(self, kind: type[E], condition: Callable[[E], bool]) -> E | None:
        return next((event for event in self.events if isinstance(event, kind) and condition(event)), None)

    def finished(self, request: str) -> Finished:
        return self.wait_for(Finished, lambda event: event.request == request)

    def end_of(self, request: str) -> EngineEvent:
        """The event that ends a request for a plan or a count, whether it brings one or an error."""
        ends = Finished | Planned | TokensCounted
        return self.wait_for(object, lambda event: isinstance(event, ends) and event.request == request)  # type: ignore[return-value]

    def wait_for_any(self, count: int) -> None:
        """Waits until so many events have come."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.events) >= count, PATIENCE_S):
                raise AssertionError(f"only {self.events}")

    def of(self, kind: type[E], request: str) -> list[E]:
        with self._changed:
            return [e for e in self.events if isinstance(e, kind) and getattr(e, "request", None) == request]

    def text(self, request: str) -> str:
        return "".join(event.text for event in self.of(TextProduced, request))
