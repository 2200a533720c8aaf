"""A conversation as a PDF: pages with the title above and their number below, text as text, formulas as curves.

Owns the pages' layout. With `pdf_look` it is the one module of this room that imports Qt, and runs in the export's own
process only (`finr1_desk.export.process`), never in one that computes or keeps conversations.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QGuiApplication,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QPen,
    QTextBlockFormat,
    QTextCursor,
    QTextDocument,
    QTextFrameFormat,
    QTextLength,
    QTextOption,
    QTextTable,
    QTextTableFormat,
)

from finr1_desk.core.text import well_formed
from finr1_desk.export.blocks import (
    Block,
    Code,
    Document,
    Formula,
    Heading,
    ItemList,
    Paragraph,
    Plain,
    Quote,
    Rule,
    Runs,
    Table,
    Turn,
)
from finr1_desk.export.pdf_look import (
    BODY,
    BREAK,
    CODE_FAMILIES,
    COLOURS,
    FAMILIES,
    FORMULA_OBJECT,
    LINE,
    LINE_HEIGHT,
    MUTED,
    PADDING,
    POINT,
    RESOLUTION,
    SCREEN_POINT,
    SIDE,
    SIDES,
    SIZES,
    STEP,
    TINT,
    TOP,
    FormulaObjects,
    Tone,
    font_of,
    formula_shape,
    run_shape,
    shape_of,
)
from finr1_desk.export.pictures import Drawings, coloured
from finr1_desk.markup.markdown import RunKind


def to_pdf(document: Document, drawings: Drawings) -> bytes:
    """The whole document as a file. A `QGuiApplication` must be there."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(RESOLUTION)
    margins = QMarginsF(SIDE, TOP, SIDE, TOP)
    a4 = QPageSize(QPageSize.PageSizeId.A4)
    writer.setPageLayout(QPageLayout(a4, QPageLayout.Orientation.Portrait, margins, QPageLayout.Unit.Millimeter))
    writer.setTitle(well_formed(document.title))
    writer.setCreator("Fin-R1 Desk")
    pages = _Pages(writer, drawings)
    pages.build(document)
    pages.paint(document)
    buffer.close()
    return bytes(data.data())


def application() -> QGuiApplication:
    """The application that fonts need; without a screen."""
    existing = QGuiApplication.instance()
    return existing if isinstance(existing, QGuiApplication) else QGuiApplication(["finr1-desk-export"])


@dataclass(slots=True)
class _Pages:
    writer: QPdfWriter
    drawings: Drawings
    text: QTextDocument = field(default_factory=QTextDocument)
    markers: list[tuple[int, str, float, Tone]] = field(default_factory=list)  # block, text, right edge
    bars: list[tuple[int, int, float]] = field(default_factory=list)  # first and last block, left
    rules: list[int] = field(default_factory=list)
    tables: list[QTextTable] = field(default_factory=list)
    words: dict[int, list[tuple[QPointF, str, Tone]]] = field(default_factory=dict)  # beside the text, by page
    lines: dict[int, list[tuple[QPointF, QPointF, float]]] = field(default_factory=dict)
    formulas: FormulaObjects = field(init=False)
    cursor: QTextCursor = field(init=False)
    fresh: bool = True  # the current block is still unused
    flush: bool = False  # the next block begins a panel

    def build(self, document: Document) -> None:
        text = self.text
        text.setUndoRedoEnabled(False)
        text.setDocumentMargin(0)
        text.documentLayout().setPaintDevice(self.writer)
        text.setDefaultFont(font_of(BODY))
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        text.setDefaultTextOption(option)
        page = self.writer.pageLayout().paintRectPixels(RESOLUTION)
        head_and_foot = 2 * 22 * POINT
        text.setPageSize(QSizeF(page.width(), page.height() - head_and_foot))
        self.formulas = FormulaObjects(self.drawings, page.width(), text)
        text.documentLayout().registerHandler(FORMULA_OBJECT, self.formulas)
        self.cursor = QTextCursor(text)
        self.cursor.beginEditBlock()
        self._whole(document)
        self.cursor.endEditBlock()

    def paint(self, document: Document) -> None:
        """Draws page after page, with what stands beside the text."""
        text, labels = self.text, document.labels
        self._place_decorations()
        count = text.pageCount()
        size = text.pageSize()
        foot = 22 * POINT
        painter = QPainter(self.writer)
        for page in range(count):
            if page:
                self.writer.newPage()
            painter.save()
            painter.translate(0, foot)
            area = QRectF(0, page * size.height(), size.width(), size.height())
            painter.setClipRect(QRectF(QPointF(0, 0), size))
            painter.translate(0, -area.top())
            text.drawContents(painter, area)
            self._beside(painter, page)
            painter.restore()
            painter.setPen(QColor(MUTED))
            painter.setFont(font_of(8))
            if page:
                head = QRectF(0, 0, size.width(), foot * 0.6)
                title = painter.fontMetrics().elidedText(
                    well_formed(document.title), Qt.TextElideMode.ElideRight, int(size.width())
                )
                painter.drawText(head, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, title)
            number = labels.page.format(page=page + 1, pages=count)
            below = QRectF(0, foot + size.height(), size.width(), foot)
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, number)
        painter.end()

    def _place_decorations(self) -> None:
        """Markers of lists, bars of quotes and thinking, rules, lines of tables: each where its block came to lie."""
        layout, width = self.text.documentLayout(), self.text.pageSize().width()
        for number, words, right, tone in self.markers:
            block = self.text.findBlockByNumber(number)
            if block.layout().lineCount() == 0:
                continue
            line = block.layout().lineAt(0)
            baseline = layout.blockBoundingRect(block).top() + line.y() + line.ascent()
            room = QFontMetricsF(font_of(tone.size), self.writer).horizontalAdvance(words)
            self.words.setdefault(self._page_of(baseline), []).append((QPointF(right - room, baseline), words, tone))
        for first, last, left in self.bars:
            top = layout.blockBoundingRect(self.text.findBlockByNumber(first)).top()
            self._stroke(left, top, left, layout.blockBoundingRect(self.text.findBlockByNumber(last)).bottom(), 1.2)
        for number in self.rules:
            middle = layout.blockBoundingRect(self.text.findBlockByNumber(number)).center().y()
            self._stroke(0, middle, width, middle, 0.7)
        for table in self.tables:
            self._place_grid(table)

    def _place_grid(self, table: QTextTable) -> None:
        """A line above each row but the first, and one below the last; Qt's own borders come out uneven."""
        layout = self.text.documentLayout()
        padding = PADDING * POINT

        def block_of(row: int, column: int) -> QRectF:
            return layout.blockBoundingRect(table.cellAt(row, column).firstCursorPosition().block())

        columns, last = range(table.columns()), table.rows() - 1
        left, right = block_of(0, 0).left() - padding, block_of(0, columns[-1]).right() + padding
        places = [min(block_of(row, column).top() for column in columns) - padding for row in range(1, table.rows())]
        ends = (table.cellAt(last, column).lastCursorPosition().block() for column in columns)
        places.append(max(layout.blockBoundingRect(block).bottom() for block in ends) + padding)
        for y in places:
            self._stroke(left, y, right, y, 0.7)

    def _page_of(self, y: float) -> int:
        return int(y // self.text.pageSize().height())

    def _stroke(self, x: float, top: float, other_x: float, bottom: float, points: float) -> None:
        """Notes a line on every page that it touches."""
        height = self.text.pageSize().height()
        for page in range(self._page_of(top), self._page_of(bottom) + 1):
            begin, end = max(top, page * height), min(bottom, (page + 1) * height)
            self.lines.setdefault(page, []).append((QPointF(x, begin), QPointF(other_x, end), points))

    def _beside(self, painter: QPainter, page: int) -> None:
        for place, words, tone in self.words.get(page, ()):
            painter.setFont(font_of(tone.size))
            painter.setPen(QColor(tone.colour))
            painter.drawText(place, words)
        for begin, end, points in self.lines.get(page, ()):
            painter.setPen(QPen(QColor(LINE), points * POINT))
            painter.drawLine(begin, end)

    # -- the text

    def _whole(self, document: Document) -> None:
        self._line(document.title, Tone(size=20), bold=True)
        for fact in document.facts:
            self._line(fact, Tone(size=8.5, colour=MUTED), above=1)
        if document.system_prompt.strip():
            self._line(document.labels.system_prompt, Tone(STEP, 9, MUTED), bold=True, above=10)
            first = self._number
            self._line(document.system_prompt, Tone(STEP, 9, MUTED), above=2)
            self.bars.append((first, self._last, 4 * POINT))
        for turn in document.turns:
            self._turn(turn)
        if document.others:
            self._line(document.labels.other_branches, Tone(size=15), bold=True, above=26)
            for turn in document.others:
                self._turn(turn)

    def _turn(self, turn: Turn) -> None:
        self._line(turn.heading, Tone(size=9, colour=MUTED), bold=True, above=20)
        if turn.thinking:
            quiet = Tone(STEP, 9, MUTED)
            self._line(turn.summary, quiet, bold=True, above=4)
            first = self._next
            self._blocks(turn.thinking, quiet)
            self.bars.append((first, self._last, 4 * POINT))
        if turn.is_question:
            self._framed(lambda: self._blocks(turn.blocks, Tone()))
        else:
            self._blocks(turn.blocks, Tone())
        for words in filter(None, (turn.note, turn.facts)):
            self._line(words, Tone(size=8, colour=MUTED), above=5)

    def _blocks(self, blocks: tuple[Block, ...], tone: Tone) -> None:
        for block in blocks:
            self._block(block, tone)

    def _block(self, block: Block, tone: Tone) -> None:
        match block:
            case Paragraph(runs):
                self._start(tone)
                self._runs(runs, tone)
            case Heading(level, runs):
                size = max(SIZES.get(level, 10.5) + tone.size - BODY, tone.size)
                larger = Tone(tone.indent, size, tone.colour)
                self._start(larger, above=12)
                self._runs(runs, larger, bold=True)
            case Quote(children):
                first = self._next
                self._blocks(children, Tone(tone.indent + STEP, tone.size, tone.colour))
                self.bars.append((first, self._last, (tone.indent + 4) * POINT))
            case ItemList():
                self._list(block, tone)
            case Code(text, language):
                self._framed(lambda: self._code(text, language, tone), tone.indent)
            case Formula(source):
                inner = Tone(tone.indent + STEP, tone.size, tone.colour)
                self._start(inner)
                self._formula(source, inner)
            case Table():
                self._table(block, tone)
            case Rule():
                self._start(tone)
                self.rules.append(self._number)
            case Plain(text):
                self._line(text, tone)

    def _list(self, block: ItemList, tone: Tone) -> None:
        metrics = QFontMetricsF(font_of(tone.size), self.writer)
        widest = max((metrics.horizontalAdvance(item.marker) for item in block.items), default=0.0) / POINT
        inner = Tone(tone.indent + max(STEP, widest + 6), tone.size, tone.colour, 3.0)
        for number_in_list, item in enumerate(block.items):
            number = self._next
            own = inner if number_in_list else replace(inner, gap=tone.gap)
            if item.children and not isinstance(item.children[0], Table | Code):
                self._blocks(item.children, own)
            else:
                self._start(own)
                self._blocks(item.children, own)
            self.markers.append((number, item.marker, (inner.indent - 5) * POINT, tone))

    def _framed(self, fill: Any, indent: float = 0.0) -> None:
        """A tinted panel; it may go on over pages."""
        shape = QTextFrameFormat()
        shape.setBackground(QColor(TINT))
        shape.setPadding(6 * SCREEN_POINT)
        shape.setLeftMargin(indent * SCREEN_POINT)
        shape.setTopMargin(4 * SCREEN_POINT)
        shape.setBottomMargin(4 * SCREEN_POINT)
        shape.setBorder(0)
        if self.fresh:  # an empty line stays before the panel: it is to take no room
            self._start(Tone(size=1), above=0, height=100)
        outer = self.cursor.currentFrame()
        self.cursor.insertFrame(shape)
        self.fresh = self.flush = True
        fill()
        self.cursor = outer.lastCursorPosition()
        self.fresh = True  # the empty block behind the frame

    def _code(self, text: str, language: str, tone: Tone) -> None:
        self._start(Tone(0, tone.size - 1.5, tone.colour), height=120)
        for stretch, family in coloured(text, language):
            shape = shape_of(Tone(0, tone.size - 1.5, tone.colour))
            shape.setFont(font_of(tone.size - 1.5, CODE_FAMILIES + FAMILIES))
            shape.setForeground(QColor(COLOURS.get(family, tone.colour)))
            self.cursor.insertText(stretch.replace("\n", BREAK), shape)

    def _table(self, block: Table, tone: Tone) -> None:
        if not self.fresh:
            self._start(Tone(tone.indent, 2), above=0)
        shape = QTextTableFormat()
        shape.setHeaderRowCount(1)
        shape.setCellPadding(PADDING * SCREEN_POINT)
        shape.setCellSpacing(0)
        shape.setBorder(0)
        shape.setLeftMargin(tone.indent * SCREEN_POINT)
        shape.setTopMargin(3 * SCREEN_POINT)
        shape.setBottomMargin(6 * SCREEN_POINT)
        shape.setColumnWidthConstraints([QTextLength()] * len(block.aligns))
        table = self.cursor.insertTable(1 + len(block.rows), len(block.aligns), shape)
        inner = Tone(0, tone.size - 0.5, tone.colour)
        for place, row in enumerate((block.header, *block.rows)):
            for column, cell in enumerate(row):
                at = table.cellAt(place, column)
                if place == 0:
                    tinted = at.format()
                    tinted.setBackground(QColor(TINT))
                    at.setFormat(tinted)
                self.cursor = at.firstCursorPosition()
                side = QTextBlockFormat()
                side.setAlignment(SIDES[block.aligns[column]])
                self.cursor.setBlockFormat(side)
                self._runs(cell, inner, bold=place == 0)
        self.tables.append(table)
        self.cursor = QTextCursor(self.text)
        self.cursor.setPosition(table.lastPosition() + 1)
        self.fresh = True

    # -- lines

    @property
    def _number(self) -> int:
        return self.cursor.blockNumber()

    @property
    def _last(self) -> int:
        """The number of the last block that is in use."""
        return self._number - int(self.fresh)

    @property
    def _next(self) -> int:
        """The number of the block that will be begun next."""
        return self._number + int(not self.fresh)

    def _start(self, tone: Tone, *, above: float | None = None, height: int = LINE_HEIGHT) -> None:
        above = 0 if self.flush else tone.gap if above is None else above
        self.flush = False
        shape = QTextBlockFormat()
        shape.setLeftMargin(tone.indent * POINT)
        shape.setTopMargin(above * SCREEN_POINT)
        shape.setLineHeight(height, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        if self.fresh:
            self.cursor.setBlockFormat(shape)
            self.cursor.setBlockCharFormat(shape_of(tone))
            self.fresh = False
        else:
            self.cursor.insertBlock(shape, shape_of(tone))

    def _line(self, text: str, tone: Tone, *, bold: bool = False, above: float | None = None) -> None:
        self._start(tone, above=above)
        self.cursor.insertText(well_formed(text).replace("\n", BREAK), shape_of(tone, bold=bold))

    def _runs(self, runs: Runs, tone: Tone, *, bold: bool = False) -> None:
        for run in runs:
            if run.kind is RunKind.MATHS:
                self._formula(run.text, tone)
            else:
                words = f"[{run.text}]" if run.kind is RunKind.NOTE else run.text
                self.cursor.insertText(well_formed(words).replace("\n", BREAK), run_shape(run, tone, bold=bold))

    def _formula(self, source: str, tone: Tone) -> None:
        drawn = self.drawings.formula(source)
        if drawn is None:
            shape = shape_of(tone)
            shape.setFont(font_of(tone.size - 1, CODE_FAMILIES + FAMILIES))
            self.cursor.insertText(well_formed(source).replace("\n", BREAK), shape)
            return
        self.cursor.insertText("\ufffc", formula_shape(source, drawn, tone))
