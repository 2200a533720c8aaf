"""What an exercise is: a question, the thinking that leads to its answer, and the split it belongs to.

Owns the output format and the rule that decides what is held out. It draws nothing at random and needs
neither torch nor a tokeniser.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import Enum
from typing import Literal

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
ARITHMETIC = ("growth", "ratios", "simple_interest", "compound_interest")
TASKS = (*ARITHMETIC, "compliance", "sentiment")
OFF_LIST = "off_list"
HELD_OUT_SHARE = 8


class Mark(Enum):
    """How a stretch of the thinking is learned."""

    PLAIN = "plain"
    COPY = "copy"
    """Figures taken over from the question: the first hurdle, so their loss weighs more."""
    GIVEN = "given"
    """Figures of a drill that nothing before could tell: their loss is zero."""
    TRIAL = "trial"
    """A trial digit that is wrong on purpose, so that correcting it is learned: its own loss is zero."""


@dataclass(frozen=True)
class Piece:
    """A stretch of thinking and how it is learned."""

    text: str
    mark: Mark = Mark.PLAIN


@dataclass(frozen=True)
class Exercise:
    """One question with its worked answer; ``expected`` is what the box must hold (None: the off-list sentence)."""

    task: str
    language: Language
    template: str
    question: str
    thinking: tuple[Piece, ...]
    answer: str
    expected: str | None
    held_out: bool
    unseen_template: bool

    @property
    def completion(self) -> str:
        """What the model should write, without the end-of-turn token."""
        return THINK_OPEN + "".join(piece.text for piece in self.thinking) + self.conclusion

    @property
    def conclusion(self) -> str:
        """The completion from the end of the thinking on."""
        return f"{THINK_CLOSE}{self.visible}"

    @property
    def visible(self) -> str:
        """What later turns of a conversation see of the answer: everything after ``</think>``."""
        return f"\n<answer>\n{self.answer}\n</answer>"


THINK_OPEN = "<think>\n"
THINK_CLOSE = "\n</think>"


def is_held_out(*key: object) -> bool:
    """Whether the operands, behaviour or headline named by ``key`` is kept for scoring (one in eight)."""
    text = "|".join(str(part) for part in key)
    return zlib.crc32(text.encode()) % HELD_OUT_SHARE == 0


def boxed(value: str) -> str:
    """The value in the box that final answers stand in."""
    return f"\\boxed{{{value}}}"
