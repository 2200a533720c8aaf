"""Paints what stands around the text of a document: markers, bars, rules and the lines of tables.

Owns these shapes; positions come from the laid-out document at the moment of painting. The painter's origin is the
document's top left corner.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTextBlock, QTextDocument, QTextTable

from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.pane.levels import BAR_WIDTH, marker_color
from finr1_desk.ui.pane.look import Look, Tone
from finr1_desk.ui.pane.rendering import Band, Rendered
from finr1_desk.ui.pane.tables import CELL_PADDING

RADIUS: Final = 6.0


def paint_above(painter: QPainter, rendered: Rendered, look: Look, tone: Tone, width: float) -> None:
    """Markers, bars, rules and the lines of tables."""
    for band in rendered.bars:
        top, bottom = _extent(rendered.document, band, look)
        fill_rounded(painter, QRectF(band.left, top, BAR_WIDTH, bottom - top), look.color("line"), BAR_WIDTH / 2)
    for number in rendered.rules:
        block = rendered.document.findBlockByNumber(number)
        middle = round(_origin(block).y() + GRID / 2) + 0.5
        painter.setPen(QPen(look.color("line"), 1))
        painter.drawLine(QPointF(0, middle), QPointF(width, middle))
    for table, has_header in rendered.tables:
        _paint_table(painter, rendered.document, table, has_header, look)
    painter.setFont(look.text)
    for marker in rendered.markers:
        block = rendered.document.findBlockByNumber(marker.block)
        layout = block.layout()
        if layout.lineCount() == 0:
            continue
        line = layout.lineAt(0)
        baseline = _origin(block).y() + line.y() + line.ascent()
        left = marker.right - look.text_metrics.horizontalAdvance(marker.text)
        painter.setPen(look.color(marker_color(marker.text)))
        painter.drawText(QPointF(left, baseline), marker.text)


def fill_rounded(
    painter: QPainter, area: QRectF, color: QColor, radius: float = RADIUS, *, clip: QRectF | None = None
) -> None:
    """Fills a rounded rectangle; one that may be as tall as a whole answer is cut to what `clip` shows of it."""
    if clip is not None:
        area = area.intersected(clip.adjusted(-2 * radius, -2 * radius, 2 * radius, 2 * radius))
        if area.isEmpty():
            return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.drawRoundedRect(area, radius, radius)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def paint_ring(painter: QPainter, area: QRectF, color: QColor, radius: float = 4) -> None:
    """The line around what has the focus."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(color)
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
    painter.restore()


def _origin(block: QTextBlock) -> QPointF:
    return block.document().documentLayout().blockBoundingRect(block).topLeft()


def _extent(document: QTextDocument, band: Band, look: Look) -> tuple[float, float]:
    first, last = document.findBlockByNumber(band.first), document.findBlockByNumber(band.last)
    top = _origin(first).y()
    layout = last.layout()
    if layout.lineCount() == 0:
        return top, top + look.line
    line = layout.lineAt(layout.lineCount() - 1)
    return top + look.lift, _origin(last).y() + line.y() + line.height() + GRID / 4


def _paint_table(painter: QPainter, document: QTextDocument, table: QTextTable, has_header: bool, look: Look) -> None:
    """Lines under every row, a stronger one under the header; no lines between columns.

    The document is given, and not asked of the table: each time it is, PySide6 6.11 holds it for good.
    """
    tops = []
    for row in range(table.rows()):
        block = table.cellAt(row, 0).firstCursorPosition().block()
        tops.append(_origin(block).y() - CELL_PADDING)
    layout = document.documentLayout()
    bottom = layout.frameBoundingRect(table).height() + tops[0]
    left = _origin(table.cellAt(0, 0).firstCursorPosition().block()).x() - CELL_PADDING
    width = sum(length.rawValue() for length in table.format().columnWidthConstraints())
    for row, line in enumerate([*tops[1:], bottom]):
        strong = has_header and row == 0
        painter.setPen(QPen(look.color("muted" if strong else "line"), 1))
        y = round(line) - 0.5
        painter.drawLine(QPointF(left, y), QPointF(left + width, y))
