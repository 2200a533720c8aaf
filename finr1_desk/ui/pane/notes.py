"""From a footnote's number in the text to the footnote, and from the number before it back to the text.

Owns what of both is under the pointer, where they lead, and from where the reader came; scrolling is the pane's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF
from PySide6.QtGui import QTextDocument

from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.pane.blocks import Block, ListItem, Quote
from finr1_desk.ui.pane.flow import Placed
from finr1_desk.ui.pane.links import BACK, LinkAction, anchors
from finr1_desk.ui.pane.look import NOTE_SCHEME, Look
from finr1_desk.ui.pane.reading import note_marker
from finr1_desk.ui.pane.rendering import Marker
from finr1_desk.ui.pane.rows import Section, TextRow

if TYPE_CHECKING:
    from finr1_desk.ui.pane.pane import ChatPane

REACH: Final = GRID / 2.0  # pixels around a marker that belong to it


@dataclass(frozen=True, slots=True)
class Note:
    """A number that can be clicked: which note, in which section, and whether it stands before the note itself."""

    message_id: str
    section: Section
    marker: str
    is_back: bool


class Notes:
    """The footnotes of one pane."""

    def __init__(self, pane: ChatPane) -> None:
        self._pane = pane
        self._came_from: dict[Note, tuple[int, int]] = {}  # block, and position in its document

    def at(self, placed: Placed | None, point: QPointF) -> Note | None:
        """The number under a point of the viewport."""
        if placed is None or not isinstance(placed.row, TextRow):
            return None
        row, page = placed.row, self._pane.page
        local = point - row.text_origin(page) - QPointF(0, placed.top)
        document = row.document_for(page).document
        href = document.documentLayout().anchorAt(local)
        message_id = placed.view.message.id
        if number := marker_of(href):
            return Note(message_id, row.section, number, is_back=False)
        for marker in row.markers(page):
            if marker.text.startswith("[") and _is_near(marker, document, local, page.look):
                note = Note(message_id, row.section, marker.text, is_back=True)
                return note if self._reference(note) is not None else None
        return None

    def follow(self, note: Note, row: TextRow, start: int | None = None) -> LinkAction | None:
        """Goes to the note, which is then selected, or back to where it is referred to.

        Args:
            row: in which the number stands.
            start: where in it; the first such number, where that is not known.

        Returns:
            What leads the other way, None where there is nothing to go to.
        """
        pane = self._pane
        index = pane.index_of(note.message_id)
        if index is None:
            return None
        if note.is_back:
            found = self._reference(note)
            if found is None:
                return None
            self._show(index, note.section, *found, found[1] + len(note.marker) - 2)
            return LinkAction(note.section, *found)
        if start is None:
            start = _start_of(row.document_for(pane.page).document, note.marker)
        self._came_from[Note(note.message_id, note.section, note.marker, is_back=True)] = row.index, start
        for other in pane.flow.views[index].text_rows():
            if other.section is note.section and _holds(other.block, note.marker):
                last = other.document_for(pane.page).document.characterCount() - 1
                self._show(index, note.section, other.index, 0, last)
                return LinkAction(note.section, other.index, BACK)
        return None

    def _show(self, index: int, section: Section, block: int, start: int, end: int) -> None:
        pane = self._pane
        row = pane.flow.views[index].text_row(section, block)
        if row is not None:
            pane.selection.take(index, row, start, end)
            pane.reveal(index, section, block, start, end)

    def _reference(self, note: Note) -> tuple[int, int] | None:
        """Block and position of the number in the text: the one that was clicked, else the first."""
        index = self._pane.index_of(note.message_id)
        if index is None:
            return None
        came_from = self._came_from.get(note)
        view = self._pane.flow.views[index]
        if came_from is not None and view.text_row(note.section, came_from[0]) is not None:
            return came_from
        label = re.escape(note.marker[1:-1].removesuffix("…"))
        written = re.compile(rf"\[\^{label}(?!\]:)")
        for row in view.text_rows():
            if row.section is not note.section:
                continue
            if written.search(view.source(note.section), row.block.start, row.block.end):
                start = _start_of(row.document_for(self._pane.page).document, note.marker)
                if start >= 0:
                    return row.index, start
        return None


def _start_of(document: QTextDocument, marker: str) -> int:
    """Where the number of a note begins in a document; -1 where it does not stand in it."""
    found = (anchor.start for anchor in anchors(document) if marker_of(anchor.href) == marker)
    return next(found, -1)


def marker_of(href: str) -> str:
    """The number that a link to a footnote shows there; empty for any other link."""
    return note_marker(href.removeprefix(NOTE_SCHEME)) if href.startswith(NOTE_SCHEME) else ""


def _holds(block: Block, marker: str) -> bool:
    """Whether a block is the note of this marker, or the first block of it, or holds it."""
    if any(level.marker == marker and not level.continued for level in block.levels):
        return True
    if isinstance(block, ListItem) and block.marker == marker:
        return True
    return isinstance(block, Quote | ListItem) and any(_holds(child, marker) for child in block.children)


def _is_near(marker: Marker, document: QTextDocument, local: QPointF, look: Look) -> bool:
    top = document.documentLayout().blockBoundingRect(document.findBlockByNumber(marker.block)).top()
    left = marker.right - look.text_metrics.horizontalAdvance(marker.text)
    is_beside = left - REACH <= local.x() <= marker.right + REACH
    return is_beside and top - REACH <= local.y() <= top + look.line + REACH
