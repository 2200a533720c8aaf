"""How a row of the conversation list, a search result and a deleted conversation look.

Owns the painting of rows, from the theme; it knows nothing of what a row leads to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from PySide6.QtCore import (
    QCoreApplication,
    QDate,
    QDateTime,
    QLocale,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QTextCharFormat, QTextLayout, QTextOption
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from finr1_desk.core.keeping import LONGEST_FOLDER_NAME
from finr1_desk.ui.look.theme import GRID, Theme
from finr1_desk.ui.sidebar.grouping import FolderRow
from finr1_desk.ui.sidebar.model import Role

_Index = QModelIndex | QPersistentModelIndex
_ROOM = 22 * GRID  # for a few words before what was found
_AntiAliased = QPainter.RenderHint.Antialiasing


def _background(painter: QPainter, option: QStyleOptionViewItem, theme: Theme, *, open_: bool = False) -> None:
    """A rounded block for the selected, open, pointed-at and focused row, the same in every list."""
    state = option.state
    box = QRectF(option.rect).adjusted(GRID, 1, -GRID, -1)
    painter.setRenderHint(_AntiAliased)
    colour: QColor | None = None
    if state & QStyle.StateFlag.State_Selected or open_:
        colour = theme.color("accent_soft")
    elif state & QStyle.StateFlag.State_MouseOver:
        colour = theme.color("hover")
    focused = bool(state & QStyle.StateFlag.State_HasFocus)
    painter.setPen(theme.color("accent") if focused else Qt.PenStyle.NoPen)
    if colour is not None or focused:
        painter.setBrush(colour if colour is not None else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)


class ConversationDelegate(QStyledItemDelegate):
    """One line: a heading; a folder; or a title, and on its right a mark for «being written» (a ring) or «unread»."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(120, max(4 * GRID, option.fontMetrics.height() + 2 * GRID))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        self.initStyleOption(option, index)
        painter.save()
        inner = option.rect.adjusted(2 * GRID, 0, -2 * GRID, 0)
        row = index.data(Role.ROW)
        if index.data(Role.ID):
            _background(painter, option, self.theme, open_=bool(index.data(Role.OPEN)))
            indent = 2 * GRID if index.data(Role.INSIDE) else 0
            self._paint_conversation(painter, option, index, inner.adjusted(indent, 0, 0, 0))
        elif isinstance(row, FolderRow):
            _background(painter, option, self.theme)
            self._paint_folder(painter, option, row, inner)
        else:
            self._paint_heading(painter, option, str(index.data()), inner)
        painter.restore()

    def _paint_folder(self, painter: QPainter, option: QStyleOptionViewItem, row: FolderRow, inner: QRect) -> None:
        """A triangle that says whether it is open, the name, and how many are in it."""
        middle = QPointF(inner.left() + 4, inner.center().y() + 0.5)
        across, along = (QPointF(0, 4), QPointF(4, 0)) if row.folded else (QPointF(4, 0), QPointF(0, 4))
        pen = QPen(self.theme.color("muted"), 1.5)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawPolyline([middle - across - along / 2, middle + along / 2, middle + across - along / 2])
        count = QLocale().toString(row.count) if row.count else ""
        width = option.fontMetrics.horizontalAdvance(count)
        painter.setPen(self.theme.color("muted"))
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, count)
        words = inner.adjusted(2 * GRID, 0, -width - GRID, 0)
        font = QFont(option.font)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(self.theme.color("text"))
        name = painter.fontMetrics().elidedText(row.name, Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)

    def _paint_heading(self, painter: QPainter, option: QStyleOptionViewItem, label: str, inner: QRect) -> None:
        font = QFont(option.font)
        font.setPointSizeF(font.pointSizeF() * 0.9)
        painter.setFont(font)
        painter.setPen(self.theme.color("muted"))
        painter.drawText(
            inner.adjusted(0, 0, 0, -GRID // 2), Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, label
        )

    def _paint_conversation(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index, inner: QRect) -> None:
        writing, unread = bool(index.data(Role.WRITING)), bool(index.data(Role.UNREAD))
        if writing or unread:
            centre = QPointF(inner.right() - 4, inner.center().y() + 0.5)
            accent = self.theme.color("accent")
            painter.setPen(accent)
            painter.setBrush(Qt.BrushStyle.NoBrush if writing else accent)
            painter.drawEllipse(centre, 4, 4)
            inner = inner.adjusted(0, 0, -2 * GRID, 0)
        font = QFont(option.font)
        font.setBold(unread)
        painter.setFont(font)
        painter.setPen(self.theme.color("text"))
        title = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, title)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: _Index) -> QWidget:
        editor = QLineEdit(parent)
        folder = isinstance(index.data(Role.ROW), FolderRow)
        editor.setAccessibleName(self.tr("Name of the folder") if folder else self.tr("Title of the conversation"))
        editor.setMaxLength(LONGEST_FOLDER_NAME if folder else 200)
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: _Index) -> None:
        editor.setGeometry(option.rect.adjusted(GRID, 1, -GRID, -1))


class PairDelegate(QStyledItemDelegate):
    """Two lines: a title, and below it in a quiet colour what `UserRole` says of it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(120, max(7 * GRID, 2 * option.fontMetrics.height() + 2 * GRID))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        self.initStyleOption(option, index)
        painter.save()
        _background(painter, option, self.theme)
        inner = option.rect.adjusted(2 * GRID, GRID // 2, -2 * GRID, -GRID // 2)
        half = inner.height() // 2
        self._paint_first(painter, option, index, QRect(inner.left(), inner.top(), inner.width(), half))
        self._paint_second(painter, option, index, inner.adjusted(0, half, 0, 0))
        painter.restore()

    def _paint_first(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index, box: QRect) -> None:
        _paint_line(painter, option, str(index.data()), box, self.theme.color("text"))

    def _paint_second(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index, box: QRect) -> None:
        _paint_line(painter, option, str(index.data(Qt.ItemDataRole.UserRole)), box, self.theme.color("muted"))


class HitDelegate(PairDelegate):
    """The conversation's title with the date, and the passage found with its matches marked."""

    def _paint_first(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index, box: QRect) -> None:
        date = short_date(index.data(Qt.ItemDataRole.UserRole).created_at)
        width = option.fontMetrics.horizontalAdvance(date)
        if width < box.width() // 2:
            painter.setPen(self.theme.color("muted"))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, date)
            box = box.adjusted(0, 0, -width - GRID, 0)
        super()._paint_first(painter, option, index, box)

    def _paint_second(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index, box: QRect) -> None:
        hit = index.data(Qt.ItemDataRole.UserRole)
        if hit.in_thinking:
            label = self.tr("Reasoning")
            width = option.fontMetrics.horizontalAdvance(label)
            _paint_line(painter, option, label, box, self.theme.color("accent"))
            box = box.adjusted(width + GRID, 0, 0, 0)
        snippet, matches = one_line(hit.snippet, hit.matches)
        self._paint_snippet(painter, option, snippet, matches, box)

    def _paint_snippet(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        text: str,
        matches: Sequence[tuple[int, int]],
        box: QRect,
    ) -> None:
        first = matches[0][0] if matches else 0
        text, matches = from_first_match(text, matches, first, before=12 if box.width() > _ROOM else 3)
        layout = QTextLayout(text, option.font)
        wrap = QTextOption()
        wrap.setWrapMode(QTextOption.WrapMode.NoWrap)
        layout.setTextOption(wrap)
        plain, marked = QTextCharFormat(), QTextCharFormat()
        plain.setForeground(self.theme.color("muted"))
        marked.setForeground(self.theme.color("text"))
        marked.setBackground(self.theme.color("selection"))
        ranges = [_range(text, 0, len(text), plain), *(_range(text, start, end, marked) for start, end in matches)]
        layout.setFormats(ranges)
        layout.beginLayout()
        line = layout.createLine()
        line.setLineWidth(box.width())
        layout.endLayout()
        painter.setClipRect(box)
        layout.draw(painter, QPointF(box.left(), box.top() + (box.height() - line.height()) / 2))


def _paint_line(painter: QPainter, option: QStyleOptionViewItem, text: str, box: QRect, colour: QColor) -> None:
    """One line of text, cut where there is no more room."""
    painter.setPen(colour)
    shown = option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width())
    painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)


def short_date(seconds: float) -> str:
    """The day in local time as the language writes it: without the year within this one."""
    day = dt.date.fromtimestamp(seconds)
    locale = QLocale()
    if day == dt.date.today():
        return locale.toString(QDateTime.fromSecsSinceEpoch(int(seconds)).time(), QLocale.FormatType.ShortFormat)
    shown = QDate(day.year, day.month, day.day)
    if day.year == dt.date.today().year:
        return locale.toString(shown, QCoreApplication.translate("HitDelegate", "d MMM"))
    return locale.toString(shown, QLocale.FormatType.ShortFormat)


def _range(text: str, start: int, end: int, look: QTextCharFormat) -> QTextLayout.FormatRange:
    """A range of characters as Qt counts them, in UTF-16 units."""
    units = [len(text[:position].encode("utf-16-le", "surrogatepass")) // 2 for position in (start, end)]
    result = QTextLayout.FormatRange()
    result.start, result.length, result.format = units[0], units[1] - units[0], look
    return result


def one_line(text: str, matches: Sequence[tuple[int, int]]) -> tuple[str, list[tuple[int, int]]]:
    """The snippet with every line break and tab as one space, so that positions stay as they are."""
    return "".join(" " if char.isspace() else char for char in text), list(matches)


def from_first_match(
    text: str, matches: Sequence[tuple[int, int]], first: int, before: int = 12
) -> tuple[str, list[tuple[int, int]]]:
    """The text cut so that the first match is near its beginning: a narrow list shows what was found."""
    cut = first - before
    if cut <= 0:
        return text, list(matches)
    return "…" + text[cut:], [(start - cut + 1, end - cut + 1) for start, end in matches if start >= cut]
