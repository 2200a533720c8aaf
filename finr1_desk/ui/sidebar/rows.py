"""A list of rows: opened with a click or Enter, several chosen with Shift and Ctrl.

Owns what keys and the mouse do in a list of the sidebar. What a row leads to is told, not done.
"""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QWidget

_PLAIN = Qt.KeyboardModifier.NoModifier


class RowList(QListView):
    """`chosen` is for one row; the chosen rows together are `rows()`."""

    chosen = Signal(int)  # row
    deletePressed = Signal(int)  # row
    sidePressed = Signal(int, bool)  # row; Right was pressed, not Left
    menuWanted = Signal(QPoint)  # where in the viewport
    selectionMoved = Signal()

    def __init__(self, parent: QWidget | None = None, *, several: bool = False) -> None:
        super().__init__(parent)
        self._modifiers = _PLAIN
        self.setUniformItemSizes(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        if several:
            self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.clicked.connect(self._on_clicked)

    def rows(self) -> list[int]:
        """The selected rows from top to bottom."""
        return sorted(index.row() for index in self.selectedIndexes())

    def select_only(self, row: int | None) -> None:
        """Selects one row and makes it the current one; none with None."""
        if row is None:
            self.selectionModel().clear()
            return
        index = self.model().index(row, 0)
        if self.currentIndex() != index or self.rows() != [row]:
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.currentIndex().row()
        if row >= 0 and self.state() != QAbstractItemView.State.EditingState and self._handled(event, row):
            return
        super().keyPressEvent(event)

    def _handled(self, event: QKeyEvent, row: int) -> bool:
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.chosen.emit(row)
            case Qt.Key.Key_Delete:
                self.deletePressed.emit(row)
            case Qt.Key.Key_Left | Qt.Key.Key_Right if event.modifiers() == _PLAIN:
                self.sidePressed.emit(row, event.key() == Qt.Key.Key_Right)
            case Qt.Key.Key_Escape if len(self.rows()) > 1:
                self.select_only(row)
            case _:
                return False
        return True

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._modifiers = event.modifiers()
        super().mouseReleaseEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        place = event.pos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard and self.currentIndex().isValid():
            place = self.visualRect(self.currentIndex()).center()
        self.menuWanted.emit(place)

    def selectionChanged(self, selected: object, deselected: object) -> None:
        super().selectionChanged(selected, deselected)  # type: ignore[arg-type]
        self.selectionMoved.emit()

    def _on_clicked(self, index: QModelIndex) -> None:
        if self._modifiers == _PLAIN:
            self.chosen.emit(index.row())
