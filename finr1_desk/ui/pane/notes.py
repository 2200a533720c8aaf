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
        if href.startswith(NOTE_SCHEME):
            return Note(message_id, row.section, note_marker(href.removeprefix(NOTE_SCHEME)), is_back=False)
        for marker in row.markers(page):
            if marker.text.startswith("[") and _is_near(marker, document, local, page.look):
                note = Note(message_id, row.section, marker.text, is_back=True)
                return note if self._reference(note) is not None else None
        return None

    def follow(self, note: Note, placed: Placed | None) -> None:
        """Goes to the note, which is then selected, or back to where it is referred to."""
        pane = self._pane
        index = pane.index_of(note.message_id)
        if index is None:
            return
        if note.is_back:
            found = self._reference(note)
            if found is not None:
                block, start = found
                self._show(index, note.section, block, start, start + len(note.marker) - 2)
            return
        if placed is not None and isinstance(placed.row, TextRow):
            start = _start_of(placed.row.document_for(pane.page).document, note.marker)
            back = Note(note.message_id, note.section, note.marker, is_back=True)
            self._came_from[back] = placed.row.index, start
        for row in pane.flow.views[index].text_rows():
            if row.section is note.section and _holds(row.block, note.marker):
                last = row.document_for(pane.page).document.characterCount() - 1
                self._show(index, note.section, row.index, 0, last)
                return

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
    block = document.begin()
    while block.isValid():
        fragments = block.begin()
        while not fragments.atEnd():
            fragment = fragments.fragment()
            href = fragment.charFormat().anchorHref()
            if href.startswith(NOTE_SCHEME) and note_marker(href.removeprefix(NOTE_SCHEME)) == marker:
                return fragment.position()
            fragments += 1
        block = block.next()
    return -1


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
