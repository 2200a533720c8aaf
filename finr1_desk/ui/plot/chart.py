"""Draws a chart: bars or lines over labels, with a tidy axis.

Owns the drawing, onto any painter: the window, a picture or an SVG file. Which columns are drawn is chosen elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from PySide6.QtCore import QLocale, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from finr1_desk.ui.look.theme import GRID, Theme
from finr1_desk.ui.plot.axis import Axis, axis_for, thinned
from finr1_desk.ui.plot.data import PlotData

LINE: Final = 1.5  # of the font's height: Chinese letters are higher
MARK_ROOM: Final = GRID  # between the figures of the axis and the drawing
BAR_SHARE: Final = 0.72  # of a label's room that its bars take
MOST_BAR: Final = 64.0  # pixels
DOTS: Final = 40  # points; with more of them a line goes without dots
LEGEND_MARK: Final = 10.0
_RIGHT: Final = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT: Final = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_TOP_MIDDLE: Final = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)


class Kind(StrEnum):
    BARS = "bars"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class ChartStyle:
    """The measures and colours of a chart."""

    theme: Theme
    font: QFont

    def color_of(self, index: int) -> QColor:
        names = self.theme.series
        return QColor(names[index % len(names)])


class Chart:
    """A chart of some data, to be drawn into a rectangle."""

    def __init__(self, data: PlotData, kind: Kind, style: ChartStyle) -> None:
        self._data = data
        self._kind = kind
        self._style = style
        self._metrics = QFontMetricsF(style.font)
        self._line = LINE * self._metrics.height()
        values = [value for series in data.series for value in series.values if value is not None]
        self._axis: Axis | None = axis_for(values, with_zero=kind is Kind.BARS) if values else None

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Draws the chart with its ground into `area`."""
        painter.save()
        painter.setFont(self._style.font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.fillRect(area, self._style.theme.color("window"))
        inner = area.adjusted(2 * GRID, 2 * GRID, -2 * GRID, -GRID)
        if self._axis is not None:
            top = inner.top() + self._draw_legend(painter, inner)
            marks = [self._written(value, self._axis) for value in self._axis.marks]
            left = max(map(self._metrics.horizontalAdvance, marks)) + MARK_ROOM
            bottom = self._line + GRID
            plot = QRectF(inner.left() + left, top, inner.width() - left, inner.bottom() - bottom - top)
            self._draw_axis(painter, plot, self._axis, marks)
            self._draw_labels(painter, plot)
            if self._kind is Kind.BARS:
                self._draw_bars(painter, plot, self._axis)
            else:
                self._draw_lines(painter, plot, self._axis)
        painter.restore()

    def _written(self, value: float, axis: Axis) -> str:
        value = 0.0 if abs(value) < axis.step / 1e6 else value
        return QLocale().toString(value, "f", axis.decimals)

    def _draw_legend(self, painter: QPainter, area: QRectF) -> float:
        """The unit and the names of the series, in lines as long as there is room; returns their height."""
        line = self._line + GRID / 2
        x, y = area.left(), area.top()
        if self._data.unit:
            painter.setPen(self._style.theme.color("muted"))
            painter.drawText(QRectF(x, y, area.width(), self._line), _LEFT, self._data.unit)
            x += self._metrics.horizontalAdvance(self._data.unit) + 3 * GRID
        for number, series in enumerate(self._data.series):
            longest = area.width() - LEGEND_MARK - GRID
            name = self._metrics.elidedText(series.name, Qt.TextElideMode.ElideRight, longest)
            width = LEGEND_MARK + GRID + self._metrics.horizontalAdvance(name)
            if x > area.left() and x + width > area.right():
                x, y = area.left(), y + line
            middle = y + self._line / 2
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._style.color_of(number))
            painter.drawRoundedRect(QRectF(x, middle - LEGEND_MARK / 2, LEGEND_MARK, LEGEND_MARK), 2, 2)
            painter.setPen(self._style.theme.color("text"))
            where = QRectF(x + LEGEND_MARK + GRID, y, width, self._line)
            painter.drawText(where, _LEFT, name)
            x += width + 3 * GRID
        return y + line + GRID - area.top()

    def _draw_axis(self, painter: QPainter, plot: QRectF, axis: Axis, marks: list[str]) -> None:
        height = self._metrics.height()
        for value, text in zip(axis.marks, marks, strict=True):
            y = round(self._y(plot, axis, value)) + 0.5
            is_zero = abs(value) < axis.step / 1e6
            painter.setPen(QPen(self._style.theme.color("muted" if is_zero else "line"), 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(self._style.theme.color("muted"))
            where = QRectF(plot.left() - 1000, y - height / 2, 1000 - MARK_ROOM, height)
            painter.drawText(where, _RIGHT, text)

    def _draw_labels(self, painter: QPainter, plot: QRectF) -> None:
        count = len(self._data.labels)
        if not count:
            return
        widest = max(map(self._metrics.horizontalAdvance, self._data.labels))
        each = plot.width() / count
        room = int(plot.width() / min(widest + 2 * GRID, max(plot.width() / 4, each)))
        painter.setPen(self._style.theme.color("muted"))
        shown = thinned(count, room)
        width = each * (shown[1] - shown[0] if len(shown) > 1 else count) - GRID
        for index in shown:
            text = self._metrics.elidedText(self._data.labels[index], Qt.TextElideMode.ElideRight, width)
            middle = plot.left() + each * (index + 0.5)
            where = QRectF(middle - width / 2, plot.bottom() + GRID / 2, width, self._line)
            painter.drawText(where, _TOP_MIDDLE, text)

    def _draw_bars(self, painter: QPainter, plot: QRectF, axis: Axis) -> None:
        count, kinds = len(self._data.labels), len(self._data.series)
        each = plot.width() / max(count, 1)
        width = min(each * BAR_SHARE / kinds, MOST_BAR)
        zero = self._y(plot, axis, 0)
        painter.setPen(Qt.PenStyle.NoPen)
        for number, series in enumerate(self._data.series):
            painter.setBrush(self._style.color_of(number))
            for index, value in enumerate(series.values):
                if value is None:
                    continue
                left = plot.left() + each * (index + 0.5) + width * (number - kinds / 2)
                y = self._y(plot, axis, value)
                gap = min(1.0, width / 4)
                painter.drawRect(QRectF(left + gap / 2, min(y, zero), width - gap, abs(zero - y)))

    def _draw_lines(self, painter: QPainter, plot: QRectF, axis: Axis) -> None:
        each = plot.width() / max(len(self._data.labels), 1)
        for number, series in enumerate(self._data.series):
            color = self._style.color_of(number)
            path, is_on_paper = QPainterPath(), False
            points = []
            for index, value in enumerate(series.values):
                if value is None:  # a gap, not a bridge
                    is_on_paper = False
                    continue
                point = QPointF(plot.left() + each * (index + 0.5), self._y(plot, axis, value))
                path.lineTo(point) if is_on_paper else path.moveTo(point)
                is_on_paper = True
                points.append(point)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            pen = QPen(color, 2)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.drawPath(path)
            if len(points) <= DOTS:
                painter.setPen(QPen(self._style.theme.color("window"), 1.5))
                painter.setBrush(color)
                for point in points:
                    painter.drawEllipse(point, 4.0, 4.0)

    @staticmethod
    def _y(plot: QRectF, axis: Axis, value: float) -> float:
        return plot.bottom() - plot.height() * axis.share(value)
