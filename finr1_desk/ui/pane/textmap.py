"""Where characters of a laid-out document are: rectangles of ranges, and the position under a point.

Owns this mapping for every block, tables included; selection, search and later annotations all go through it.
Positions are those of `QTextDocument`; coordinates are pixels from the document's top left corner.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QTextBlock, QTextCursor, QTextDocument, QTextFormat, QTextTable

LINE_BREAK = "\u2028"
OBJECT = "\ufffc"
SOURCE = QTextFormat.Property.UserProperty.value + 1  # of an object: the text that it stands for


def blocks_between(document: QTextDocument, start: int, end: int) -> Iterator[QTextBlock]:
    block = document.findBlock(start)
    while block.isValid() and block.position() <= end:
        yield block
        block = block.next()


def range_rects(document: QTextDocument, start: int, end: int) -> list[QRectF]:
    """One rectangle for each line, or piece of a line, that the characters from `start` to `end` stand on."""
    document.size()  # lays the document out where that is still to be done
    rects = []
    document_layout = document.documentLayout()
    for block in blocks_between(document, start, end):
        origin = document_layout.blockBoundingRect(block).topLeft()
        layout = block.layout()
        first, last = start - block.position(), end - block.position()
        for number in range(layout.lineCount()):
            line = layout.lineAt(number)
            begin, behind = line.textStart(), line.textStart() + line.textLength()
            if behind <= first or begin >= last:
                continue
            left = _x(line.cursorToX(max(begin, first)))
            right = _x(line.cursorToX(min(behind, last)))
            x, width = min(left, right), abs(right - left)
            rects.append(QRectF(origin.x() + x, origin.y() + line.y(), width, line.height()))
    return rects


def _x(answer: object) -> float:
    # PySide gives the position back as well
    return float(answer[0]) if isinstance(answer, tuple) else float(answer)  # type: ignore[arg-type]


def position_at(document: QTextDocument, point: QPointF) -> int:
    """The position nearest to a point."""
    return max(document.documentLayout().hitTest(point, Qt.HitTestAccuracy.FuzzyHit), 0)


def word_at(document: QTextDocument, position: int) -> tuple[int, int]:
    cursor = QTextCursor(document)
    cursor.setPosition(min(position, length(document)))
    cursor.select(QTextCursor.SelectionType.WordUnderCursor)
    return cursor.selectionStart(), cursor.selectionEnd()


def length(document: QTextDocument) -> int:
    """The last position."""
    return document.characterCount() - 1


def plain_text(document: QTextDocument, start: int, end: int, markers: dict[int, str]) -> str:
    """The text of a range: cells separated by tabs, rows and paragraphs by line ends, items after their markers.

    `markers` maps numbers of blocks to list markers; they come only with several paragraphs, not with a single word.
    """
    pieces: list[str] = []
    row = -1
    several = document.findBlock(start) != document.findBlock(end)
    for block in blocks_between(document, start, end):
        text = block.text()
        first = max(start - block.position(), 0)
        last = min(end - block.position(), len(text.encode("utf-16-le")) // 2)
        shown = _with_sources(_utf16_slice(text, first, last), block, first).replace(LINE_BREAK, "\n")
        table = _table_around(block)
        if table is not None:
            cell_row = table.cellAt(block.position()).row()
            if pieces:
                pieces.append("\t" if cell_row == row else "\n")
            row = cell_row
        else:
            if not text and _stands_beside_table(block):
                continue
            if pieces:
                pieces.append("\n")
            row = -1
        if several and first == 0 and block.blockNumber() in markers:
            shown = f"{markers[block.blockNumber()]} {shown}"
        pieces.append(shown)
    return "".join(pieces)


def _with_sources(text: str, block: QTextBlock, first: int) -> str:
    """The text from position `first` of a block on, with what its objects stand for."""
    if OBJECT not in text:
        return text
    pieces = text.split(OBJECT)
    position = block.position() + first
    result = pieces[0]
    for before, piece in pairwise(pieces):
        position += len(before.encode("utf-16-le", "surrogatepass")) // 2 + 1
        result += source_at(block.document(), position - 1) + piece
    return result


def source_at(document: QTextDocument, position: int) -> str:
    """What the object at a position stands for."""
    cursor = QTextCursor(document)
    cursor.setPosition(position + 1)  # the format is that of the character before
    return str(cursor.charFormat().property(SOURCE) or "")


def _stands_beside_table(block: QTextBlock) -> bool:
    return any(near.isValid() and _table_around(near) is not None for near in (block.previous(), block.next()))


def _table_around(block: QTextBlock) -> QTextTable | None:
    return QTextCursor(block).currentTable()


def _utf16_slice(text: str, first: int, last: int) -> str:
    if text.isascii() or max(text, default="") < "\U00010000":
        return text[first:last]
    return text.encode("utf-16-le", "surrogatepass")[2 * first : 2 * last].decode("utf-16-le", "replace")
