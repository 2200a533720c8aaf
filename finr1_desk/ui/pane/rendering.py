"""One block becomes one `QTextDocument`, with what has to be painted around its text.

Owns the building of documents with a cursor (never from HTML: nothing is fetched, and positions stay known). What is
no text (markers of lists, bars of quotes, panels of code, rules, lines of tables) is noted beside the document and
painted by `decorations`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from PySide6.QtGui import QBrush, QTextCharFormat, QTextCursor, QTextDocument, QTextOption, QTextTable

from finr1_desk.markup.markdown import Run, RunKind
from finr1_desk.markup.typed import typed_runs
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.pane.blocks import Block, Code, Heading, ListItem, Maths, Paragraph, Plain, Quote, Rule, Table
from finr1_desk.ui.pane.formula_objects import Formulas, Setting
from finr1_desk.ui.pane.levels import QUOTE_INDENT, item_room
from finr1_desk.ui.pane.look import HEADING_SIZES, Look, Tone, tabular
from finr1_desk.ui.pane.tables import CELL_ROOM, TableWidths, insert_table

LINE_BREAK: Final = "\u2028"
MATHS_INDENT: Final = GRID * 2

ReadInline = Callable[[str], Sequence[Run]]
Colours = Sequence[tuple[int, int, str]]  # start, length, name of a colour of the theme


@dataclass(frozen=True, slots=True)
class Marker:
    """A list marker; `block` is the number of the document's block beside whose first line it stands."""

    block: int
    text: str
    right: float  # pixels from the left edge of the document to the marker's right edge


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of the document's blocks, both ends included, with something painted along it `left` pixels in."""

    first: int
    last: int
    left: float


@dataclass(slots=True)
class Rendered:
    """A document and its decorations.

    `width` is what it needs at least, where its lines are not to be broken.
    """

    document: QTextDocument
    width: float = 0
    markers: list[Marker] = field(default_factory=list)
    bars: list[Band] = field(default_factory=list)
    rules: list[int] = field(default_factory=list)
    tables: list[tuple[QTextTable, bool]] = field(default_factory=list)  # whether it begins with the header
    has_links: bool = False
    awaited: set[str] = field(default_factory=set)  # sources of formulas that are shown as such until they are drawn


class Renderer:
    """Builds the document of one block.

    Args:
        look: the measures.
        tone: the voice of the section the block belongs to.
        read: turns inline Markdown into runs.
        width: that the text may take, in pixels.
        formulas: draws them; their sources are shown where it is None.
    """

    def __init__(
        self, look: Look, tone: Tone, read: ReadInline, width: float, formulas: Formulas | None = None
    ) -> None:
        self._look = look
        self._tone = tone
        self._read = read
        self._available = width
        self._formulas = formulas
        document = QTextDocument()
        document.setUndoRedoEnabled(False)
        document.setDocumentMargin(0)
        document.setDefaultFont(look.text)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        document.setDefaultTextOption(option)
        self._cursor = QTextCursor(document)
        self._is_fresh = True  # the document's first block is still unused
        self._result = Rendered(document)

    def render(self, block: Block, *, widths: TableWidths | None = None, colours: Colours = ()) -> Rendered:
        """The document of `block`; `widths` are those of the table it is a piece of, `colours` those of its code."""
        self._cursor.beginEditBlock()
        match block:
            case Code():
                self._code(block, colours)
            case Table():
                self._table(block, widths)
            case _:
                self._block(block, 0, 0)
        self._cursor.endEditBlock()
        document = self._result.document
        document.setTextWidth(max(self._available, self._result.width))
        return self._result

    # -- blocks

    def _block(self, block: Block, indent: float, above: float) -> None:
        match block:
            case Paragraph():
                self._start(indent, above)
                self._runs(self._read(block.text))
            case Heading():
                self._start(indent, above, self._look.heading_line(block.level))
                self._runs(self._read(block.text), block.level)
            case Quote():
                first = self._next_number
                self._children(block.children, indent + QUOTE_INDENT, above)
                self._result.bars.append(Band(first, self._last_number, indent))
            case ListItem():
                self._item(block, indent, above)
            case Rule():
                self._start(indent, above, GRID)
                self._result.rules.append(self._last_number)
            case Maths():
                self._maths(block, indent + MATHS_INDENT, above)
            case Plain():
                self._start(indent, above)
                self._runs(typed_runs(block.text) if self._tone is Tone.QUESTION else [Run(block.text)])

    def _children(self, children: Sequence[Block], indent: float, above: float) -> None:
        if not children:
            self._start(indent, above)
        before: Block | None = None
        for child in children:
            gap = above if before is None else min(self._look.gap(before, child), GRID)
            if isinstance(child, ListItem):
                gap = min(gap, above if before is None else GRID / 2)
            self._block(child, indent, gap)
            before = child

    def _item(self, item: ListItem, indent: float, above: float) -> None:
        room = item_room(item.marker, self._look)
        number = self._next_number
        self._children(item.children, indent + room, above)
        self._result.markers.append(Marker(number, item.marker, indent + room - GRID))

    def _maths(self, block: Maths, indent: float, above: float) -> None:
        """A formula of its own: it may be wider than the column, and is shifted then."""
        self._start(indent, above, self._look.code_line)
        run = Run(block.text, RunKind.HALF if block.open else RunKind.MATHS)
        width = self._formula(self._cursor, run, self._look.em, None)
        if width is None:
            self._cursor.insertText(_lines(block.text), self._look.char_format(run, self._tone))
        else:
            self._result.width = max(self._result.width, indent + width)

    def _formula(self, cursor: QTextCursor, run: Run, em: float, room: float | None) -> float | None:
        """Puts a formula at the cursor, and returns its width; None where its source has to be put there."""
        if run.kind is not RunKind.MATHS or self._formulas is None:
            return None
        drawn = self._formulas.drawn(run.text)
        if drawn is None:
            if self._formulas.is_awaited(run.text):
                self._result.awaited.add(run.text)
            return None
        colour = self._look.tone_color(self._tone).name()
        setting = Setting(em, self._look.line, colour, room or math.inf, shrinks=room is not None)
        return self._formulas.insert(cursor, run.text, drawn, setting)

    def _code(self, block: Code, colours: Colours) -> None:
        document = self._result.document
        option = document.defaultTextOption()
        option.setWrapMode(QTextOption.WrapMode.NoWrap)
        document.setDefaultTextOption(option)
        self._start(0, 0, self._look.code_line)
        plain = self._plain_code_format()
        text = _lines(block.text)
        at = 0
        for start, length, name in colours:
            if start > at:
                self._cursor.insertText(text[at:start], plain)
            coloured = QTextCharFormat(plain)
            coloured.setForeground(QBrush(self._look.color(name)))
            self._cursor.insertText(text[start : start + length], coloured)
            at = start + length
        if at < len(text):
            self._cursor.insertText(text[at:], plain)
        self._result.width = document.idealWidth()

    def _plain_code_format(self) -> QTextCharFormat:
        result = QTextCharFormat()
        result.setFont(self._look.code)
        result.setForeground(QBrush(self._look.tone_color(self._tone)))
        return result

    def _table(self, block: Table, widths: TableWidths | None) -> None:
        if widths is None:
            widths = TableWidths()
            widths.add(block, self._look)
        columns = widths.columns(self._available)
        table = insert_table(self._cursor, block, columns, widths.right_aligned, self._look, self._insert_cell)
        self._is_fresh = False
        self._result.tables.append((table, bool(block.header)))
        self._result.width = max(self._result.width, sum(columns))

    def _insert_cell(self, cursor: QTextCursor, text: str, bold: bool) -> None:
        room = self._available
        if (table := cursor.currentTable()) is not None:
            room = table.format().columnWidthConstraints()[table.cellAt(cursor).column()].rawValue() - CELL_ROOM
        for run in self._read(text):
            self._result.has_links |= bool(run.href)
            if self._formula(cursor, run, self._look.em, room) is not None:
                continue
            shown = run if not bold else Run(run.text, run.kind, True, run.italic, run.struck, run.href)
            char_format = QTextCharFormat(self._look.char_format(shown, self._tone))
            if run.kind not in (RunKind.CODE, RunKind.MATHS, RunKind.HALF):
                char_format.setFont(tabular(char_format.font()))
            cursor.insertText(_lines(run.text), char_format)

    # -- text

    @property
    def _next_number(self) -> int:
        return 0 if self._is_fresh else self._result.document.blockCount()

    @property
    def _last_number(self) -> int:
        return self._result.document.blockCount() - 1

    def _start(self, indent: float, above: float, line: float = 0) -> None:
        block_format = self._look.block_format(indent, 0 if self._is_fresh else above, line)
        if self._is_fresh:
            self._cursor.setBlockFormat(block_format)
            self._is_fresh = False
        else:
            self._cursor.insertBlock(block_format)
        # An empty paragraph takes its height from this.
        self._cursor.setBlockCharFormat(self._look.char_format(Run(""), self._tone))

    def _runs(self, runs: Sequence[Run], level: int = 0) -> None:
        em = self._look.em * HEADING_SIZES.get(level, 1.0)
        room = self._available - self._cursor.blockFormat().leftMargin()
        for run in runs:
            self._result.has_links |= bool(run.href)
            if self._formula(self._cursor, run, em, room) is not None:
                continue
            text = _lines(run.text)
            if run.kind is RunKind.IMAGE and not text:
                continue
            self._cursor.insertText(text, self._look.char_format(run, self._tone, level))


def _lines(text: str) -> str:
    return text.replace("\n", LINE_BREAK)
