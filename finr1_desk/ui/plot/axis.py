"""Tidy axes: round numbers between which the values lie, and how they are written.

Owns the choice of the marks. It draws nothing and knows nothing of Qt.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
MARKS: Final = 5  # about so many steps
FLAT: Final = 1e-9  # values that differ by less, relatively, are the same


@dataclass(frozen=True, slots=True)
class Axis:
    """From `low` to `high` in steps; `decimals` are needed to write the marks."""

    low: float
    high: float
    step: float
    decimals: int

    @property
    def marks(self) -> list[float]:
        count = round((self.high - self.low) / self.step)
        return [self.low + number * self.step for number in range(count + 1)]

    def share(self, value: float) -> float:
        """Where a value lies, from 0 at the low end to 1 at the high one."""
        return (value - self.low) / (self.high - self.low)


def axis_for(values: Sequence[float], *, with_zero: bool) -> Axis:
    """The axis for values, of which there is at least one; `with_zero` where lengths are compared, as in bars."""
    low, high = min(values), max(values)
    if with_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    span = high - low
    if span <= FLAT * max(abs(low), abs(high)):
        pad = abs(high) / 2 or 1.0
        low, high = low - pad, high + pad
        span = high - low
    step = _tidy(span / MARKS)
    first, last = math.floor(low / step + FLAT), math.ceil(high / step - FLAT)
    return Axis(first * step, last * step, step, _decimals(step))


def _tidy(rough: float) -> float:
    """The smallest round step that is not below a rough one."""
    magnitude = 10.0 ** math.floor(math.log10(rough))
    return next(step for step in _STEPS if step * magnitude >= rough * (1 - FLAT)) * magnitude


def _decimals(step: float) -> int:
    for decimals in range(12):
        if abs(round(step, decimals) - step) <= FLAT * step:
            return decimals
    return 12


def thinned(count: int, room: int) -> list[int]:
    """Which of so many labels are written where there is room for `room` of them: the first, and every so many."""
    every = max(math.ceil(count / max(room, 1)), 1)
    return list(range(0, count, every))
