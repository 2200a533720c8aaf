"""The controls of a block of code: copying it and saving it.

Owns their names and where they stand: at the right end of the strip that names the language. Painting is `chrome`'s,
and what they do the pane's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from PySide6.QtCore import QRectF

from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.pane import wording
from finr1_desk.ui.pane.blocks import Code
from finr1_desk.ui.pane.rows import Control, Page, Section, TextRow

VERBS: Final = ("copy", "save")
_PREFIX: Final = "code"
_STRIP: Final = GRID * 3


@dataclass(frozen=True, slots=True)
class CodeAction:
    """What is to be done with which block of code: the one that begins at an offset of its section."""

    verb: str
    section: Section
    block: int

    @property
    def name(self) -> str:
        return f"{_PREFIX}:{self.verb}:{self.section.value}:{self.block}"

    @classmethod
    def named(cls, name: str) -> Self | None:
        """The action of this name; None for a control of something else."""
        prefix, *rest = name.split(":")
        if prefix != _PREFIX or len(rest) != 3:
            return None
        verb, section, block = rest
        return cls(verb, Section(int(section)), int(block))


def make_code_controls(row: TextRow) -> list[Control]:
    """The controls of the code that begins with a row."""
    block = row.block
    assert isinstance(block, Code)
    return [
        Control(
            CodeAction(verb, row.section, block.block).name,
            wording.code_control(verb),
            QRectF(),
            follows=verb != VERBS[0],
        )
        for verb in VERBS
    ]


def place_code_controls(row: TextRow, page: Page) -> None:
    """Puts the controls at the right end of the code's first strip."""
    metrics = page.look.small_metrics
    right = page.width - row.insets.right - GRID / 2
    for control in reversed(row.controls):
        width = round(metrics.horizontalAdvance(control.text)) + 2.0 * GRID
        control.rect = QRectF(right - width, GRID / 4, width, _STRIP)
        right -= width
