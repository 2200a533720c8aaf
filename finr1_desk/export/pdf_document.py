"""A conversation as a PDF: pages with the title above and their number below, text as text, formulas as curves.

Owns the pages' layout. It is the one module of this room that imports Qt, and runs in the export's own process only
(`finr1_desk.export.process`), never in one that computes or keeps conversations.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QObject, QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QPen,
    QPyTextObject,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
    QTextTableFormat,
)
from PySide6.QtSvg import QSvgRenderer

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
from finr1_desk.export.pictures import Drawings, coloured
from finr1_desk.markup.markdown import Run, RunKind

RESOLUTION: Final = 300  # dots to the inch, in which the pages are laid out
_POINT: Final = RESOLUTION / 72
_SCREEN_POINT: Final = 96 / 72  # for what Qt itself scales to the device: margins above and below, frames, tables
_SIDE: Final = 20.0  # millimetres
_TOP: Final = 18.0
_FAMILIES: Final = [
    *("Segoe UI", "SF Pro Text", "Inter", "Noto Sans", "DejaVu Sans"),
    *("Microsoft YaHei UI", "Microsoft YaHei", "PingFang SC", "Noto Sans CJK SC", "Source Han Sans SC"),
    "WenQuanYi Micro Hei",
]
_CODE_FAMILIES: Final = ["Cascadia Mono", "Consolas", "Menlo", "DejaVu Sans Mono", "Noto Sans Mono CJK SC"]
_TEXT: Final = "#1c2126"
_MUTED: Final = "#606973"
_LINE: Final = "#c9cfd6"
_TINT: Final = "#f1f4f8"
_ACCENT: Final = "#1f5fa8"
_COLOURS: Final = {"comment": _MUTED, "keyword": _ACCENT, "string": "#2c6e3f", "number": "#8a4b08", "name": "#6b3fa0"}
_SIZES: Final = {1: 15.0, 2: 13.0, 3: 11.5}
_BODY: Final = 10.0
_STEP: Final = 16.0  # points of indent
_LINE_HEIGHT: Final = 130  # per cent
_PADDING: Final = 3.5  # points, in the cells of a table
_BREAK: Final = "\u2028"
_FORMULA: Final = QTextFormat.ObjectTypes.UserObject + 1
_SOURCE: Final = QTextFormat.Property.UserProperty + 1


def to_pdf(document: Document, drawings: Drawings) -> bytes:
    """The whole document as a file. A `QGuiApplication` must be there."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(RESOLUTION)
    margins = QMarginsF(_SIDE, _TOP, _SIDE, _TOP)
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


@dataclass(frozen=True, slots=True)
class _Tone:
    """How a block is set: its indent and size in points, its colour."""

    indent: float = 0.0
    size: float = _BODY
    colour: str = _TEXT
    gap: float = 6.0  # above, in points


@dataclass(slots=True)
class _Pages:
    writer: QPdfWriter
    drawings: Drawings
    text: QTextDocument = field(default_factory=QTextDocument)
    markers: list[tuple[int, str, float, _Tone]] = field(default_factory=list)  # block, text, right edge
    bars: list[tuple[int, int, float]] = field(default_factory=list)  # first and last block, left
    rules: list[int] = field(default_factory=list)
    tables: list[QTextTable] = field(default_factory=list)
    formulas: _Formulas = field(init=False)
    cursor: QTextCursor = field(init=False)
    fresh: bool = True  # the current block is still unused
    flush: bool = False  # the next block begins a panel

    def build(self, document: Document) -> None:
        text = self.text
        text.setUndoRedoEnabled(False)
        text.setDocumentMargin(0)
        text.documentLayout().setPaintDevice(self.writer)
        text.setDefaultFont(_font(_BODY))
        page = self.writer.pageLayout().paintRectPixels(RESOLUTION)
        head_and_foot = 2 * 22 * _POINT
        text.setPageSize(QSizeF(page.width(), page.height() - head_and_foot))
        self.formulas = _Formulas(self.drawings, page.width(), text)
        text.documentLayout().registerHandler(_FORMULA, self.formulas)
        self.cursor = QTextCursor(text)
        self.cursor.beginEditBlock()
        self._whole(document)
        self.cursor.endEditBlock()

    def paint(self, document: Document) -> None:
        """Draws page after page, with what stands beside the text."""
        text, labels = self.text, document.labels
        count = text.pageCount()
        size = text.pageSize()
        foot = 22 * _POINT
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
            self._beside(painter, area)
            painter.restore()
            painter.setPen(QColor(_MUTED))
            painter.setFont(_font(8))
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

    def _beside(self, painter: QPainter, area: QRectF) -> None:
        """Markers of lists, bars of quotes and of thinking, rules: each where its block came to lie."""
        layout = self.text.documentLayout()
        for number, words, right, tone in self.markers:
            block = self.text.findBlockByNumber(number)
            box = layout.blockBoundingRect(block)
            if not box.intersects(area) or block.layout().lineCount() == 0:
                continue
            line = block.layout().lineAt(0)
            font = _font(tone.size)
            painter.setFont(font)
            painter.setPen(QColor(tone.colour))
            width = QFontMetricsF(font, self.writer).horizontalAdvance(words)
            top = block.layout().position().y() + line.y()
            painter.drawText(QPointF(right - width, top + line.ascent()), words)
        painter.setPen(QPen(QColor(_LINE), 1.2 * _POINT))
        for first, last, left in self.bars:
            top = layout.blockBoundingRect(self.text.findBlockByNumber(first)).top()
            bottom = layout.blockBoundingRect(self.text.findBlockByNumber(last)).bottom()
            if top < area.bottom() and bottom > area.top():
                painter.drawLine(QPointF(left, max(top, area.top())), QPointF(left, min(bottom, area.bottom())))
        painter.setPen(QPen(QColor(_LINE), 0.7 * _POINT))
        for table in self.tables:
            self._grid(painter, area, table)
        for number in self.rules:
            middle = layout.blockBoundingRect(self.text.findBlockByNumber(number)).center().y()
            if area.top() <= middle < area.bottom():
                painter.drawLine(QPointF(0, middle), QPointF(area.width(), middle))

    def _grid(self, painter: QPainter, area: QRectF, table: QTextTable) -> None:
        """A line above each row but the first, and one below the last; Qt's own borders come out uneven."""
        layout = self.text.documentLayout()
        whole = layout.frameBoundingRect(table)
        if not whole.intersects(area):
            return
        padding = _PADDING * _POINT
        corner = table.cellAt(0, 0).firstCursorPosition().block()
        far = table.cellAt(0, table.columns() - 1).firstCursorPosition().block()
        left = layout.blockBoundingRect(corner).left() - padding
        right = layout.blockBoundingRect(far).right() + padding
        places = [
            min(
                layout.blockBoundingRect(table.cellAt(row, column).firstCursorPosition().block()).top()
                for column in range(table.columns())
            )
            - padding
            for row in range(1, table.rows())
        ]
        last = table.rows() - 1
        ends = (table.cellAt(last, column).lastCursorPosition().block() for column in range(table.columns()))
        places.append(max(layout.blockBoundingRect(block).bottom() for block in ends) + padding)
        for y in places:
            if area.top() <= y <= area.bottom():
                painter.drawLine(QPointF(left, y), QPointF(right, y))

    # -- the text

    def _whole(self, document: Document) -> None:
        self._line(document.title, _Tone(size=20), bold=True)
        for fact in document.facts:
            self._line(fact, _Tone(size=8.5, colour=_MUTED), above=1)
        if document.system_prompt.strip():
            self._line(document.labels.system_prompt, _Tone(_STEP, 9, _MUTED), bold=True, above=10)
            first = self._number
            self._line(document.system_prompt, _Tone(_STEP, 9, _MUTED), above=2)
            self.bars.append((first, self._last, 4 * _POINT))
        for turn in document.turns:
            self._turn(turn)
        if document.others:
            self._line(document.labels.other_branches, _Tone(size=15), bold=True, above=26)
            for turn in document.others:
                self._turn(turn)

    def _turn(self, turn: Turn) -> None:
        self._line(turn.heading, _Tone(size=9, colour=_MUTED), bold=True, above=20)
        if turn.thinking:
            quiet = _Tone(_STEP, 9, _MUTED)
            self._line(turn.summary, quiet, bold=True, above=4)
            first = self._next
            self._blocks(turn.thinking, quiet)
            self.bars.append((first, self._last, 4 * _POINT))
        if turn.is_question:
            self._framed(lambda: self._blocks(turn.blocks, _Tone()))
        else:
            self._blocks(turn.blocks, _Tone())
        for words in filter(None, (turn.note, turn.facts)):
            self._line(words, _Tone(size=8, colour=_MUTED), above=5)

    def _blocks(self, blocks: tuple[Block, ...], tone: _Tone) -> None:
        for block in blocks:
            self._block(block, tone)

    def _block(self, block: Block, tone: _Tone) -> None:
        match block:
            case Paragraph(runs):
                self._start(tone)
                self._runs(runs, tone)
            case Heading(level, runs):
                size = max(_SIZES.get(level, 10.5) + tone.size - _BODY, tone.size)
                larger = _Tone(tone.indent, size, tone.colour)
                self._start(larger, above=12)
                self._runs(runs, larger, bold=True)
            case Quote(children):
                first = self._next
                self._blocks(children, _Tone(tone.indent + _STEP, tone.size, tone.colour))
                self.bars.append((first, self._last, (tone.indent + 4) * _POINT))
            case ItemList():
                self._list(block, tone)
            case Code(text, language):
                self._framed(lambda: self._code(text, language, tone), tone.indent)
            case Formula(source):
                inner = _Tone(tone.indent + _STEP, tone.size, tone.colour)
                self._start(inner)
                self._formula(source, inner)
            case Table():
                self._table(block, tone)
            case Rule():
                self._start(tone)
                self.rules.append(self._number)
            case Plain(text):
                self._line(text, tone)

    def _list(self, block: ItemList, tone: _Tone) -> None:
        metrics = QFontMetricsF(_font(tone.size), self.writer)
        widest = max((metrics.horizontalAdvance(item.marker) for item in block.items), default=0.0) / _POINT
        inner = _Tone(tone.indent + max(_STEP, widest + 6), tone.size, tone.colour, 3.0)
        for number_in_list, item in enumerate(block.items):
            number = self._next
            own = inner if number_in_list else replace(inner, gap=tone.gap)
            if item.children and not isinstance(item.children[0], Table | Code):
                self._blocks(item.children, own)
            else:
                self._start(own)
                self._blocks(item.children, own)
            self.markers.append((number, item.marker, (inner.indent - 5) * _POINT, tone))

    def _framed(self, fill: Any, indent: float = 0.0) -> None:
        """A tinted panel; it may go on over pages."""
        shape = QTextFrameFormat()
        shape.setBackground(QColor(_TINT))
        shape.setPadding(6 * _SCREEN_POINT)
        shape.setLeftMargin(indent * _SCREEN_POINT)
        shape.setTopMargin(4 * _SCREEN_POINT)
        shape.setBottomMargin(4 * _SCREEN_POINT)
        shape.setBorder(0)
        outer = self.cursor.currentFrame()
        self.cursor.insertFrame(shape)
        self.fresh = self.flush = True
        fill()
        self.cursor = outer.lastCursorPosition()
        self.fresh = True  # the empty block behind the frame

    def _code(self, text: str, language: str, tone: _Tone) -> None:
        self._start(_Tone(0, tone.size - 1.5, tone.colour), height=120)
        for stretch, family in coloured(text, language):
            shape = _shape(_Tone(0, tone.size - 1.5, tone.colour))
            shape.setFont(_font(tone.size - 1.5, _CODE_FAMILIES + _FAMILIES))
            shape.setForeground(QColor(_COLOURS.get(family, tone.colour)))
            self.cursor.insertText(stretch.replace("\n", _BREAK), shape)

    def _table(self, block: Table, tone: _Tone) -> None:
        if not self.fresh:
            self._start(_Tone(tone.indent, 2), above=0)
        shape = QTextTableFormat()
        shape.setHeaderRowCount(1)
        shape.setCellPadding(_PADDING * _SCREEN_POINT)
        shape.setCellSpacing(0)
        shape.setBorder(0)
        shape.setLeftMargin(tone.indent * _SCREEN_POINT)
        shape.setTopMargin(3 * _SCREEN_POINT)
        shape.setBottomMargin(6 * _SCREEN_POINT)
        shape.setColumnWidthConstraints([QTextLength()] * len(block.aligns))
        table = self.cursor.insertTable(1 + len(block.rows), len(block.aligns), shape)
        inner = _Tone(0, tone.size - 0.5, tone.colour)
        for place, row in enumerate((block.header, *block.rows)):
            for column, cell in enumerate(row):
                at = table.cellAt(place, column)
                if place == 0:
                    tinted = at.format()
                    tinted.setBackground(QColor(_TINT))
                    at.setFormat(tinted)
                self.cursor = at.firstCursorPosition()
                side = QTextBlockFormat()
                side.setAlignment(_SIDES[block.aligns[column]])
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

    def _start(self, tone: _Tone, *, above: float | None = None, height: int = _LINE_HEIGHT) -> None:
        above = 0 if self.flush else tone.gap if above is None else above
        self.flush = False
        shape = QTextBlockFormat()
        shape.setLeftMargin(tone.indent * _POINT)
        shape.setTopMargin(above * _SCREEN_POINT)
        shape.setLineHeight(height, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        if self.fresh:
            self.cursor.setBlockFormat(shape)
            self.cursor.setBlockCharFormat(_shape(tone))
            self.fresh = False
        else:
            self.cursor.insertBlock(shape, _shape(tone))

    def _line(self, text: str, tone: _Tone, *, bold: bool = False, above: float | None = None) -> None:
        self._start(tone, above=above)
        self.cursor.insertText(well_formed(text).replace("\n", _BREAK), _shape(tone, bold=bold))

    def _runs(self, runs: Runs, tone: _Tone, *, bold: bool = False) -> None:
        for run in runs:
            if run.kind is RunKind.MATHS:
                self._formula(run.text, tone)
            else:
                words = f"[{run.text}]" if run.kind.value == "note" else run.text
                self.cursor.insertText(well_formed(words).replace("\n", _BREAK), _run_shape(run, tone, bold=bold))

    def _formula(self, source: str, tone: _Tone) -> None:
        drawn = self.drawings.formula(source)
        if drawn is None:
            shape = _shape(tone)
            shape.setFont(_font(tone.size - 1, _CODE_FAMILIES + _FAMILIES))
            self.cursor.insertText(well_formed(source).replace("\n", _BREAK), shape)
            return
        shape = QTextCharFormat()
        shape.setObjectType(_FORMULA)
        shape.setProperty(_SOURCE, source)
        shape.setForeground(QColor(tone.colour))
        shape.setProperty(_SOURCE + 1, tone.size)
        # The object's depth below the line is the descent of its font.
        metrics = QFontMetricsF(_font(100))  # as Qt measures it, whatever the device
        depth = drawn.depth * tone.size * _POINT
        if depth > 0:
            shape.setFont(_font(max(100 * depth / metrics.descent(), 0.1)))
            shape.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignBaseline)
        self.cursor.insertText("\ufffc", shape)


_SIDES: Final = {
    "left": Qt.AlignmentFlag.AlignLeft,
    "center": Qt.AlignmentFlag.AlignHCenter,
    "right": Qt.AlignmentFlag.AlignRight,
}


def _font(size: float, families: list[str] = _FAMILIES) -> QFont:
    font = QFont()
    font.setFamilies(families)
    font.setPointSizeF(size)
    return font


def _shape(tone: _Tone, *, bold: bool = False) -> QTextCharFormat:
    shape = QTextCharFormat()
    font = _font(tone.size)
    font.setBold(bold)
    shape.setFont(font)
    shape.setForeground(QColor(tone.colour))
    return shape


def _run_shape(run: Run, tone: _Tone, *, bold: bool) -> QTextCharFormat:
    is_code = run.kind is RunKind.CODE
    font = _font(tone.size - 1, _CODE_FAMILIES + _FAMILIES) if is_code else _font(tone.size)
    font.setBold(bold or run.bold or run.kind is RunKind.BOXED)
    font.setItalic(run.italic)
    font.setStrikeOut(run.struck)
    shape = QTextCharFormat()
    shape.setFont(font)
    shape.setForeground(QColor(_ACCENT if run.href else tone.colour))
    if is_code or run.kind is RunKind.BOXED:
        shape.setBackground(QColor(_TINT))
    if run.kind.value == "note":
        shape.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignSuperScript)
    if run.href:
        shape.setAnchor(True)
        shape.setAnchorHref(run.href)
        shape.setFontUnderline(True)
    return shape


class _Formulas(QPyTextObject):
    """Draws formulas where the text holds them."""

    def __init__(self, drawings: Drawings, width: float, parent: QObject) -> None:
        super().__init__(parent)
        self._drawings = drawings
        self._width = width

    def intrinsicSize(self, doc: QTextDocument, posInDocument: int, format: QTextFormat) -> QSizeF:
        drawn = self._drawings.formula(format.property(_SOURCE))
        if drawn is None:
            return QSizeF(0, 0)
        em = float(format.property(_SOURCE + 1)) * _POINT
        scale = min(1.0, self._width * 0.85 / (drawn.width * em))
        return QSizeF(drawn.width * em * scale, drawn.height * em * scale)

    def drawObject(
        self, painter: QPainter, rect: QRectF | QRect, doc: QTextDocument, posInDocument: int, format: QTextFormat
    ) -> None:
        drawn = self._drawings.formula(format.property(_SOURCE))
        if drawn is not None:
            colour = format.foreground().color().name()
            QSvgRenderer(QByteArray(drawn.coloured(colour).encode())).render(painter, QRectF(rect))
