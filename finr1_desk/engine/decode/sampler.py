"""Draws the next token from logits.

Owns the arithmetic of sampling, in the order that `core.sampling` fixes: repetition penalty over prompt and output,
temperature, top-k, top-p, min-p. It computes nothing of llama.cpp's and keeps no text.

On the peaked logits of a trained model nearly all of the vocabulary has no chance. So only the tokens within a
distance of the best one are looked at, with an upper bound on the probability of all others; where that bound could
change the outcome, everything is computed. What is drawn is therefore always what the full computation draws.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from finr1_desk.core.sampling import Sampling

Logits = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

# Distance below the best token, after temperature. The e^-20 = 2e-9 of a token at this distance, times a vocabulary
# of 150,000, is 0.0003 of the best token's probability: rarely enough to decide anything.
_WINDOW: Final = 20.0
# Logits are looked through in blocks: on peaked ones, all but a few blocks hold nothing of interest.
_BLOCK: Final = 4096
_MANY_BLOCKS: Final = 8

_MASK: Final = (1 << 64) - 1
_AGAIN: Final = 1 << 62  # beyond every position


class BadLogitsError(Exception):
    """The model computed something that is no probability distribution (not a number, or infinite)."""


class Form(Protocol):
    """What an answer has to look like: which tokens may come next."""

    def allows(self, token: int) -> bool: ...

    def forbid(self, logits: Logits) -> None:
        """Gives tokens that may not come next, in place, no chance: all of them, or at least the one just refused."""
        ...

    def accept(self, token: int) -> None: ...


def uniform(seed: int, sample: int, position: int) -> float:
    """A number in [0, 1) that depends on nothing but its three arguments (the finaliser of SplitMix64, chained)."""
    state = _mixed(seed)
    state = _mixed(state ^ sample)
    state = _mixed(state ^ position)
    return (state >> 11) * 2.0**-53


def _mixed(value: int) -> int:
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


class Sampler:
    """Draws the tokens of one answer.

    Args:
        sampling: the parameters; `max_tokens` is not looked at here.
        seed: 64 bits.
        vocabulary_size: length of the logits.
        seen: the tokens of the prompt, which the repetition penalty covers too.
        sample: which of the answers to the same question this is; each has random numbers of its own.
        form: what the answer has to look like, where that is given.
    """

    def __init__(
        self,
        sampling: Sampling,
        seed: int,
        vocabulary_size: int,
        seen: Iterable[int],
        sample: int = 0,
        form: Form | None = None,
    ) -> None:
        self._sampling = sampling
        self._seed = seed
        self._sample = sample
        self._size = vocabulary_size
        self._form = form
        self._blocks = np.arange(0, vocabulary_size, _BLOCK)
        self._penalised = sampling.repetition_penalty != 1.0
        self._is_seen = bytearray(vocabulary_size)
        self._seen = np.empty(1024, dtype=np.intp)
        self._seen_count = 0
        for token in seen:
            self.accept(token)

    def accept(self, token: int) -> None:
        """Counts a token as part of the text so far."""
        if self._is_seen[token] or not self._penalised:
            return
        self._is_seen[token] = 1
        if self._seen_count == len(self._seen):
            self._seen = np.concatenate([self._seen, np.empty_like(self._seen)])
        self._seen[self._seen_count] = token
        self._seen_count += 1

    def sample(self, logits: Logits, position: int) -> int:
        """The token for this position of the sequence, accepted.

        `logits`, shape (vocabulary,), are changed in place by the penalty.

        Raises:
            BadLogitsError: a logit is not a number, or the largest one is not finite.
        """
        if self._penalised:
            self._penalise(logits)
        token = self._choose(logits, position)
        if self._form is not None:
            # Drawing again, with another number, among those that may come is the same as drawing among them only.
            while not self._form.allows(token):
                self._form.forbid(logits)
                token = self._choose(logits, position + _AGAIN)
            self._form.accept(token)
        self.accept(token)
        return token

    def _choose(self, logits: Logits, position: int) -> int:
        if self._sampling.temperature == 0.0:
            return self._best(logits)
        return self._draw(logits, uniform(self._seed, self._sample, position))

    def _penalise(self, logits: Logits) -> None:
        penalty = np.float32(self._sampling.repetition_penalty)
        tokens = self._seen[: self._seen_count]
        values = logits[tokens]
        # Positive logits are divided, negative ones multiplied: whichever of the two lowers (or raises) them.
        choose = np.minimum if penalty > 1 else np.maximum
        logits[tokens] = choose(values / penalty, values * penalty)

    @staticmethod
    def _best(logits: Logits) -> int:
        token = int(logits.argmax())  # of a NaN, where there is one
        if not math.isfinite(logits[token]):
            raise BadLogitsError
        return token

    def _draw(self, logits: Logits, number: float) -> int:
        peaks = np.maximum.reduceat(logits, self._blocks)  # the one pass over all logits
        best = float(peaks.max())  # a NaN, where there is one
        if not math.isfinite(best):
            raise BadLogitsError
        temperature = self._sampling.temperature
        threshold = np.float32(best - _WINDOW * temperature)
        rest_each = math.exp((float(threshold) - best) / temperature)
        near = self._at_least(logits, threshold, np.flatnonzero(peaks >= threshold))
        if len(near) == 1 and self._one_decides(rest_each, number):
            return int(near[0])
        token = self._draw_among(logits, near, best, number, rest_each)
        if token is None:
            token = self._draw_among(logits, np.arange(self._size), best, number, 0.0)
        if token is None:
            raise AssertionError("the full distribution always decides")
        return token

    @staticmethod
    def _at_least(logits: Logits, threshold: np.float32, blocks: Indices) -> Indices:
        """The tokens whose logits reach the threshold, which lie in these blocks only; in order."""
        if len(blocks) > _MANY_BLOCKS:
            return np.flatnonzero(logits >= threshold)
        starts = blocks * _BLOCK
        found = [np.flatnonzero(logits[start : start + _BLOCK] >= threshold) + start for start in starts]
        return found[0] if len(found) == 1 else np.concatenate(found)

    def _one_decides(self, rest_each: float, number: float) -> bool:
        """Whether the best token is drawn whatever the weights of all others, `rest_each` at most, are."""
        limit = self._sampling.top_k or self._size
        whole = 1.0 + (limit - 1) * rest_each
        return (self._sampling.top_p if self._sampling.top_p < 1.0 else number) * whole < 1.0

    def _draw_among(self, logits: Logits, tokens: Indices, best: float, number: float, rest_each: float) -> int | None:
        """Draws one of `tokens`; None where a token left out, of weight `rest_each` at most, might have mattered."""
        sampling = self._sampling
        weights: Floats = np.exp((logits[tokens].astype(np.float64) - best) / sampling.temperature)
        order = np.argsort(-weights, kind="stable")  # equal weights: the smaller id comes first
        tokens, weights = tokens[order], weights[order]
        limit = min(sampling.top_k or self._size, self._size)
        weights = weights[:limit]
        rest = (limit - len(weights)) * rest_each
        sums = np.cumsum(weights)
        kept = len(weights)
        if sampling.top_p < 1.0:
            kept = int(np.searchsorted(sums, sampling.top_p * sums[-1])) + 1
            if rest and kept != int(np.searchsorted(sums, sampling.top_p * (sums[-1] + rest))) + 1:
                return None
            rest = 0.0
        if sampling.min_p > 0.0:
            if rest and sampling.min_p <= rest_each:
                return None
            kept = min(kept, int(np.searchsorted(-weights, -sampling.min_p, side="right")))
            rest = 0.0
        low = int(np.searchsorted(sums[:kept], number * sums[kept - 1], side="right"))
        if rest and low != int(np.searchsorted(sums[:kept], number * (sums[kept - 1] + rest), side="right")):
            return None
        return int(tokens[min(low, kept - 1)])
