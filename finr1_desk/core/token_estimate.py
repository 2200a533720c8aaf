"""About how many tokens a prompt has, for where no vocabulary is at hand.

Owns the rule of thumb, made for the tokenisers of the Qwen family: a figure is a token for each digit, a word one
unless it is long, Chinese one for not quite two characters. It is an estimate and is shown as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from finr1_desk.core.prompts import Turn

_OF_A_TURN: Final = 5  # its markers, its role and the end of its line
_LETTERS_OF_A_TOKEN: Final = 9.0
_CHARACTERS_OF_A_TOKEN: Final = 1.75
_PARTS: Final = re.compile(
    r"(?P<letters>[^\W\d_\u2e80-\U0003ffff]+)|(?P<wide>[\u2e80-\U0003ffff]+)| (?=\d)|\d|[^\w\s]+|_+|\n+"
)


def about_tokens(turns: Iterable[Turn]) -> int:
    """Of the whole prompt, markers included; within some fifteen hundredths on prose and tables."""
    return sum(_OF_A_TURN + _in_text(turn.content) for turn in turns)


def _in_text(text: str) -> int:
    tokens = 0.0
    for found in _PARTS.finditer(text):
        length = found.end() - found.start()
        if found["letters"] is not None:
            tokens += max(1.0, length / _LETTERS_OF_A_TOKEN)
        elif found["wide"] is not None:
            tokens += max(1.0, length / _CHARACTERS_OF_A_TOKEN)
        else:
            tokens += max(1.0, length / 3)
    return round(tokens)
