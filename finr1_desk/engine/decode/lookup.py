"""Guesses the next tokens from the text so far: long answers quote figures and sentences that stand above them.

Owns the search for the passage that is being repeated, and the decision whether a guess is worth computing. It sees
token ids and computes nothing; whether a guess was right is decided by the sampler, token by token.

The text is followed at one earlier place at a time, found by its last few tokens; as long as the text goes on as it did
there, the place moves along. So a token costs the same however long the text is.

At every place followed the next token is compared with the one there, whether it was guessed or not: how often they
agree, after so many that did, is known without having computed a single guess in vain. A guess is made only where the
tokens expected of it are worth its rows. The prices are fixed, and the clock is never asked: the same text is always
guessed alike, in batches of the same shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

# What computing so many rows at once costs, in decoded tokens; a row has a guessed token, or the one before them. As
# measured with a 7B model on two processor cores, where computing takes the time. More cores wait for the weights to
# come from memory, which they do but once for all rows.
_COSTS: Final[Mapping[int, float]] = {4: 2.4, 8: 4.2, 16: 4.9}
_CORES_OF_COSTS: Final = 2
_MOST_CORES: Final = 8  # what is gained by more than these is not counted upon
_GPU_CORES: Final = 64

_WORTH_IT: Final = 1.05  # tokens for the price of one, at least
_FINGERPRINT: Final = 3  # tokens that have to agree before a place is followed
# Agreement is counted by how many tokens have agreed already: up to 3, 5, 8, 12, 19, and more.
_CLASSES: Final = (*[0] * 4, *[1] * 2, *[2] * 3, *[3] * 4, *[4] * 7)
_LAST_CLASS: Final = 5
# What is expected before anything is known, and how many tokens' worth of knowledge that is.
_EXPECTED: Final = (0.45, 0.6, 0.7, 0.8, 0.9, 0.95)
_WEIGHT: Final = 3.0
_FORGETTING: Final = 0.97  # of what was counted, from one token to the next of its class


def costs_of_rows(threads: int, *, on_gpu: bool, most_rows: int) -> dict[int, float]:
    """How many rows may be computed at once, and what they cost together in decoded tokens.

    Args:
        threads: those that decode, on the processor.
        on_gpu: whether layers are on a GPU.
        most_rows: as many as the context can compute.
    """
    cores = _GPU_CORES if on_gpu else max(_CORES_OF_COSTS, min(threads, _MOST_CORES))
    share = _CORES_OF_COSTS / cores
    return {rows: 1.0 + (cost - 1.0) * share for rows, cost in _COSTS.items() if rows <= most_rows}


class PromptLookup:
    """Takes the tokens of a text one by one and guesses how it goes on.

    Args:
        prompt: the text before the answer.
        costs: rows that may be computed at once, and what they cost together in decoded tokens.
    """

    def __init__(self, prompt: Iterable[int], costs: Mapping[int, float]) -> None:
        self._costs = sorted(costs.items())
        self._tokens: list[int] = []
        self._places: dict[tuple[int, ...], int] = {}  # the last few tokens → what came after them, when last seen
        self._place = 0  # the token expected next; 0 where no place is followed
        self._agreed = 0  # so many tokens before that place are those before the end
        self._right = [share * _WEIGHT for share in _EXPECTED]
        self._tried = [_WEIGHT] * len(_EXPECTED)
        self._read(prompt)

    def _read(self, prompt: Iterable[int]) -> None:
        tokens, places = self._tokens, self._places
        tokens.extend(prompt)
        places.update(
            zip(zip(tokens, tokens[1:], tokens[2:], strict=False), range(_FINGERPRINT, len(tokens)), strict=False)
        )

    def add(self, token: int) -> None:
        """Takes the next token of the text."""
        tokens, place = self._tokens, self._place
        if place:
            kind = _CLASSES[self._agreed] if self._agreed < len(_CLASSES) else _LAST_CLASS
            right = tokens[place] == token
            self._right[kind] = self._right[kind] * _FORGETTING + right
            self._tried[kind] = self._tried[kind] * _FORGETTING + 1.0
            self._place = place + 1 if right else 0
            self._agreed += 1
        end = len(tokens)
        if end >= _FINGERPRINT:
            # Known only now, when there is a token after it; else the end of the text would be found as its own past.
            self._places[tuple(tokens[-_FINGERPRINT:])] = end
        tokens.append(token)
        if not self._place:
            self._place = self._places.get(tuple(tokens[-_FINGERPRINT:]), 0)
            self._agreed = _FINGERPRINT

    def draft(self, room: int) -> list[int]:
        """The tokens to compute together with the last one, `room` at most; none where that is not worth its rows."""
        place = self._place
        if not place:
            return []
        best, chosen, expected, chance, agreed, rows = _WORTH_IT, 1, 1.0, 1.0, self._agreed, 1
        for more, cost in self._costs:
            while rows < more:
                kind = _CLASSES[agreed] if agreed < len(_CLASSES) else _LAST_CLASS
                chance *= self._right[kind] / self._tried[kind]
                expected += chance
                agreed += 1
                rows += 1
            if expected / cost > best:
                best, chosen = expected / cost, more
        wanted = min(chosen - 1, room)
        guess = self._tokens[place : place + wanted]
        known = len(guess)
        return guess + [guess[number % known] for number in range(known, wanted)]  # what repeats itself goes on so
