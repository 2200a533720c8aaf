"""Bringing a range of characters into view.

Owns how far is scrolled for it, down the page and sideways in a wide table; where things are comes from the pane.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF

from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.pane.message_view import AnswerView
from finr1_desk.ui.pane.rows import Section, TextRow

if TYPE_CHECKING:
    from finr1_desk.ui.pane.pane import ChatPane

SHARE: Final = 1 / 3  # of the pane's height, where what was far away is put
MARGIN: Final = 2.0 * GRID
LOOKING_S: Final = 0.03  # then the window has its turn


def reveal(pane: ChatPane, index: int, section: Section, block: int, start: int, end: int) -> None:
    """Scrolls to a range, unless it is in view already."""
    view = pane.flow.views[index]
    row = view.text_row(section, block)
    if row is None:
        return
    where = _area(pane, view.message.id, section, block, start, end)
    if where is None:
        return
    _shift_sideways(pane, row, where)
    if where.top() >= MARGIN and where.bottom() <= pane.flow.height - MARGIN:
        pane.flow.following = pane.flow.following and pane.flow.is_at_end
        return
    pane.flow.scroll_to_row(index, view.rows.index(row), pane.flow.height * SHARE)
    where = _area(pane, view.message.id, section, block, start, end)
    if where is not None and not MARGIN <= where.top() <= pane.flow.height - where.height() - MARGIN:
        pane.flow.scroll_by(where.top() - pane.flow.height * SHARE)


def reveal_row(pane: ChatPane, index: int, section: Section, block: int) -> TextRow | None:
    """The row of a block; thinking in which it is folded away is opened."""
    view = pane.flow.views[index]
    if section is Section.THINKING and isinstance(view, AnswerView) and not view.thinking_is_open:
        pane.pressing.toggle_thinking(index)
    row = view.text_row(section, block)
    if row is not None:
        pane.measure(row)
    return row


def _area(pane: ChatPane, message_id: str, section: Section, block: int, start: int, end: int) -> QRectF | None:
    rects = pane.rects(message_id, section, block, start, end)
    return rects[0] if rects else None


def _shift_sideways(pane: ChatPane, row: TextRow, where: QRectF) -> None:
    most = row.most_pan(pane.page)
    if most <= 0:
        return
    left = pane.page.x + row.insets.left
    right = left + row.text_width(pane.page)
    if left <= where.left() and where.right() <= right:
        return
    pan = min(max(row.pan + where.center().x() - (left + right) / 2, 0), most)
    index = next(number for number, view in enumerate(pane.flow.views) if row in view.rows)
    for other in pane.flow.views[index].text_rows():
        if other.section is row.section and other.shares_width_with(row):
            other.shift_to(pan, pane.page)


class Seeking:
    """Goes to the first place in a message where some text stands, which may not have been read yet."""

    def __init__(self, pane: ChatPane) -> None:
        self._pane = pane
        self._sought: tuple[str, str] | None = None  # id of a message, and the text
        self._looked = -1  # through so many rows, one by one; -1 while the message is not read to its end

    def go(self, message_id: str, needle: str) -> None:
        """Goes to a message, and to the text in it, which is then selected, as soon as it is found."""
        pane = self._pane
        self._sought = None
        index = pane.index_of(message_id)
        if index is None:
            return
        if needle:
            pane.pressing.reveal(index, needle)
        pane.flow.scroll_to_row(index, 0, MARGIN)
        if needle and not self._is_written(index, needle):
            self._sought, self._looked = (message_id, needle), -1
            pane.work_when_idle()

    def work(self) -> bool:
        """Looks for a slice of time, once the message is read; False where there is nothing to look for."""
        if self._sought is None:
            return False
        index, needle = self._pane.index_of(self._sought[0]), self._sought[1]
        if index is None or (self._looked < 0 and self._is_written(index, needle)):
            self._sought = None
            return False
        rows = self._pane.flow.views[index].text_rows()
        self._looked = max(self._looked, 0)
        deadline = time.perf_counter() + LOOKING_S
        while self._looked < len(rows) and time.perf_counter() < deadline:
            if self._is_in(index, rows[self._looked], needle):
                self._looked = len(rows)
            else:
                self._looked += 1
        if self._looked >= len(rows):
            self._sought = None
        return self._sought is not None

    def _is_written(self, index: int, needle: str) -> bool:
        """Goes to the first row in whose source the text stands as it is sought: far the most do."""
        view = self._pane.flow.views[index]
        folded = needle.casefold()
        sources = {section: view.source(section) for section in {row.section for row in view.text_rows()}}
        return any(
            folded in sources[row.section][row.block.start : row.block.end].casefold()
            and self._is_in(index, row, needle)
            for row in view.text_rows()
        )

    def _is_in(self, index: int, row: TextRow, needle: str) -> bool:
        """Goes to the text if it stands in this row."""
        pane = self._pane
        was_built = row.rendered is not None
        cursor = row.document_for(pane.page).document.find(needle)
        if cursor.isNull():
            if not was_built:
                row.rendered = None  # thousands of them would stay
            return False
        pane.selection.take(index, row, cursor.selectionStart(), cursor.selectionEnd())
        pane.flow.scroll_to_row(index, pane.flow.views[index].rows.index(row), pane.flow.height * SHARE)
        return True
