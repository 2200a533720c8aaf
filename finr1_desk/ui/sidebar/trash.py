"""The page of the trash: what was deleted, how long it stays, and the ways out of it.

Owns its widgets and rows. Removing for good is asked about elsewhere; nothing here does it by one key.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from finr1_desk.core.conversation import Conversation
from finr1_desk.core.keeping import TRASH_DAYS, days_left
from finr1_desk.ui.header import ElidedLabel
from finr1_desk.ui.look.icons import IconButton, Icons
from finr1_desk.ui.look.theme import GRID, Theme
from finr1_desk.ui.named import named
from finr1_desk.ui.sidebar.delegate import PairDelegate
from finr1_desk.ui.sidebar.rows import RowList

_NOWHERE = QModelIndex()


class TrashModel(QAbstractListModel):
    """A row for each deleted conversation; `UserRole` says how long it stays."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items: list[Conversation] = []

    def set_conversations(self, conversations: Sequence[Conversation]) -> None:
        self.beginResetModel()
        self._items = list(conversations)
        self.endResetModel()

    def ids(self, rows: Sequence[int]) -> list[str]:
        return [self._items[row].id for row in rows if 0 <= row < len(self._items)]

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._items)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._items):
            return None
        item = self._items[index.row()]
        title = item.title or self.tr("Untitled conversation")
        left = self.tr("%n day(s) left", "", days_left(item.deleted_at or 0.0, time.time()))
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.ToolTipRole:
                return title
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{title}, {left}"
            case Qt.ItemDataRole.UserRole:
                return left
        return None


class TrashPage(QWidget):
    closed = Signal()
    restoreRequested = Signal(list)  # ids
    removeRequested = Signal(list)  # ids, to be asked about

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("trashPage")
        self.model = TrashModel(self)
        self._icons = icons
        self._back = IconButton("chevron-left", self)
        self._title = named(ElidedLabel(self), "headerTitle")
        self._note = named(QLabel(self), "muted")
        self._list = named(RowList(self, several=True), "trashList")
        self._restore = named(QPushButton(self), "trashRestore")
        self._remove = named(QPushButton(self), "trashRemove")
        self._pages = QStackedWidget(self)
        self._delegate = PairDelegate(theme, self)
        self._build()
        self._back.clicked.connect(self.closed)
        self._list.selectionMoved.connect(self._update)
        self._list.deletePressed.connect(lambda _row: self._ask())
        self._list.menuWanted.connect(self._on_menu)
        self._restore.clicked.connect(lambda: self.restoreRequested.emit(self._chosen()))
        self._remove.clicked.connect(self._ask)
        self.draw(theme, icons)
        self.retranslate()

    def _build(self) -> None:
        self._list.setModel(self.model)
        self._list.setItemDelegate(self._delegate)
        self._note.setWordWrap(True)
        self._note.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._note.setContentsMargins(2 * GRID, 0, GRID, GRID)
        top = QHBoxLayout()
        top.setContentsMargins(GRID, 0, GRID, GRID // 2)
        top.setSpacing(GRID // 2)
        top.addWidget(self._back)
        top.addWidget(self._title, 1)
        buttons = QVBoxLayout()
        buttons.setContentsMargins(GRID, GRID, GRID, GRID)
        buttons.setSpacing(GRID)
        buttons.addWidget(self._restore)
        buttons.addWidget(self._remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self._note)
        column.addWidget(self._list, 1)
        column.addLayout(buttons)

    def set_conversations(self, conversations: Sequence[Conversation]) -> None:
        self.model.set_conversations(conversations)
        self.retranslate()

    def focus(self) -> None:
        self._list.setFocus()
        if self.model.rowCount():
            self._list.select_only(0)
        else:
            self._back.setFocus()

    def draw(self, theme: Theme, icons: Icons) -> None:
        self._delegate.theme = theme
        self._icons = icons
        self._back.draw(icons)
        self._list.viewport().update()

    def retranslate(self) -> None:
        self._back.describe(self.tr("Back to the conversations"))
        self._title.setText(self.tr("Trash"))
        self._list.setAccessibleName(self.tr("Deleted conversations"))
        self._note.setText(
            self.tr("Deleted conversations stay here for {days} days.").format(days=TRASH_DAYS)
            if self.model.rowCount()
            else self.tr("The trash is empty.")
        )
        self._restore.setText(self.tr("Restore"))
        self._update()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    # -- slots

    def _chosen(self) -> list[str]:
        return self.model.ids(self._list.rows())

    def _update(self) -> None:
        """Without a choice, the lower button is for everything."""
        chosen = bool(self._chosen())
        self._restore.setEnabled(chosen)
        self._remove.setText(self.tr("Delete for good…") if chosen else self.tr("Empty the trash…"))
        self._remove.setEnabled(self.model.rowCount() > 0)

    def _ask(self) -> None:
        ids = self._chosen() or self.model.ids(range(self.model.rowCount()))
        if ids:
            self.removeRequested.emit(ids)

    def _on_menu(self, place: QPoint) -> None:
        if not self._list.indexAt(place).isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(
            self._icons.icon("restore", "muted"), self.tr("Restore"), lambda: self.restoreRequested.emit(self._chosen())
        )
        menu.addSeparator()
        menu.addAction(self._icons.icon("delete", "muted"), self.tr("Delete for good…"), self._ask)
        menu.popup(self._list.viewport().mapToGlobal(place))
