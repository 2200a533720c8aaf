"""What stands left of a block that is shown for itself although it is in a quote or an item: bars and markers.

Owns their places, in pixels from the left edge of the section, and their painting.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.pane.blocks import Block, Code, Level, ListItem, Table
from finr1_desk.ui.pane.look import Look
from finr1_desk.ui.pane.reading import BULLETS

BAR_WIDTH: Final = 3.0
QUOTE_INDENT: Final = GRID * 2
BULLET_INDENT: Final = GRID * 3
NUMBER_INDENT: Final = GRID * 4  # two digits


@dataclass(frozen=True, slots=True)
class Frame:
    """Bars with their left edges, and whether they go on from above; markers with their right edges."""

    indent: float = 0
    bars: tuple[tuple[float, bool], ...] = ()
    markers: tuple[tuple[str, float], ...] = ()


def item_room(marker: str, look: Look) -> float:
    """How far the text of an item is from the left edge of its marker."""
    least = BULLET_INDENT if marker in BULLETS else NUMBER_INDENT
    return max(least, 4 * math.ceil((look.text_metrics.horizontalAdvance(marker) + GRID) / 4))


def frame_of(levels: Sequence[Level], look: Look) -> Frame:
    """What stands left of a block at these levels."""
    indent = 0.0
    bars: list[tuple[float, bool]] = []
    markers: list[tuple[str, float]] = []
    for level in levels:
        if not level.marker:
            bars.append((indent, level.continued))
            indent += QUOTE_INDENT
            continue
        indent += item_room(level.marker, look)
        if not level.continued:
            markers.append((level.marker, indent - GRID))
    return Frame(indent, tuple(bars), tuple(markers))


def gap(before: Block | None, block: Block, look: Look) -> float:
    """The distance above a block that follows `before` in the same section: closer within a quote or an item."""
    if before is None:
        return 0
    usual = look.gap(before, block)
    begins_item = isinstance(block, ListItem) or any(level.marker and not level.continued for level in block.levels)
    follows_item = isinstance(before, ListItem) or any(level.marker for level in before.levels)
    if begins_item and follows_item:
        return min(usual, GRID if isinstance(before, Code | Table) else GRID / 2)
    return min(usual, GRID) if any(level.continued for level in block.levels) else usual


def paint_frame(painter: QPainter, frame: Frame, look: Look, left: float, area: tuple[float, float, float]) -> None:
    """Paints what stands left of a row; `area` is its upper edge with the gap, without it, and its lower edge."""
    above, top, bottom = area
    for at, continued in frame.bars:
        upper = above if continued else top
        painter.fillRect(QRectF(left + at, upper, BAR_WIDTH, bottom - upper), look.color("line"))


def marker_color(marker: str) -> str:
    """The name of its colour: a footnote's number leads back to the text."""
    return "accent" if marker.startswith("[") else "muted"


def paint_markers(painter: QPainter, frame: Frame, look: Look, left: float, baseline: float) -> None:
    painter.setFont(look.text)
    for text, right in frame.markers:
        painter.setPen(look.color(marker_color(text)))
        painter.drawText(QPointF(left + right - look.text_metrics.horizontalAdvance(text), baseline), text)
