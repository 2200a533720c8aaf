"""What the logits of two models over the same text say about each other.

Owns the statistics: perplexities, the Kullback-Leibler divergence of the model from its reference, and how often both
would choose the same token first; with the definitions of llama.cpp's perplexity tool. Knows numpy arrays only: no
models, no files, no text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
# [positions, 4], by column: surprise (the negative log-likelihood of the token that came), the reference's, the
# divergence, and 1 where both put the same token first. In nats.
Observations = NDArray[np.float64]
Apply = Callable[[Callable[[range], Observations], Iterable[range]], Iterable[Observations]]

# So many float32 are summed as such, and their sums as float64: as quick as float32 alone, and exact to 1e-8.
_SUMMED_TOGETHER = 2048
# Positions that one thread compares at a time.
_STRIP = 8


class NotFiniteError(ArithmeticError):
    """There is a NaN or an infinity among the logits; ``of_reference`` says whose."""

    def __init__(self, of_reference: bool) -> None:
        super().__init__("a logit is not a finite number")
        self.of_reference = of_reference


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and its standard error."""

    value: float
    uncertainty: float


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures over ``tokens`` predicted tokens. Divergences are in nats.

    ``ratio`` is the model's perplexity over the reference's; it is known more exactly than either of them, since both
    stumble over the same tokens. ``same_first_choice`` is a share between 0 and 1.
    """

    tokens: int
    perplexity: Estimate
    reference_perplexity: Estimate
    ratio: Estimate
    divergence: Estimate
    divergence_median: float
    divergence_p95: float
    divergence_p99: float
    divergence_max: float
    same_first_choice: Estimate


@dataclass(slots=True)
class Comparison:
    """What was observed so far: 32 bytes a predicted token."""

    observed: list[Observations] = field(default_factory=list)

    def add(self, logits: Floats, reference: Floats, following: NDArray[np.int32], apply: Apply = map) -> None:
        """Compare ``logits`` with those of the ``reference``, both [positions, vocabulary].

        ``following`` [positions] are the tokens that came next in the text. ``apply`` is ``map``, or an executor's to
        share the work among threads. Nothing of the arrays is kept. Raises NotFiniteError.
        """
        strips = [range(at, min(at + _STRIP, len(following))) for at in range(0, len(following), _STRIP)]
        self.observed.extend(apply(lambda strip: _observed(logits, reference, following, strip), strips))

    def figures(self) -> Figures:
        """The figures of everything added, which must be at least one position."""
        surprise, reference, divergence, same = np.concatenate(self.observed).T
        median, p95, p99 = np.percentile(divergence, [50, 95, 99])
        return Figures(
            tokens=len(surprise),
            perplexity=_exponential(_mean(surprise)),
            reference_perplexity=_exponential(_mean(reference)),
            ratio=_exponential(_mean(surprise - reference)),
            divergence=_mean(divergence),
            divergence_median=float(median),
            divergence_p95=float(p95),
            divergence_p99=float(p99),
            divergence_max=float(divergence.max()),
            same_first_choice=_mean(same),
        )


@np.errstate(invalid="ignore", over="ignore")  # told as NotFiniteError
def _observed(logits: Floats, reference: Floats, following: NDArray[np.int32], strip: range) -> Observations:
    """The observations at the positions in ``strip``, in two scratch rows that stay in the processor's cache."""
    observations = np.empty((len(strip), 4), dtype=np.float64)
    scratch = np.empty((2, logits.shape[1]), dtype=np.float32)
    starts = np.arange(0, logits.shape[1], _SUMMED_TOGETHER)
    for row, position in enumerate(strip):
        token = int(following[position])
        first, top, log_sum = _log_sum(logits[position], scratch[0], starts, of_reference=False)
        # Last, so that scratch[0] holds the reference's weights: exp(logit - its largest).
        base_first, base_top, base_log_sum = _log_sum(reference[position], scratch[0], starts, of_reference=True)
        surprise = log_sum - (float(logits[position, token]) - top)
        base_surprise = base_log_sum - (float(reference[position, token]) - base_top)
        # The mean of log p(reference) - log p(model) under the reference. Large offsets, which cancel, are taken out
        # of the difference before it is multiplied, else float32 would round what is left.
        difference = np.subtract(reference[position], logits[position], out=scratch[1])
        difference -= np.float32(base_top - top)
        difference *= scratch[0]
        total = float(np.add.reduceat(difference, starts).sum(dtype=np.float64))
        divergence = total / math.exp(base_log_sum) + log_sum - base_log_sum
        if not math.isfinite(divergence):
            raise NotFiniteError(of_reference=not np.isfinite(reference[position]).all())
        observations[row] = surprise, base_surprise, divergence, first == base_first
    return observations


def _log_sum(row: Floats, weights: Floats, starts: NDArray[np.int64], of_reference: bool) -> tuple[int, float, float]:
    """Which logit is the largest, its value, and log(sum(exp(row - largest))); the exponentials go to ``weights``."""
    first = int(row.argmax())
    np.subtract(row, row[first], out=weights)
    np.exp(weights, out=weights)
    total = float(np.add.reduceat(weights, starts).sum(dtype=np.float64))
    # A NaN anywhere, or an infinity at the top, is a NaN here.
    if not total >= 1.0:
        raise NotFiniteError(of_reference)
    return first, float(row[first]), math.log(total)


def _mean(values: NDArray[np.float64]) -> Estimate:
    count = len(values)
    return Estimate(float(values.mean()), float(values.std()) / math.sqrt(count - 1) if count > 1 else 0.0)


def _exponential(estimate: Estimate) -> Estimate:
    """The estimate of exp(x), to first order."""
    value = math.exp(estimate.value)
    return Estimate(value, value * estimate.uncertainty)
