"""Which number of threads decodes quickest on this machine.

Owns the order in which numbers are tried and when one is better than the default. It changes no setting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from finr1_desk.engine.bench.results import Ratio, Sample

_WORTH_CHANGING: Final = 1.03  # less is noise
_WORSE_IN_A_ROW: Final = 3  # so many, and going on in this direction is given up
_CLEARLY_WORSE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Tuning:
    """What was tried.

    Attributes:
        speeds: tokens per second by number of threads, in the order of trying.
        default: the number that the application uses where none is set.
        best: the quickest.
        gain: of the best over the default, in turns; 1 where they are the same.
        threads: what the setting should be: 0 where the default is as good.
    """

    speeds: dict[int, float]
    default: int
    best: int
    gain: Ratio
    threads: int


def tune(decode: Callable[[int], Sample], default: int, physical: int, logical: int, rounds: int) -> Tuning:
    """Tries the physical cores first, then fewer, then more, up to the logical ones; then the best against the default.

    Args:
        decode: measures with so many threads.
    """
    speeds: dict[int, float] = {}
    start = min(physical, logical)
    speeds[start] = decode(start).tokens_per_s
    for direction in (range(start - 1, 0, -1), range(start + 1, logical + 1)):
        worse = 0
        for threads in direction:
            speeds[threads] = decode(threads).tokens_per_s
            worse = worse + 1 if speeds[threads] < _CLEARLY_WORSE * max(speeds.values()) else 0
            if worse == _WORSE_IN_A_ROW:
                break
    if default not in speeds:
        speeds[default] = decode(default).tokens_per_s
    best = max(speeds, key=lambda threads: speeds[threads])
    if best == default:
        return Tuning(speeds, default, best, Ratio(1.0, 1.0, 1.0), 0)
    pairs = [(decode(best).tokens_per_s, decode(default).tokens_per_s) for _ in range(rounds)]
    gain = Ratio.of(pairs)
    return Tuning(speeds, default, best, gain, best if gain.median >= _WORTH_CHANGING else 0)
