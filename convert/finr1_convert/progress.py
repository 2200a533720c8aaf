"""How far a conversion has come, as data.

Owns the record that ``convert`` hands to its callback and the arithmetic of speed and time left. Paints
nothing: the command line has a bar (``cli.py``), a window its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """``stage`` is "write" or "quantise"; ``done`` and ``total`` are bytes of that stage, ``seconds`` since
    its start.
    """

    stage: str
    done: int
    total: int
    seconds: float

    @property
    def speed(self) -> float:
        """Bytes a second, 0 before anything is known."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds to go at the present speed, None before anything is known."""
        return (self.total - self.done) / self.speed if self.speed > 0 else None


OnProgress = Callable[[Progress], None]


class Meter:
    """Counts one stage and reports it, at most every ``interval`` seconds and always at the end."""

    def __init__(self, stage: str, total: int, report: OnProgress | None, interval: float = 0.1) -> None:
        self._stage = stage
        self._total = total
        self._report = report
        self._interval = interval
        self._started = time.monotonic()
        self._reported = float("-inf")
        self.done = 0

    def advance_to(self, done: int) -> None:
        """Record that ``done`` bytes of the stage are finished."""
        self.done = done
        now = time.monotonic()
        if self._report is not None and (done >= self._total or now - self._reported >= self._interval):
            self._reported = now
            self._report(Progress(self._stage, done, self._total, now - self._started))
