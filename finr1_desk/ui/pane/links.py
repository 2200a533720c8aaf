"""Links and the numbers of footnotes, as controls that the keyboard reaches.

Owns their names, and where they stand in a row. What a click does with them is `pointer`'s, where a number leads
`notes`'.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QTextDocument

from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.pane import decorations, wording
from finr1_desk.ui.pane.blocks import Code, Maths
from finr1_desk.ui.pane.look import NOTE_SCHEME
from finr1_desk.ui.pane.message_view import MessageView
from finr1_desk.ui.pane.rows import Control, Page, TextRow
from finr1_desk.ui.pane.textmap import range_rects

BACK: Final = -1  # instead of a position: the number before a footnote, which leads back to the text
_PREFIX: Final = "link"
_HINT: Final = re.compile(r"\[|://|<|www\.")  # without any of these no Markdown holds a link


@dataclass(frozen=True, slots=True)
class LinkAction:
    """Following the link that begins at a position of a block's document, or the number before a footnote."""

    section: int
    block: int
    start: int

    @property
    def name(self) -> str:
        return f"{_PREFIX}:{self.section}:{self.block}:{self.start}"

    @classmethod
    def named(cls, name: str) -> Self | None:
        """The action of this name; None for a control of something else."""
        prefix, *rest = name.split(":")
        if prefix != _PREFIX or len(rest) != 3:
            return None
        section, block, start = map(int, rest)
        return cls(section, block, start)


@dataclass(frozen=True, slots=True)
class Anchor:
    """A link in a document: its positions, and where it leads."""

    start: int
    end: int
    href: str
    text: str


def anchors(document: QTextDocument) -> Iterator[Anchor]:
    """The links of a document in their order; one that is bold in part is one."""
    last: Anchor | None = None
    block = document.begin()
    while block.isValid():
        fragments = block.begin()
        while not fragments.atEnd():
            fragment = fragments.fragment()
            href, start = fragment.charFormat().anchorHref(), fragment.position()
            if last is not None and href == last.href and start == last.end:
                last = Anchor(last.start, start + fragment.length(), href, last.text + fragment.text())
            else:
                if last is not None:
                    yield last
                last = Anchor(start, start + fragment.length(), href, fragment.text()) if href else None
            fragments += 1
        block = block.next()
    if last is not None:
        yield last


def may_hold_links(view: MessageView, row: TextRow) -> bool:
    """Whether it is worth while to build the document of a row for its links."""
    if isinstance(row.block, Code | Maths):
        return False
    return _HINT.search(view.source(row.section), row.block.start, row.block.end) is not None


def link_controls(row: TextRow, page: Page) -> list[Control]:
    """The links of a row whose document there is; their rectangles are those of the row's other controls."""
    if row.rendered is None:
        return []
    corner = row.text_origin(page) - QPointF(page.x, 0)
    found = []
    for anchor in anchors(row.rendered.document) if row.rendered.has_links else ():
        action = LinkAction(row.section, row.index, anchor.start)
        is_note = anchor.href.startswith(NOTE_SCHEME)
        words = f"{anchor.text}: {wording.note_tip(is_back=False)}" if is_note else anchor.text
        found.append(Control(action.name, words, _area(row, anchor.start, anchor.end).translated(corner)))
    for marker in row.markers(page):
        if marker.text.startswith("["):  # of a footnote: those of lists have no brackets
            action = LinkAction(row.section, row.index, BACK)
            width = page.look.text_metrics.horizontalAdvance(marker.text)
            area = QRectF(marker.right - width, 0, width, page.look.line)
            words = f"{marker.text}: {wording.note_tip(is_back=True)}"
            found.append(Control(action.name, words, area.translated(corner)))
            break
    return found


def paint_focused_link(painter: QPainter, row: TextRow, page: Page, top: float, action: str) -> None:
    """A ring around the link that has the focus, if it is one of this row."""
    link = LinkAction.named(action)
    if link is None or (link.section, link.block) != (row.section, row.index):
        return
    for control in link_controls(row, page):
        if control.action == action:
            area = control.rect.translated(page.x, top).adjusted(-GRID / 4, 0, GRID / 4, 0)
            decorations.paint_ring(painter, area, page.look.color("accent"))


def _area(row: TextRow, start: int, end: int) -> QRectF:
    assert row.rendered is not None
    area = QRectF()
    for rect in range_rects(row.rendered.document, start, end):
        area = area.united(rect)
    return area
