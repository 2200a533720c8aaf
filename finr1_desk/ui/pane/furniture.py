"""What the pane shows beside the messages: the note above the first one, and the button that leads to new text.

Owns their look and size; where they stand and when is the pane's matter.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QEnterEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.pane import decorations
from finr1_desk.ui.pane.look import Look
from finr1_desk.ui.pane.rows import Page

_WRAPPED: Final = int(Qt.TextFlag.TextWordWrap)


class Banner:
    """A quiet note at the top of the conversation."""

    def __init__(self) -> None:
        self.text = ""
        self.height = 0.0

    def measure(self, page: Page) -> float:
        """Its height with the room around it; 0 without text."""
        if not self.text:
            self.height = 0
            return 0
        room = QRectF(0, 0, page.width, 10_000)
        self.height = page.look.small_metrics.boundingRect(room, _WRAPPED, self.text).height() + 2 * GRID
        return self.height + 2 * GRID

    def paint(self, painter: QPainter, page: Page, top: float) -> None:
        if not self.text:
            return
        area = QRectF(page.x - 2 * GRID, top, page.width + 4 * GRID, self.height)
        decorations.fill_rounded(painter, area, page.look.color("warning_soft"), GRID)
        painter.setFont(page.look.small)
        painter.setPen(page.look.color("warning"))
        inner = QRectF(page.x, top + GRID, page.width, self.height - 2 * GRID)
        painter.drawText(inner, _WRAPPED, self.text)


class NewTextButton(QAbstractButton):
    """«↓ New text»: a small button over the lower edge."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    def set_look(self, look: Look) -> None:
        self._look = look
        self.resize(self.sizeHint())
        self.update()

    def sizeHint(self) -> QSize:
        metrics = self._look.small_metrics
        return QSize(round(metrics.horizontalAdvance(self.text())) + 4 * GRID, 4 * GRID)

    def take_place(self) -> None:
        """Stands in the middle of its parent's lower edge."""
        parent = self.parentWidget()
        assert parent is not None
        size = self.sizeHint()
        left, top = (parent.width() - size.width()) // 2, parent.height() - size.height() - GRID
        self.setGeometry(left, top, size.width(), size.height())

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.update()
        super().leaveEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setBrush(self._look.color("hover" if self.underMouse() else "surface"))
        painter.setPen(QPen(self._look.color("line"), 1))
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(area, area.height() / 2, area.height() / 2)
        painter.setFont(self._look.small)
        painter.setPen(self._look.color("text"))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self.text())
        painter.end()
