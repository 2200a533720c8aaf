"""How a row of the conversation list and a search result look.

Owns the painting of rows, from the theme; it knows nothing of what a row leads to.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QTextCharFormat, QTextLayout, QTextOption
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from finr1_desk.ui.conversation_model import Role
from finr1_desk.ui.theme import GRID, Theme

_Index = QModelIndex | QPersistentModelIndex
_AntiAliased = QPainter.RenderHint.Antialiasing


def _background(painter: QPainter, option: QStyleOptionViewItem, theme: Theme) -> None:
    """A rounded block for the selected, pointed-at and focused row, the same in every list."""
    state = option.state
    box = QRectF(option.rect).adjusted(GRID, 1, -GRID, -1)
    painter.setRenderHint(_AntiAliased)
    colour: QColor | None = None
    if state & QStyle.StateFlag.State_Selected:
        colour = theme.color("accent_soft")
    elif state & QStyle.StateFlag.State_MouseOver:
        colour = theme.color("hover")
    focused = bool(state & QStyle.StateFlag.State_HasFocus)
    painter.setPen(theme.color("accent") if focused else Qt.PenStyle.NoPen)
    if colour is not None or focused:
        painter.setBrush(colour if colour is not None else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)


class ConversationDelegate(QStyledItemDelegate):
    """One line: the title, and on the right a mark for «being written» (a ring) or «unread» (a dot)."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(120, max(4 * GRID, option.fontMetrics.height() + 2 * GRID))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        self.initStyleOption(option, index)
        painter.save()
        inner = option.rect.adjusted(2 * GRID, 0, -2 * GRID, 0)
        if index.data(Role.ID):
            _background(painter, option, self.theme)
            self._paint_conversation(painter, option, index, inner)
        else:
            self._paint_heading(painter, option, str(index.data()), inner)
        painter.restore()

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
        editor.setAccessibleName(self.tr("Title of the conversation"))
        editor.setMaxLength(200)
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: _Index) -> None:
        editor.setGeometry(option.rect.adjusted(GRID, 1, -GRID, -1))


class HitDelegate(QStyledItemDelegate):
    """Two lines: the conversation's title, and the passage found with its matches marked."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(120, max(7 * GRID, 2 * option.fontMetrics.height() + 2 * GRID))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        self.initStyleOption(option, index)
        hit = index.data(Qt.ItemDataRole.UserRole)
        painter.save()
        _background(painter, option, self.theme)
        inner = option.rect.adjusted(2 * GRID, GRID // 2, -2 * GRID, -GRID // 2)
        half = inner.height() // 2
        painter.setPen(self.theme.color("text"))
        title = option.fontMetrics.elidedText(str(index.data()), Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(
            QRect(inner.left(), inner.top(), inner.width(), half),
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
            title,
        )
        snippet, matches = one_line(hit.snippet, hit.matches)
        self._paint_snippet(painter, option, snippet, matches, inner.adjusted(0, half, 0, 0))
        painter.restore()

    def _paint_snippet(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        text: str,
        matches: Sequence[tuple[int, int]],
        box: QRect,
    ) -> None:
        first = matches[0][0] if matches else 0
        text, matches = from_first_match(text, matches, first)
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
