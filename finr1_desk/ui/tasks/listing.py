"""The list of tasks with its search, over names and descriptions in both languages.

Owns which tasks are shown and which is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from finr1_desk.core.tasks.task import Task
from finr1_desk.ui.language import spoken_language
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.named import named

_ID = int(Qt.ItemDataRole.UserRole)


class TaskList(QWidget):
    chosen = Signal(str)  # task id

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks: tuple[Task, ...] = ()
        self.search = named(QLineEdit(self), "searchField")
        self.search.setClearButtonEnabled(True)
        self.list = named(QListWidget(self), "taskList")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        self.search.textChanged.connect(lambda _: self._fill(self.current))
        self.search.installEventFilter(self)
        self.list.currentItemChanged.connect(self._on_current)
        self.retranslate()

    def retranslate(self) -> None:
        self.search.setPlaceholderText(self.tr("Search tasks"))
        self.search.setAccessibleName(self.tr("Search tasks"))
        self.list.setAccessibleName(self.tr("Tasks"))
        self._fill(self.current)

    @property
    def current(self) -> str:
        """The id of the chosen task; empty where there is none."""
        item = self.list.currentItem()
        return str(item.data(_ID)) if item is not None else ""

    def show_tasks(self, tasks: Sequence[Task], chosen: str) -> None:
        self._tasks = tuple(tasks)
        self._fill(chosen)

    def choose(self, task_id: str) -> None:
        for row in range(self.list.count()):
            if self.list.item(row).data(_ID) == task_id:
                self.list.setCurrentRow(row)

    def _fill(self, chosen: str) -> None:
        """Lists the tasks in which all words of the search stand, and chooses one where any is left."""
        words = self.search.text().casefold().split()
        language = spoken_language()
        blocked = self.list.blockSignals(True)
        self.list.clear()
        for task in self._tasks:
            said = " ".join((*task.name.all, *task.description.all, task.id)).casefold()
            if all(word in said for word in words):
                item = QListWidgetItem(task.name.said(language))
                item.setData(_ID, task.id)
                item.setToolTip(task.description.said(language))
                self.list.addItem(item)
        self.list.blockSignals(blocked)
        self.choose(chosen)
        if self.list.currentItem() is None and self.list.count():
            self.list.setCurrentRow(0)

    def _on_current(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.chosen.emit(str(item.data(_ID)))

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """The arrow keys go through the list while the search is typed."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            if step and self.list.count():
                self.list.setCurrentRow(max(0, min(self.list.count() - 1, self.list.currentRow() + step)))
                return True
        return False
