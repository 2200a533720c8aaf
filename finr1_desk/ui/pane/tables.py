"""Tables: how wide each column is, and putting one piece of a table into a document.

Owns the widths, which all pieces of one table share: they only grow while the table is written, so that the rows that
stand do not move. Lines are painted by `decorations`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
    QTextTableFormat,
)

from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.pane.blocks import Table
from finr1_desk.ui.pane.look import Look
from finr1_desk.ui.pane.table_pieces import column_needs

CELL_PADDING: Final = GRID * 0.75  # above and below; beside the text the same again as a margin
CELL_ROOM: Final = 4 * CELL_PADDING
LONGEST_WORD: Final = 20  # em; longer words are broken
FULL_CELL: Final = 40  # em; wider cells are folded even where there is room
MOST_WAITING: Final = 8  # pieces that are measured at once

InsertCell = Callable[[QTextCursor, str, bool], None]


class TableWidths:
    """What the columns of one table need, gathered from its pieces.

    The first pieces are measured when a width is asked for: most tables of a long conversation are passed unseen.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[Table, Look]] | None = []  # None as soon as a width was asked for
        self._full: list[float] = []
        self._least: list[float] = []
        self._numeric: list[bool] = []
        self._aligns: tuple[str, ...] = ()
        self._widest: list[tuple[str, str]] = []  # the cell and the word of each column that need the most room

    def add(self, piece: Table, look: Look) -> bool:
        """Takes a piece into account; True where columns that were asked for changed by it."""
        if self._waiting is None:
            return self._take(piece, look)
        self._waiting.append((piece, look))
        if len(self._waiting) > MOST_WAITING:
            self._measure_waiting()
        return False

    def _measure_waiting(self) -> None:
        waiting, self._waiting = self._waiting, None
        for piece, look in waiting or ():
            self._take(piece, look)

    def _take(self, piece: Table, look: Look) -> bool:
        before = (list(self._full), list(self._least), list(self._numeric))
        count = len(piece.aligns)
        self._aligns = piece.aligns
        for values, default in ((self._full, 0.0), (self._least, 0.0)):
            values.extend([default] * (count - len(values)))
        self._numeric.extend([True] * (count - len(self._numeric)))
        metrics = _metrics(look)
        self._widest.extend([("", "")] * (count - len(self._widest)))
        for column, needs in enumerate(column_needs(piece)):
            cells = [line for cell in needs.cells for line in cell.split("\n")]
            full, cell = _widest(metrics, cells)
            least, word = _widest(metrics, needs.words)
            full, least = min(full, FULL_CELL * look.em), min(least, LONGEST_WORD * look.em)
            before_cell, before_word = self._widest[column]
            is_wider, is_longer = full > self._full[column], least > self._least[column]
            self._widest[column] = cell if is_wider else before_cell, word if is_longer else before_word
            self._full[column] = max(self._full[column], full)
            self._least[column] = max(self._least[column], least)
            self._numeric[column] = self._numeric[column] and needs.is_numeric
        return before != (self._full, self._least, self._numeric)

    def measure_again(self, look: Look) -> None:
        """The fonts changed: what needed the most room most likely still does."""
        if self._waiting is not None:
            self._waiting = [(piece, look) for piece, _ in self._waiting]
        metrics = _metrics(look)
        for column, (cell, word) in enumerate(self._widest):
            self._full[column] = min(metrics.horizontalAdvance(cell), FULL_CELL * look.em)
            self._least[column] = min(metrics.horizontalAdvance(word), LONGEST_WORD * look.em)

    @property
    def full(self) -> float:
        """The width at which no cell is folded, in pixels."""
        self._measure_waiting()
        return sum(self._full) + len(self._full) * (CELL_ROOM + 2)

    @property
    def right_aligned(self) -> tuple[bool, ...]:
        """Columns to be set flush right: those that say so, and figures where nothing is said."""
        self._measure_waiting()
        return tuple(
            align == "right" or (align == "" and numeric and column > 0)
            for column, (align, numeric) in enumerate(zip(self._aligns, self._numeric, strict=True))
        )

    def columns(self, available: float) -> list[float]:
        """The width of each column in pixels; their sum exceeds `available` only where words would be broken."""
        self._measure_waiting()
        full = [width + CELL_ROOM + 2 for width in self._full]
        least = [width + CELL_ROOM + 2 for width in self._least]
        if sum(full) <= available:
            return full
        if sum(least) >= available:
            return least
        share = (available - sum(least)) / sum(wish - need for wish, need in zip(full, least, strict=True))
        return [need + (wish - need) * share for wish, need in zip(full, least, strict=True)]


def _metrics(look: Look) -> QFontMetricsF:
    bold = QFont(look.text)
    bold.setWeight(QFont.Weight.DemiBold)
    return QFontMetricsF(bold)


def _widest(metrics: QFontMetricsF, texts: Sequence[str]) -> tuple[float, str]:
    return max(((metrics.horizontalAdvance(text), text) for text in texts), default=(0.0, ""))


def insert_table(
    cursor: QTextCursor,
    piece: Table,
    columns: Sequence[float],
    right_aligned: Sequence[bool],
    look: Look,
    insert_cell: InsertCell,
) -> QTextTable:
    """Puts a piece of a table at the cursor and leaves the cursor behind it, in the block that Qt adds there."""
    _flatten(cursor)
    table_format = QTextTableFormat()
    table_format.setBorder(0)
    table_format.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_None)
    table_format.setCellPadding(CELL_PADDING)
    table_format.setCellSpacing(0)
    table_format.setColumnWidthConstraints([QTextLength(QTextLength.Type.FixedLength, width) for width in columns])
    lines = (piece.header, *piece.rows) if piece.header else piece.rows
    table = cursor.insertTable(max(len(lines), 1), len(columns), table_format)
    formats = [_cell_format(look, align, flush) for align, flush in zip(piece.aligns, right_aligned, strict=True)]
    for row, cells in enumerate(lines):
        for column, text in enumerate(cells):
            cell = table.cellAt(row, column).firstCursorPosition()
            cell.setBlockFormat(formats[column])
            insert_cell(cell, text, bool(piece.header) and row == 0)
    cursor.setPosition(table.lastPosition() + 1)
    _flatten(cursor)
    return table


def _cell_format(look: Look, align: str, flush_right: bool) -> QTextBlockFormat:
    result = look.block_format(CELL_PADDING)
    result.setRightMargin(CELL_PADDING)
    if flush_right:
        result.setAlignment(Qt.AlignmentFlag.AlignRight)
    elif align == "center":
        result.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    return result


def _flatten(cursor: QTextCursor) -> None:
    """Makes the empty block at the cursor, without which Qt has no table, as good as invisible."""
    block_format = QTextBlockFormat()
    block_format.setLineHeight(0.01, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
    cursor.setBlockFormat(block_format)
    font = QFont()
    font.setPixelSize(1)
    char_format = QTextCharFormat()
    char_format.setFont(font)
    cursor.setBlockCharFormat(char_format)
