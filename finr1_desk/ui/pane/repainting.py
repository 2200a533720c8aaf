"""What of the pane has to be painted again when an answer has grown.

Owns the comparison of what is in view before and after: rows that only moved are moved as pictures, and what is new
is painted. While text streams in, that is a line or two of a whole page, 25 times a second. Every other change paints
the page anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRect
from PySide6.QtGui import QRegion
from PySide6.QtWidgets import QWidget

from finr1_desk.ui.pane.chrome import ChromeRow
from finr1_desk.ui.pane.flow import Flow
from finr1_desk.ui.pane.rows import Row, TextRow

MARGIN: Final = 2  # pixels by which grounds and focus rings reach beyond a row


@dataclass(frozen=True, slots=True)
class Seen:
    """A row in view: what makes its picture, where its extent begins and where it ends, in pixels of the pane."""

    row: Row
    picture: object  # of a text the laid-out document, compared by identity; of captions their words
    upper: float
    lower: float

    def looks_like(self, other: Seen) -> bool:
        if isinstance(self.row, TextRow):
            return self.row is other.row and self.picture is other.picture
        return isinstance(other.row, ChromeRow) and self.picture == other.picture

    def area(self, shift: float, width: int) -> QRect:
        upper, lower = int(self.upper + shift) - MARGIN, int(self.lower + shift) + MARGIN
        return QRect(0, upper, width, lower - upper + 1)


class Repainting:
    """Has the viewport painted where what is in view has changed.

    Args:
        covering: stays in its place over the page; while it is shown, the picture cannot be moved.
    """

    def __init__(self, viewport: QWidget, flow: Flow, covering: QWidget) -> None:
        self._viewport = viewport
        self._flow = flow
        self._covering = covering

    def in_view(self) -> list[Seen]:
        """What the viewport shows, or is about to show, from top to bottom."""
        placed = self._flow.placed()
        return [Seen(item.row, _picture(item.row), item.top - item.row.gap, item.bottom) for item in placed]

    def repaint(self, before: list[Seen] | None) -> None:
        """Paints anew what is not as `before`, which is all where it is None."""
        after = self.in_view() if before is not None else []
        kept = _kept(before or [], after)
        shift = kept[0][1].lower - kept[0][0].lower if kept else 0.0
        if not kept or (shift and not self._can_move_by(shift)):
            self._viewport.update()
            return
        if shift:
            self._viewport.scroll(0, int(shift), self._viewport.rect())
        stale = QRegion()
        # What stays where it is while the text moves on above it is painted like what is new.
        held = {id(seen) for old, new in kept if new.lower - old.lower == shift for seen in (old, new)}
        for seen, moved in [*((seen, shift) for seen in before or ()), *((seen, 0.0) for seen in after)]:
            if id(seen) not in held:
                stale += seen.area(moved, self._viewport.width())
        self._viewport.update(stale & QRegion(self._viewport.rect()))

    def _can_move_by(self, shift: float) -> bool:
        """Whether every pixel of the page becomes another one: not beside the banner, nor between two pixels."""
        ratio = self._viewport.devicePixelRatioF()
        uncovered = self._covering.isHidden() and self._flow.value >= self._flow.head
        return uncovered and shift == int(shift) and ratio == int(ratio)


def _picture(row: Row) -> object:
    if isinstance(row, TextRow):
        return row.rendered
    assert isinstance(row, ChromeRow)
    controls = tuple((control.action, control.text, control.opened) for control in row.controls)
    return row.caption, row.trailing, controls


def _kept(before: list[Seen], after: list[Seen]) -> list[tuple[Seen, Seen]]:
    """The rows of both whose pictures are equal, in order."""
    kept: list[tuple[Seen, Seen]] = []
    start = 0
    for new in after:
        for index in range(start, len(before)):
            if before[index].looks_like(new):
                kept.append((before[index], new))
                start = index + 1
                break
    return kept
