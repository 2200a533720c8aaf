"""Captions, controls and marks: the rows of a message that are not text.

Owns measuring and painting them. What a control does, and whether it is pointed at, is told from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath

from finr1_desk.markup.markdown import Run
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.pane import decorations
from finr1_desk.ui.pane.blocks import Paragraph
from finr1_desk.ui.pane.look import Look, Tone
from finr1_desk.ui.pane.rows import Control, Insets, Mark, Page, Row, Section, TextRow

CONTROL_HEIGHT: Final = GRID * 3
_WRAPPED: Final = int(Qt.TextFlag.TextWordWrap)
_MIDDLE: Final = int(Qt.AlignmentFlag.AlignVCenter)
_CHEVRON: Final = GRID * 2
_LEAST_TRAILING: Final = GRID * 16  # pixels; a shorter caption would say nothing


class ChromeRow(Row):
    """A caption and controls.

    Args:
        caption: the text, folded where it is too long.
        color: name of its colour.
        controls: (action, text) each; the first is a fold where `fold` says whether it is open.
        standing: the controls are shown in the accent colour, for something to be done next.
        on_demand: only shown when the message is pointed at or has the focus; the room is always kept.
        always: the actions of controls that are shown all the same.
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
        standing: bool = False,
        on_demand: bool = False,
        always: Collection[str] = (),
        trailing: str = "",
        flush_right: bool = False,
    ) -> None:
        super().__init__(gap)
        self.caption = caption
        self.color = color
        self.on_demand = on_demand
        self.always = always
        self.trailing = trailing
        self.flush_right = flush_right
        self.height = CONTROL_HEIGHT
        self._caption_rect = QRectF()
        self.controls = [
            Control(action, text, QRectF(), fold if index == 0 else None, standing and (index > 0 or fold is None))
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
            width = page.width if folded else bounds.width() + 1
            self._caption_rect = QRectF(0, 0, width, max(bounds.height(), height))
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

    def paint_standing(self, painter: QPainter, page: Page, top: float, pressed: Callable[[Control], str]) -> None:
        """Paints the controls that are shown although the others are not."""
        for control in self.controls:
            if control.action in self.always:
                paint_control(painter, page, control, top, pressed(control))

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
            if room >= _LEAST_TRAILING:
                said = page.look.small_metrics.elidedText(self.trailing, Qt.TextElideMode.ElideLeft, room)
                painter.setPen(page.look.color("muted"))
                area = QRectF(page.x, top, page.width, self.height)
                painter.drawText(area, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), said)


class MarkRow(ChromeRow):
    """A caption between two thin lines: something ends above and begins below."""

    def measure(self, page: Page) -> None:
        super().measure(page)
        self._caption_rect.moveLeft(round((page.width - self._caption_rect.width()) / 2))
        self.height += GRID

    def paint(self, painter: QPainter, page: Page, top: float, pressed: Callable[[Control], str]) -> None:
        super().paint(painter, page, top, pressed)
        caption = self._caption_rect.translated(page.x, top)
        painter.setPen(page.look.color("line"))
        middle = round(caption.center().y()) + 0.5
        for start, end in ((page.x, caption.left() - GRID), (caption.right() + GRID, page.x + page.width)):
            if end > start:
                painter.drawLine(QPointF(start, middle), QPointF(end, middle))


class BoxedRow(TextRow):
    """The final answer once more, set apart behind its label and ready to be copied."""

    def __init__(self, section: Section, answer: str, label: str, copy: tuple[str, str], page: Page) -> None:
        metrics = page.look.small_metrics
        self._label_width = round(metrics.horizontalAdvance(label))
        control = Control(*copy, QRectF())
        width = _control_width(metrics, control)
        insets = Insets(3 * GRID + self._label_width, GRID, width + 2 * GRID, GRID)
        block = Paragraph(0, len(answer), answer)
        super().__init__(section, 0, block, Tone.ANSWER, emphasised, insets, gap=GRID * 2)
        self.answer = answer
        self._label = label
        self.controls = [control]
        self._control_width = width

    def measure(self, page: Page) -> None:
        super().measure(page)
        left = page.width - self._control_width - GRID
        self.controls[0].rect = QRectF(left, (self.height - CONTROL_HEIGHT) / 2, self._control_width, CONTROL_HEIGHT)

    def paint(self, painter: QPainter, page: Page, top: float, clip: QRectF, marks: Sequence[Mark]) -> None:
        decorations.fill_rounded(painter, QRectF(page.x, top, page.width, self.height), page.look.color("accent_soft"))
        first_line = self.document_for(page).document.firstBlock().layout().lineAt(0)
        baseline = self.text_origin(page).y() + top + first_line.y() + first_line.ascent()
        painter.setFont(page.look.small)
        painter.setPen(page.look.color("muted"))
        painter.drawText(QPointF(page.x + 2 * GRID, baseline), self._label)
        super().paint(painter, page, top, clip, marks)

    def paint_controls(self, painter: QPainter, page: Page, top: float, pressed: Callable[[Control], str]) -> None:
        for control in self.controls:
            paint_control(painter, page, control, top, pressed(control))


def emphasised(text: str) -> list[Run]:
    """The text in bold type."""
    return [Run(text, bold=True)]


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
        decorations.paint_ring(painter, area, look.color("accent"))
    painter.setFont(look.small)
    painter.setPen(look.color("accent" if control.accented else "text" if state else "muted"))
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
