"""How a download tells what it does: phases, bytes, speed, and the time left.

Owns the counting. It reads a clock and nothing else.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_WINDOW_S: Final = 8.0  # over which the speed is told
_EVERY_S: Final = 0.25


class Phase(StrEnum):
    ASKING = "asking"  # the hub, for its record
    CHECKING = "checking"  # what is on the disk already
    FETCHING = "fetching"
    WAITING = "waiting"  # for the network, or as long as the server said
    PLACING = "placing"


@dataclass(frozen=True, slots=True)
class Progress:
    """Bytes of all files together; `left_s` and `wait_s` in seconds, None and 0 where there is nothing to tell."""

    phase: Phase
    done: int = 0
    total: int = 0
    bytes_per_s: float = 0.0
    left_s: float | None = None
    file: str = ""
    wait_s: float = 0.0
    reason: str = ""


OnProgress = Callable[[Progress], None]


class Meter:
    """Counts bytes and tells of them four times a second at most."""

    def __init__(self, tell: OnProgress, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._tell = tell
        self._total = total
        self._clock = clock
        self._done = 0
        self._file = ""
        self._phase = Phase.ASKING
        self._told = -1.0
        self._recent: deque[tuple[float, int]] = deque()
        self._fetched = 0

    def start(self, phase: Phase, file: str = "") -> None:
        """What is done from now on; told at once."""
        self._phase, self._file = phase, file or self._file
        self._recent.clear()
        self._say()

    def have(self, count: int) -> None:
        """So many bytes more were on the disk already."""
        self._done += count
        self._say_sometimes()

    def lose(self, count: int) -> None:
        """So many bytes turned out to be of no use."""
        self._done -= count

    def fetched(self, count: int) -> None:
        """So many bytes more have come."""
        self._done += count
        self._fetched += count
        self._say_sometimes()

    def wait(self, seconds: float, reason: str) -> None:
        self._tell(Progress(Phase.WAITING, self._done, self._total, 0.0, None, self._file, seconds, reason))

    def _say_sometimes(self) -> None:
        if self._clock() - self._told >= _EVERY_S:
            self._say()

    def _say(self) -> None:
        now = self._told = self._clock()
        self._recent.append((now, self._fetched))
        while len(self._recent) > 2 and now - self._recent[0][0] > _WINDOW_S:
            self._recent.popleft()
        since, before = self._recent[0]
        speed = (self._fetched - before) / (now - since) if now - since > _EVERY_S / 2 else 0.0
        left = (self._total - self._done) / speed if speed > 0 else None
        self._tell(Progress(self._phase, self._done, self._total, speed, left, self._file))
