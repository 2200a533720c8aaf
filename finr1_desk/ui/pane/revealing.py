"""Bringing a range of characters into view.

Owns how far is scrolled for it, down the page and sideways in a wide table; where things are comes from the pane.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF

from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.pane.message_view import AnswerView
from finr1_desk.ui.pane.rows import Section, TextRow

if TYPE_CHECKING:
    from finr1_desk.ui.pane.pane import ChatPane

SHARE: Final = 1 / 3  # of the pane's height, where what was far away is put
MARGIN: Final = 2.0 * GRID


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


def scroll_to(pane: ChatPane, message_id: str, needle: str) -> None:
    """Goes to a message, or to the first place in it where `needle` stands, which is then selected."""
    index = pane.index_of(message_id)
    if index is None:
        return
    view = pane.flow.views[index]
    if needle:
        pane.pressing.reveal(index, needle)
    row_index, margin = 0, MARGIN
    found = view.find(needle, pane.page) if needle else None
    if found is not None:
        row, start, end = found
        row_index, margin = view.rows.index(row), pane.flow.height * SHARE
        pane.selection.take(index, row, start, end)
    pane.flow.scroll_to_row(index, row_index, margin)


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
