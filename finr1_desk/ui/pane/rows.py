"""Rows: what a message consists of on the screen, each with a height of its own.

Owns the row of text (one block, one document), its measuring and painting; captions and controls are in `chrome`. A
row knows neither its position nor its neighbours. Documents are dropped and built again at will; heights stay.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QPainter,
    QPalette,
    QTextCharFormat,
    QTextCursor,
)

from finr1_desk.markup.markdown import Run
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.pane import decorations
from finr1_desk.ui.pane.blocks import Block, Code, Heading, ListItem, Maths, Paragraph, Plain, Quote, Table
from finr1_desk.ui.pane.formula_objects import Formulas
from finr1_desk.ui.pane.levels import Frame, frame_of, paint_frame, paint_markers
from finr1_desk.ui.pane.look import Look, Tone
from finr1_desk.ui.pane.rendering import Colours, Marker, ReadInline, Rendered, Renderer
from finr1_desk.ui.pane.tables import CELL_PADDING, TableWidths

log = logging.getLogger(__name__)

PANEL_INSET: Final = GRID * 2
TABLE_STRIP: Final = GRID * 2.5  # above a table, for its controls
MOST_WIDTH: Final = 8000  # pixels of a table or of code; beyond, text is cut


class Section(IntEnum):
    """The parts of a message that hold text, in their order on the screen."""

    THINKING = 0
    BODY = 1
    BOXED = 2


@dataclass(frozen=True, slots=True)
class Page:
    """Where rows are laid out: the measures, and the left edge and width of the column in pixels.

    `reach` is the width that a table may take, which goes beyond the column where the pane is wide. `formulas` draws
    formulas; without it their sources are shown.
    """

    look: Look
    x: float
    width: float
    reach: float
    formulas: Formulas | None = None


def page_for(look: Look, pane_width: float, formulas: Formulas | None = None) -> Page:
    """The page of a pane of this width."""
    x, width = look.column(pane_width)
    return Page(look, x, width, max(pane_width - x - look.margin(pane_width), width), formulas)


Mark = tuple[int, int, str]  # from one position of a document to another, and the name of the ground's colour


@dataclass(frozen=True, slots=True)
class Insets:
    left: float = 0
    top: float = 0
    right: float = 0
    bottom: float = 0


@dataclass(slots=True, eq=False)
class Control:
    """Something to press. `rect` is measured from the row's top left corner; `opened` is None but for a fold.

    One that `follows` belongs to the one before it: Tab passes it over, the arrow keys lead to it. One `over_text` is
    text of the row, which can be selected as well.
    """

    action: str
    text: str
    rect: QRectF
    opened: bool | None = None
    accented: bool = False
    follows: bool = False
    over_text: bool = False
    descending: bool | None = None  # how the rows are sorted by this column


class Row:
    """One row. `gap` is the distance above it, `height` an estimate until `measured`."""

    def __init__(self, gap: float) -> None:
        self.gap = gap
        self.height = 0.0
        self.measured = False
        self._controls: list[Control] = []
        self._make_controls: Callable[[], list[Control]] | None = None

    @property
    def controls(self) -> list[Control]:
        if self._make_controls is not None:
            self._controls, self._make_controls = self._make_controls(), None
        return self._controls

    @controls.setter
    def controls(self, controls: list[Control]) -> None:
        self._controls, self._make_controls = controls, None

    def furnish(self, make: Callable[[], list[Control]]) -> None:
        """Gives it controls, which are made when they are asked for."""
        self._make_controls = make

    @property
    def has_controls(self) -> bool:
        return self._make_controls is not None or bool(self._controls)

    @property
    def extent(self) -> float:
        return self.gap + self.height

    def measure(self, page: Page) -> None:
        raise NotImplementedError


class TextRow(Row):
    """A block of text.

    Args:
        section, index: where the block stands in its message.
        block: what it says.
        tone: the voice it is set in.
        read: turns its inline Markdown into runs.
    """

    def __init__(
        self, section: Section, index: int, block: Block, tone: Tone, read: ReadInline, insets: Insets, gap: float
    ) -> None:
        super().__init__(gap)
        self.section = section
        self.index = index
        self.block = block
        self.tone = tone
        self.read = read
        self.insets = insets
        self.frame = Frame()
        self.widths: TableWidths | None = None
        self.colours: Colours = ()
        self.rendered: Rendered | None = None
        self.is_coloured = False  # or is about to be
        self.place_controls: Callable[[TextRow, Page], None] | None = None
        self.pan = 0.0  # pixels that a wide table or code is shifted to the left

    # -- layout

    def estimate(self, page: Page) -> None:
        if not self.measured:
            text = self.block.text if isinstance(self.block, Paragraph | Plain | Heading) else " " * 80
            lines = 1 + text.count("\n") + len(text) * 0.55 * page.look.em / max(page.width, 1)
            if isinstance(self.block, Code):
                lines = 1 + self.block.text.count("\n")
            elif isinstance(self.block, Table):
                lines = 1.5 * (len(self.block.rows) + 1)
            self.height = lines * page.look.line + self._insets.top + self._insets.bottom

    @property
    def _insets(self) -> Insets:
        if isinstance(self.block, Table) and self.block.first:
            return Insets(self.insets.left, TABLE_STRIP, self.insets.right, self.insets.bottom)
        if not isinstance(self.block, Code):
            return self.insets
        side = self.insets.left
        top = GRID * 3.5 if self.block.first else 0
        return Insets(side + PANEL_INSET, top, self.insets.right + PANEL_INSET, GRID * 1.5 if self.block.last else 0)

    def document_for(self, page: Page) -> Rendered:
        """The laid-out document, built where there is none."""
        if self.rendered is None:
            self.rendered = self._build(page)
            # Asking for the size lays it out; a line asked for before that takes the process with it.
            self.rendered.document.size()
        return self.rendered

    def _build(self, page: Page) -> Rendered:
        width = self.text_width(page)
        try:
            renderer = Renderer(page.look, self.tone, self.read, width, page.formulas)
            return renderer.render(self.block, widths=self.widths, colours=self.colours)
        except Exception:  # a bug in rendering must not take the conversation with it
            log.exception("a block of type %s could not be rendered", type(self.block).__name__)
            source = getattr(self.block, "text", "")
            return Renderer(page.look, self.tone, self.read, width).render(Plain(0, 0, str(source)))

    def text_width(self, page: Page) -> float:
        beside = self._insets.left + self._insets.right
        if isinstance(self.block, Table) and self.widths is not None and self.widths.full > page.width - beside:
            return page.reach - beside
        return max(page.width - beside, GRID * 4)

    def measure(self, page: Page) -> None:
        rendered = self.document_for(page)
        # Whole pixels: what stands below would be painted between two of them otherwise.
        self.height = float(math.ceil(rendered.document.size().height() + self._insets.top + self._insets.bottom))
        if isinstance(self.block, Table | Maths) and self._ends_block and self.most_pan(page) > 0:
            self.height += GRID
        if self.place_controls is not None:
            self.place_controls(self, page)
        self.measured = True

    @property
    def _ends_block(self) -> bool:
        """Whether no other row continues what is shown here."""
        return not isinstance(self.block, Code | Table) or self.block.last

    def show_block(self, block: Block, gap: float) -> None:
        """Takes another block in the place of its own, which has grown."""
        self.block, self.gap = block, gap
        self.controls, self.place_controls = [], None
        self.rendered = None
        self.measured = False
        self.widths = None
        self.colours = ()
        self.is_coloured = False

    def take_levels(self, insets: Insets, look: Look) -> None:
        """Stands right of the bars and markers of the quotes and items around its block."""
        self.frame = frame_of(self.block.levels, look)
        self.insets = replace(insets, left=insets.left + self.frame.indent) if self.frame.indent else insets

    def markers(self, page: Page) -> list[Marker]:
        """The markers beside its text, those of the items around its block first."""
        around = [Marker(0, text, right - self.frame.indent) for text, right in self.frame.markers]
        return [*around, *self.document_for(page).markers]

    def shares_width_with(self, other: TextRow) -> bool:
        """Whether both are pieces of one table or of one block of code."""
        one, two = self.block, other.block
        if isinstance(one, Code | Table) and isinstance(two, Code | Table):
            return one.block == two.block
        return self is other

    def take_width(self, page: Page) -> None:
        """The width changed, the fonts did not: a document is folded anew rather than built anew."""
        rendered = self.rendered
        if rendered is None or isinstance(self.block, Code | Table) or rendered.tables:
            self.forget_layout()
        else:
            rendered.document.setTextWidth(max(self.text_width(page), rendered.width))
            self.measured = False

    def forget_layout(self) -> None:
        """The width or the fonts changed: the height is an estimate again."""
        self.rendered = None
        self.measured = False
        self.pan = 0

    def text_origin(self, page: Page) -> QPointF:
        """Where the document's top left corner is, from the row's top left corner in the pane."""
        return QPointF(page.x + self._insets.left - self.pan, self._insets.top - self._lift(page))

    def _lift(self, page: Page) -> float:
        return page.look.lift if isinstance(self.block, Paragraph | ListItem | Plain | Quote) else 0

    def shift_to(self, pan: float, page: Page) -> None:
        """Shows a wide table or code from `pan` pixels on."""
        self.pan = pan
        if self.place_controls is not None:
            self.place_controls(self, page)

    def most_pan(self, page: Page) -> float:
        """How far a document that is too wide can be shifted."""
        if self.rendered is None:
            return 0
        return max(min(self.rendered.width, MOST_WIDTH) - self.text_width(page), 0)

    # -- painting

    def paint(self, painter: QPainter, page: Page, top: float, clip: QRectF, marks: Sequence[Mark]) -> None:
        """Paints the row with its top edge at `top`; later marks lie over earlier ones."""
        rendered = self.document_for(page)
        if isinstance(self.block, Code):
            self._paint_panel(painter, page, top)
        origin = self.text_origin(page) + QPointF(0, top)
        if self.block.levels:
            self._paint_levels(painter, page, top)
        painter.save()
        is_wide = self.most_pan(page) > 0
        if is_wide:
            edge = page.x + self._insets.left
            painter.setClipRect(QRectF(edge, top, self.text_width(page), self.height))
        painter.translate(origin)
        width = max(self.text_width(page), rendered.width)
        context = QAbstractTextDocumentLayout.PaintContext()
        context.palette.setColor(QPalette.ColorRole.Text, page.look.tone_color(self.tone))
        context.clip = clip.translated(-origin.x(), -origin.y())
        selections = [_selection(rendered, mark, page.look) for mark in marks]
        context.selections = [selection for selection, _ in selections]
        rendered.document.documentLayout().draw(painter, context)
        del selections  # their cursors had to live until now
        decorations.paint_above(painter, rendered, page.look, self.tone, width)
        painter.restore()
        if is_wide and self._ends_block:
            self._paint_pan_bar(painter, page, top)

    def _paint_levels(self, painter: QPainter, page: Page, top: float) -> None:
        left = page.x + self.insets.left - self.frame.indent
        paint_frame(painter, self.frame, page.look, left, (top - self.gap, top, top + self.height))
        if not self.frame.markers:
            return
        baseline = top + GRID * 0.75 + page.look.text_metrics.ascent()  # beside the language of code
        if isinstance(self.block, Table):  # beside its first line
            baseline = top + TABLE_STRIP + CELL_PADDING + page.look.line - page.look.text_metrics.descent()
        elif not isinstance(self.block, Code):
            document = self.document_for(page).document
            block = document.firstBlock()
            line = block.layout().lineAt(0)
            upper = top + self._insets.top - self._lift(page)
            baseline = upper + document.documentLayout().blockBoundingRect(block).y() + line.y() + line.ascent()
        paint_markers(painter, self.frame, page.look, left, baseline)

    def _paint_panel(self, painter: QPainter, page: Page, top: float) -> None:
        block = self.block
        assert isinstance(block, Code)
        area = QRectF(page.x + self.insets.left, top, page.width - self.insets.left - self.insets.right, self.height)
        painter.save()
        painter.setClipRect(area)
        shape = area.adjusted(0, 0 if block.first else -2 * GRID, 0, 0 if block.last else 2 * GRID)
        decorations.fill_rounded(painter, shape, page.look.color("code"))
        painter.restore()
        if block.first and block.language:
            painter.setFont(page.look.small)
            painter.setPen(page.look.color("muted"))
            label = area.adjusted(PANEL_INSET, GRID * 0.75, -PANEL_INSET, 0)
            painter.drawText(label, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop), block.language)

    def _paint_pan_bar(self, painter: QPainter, page: Page, top: float) -> None:
        """A thin bar that says that there is more to the right, and how much."""
        shown = self.text_width(page)
        whole = shown + self.most_pan(page)
        left = page.x + self._insets.left + shown * self.pan / whole
        area = QRectF(left, top + self.height - 4, shown * shown / whole, 3)
        decorations.fill_rounded(painter, area, page.look.color("line"), 1.5)


def as_it_is(text: str) -> list[Run]:
    """Reads inline text that is no Markdown."""
    return [Run(text)]


def _selection(rendered: Rendered, mark: Mark, look: Look) -> tuple[QAbstractTextDocumentLayout.Selection, QTextCursor]:
    """The selection, and its cursor: a selection that outlives the cursor it was given points nowhere."""
    start, end, color = mark
    if rendered.tables and len(rendered.tables) == 1 and rendered.tables[0][0].firstPosition() <= 1:
        table = rendered.tables[0][0]  # not the empty blocks around it
        start, end = max(start, table.firstPosition()), min(end, table.lastPosition())
    cursor = QTextCursor(rendered.document)
    cursor.setPosition(start)
    cursor.setPosition(max(end, start), QTextCursor.MoveMode.KeepAnchor)
    selection = QAbstractTextDocumentLayout.Selection()
    selection.cursor = cursor
    form = QTextCharFormat()
    form.setBackground(look.color(color))
    if color != "selection":  # captions and thinking are too faint on it
        form.setForeground(look.color("text"))
    selection.format = form
    return selection, cursor
