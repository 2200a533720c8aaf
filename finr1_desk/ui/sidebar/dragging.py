"""The list of conversations, whose rows can be dragged into folders.

Owns what is seen meanwhile: what is carried, and the row that stands for where it would go. Where that is, the model
says.
"""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import (
    QDrag,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPixmap,
)
from PySide6.QtWidgets import QAbstractItemView, QApplication, QWidget

from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.sidebar.model import ConversationModel
from finr1_desk.ui.sidebar.rows import RowList

_WIDEST = 30 * GRID
_BESIDE = 2 * GRID  # pixels between the pointer and what is carried, which would hide the folder's name


class ConversationList(RowList):
    def __init__(self, model: ConversationModel, parent: QWidget | None = None) -> None:
        super().__init__(parent, several=True)
        self.setModel(model)
        self._conversations = model
        self._over = -1  # the row that stands for where the conversations would go
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDragDropOverwriteMode(True)  # onto a row, never between two
        self.setDefaultDropAction(Qt.DropAction.MoveAction)

    def startDrag(self, actions: Qt.DropAction) -> None:
        """Carries the selected conversations. Nothing is removed here: they are where the model says afterwards."""
        indexes = [index for index in self.selectedIndexes() if index.flags() & Qt.ItemFlag.ItemIsDragEnabled]
        if not indexes:
            return
        drag = QDrag(self)
        drag.setMimeData(self._conversations.mimeData(indexes))
        drag.setPixmap(self._picture(indexes))
        drag.setHotSpot(QPoint(0, 0))
        drag.exec(actions, self.defaultDropAction())
        self._show_over(-1)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        super().dragMoveEvent(event)
        row = self.indexAt(event.position().toPoint()).row()
        self._show_over(self._conversations.drop_row(row) if event.isAccepted() and row >= 0 else -1)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        super().dragLeaveEvent(event)
        self._show_over(-1)

    def dropEvent(self, event: QDropEvent) -> None:
        super().dropEvent(event)
        self._show_over(-1)

    def paintEvent(self, event: QPaintEvent) -> None:
        self.setDropIndicatorShown(False)  # Qt's own is a black frame; without it no row would be dropped on, though
        super().paintEvent(event)
        self.setDropIndicatorShown(True)
        if self._over >= 0:
            painter = QPainter(self.viewport())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.setPen(self.palette().color(QPalette.ColorRole.Accent))
            area = self.visualRect(self._conversations.index(self._over)).toRectF()
            painter.drawRoundedRect(area.adjusted(GRID + 0.5, 1.5, -GRID - 0.5, -1.5), 6, 6)  # as the delegate's

    def _show_over(self, row: int) -> None:
        if row != self._over:
            self._over = row
            self.viewport().update()

    def _picture(self, indexes: list[QModelIndex]) -> QPixmap:
        """A card with the title, or with how many there are, a little beside the pointer."""
        text = str(indexes[0].data()) if len(indexes) == 1 else self.tr("%n conversation(s)", "", len(indexes))
        metrics = self.fontMetrics()
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, _WIDEST)
        card = QRect(_BESIDE, _BESIDE, metrics.horizontalAdvance(text) + 2 * GRID, metrics.height() + GRID)
        palette = QApplication.palette()  # the list's own has no ground
        picture = QPixmap(QSize(card.right() + 2, card.bottom() + 2) * self.devicePixelRatioF())
        picture.setDevicePixelRatio(self.devicePixelRatioF())
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setFont(self.font())
        painter.setBrush(palette.color(QPalette.ColorRole.Base))
        painter.setPen(palette.color(QPalette.ColorRole.Accent))
        painter.drawRoundedRect(card.toRectF().adjusted(0.5, 0.5, -0.5, -0.5), GRID / 2, GRID / 2)
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        painter.drawText(card, Qt.AlignmentFlag.AlignCenter, text)
        painter.end()
        return picture
