"""What can be done with several chosen conversations, at the foot of the list."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton, QWidget

from finr1_desk.ui.header import ElidedLabel
from finr1_desk.ui.look.icons import IconButton, Icons
from finr1_desk.ui.look.theme import GRID


class SelectionBar(QFrame):
    """Shown while more than one conversation is chosen."""

    moveMenuWanted = Signal(QMenu)  # it is about to be shown, and to be filled
    exportRequested = Signal()
    deleteRequested = Signal()
    cleared = Signal()

    def __init__(self, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("undoBar")  # it looks like the other bar at this place
        self._count = 0
        self._text = ElidedLabel(self)
        self._move = IconButton("folder", self)
        self._export = IconButton("export", self)
        self._delete = IconButton("delete", self)
        self._clear = IconButton("close", self)
        menu = QMenu(self._move)
        menu.aboutToShow.connect(lambda: self.moveMenuWanted.emit(menu))
        self._move.setMenu(menu)
        self._move.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._text, 1)
        for button in (self._move, self._export, self._delete, self._clear):
            row.addWidget(button)
        self._export.clicked.connect(self.exportRequested)
        self._delete.clicked.connect(self.deleteRequested)
        self._clear.clicked.connect(self.cleared)
        self.draw(icons)
        self.retranslate()
        self.hide()

    def show_count(self, count: int) -> None:
        self._count = count
        self._text.setText(self.tr("%n selected", "", count))
        self.setVisible(count > 1)

    def draw(self, icons: Icons) -> None:
        for button in (self._move, self._export, self._delete, self._clear):
            button.draw(icons)

    def retranslate(self) -> None:
        self._move.describe(self.tr("Move the selected conversations to a folder"))
        self._export.describe(self.tr("Export the selected conversations"))
        self._delete.describe(self.tr("Delete the selected conversations"), "Del")
        self._clear.describe(self.tr("Select no more than one"), "Esc")
        self.show_count(self._count)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)
