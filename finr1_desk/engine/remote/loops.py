"""Notices loops in an answer of which only the text is known: a server's.

Owns how a text is cut into units, not longer than tokens and the same however the text comes; what counts as a loop is
`finr1_desk.engine.decode.repetition`'s.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from finr1_desk.engine.decode.repetition import LoopDetector

# Words of letters, cut where they are very long, and runs of one mark, both with a space before them; any other
# character by itself, such as a figure or a Chinese one.
_LONGEST: Final = 16
_UNIT: Final = re.compile(
    rf" ?[^\W\d_\u2e80-\U0003ffff]{{1,{_LONGEST}}}| ?(?P<mark>[^\w\s\u2e80-\U0003ffff])(?P=mark){{0,7}}|.", re.DOTALL
)
_LENGTH: Final = 0.65  # of a unit in tokens, where it is shortest: that of a Chinese character


class TextLoops:
    """Takes the text of one answer piece by piece."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._units: list[str] = []
        self._detector = LoopDetector(self._have_letters, _LENGTH)
        self._rest = ""  # may go on in the next piece

    def clear(self) -> None:
        """Begins a new text."""
        self._detector.clear()
        self._rest = ""

    def feed(self, text: str) -> bool:
        """Takes what comes next; returns whether the text is in a loop."""
        text = self._rest + text
        units = [found[0] for found in _UNIT.finditer(text)]
        self._rest = units.pop() if units else ""
        looping = False
        for unit in units:
            number = self._numbers.get(unit)
            if number is None:
                number = self._numbers[unit] = len(self._units)
                self._units.append(unit)
            looping = self._detector.add(number) or looping
        return looping

    def _have_letters(self, numbers: Sequence[int]) -> bool:
        return any(map(str.isalpha, "".join(self._units[number] for number in numbers)))
