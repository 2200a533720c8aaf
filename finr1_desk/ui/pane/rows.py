"""Rows: what a message consists of on the screen, each with a height of its own.

Owns the two kinds of rows, text (one block, one document) and chrome (captions with controls): measuring and painting
one of them. A row knows neither its position nor its neighbours. Documents are dropped and built again at will;
heights stay.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QFontMetricsF,
    QPainter,
    QPainterPath,
    QPalette,
    QTextCharFormat,
    QTextCursor,
)

from finr1_desk.ui.pane import decorations
from finr1_desk.ui.pane.blocks import Block, Code, Heading, Paragraph, Plain, Table
from finr1_desk.ui.pane.look import Look, Tone
from finr1_desk.ui.pane.markdown import Run
from finr1_desk.ui.pane.rendering import Colours, ReadInline, Rendered, Renderer
from finr1_desk.ui.pane.tables import TableWidths
from finr1_desk.ui.theme import GRID

log = logging.getLogger(__name__)

PANEL_INSET: Final = GRID * 2
CONTROL_HEIGHT: Final = GRID * 3
MOST_WIDTH: Final = 8000  # pixels of a table or of code; beyond, text is cut


class Section(IntEnum):
    """The parts of a message that hold text, in their order on the screen."""

    THINKING = 0
    BODY = 1
    BOXED = 2


@dataclass(frozen=True, slots=True)
class Page:
    """Where rows are laid out: the measures, and the left edge and width of the column in pixels."""

    look: Look
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Insets:
    left: float = 0
    top: float = 0
    right: float = 0
    bottom: float = 0


@dataclass(slots=True, eq=False)
class Control:
    """Something to press. `rect` is measured from the row's top left corner; `opened` is None but for a fold."""

    action: str
    text: str
    rect: QRectF
    opened: bool | None = None


class Row:
    """One row. `gap` is the distance above it, `height` an estimate until `measured`."""

    def __init__(self, gap: float) -> None:
        self.gap = gap
        self.height = 0.0
        self.measured = False
        self.controls: list[Control] = []

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
        self.widths: TableWidths | None = None
        self.colours: Colours = ()
        self.rendered: Rendered | None = None
        self.is_coloured = False  # or is about to be
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
        if not isinstance(self.block, Code):
            return self.insets
        side = self.insets.left
        top = GRID * (3.5 if self.block.language else 1.5) if self.block.first else 0
        return Insets(side + PANEL_INSET, top, self.insets.right + PANEL_INSET, GRID * 1.5 if self.block.last else 0)

    def document_for(self, page: Page) -> Rendered:
        """The laid-out document, built where there is none."""
        if self.rendered is None:
            self.rendered = self._build(page)
        return self.rendered

    def _build(self, page: Page) -> Rendered:
        width = self.text_width(page)
        try:
            renderer = Renderer(page.look, self.tone, self.read, width)
            return renderer.render(self.block, widths=self.widths, colours=self.colours)
        except Exception:  # a bug in rendering must not take the conversation with it
            log.exception("a block of type %s could not be rendered", type(self.block).__name__)
            source = getattr(self.block, "text", "")
            return Renderer(page.look, self.tone, self.read, width).render(Plain(0, 0, str(source)))

    def text_width(self, page: Page) -> float:
        return max(page.width - self._insets.left - self._insets.right, GRID * 4)

    def measure(self, page: Page) -> None:
        document = self.document_for(page).document
        self.height = document.size().height() + self._insets.top + self._insets.bottom
        self.measured = True

    def show_block(self, block: Block, gap: float) -> None:
        """Takes another block in the place of its own, which has grown."""
        self.block, self.gap = block, gap
        self.rendered = None
        self.measured = False
        self.widths = None
        self.colours = ()
        self.is_coloured = False

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
        return QPointF(page.x + self._insets.left - self.pan, self._insets.top)

    def most_pan(self, page: Page) -> float:
        """How far a document that is too wide can be shifted."""
        if self.rendered is None:
            return 0
        return max(min(self.rendered.width, MOST_WIDTH) - self.text_width(page), 0)

    # -- painting

    def paint(self, painter: QPainter, page: Page, top: float, clip: QRectF, selected: tuple[int, int] | None) -> None:
        """Paints the row with its top edge at `top`; `selected` is a range of positions in the document."""
        rendered = self.document_for(page)
        if isinstance(self.block, Code):
            self._paint_panel(painter, page, top)
        origin = self.text_origin(page) + QPointF(0, top)
        painter.save()
        is_wide = self.most_pan(page) > 0
        if is_wide:
            edge = page.x + self._insets.left
            painter.setClipRect(QRectF(edge, top, self.text_width(page), self.height))
        painter.translate(origin)
        width = max(self.text_width(page), rendered.width)
        decorations.paint_below(painter, rendered, page.look, width)
        context = QAbstractTextDocumentLayout.PaintContext()
        context.palette.setColor(QPalette.ColorRole.Text, page.look.tone_color(self.tone))  # type: ignore[attr-defined]
        context.clip = clip.translated(-origin.x(), -origin.y())  # type: ignore[attr-defined]
        if selected is not None:
            selection, cursor = _selection(rendered, selected, page.look)
            context.selections = [selection]  # type: ignore[attr-defined]
            rendered.document.documentLayout().draw(painter, context)
            del cursor
        else:
            rendered.document.documentLayout().draw(painter, context)
        decorations.paint_above(painter, rendered, page.look, self.tone, width)
        painter.restore()
        if is_wide:
            self._paint_pan_bar(painter, page, top)

    def paint_controls(self, painter: QPainter, page: Page, top: float, pressed: Callable[[Control], str]) -> None:
        for control in self.controls:
            paint_control(painter, page, control, top, pressed(control))

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


class BoxedRow(TextRow):
    """The final answer once more, set apart behind its label and ready to be copied."""

    def __init__(self, section: Section, answer: str, label: str, copy: tuple[str, str], page: Page) -> None:
        metrics = page.look.small_metrics
        self._label_width = round(metrics.horizontalAdvance(label))
        control = Control(*copy, QRectF())
        width = _control_width(metrics, control)
        insets = Insets(3 * GRID + self._label_width, GRID, width + 2 * GRID, GRID)
        block = Plain(0, len(answer), answer)
        super().__init__(section, 0, block, Tone.ANSWER, as_it_is, insets, gap=GRID * 2)
        self.answer = answer
        self._label = label
        self.controls = [control]
        self._control_width = width

    def measure(self, page: Page) -> None:
        super().measure(page)
        left = page.width - self._control_width - GRID
        self.controls[0].rect = QRectF(left, (self.height - CONTROL_HEIGHT) / 2, self._control_width, CONTROL_HEIGHT)

    def paint(self, painter: QPainter, page: Page, top: float, clip: QRectF, selected: tuple[int, int] | None) -> None:
        decorations.fill_rounded(painter, QRectF(page.x, top, page.width, self.height), page.look.color("accent_soft"))
        first_line = self.document_for(page).document.firstBlock().layout().lineAt(0)
        baseline = top + self.insets.top + first_line.y() + first_line.ascent()
        painter.setFont(page.look.small)
        painter.setPen(page.look.color("muted"))
        painter.drawText(QPointF(page.x + 2 * GRID, baseline), self._label)
        super().paint(painter, page, top, clip, selected)


def as_it_is(text: str) -> list[Run]:
    """Reads inline text that is no Markdown."""
    return [Run(text)]


def _selection(
    rendered: Rendered, selected: tuple[int, int], look: Look
) -> tuple[QAbstractTextDocumentLayout.Selection, QTextCursor]:
    """The selection, and its cursor: a selection that outlives the cursor it was given points nowhere."""
    start, end = selected
    if rendered.tables and len(rendered.tables) == 1 and rendered.tables[0][0].firstPosition() <= 1:
        table = rendered.tables[0][0]  # not the empty blocks around it
        start, end = max(start, table.firstPosition()), min(end, table.lastPosition())
    cursor = QTextCursor(rendered.document)
    cursor.setPosition(start)
    cursor.setPosition(max(end, start), QTextCursor.MoveMode.KeepAnchor)
    selection = QAbstractTextDocumentLayout.Selection()
    selection.cursor = cursor  # type: ignore[attr-defined]
    form = QTextCharFormat()
    form.setBackground(look.color("selection"))
    selection.format = form  # type: ignore[attr-defined]
    return selection, cursor


class ChromeRow(Row):
    """A caption and controls.

    Args:
        caption: the text, folded where it is too long.
        color: name of its colour.
        controls: (action, text) each; the first is a fold where `fold` says whether it is open.
        on_demand: only shown when the message is pointed at or has the focus; the room is always kept.
        trailing: a caption at the right end.
    """

    def __init__(
        self,
        gap: float,
        caption: str = "",
        *,
        color: str = "muted",
        controls: Sequence[tuple[str, str]] = (),
        fold: bool | None = None,
        on_demand: bool = False,
        trailing: str = "",
        flush_right: bool = False,
    ) -> None:
        super().__init__(gap)
        self.caption = caption
        self.color = color
        self.on_demand = on_demand
        self.trailing = trailing
        self.flush_right = flush_right
        self.height = CONTROL_HEIGHT
        self._caption_rect = QRectF()
        self.controls = [
            Control(action, text, QRectF(), fold if index == 0 else None)
            for index, (action, text) in enumerate(controls)
        ]

    def measure(self, page: Page) -> None:
        metrics = page.look.small_metrics
        height = max(CONTROL_HEIGHT, GRID / 2 * round(metrics.height() * 1.5 / (GRID / 2)))
        x = y = 0.0
        self._caption_rect = QRectF()
        if self.caption:
            bounds = metrics.boundingRect(QRectF(0, 0, page.width, 10_000), _WRAPPED, self.caption)
            folded = bounds.height() > metrics.height() * 1.5
            self._caption_rect = QRectF(0, 0, page.width if folded else bounds.width() + 1, max(bounds.height(), height))
            x, y = (0.0, self._caption_rect.height()) if folded else (bounds.width() + GRID, 0.0)
        for control in self.controls:
            width = _control_width(metrics, control)
            if x > 0 and x + width > page.width:
                x, y = 0.0, y + height
            control.rect = QRectF(x - (GRID if x == 0 else 0), y, width, height)
            x += width - (GRID if x == 0 else 0)
        if self.flush_right and self.controls:
            shift = page.width - self.controls[-1].rect.right() + GRID
            for control in self.controls:
                control.rect.translate(shift, 0)
        used = [control.rect.bottom() for control in self.controls] or [0.0]
        self.height = max(height, *used, self._caption_rect.height())
        self.measured = True

    def paint(self, painter: QPainter, page: Page, top: float, pressed: Callable[[Control], str]) -> None:
        """`pressed` tells of each control how it stands: "", "hover" or "focus"."""
        painter.setFont(page.look.small)
        painter.setPen(page.look.color(self.color))
        if self.caption:
            painter.drawText(self._caption_rect.translated(page.x, top), _WRAPPED | _MIDDLE, self.caption)
        for control in self.controls:
            paint_control(painter, page, control, top, pressed(control))
        if self.trailing:
            used = max((control.rect.right() for control in self.controls), default=0.0)
            room = page.width - used - GRID
            if page.look.small_metrics.horizontalAdvance(self.trailing) <= room:
                painter.setPen(page.look.color("muted"))
                area = QRectF(page.x, top, page.width, self.height)
                painter.drawText(area, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), self.trailing)


_WRAPPED: Final = int(Qt.TextFlag.TextWordWrap)
_MIDDLE: Final = int(Qt.AlignmentFlag.AlignVCenter)
_CHEVRON: Final = GRID * 2


def _control_width(metrics: QFontMetricsF, control: Control) -> float:
    fold = _CHEVRON if control.opened is not None else 0
    return float(round(metrics.horizontalAdvance(control.text) + 2 * GRID + fold))


def paint_control(painter: QPainter, page: Page, control: Control, top: float, state: str) -> None:
    """A control as quiet text, with a ground when pointed at and a ring when it has the focus."""
    look = page.look
    area = control.rect.translated(page.x, top)
    if state:
        decorations.fill_rounded(painter, area, look.color("hover"), 4)
    if state == "focus":
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(look.color("accent"))
        painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.restore()
    painter.setFont(look.small)
    painter.setPen(look.color("text" if state else "muted"))
    inner = area.adjusted(GRID, 0, -GRID, 0)
    if control.opened is not None:
        _paint_chevron(painter, look, inner, control.opened, "text" if state else "muted")
        inner = inner.adjusted(_CHEVRON, 0, 0, 0)
    painter.drawText(inner, _MIDDLE, control.text)


def _paint_chevron(painter: QPainter, look: Look, area: QRectF, opened: bool, color: str) -> None:
    middle = QPointF(area.left() + 4, area.center().y())
    path = QPainterPath()
    if opened:
        path.moveTo(middle + QPointF(-4, -2))
        path.lineTo(middle + QPointF(0, 2))
        path.lineTo(middle + QPointF(4, -2))
    else:
        path.moveTo(middle + QPointF(-2, -4))
        path.lineTo(middle + QPointF(2, 0))
        path.lineTo(middle + QPointF(-2, 4))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    pen = painter.pen()
    pen.setColor(look.color(color))
    pen.setWidthF(1.5)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    painter.restore()
