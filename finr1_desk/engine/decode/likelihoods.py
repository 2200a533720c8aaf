"""How likely each token of an answer was, for those who ask.

Owns the arithmetic and the tokens that wait to be told with the text that they belong to. Probabilities are the
model's own, before any sampling parameter, as vLLM gives them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

import numpy as np

from finr1_desk.core.events import Likelihood, TokenLikelihood
from finr1_desk.engine.decode.sampler import Logits

_LOWEST: Final = -9999.0  # JSON has no infinity


class Likelihoods:
    """Looks at the logits of each place before a token is drawn there.

    Args:
        likeliest: how many others are told of each place.
        piece: the bytes of a token.
    """

    def __init__(self, likeliest: int, piece: Callable[[int], bytes]) -> None:
        self._likeliest = likeliest
        self._piece = piece
        self._logits: Logits = np.zeros(0, dtype=np.float32)
        self._whole = 0.0
        self._waiting: deque[tuple[int, TokenLikelihood]] = deque()

    def look(self, logits: Logits) -> None:
        """Remembers them as they are: drawing changes them."""
        self._logits = logits.copy()
        best = float(self._logits.max())
        self._whole = best + float(np.log(np.exp((self._logits - np.float32(best)), dtype=np.float64).sum()))

    def note(self, token: int, place: int) -> None:
        """This token was drawn; its text begins after so many characters."""
        wanted = min(self._likeliest, len(self._logits))
        best = np.argpartition(-self._logits, wanted - 1)[:wanted] if wanted else np.zeros(0, dtype=np.intp)
        order = best[np.argsort(-self._logits[best], kind="stable")]
        likeliest = tuple(self._of(int(each)) for each in order)
        self._waiting.append((place, TokenLikelihood(self._of(token), likeliest)))

    def take(self, given: int) -> tuple[TokenLikelihood, ...]:
        """Those of the tokens that begin within the first so many characters, once each."""
        taken = []
        while self._waiting and self._waiting[0][0] < given:
            taken.append(self._waiting.popleft()[1])
        return tuple(taken)

    def _of(self, token: int) -> Likelihood:
        value = float(self._logits[token]) - self._whole
        return Likelihood(self._piece(token).hex(), value if value >= _LOWEST else _LOWEST)
