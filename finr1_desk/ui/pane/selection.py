"""What is selected, across all messages, and the text that copying it gives.

Owns the two ends of the selection and the rule of copying: whole blocks give their Markdown source, part of a block
its plain text. It knows no mouse and paints nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from finr1_desk.ui.pane.blocks import Code, Paragraph, Table
from finr1_desk.ui.pane.message_view import MessageView
from finr1_desk.ui.pane.rows import Page, Section, TextRow
from finr1_desk.ui.pane.textmap import length, plain_text

WHOLE = 2**31 - 1  # behind the end of any block


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position between two characters: message, section, block, and position in the block's document."""

    view: int
    section: Section
    block: int
    offset: int


@dataclass(frozen=True, slots=True)
class Selected:
    """A row of which something is selected, from `start` to `end`."""

    row: TextRow
    start: int
    end: int


class Selection:
    """The selection; empty where both ends are the same."""

    def __init__(self) -> None:
        self.anchor: Place | None = None
        self.caret: Place | None = None

    def clear(self) -> None:
        self.anchor = self.caret = None

    def start_at(self, place: Place) -> None:
        self.anchor = self.caret = place

    def extend_to(self, place: Place) -> None:
        if self.anchor is None:
            self.anchor = place
        self.caret = place

    def take(self, view: int, row: TextRow, start: int, end: int) -> None:
        """Selects a range of a block."""
        self.start_at(Place(view, row.section, row.index, start))
        self.extend_to(Place(view, row.section, row.index, end))

    def take_all(self, views: int) -> None:
        """Selects everything in so many messages."""
        if views:
            self.start_at(Place(0, Section.THINKING, 0, 0))
            self.extend_to(Place(views - 1, Section.BOXED, WHOLE, WHOLE))

    @property
    def ends(self) -> tuple[Place, Place] | None:
        """The ends in order; None where nothing is selected."""
        if self.anchor is None or self.caret is None or self.anchor == self.caret:
            return None
        return min(self.anchor, self.caret), max(self.anchor, self.caret)

    def drop_in(self, view: int) -> None:
        """Rows of a message came or went: a selection that reaches into it is no longer what was selected."""
        ends = self.ends
        if ends is not None and ends[0].view <= view <= ends[1].view:
            self.clear()

    def range_in(self, view: int, row: TextRow) -> tuple[int, int] | None:
        """The selected positions of a row; the end may lie behind its text."""
        ends = self.ends
        if ends is None:
            return None
        first, last = ends
        key = (view, row.section, row.index)
        if not (first.view, first.section, first.block) <= key <= (last.view, last.section, last.block):
            return None
        start = first.offset if key == (first.view, first.section, first.block) else 0
        end = last.offset if key == (last.view, last.section, last.block) else WHOLE
        return (start, end) if end > start else None

    def _takes_all(self, view: int) -> bool:
        """Whether it holds a whole message, with what stands in no block, as definitions of links do."""
        ends = self.ends
        if ends is None:
            return False
        first, last = ends
        begins = first.view < view or (first.section, first.block, first.offset) == (Section.THINKING, 0, 0)
        return begins and (last.view > view or last.block == WHOLE)

    def text(self, views: Sequence[MessageView], page: Page) -> str:
        """The selected text."""
        ends = self.ends
        if ends is None:
            return ""
        pieces = []
        for index in range(ends[0].view, min(ends[1].view, len(views) - 1) + 1):
            if ends[0].view < index < ends[1].view or self._takes_all(index):
                pieces.append(views[index].whole_text())
                continue
            found = [
                Selected(row, *selected)
                for row in views[index].text_rows()
                if (selected := self.range_in(index, row)) is not None
            ]
            pieces.append(_text_of(views[index], found, page))
        return "\n\n".join(piece for piece in pieces if piece)


def _text_of(view: MessageView, found: Sequence[Selected], page: Page) -> str:
    """The text of the selected rows of one message."""
    whole = whole_rows(view, found, page)
    result = ""
    before: Selected | None = None
    index = 0
    while index < len(found):
        first = last = found[index]
        if first.row in whole:
            while index + 1 < len(found) and found[index + 1].row in whole and _same_section(last, found[index + 1]):
                index += 1
                last = found[index]
            text = view.source(first.row.section)[first.row.block.start : last.row.block.end]
        else:
            document = first.row.document_for(page).document
            end = min(first.end, length(document))
            markers: dict[int, str] = {}
            for marker in first.row.markers(page):  # an item may begin with another
                markers[marker.block] = f"{markers.get(marker.block, '')} {marker.text}".lstrip()
            text = plain_text(document, first.start, end, markers)
        if before is not None:
            result += _between(view, before, first)
        result += text
        before = last
        index += 1
    return result


def _same_section(one: Selected, other: Selected) -> bool:
    return one.row.section is other.row.section


def _between(view: MessageView, before: Selected, after: Selected) -> str:
    if not _same_section(before, after):
        return "\n\n"
    if isinstance(after.row.block, Paragraph) and after.row.block.continued:
        return ""
    between = view.source(after.row.section)[before.row.block.end : after.row.block.start]
    return "\n\n" if between.count("\n") > 1 else "\n"


def whole_rows(view: MessageView, found: Sequence[Selected], page: Page) -> set[TextRow]:
    """The rows that are selected completely, with all other pieces of their table or code."""
    covered = {
        selected.row
        for selected in found
        if selected.start == 0
        and (selected.end == WHOLE or selected.end >= length(selected.row.document_for(page).document))
    }
    broken = {
        (row.section, row.block.block)
        for row in view.text_rows()
        if isinstance(row.block, Code | Table) and row not in covered
    }
    return {
        row for row in covered if not (isinstance(row.block, Code | Table) and (row.section, row.block.block) in broken)
    }
