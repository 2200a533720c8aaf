"""Whether a worker that owes this client an answer still moves.

Owns that judgement and the clock it is made with. It hears what the worker says and ends nothing itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from finr1_desk.engine.protocol import Pulse

TICK_S: Final = 1.0
_SILENCE_S: Final = 60.0  # whatever is computed, its pulses come from a thread that waits for nothing
_LONGEST_TICK_S: Final = 2 * TICK_S


class Watch:
    """Adds up the time in which nothing happened.

    Ticks that come late count no more than two seconds: then it was this process, or the machine, that stood still.

    Args:
        patience_s: how long nothing may happen; None leaves it to the worker, which knows what it computes on.
    """

    def __init__(self, patience_s: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._fixed = patience_s
        self._clock = clock
        self.begin()

    def begin(self) -> None:
        """Something was asked of a worker that owed nothing, or of a new one."""
        self._patience_s = self._silence_s = self._fixed or _SILENCE_S
        self._steps = -1
        self._still_s = self._silent_s = 0.0  # without a step; without a word
        self._last = self._clock()

    def heard(self, pulse: Pulse | None = None) -> None:
        """The worker said something; in a pulse only steps that have changed are a sign that it moves."""
        self._silent_s = 0.0
        if pulse is not None:
            self._patience_s = self._fixed or pulse.patience_s
            if pulse.steps == self._steps:
                return
            self._steps = pulse.steps
        self._still_s = 0.0

    def hangs(self) -> bool:
        """To be asked about once a second while the worker owes an answer."""
        now = self._clock()
        passed = min(now - self._last, _LONGEST_TICK_S)
        self._still_s += passed
        self._silent_s += passed
        self._last = now
        return self._still_s >= self._patience_s or self._silent_s >= self._silence_s
