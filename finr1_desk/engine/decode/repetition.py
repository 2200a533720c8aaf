"""Notices that a model is writing the same passage over and over.

Owns the decision what counts as a loop. It sees token ids, keeps those of one answer, and stops nothing itself.

The text is compared with itself at one distance at a time: as long as every token equals the one that stood that many
tokens before, a passage of that length is being repeated. A distance is found by remembering where each window of
tokens was last seen. So a token costs the same however long the text and the passage are.

Exact repetition is rare in good text but not absent: rows of zeros, empty cells, a refrain. So three copies at least
are asked for, and many more of a short passage; of one without a single letter, such as a row of figures, more still.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

COPIES: Final = 3
LEAST: Final = 384  # tokens that all copies take together
LEAST_WITHOUT_WORDS: Final = 1024
_WINDOW: Final = 32  # tokens: long enough that within a passage hardly any two windows are equal
_BASE: Final = 0x9E3779B97F4A7C15
_PRIME: Final = (1 << 61) - 1
_LEAVING: Final = pow(_BASE, _WINDOW, _PRIME)


class LoopDetector:
    """Takes the tokens of a text one by one.

    Args:
        has_words: whether there is a letter in the text of these tokens; asked once or twice for each passage that is
            repeated for long.
        length: of a token, in real ones; less than 1 where it is not a model's tokens that are counted.
    """

    def __init__(self, has_words: Callable[[Sequence[int]], bool], length: float = 1.0) -> None:
        self._has_words = has_words
        self._least = round(LEAST / length)
        self._least_without_words = round(LEAST_WITHOUT_WORDS / length)
        self.clear()

    def clear(self) -> None:
        """Begins a new text."""
        self._tokens: list[int] = []
        self._last_seen: dict[int, int] = {}  # hash of a window → where it last ended
        self._hash = 0
        self._distance = 0  # 0 while nothing is being repeated
        self._matches = 0  # so many tokens equal those at this distance before them
        self._enough = 0  # matches that make a loop

    def add(self, token: int) -> bool:
        """Takes the next token; returns whether it is part of a loop."""
        tokens = self._tokens
        place = len(tokens)
        tokens.append(token)
        window = self._hash * _BASE + token + 1
        if place >= _WINDOW:
            window -= (tokens[place - _WINDOW] + 1) * _LEAVING
        window %= _PRIME
        self._hash = window
        if self._distance and tokens[place - self._distance] == token:
            self._matches += 1
            if self._matches >= self._enough and self._is_loop():
                return True
        else:
            self._distance = place - self._last_seen.get(window, place)
            self._matches = _WINDOW
            self._enough = max(self._least - self._distance, (COPIES - 1) * self._distance)
        self._last_seen[window] = place
        return False

    def _is_loop(self) -> bool:
        has_words = self._has_words(self._tokens[-self._distance :])
        least = self._least if has_words else self._least_without_words
        self._enough = max(self._enough, least - self._distance)
        return self._matches >= self._enough
