"""The tasks: their list, the form of the chosen one, what precisely will be sent, and the way to send it.

Owns the window and what was entered in each form while it lives. What is sent goes out as a signal.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from finr1_desk.core.tasks.note import TaskNote, note_of
from finr1_desk.core.tasks.task import Task, Value, Values
from finr1_desk.core.tasks.values import prompt
from finr1_desk.store.task_files import Shelf
from finr1_desk.ui.language import spoken_language
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.named import named
from finr1_desk.ui.tasks.form import TaskForm
from finr1_desk.ui.tasks.listing import TaskList

SIZE = (112 * GRID, 82 * GRID)
LIST_WIDTH = 30 * GRID


class TasksDialog(QDialog):
    """Stays open or hidden for as long as the window: a form that was half filled in is there again."""

    filesGiven = Signal(object, str, list)  # the TaskForm, the name of one of its fields, list[Path]
    sendWanted = Signal(str, object, bool)  # the prompt, its TaskNote, whether in a new conversation
    runWanted = Signal(object)  # Task
    newWanted = Signal()
    duplicateWanted = Signal(object)  # Task
    editWanted = Signal(object)  # Task
    deleteWanted = Signal(object)  # Task
    importWanted = Signal()
    exportWanted = Signal(object)  # Task

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tasksDialog")
        self.resize(*SIZE)
        self._shelf = Shelf(())
        self._entered: dict[str, dict[str, Value]] = {}
        self._language: dict[str, str] = {}
        self._task: Task | None = None
        self._form: TaskForm | None = None
        self.listing = TaskList(self)
        self._manage = QPushButton(self)
        self._menu = QMenu(self)
        self._title = named(QLabel(self), "dialogTitle")
        self._description = named(QLabel(self), "muted")
        self._trained = named(QLabel(self), "badge")
        self._language_box = QComboBox(self)
        self._examples = QPushButton(self)
        self._clear = QPushButton(self)
        self._pages = QStackedWidget(self)
        self._prompt = named(QPlainTextEdit(self), "promptPreview")
        self._show_prompt = named(QPushButton(self), "showPrompt")
        self._new_conversation = QCheckBox(self)
        self._run = QPushButton(self)
        self._send = named(QPushButton(self), "primaryButton")
        self._build()
        self._connect()
        self.retranslate()

    # -- building

    def _build(self) -> None:
        left = QVBoxLayout()
        left.addWidget(self.listing, 1)
        left.addWidget(self._manage)
        self.listing.setFixedWidth(LIST_WIDTH)
        self._manage.setMenu(self._menu)
        self._manage.setFixedWidth(LIST_WIDTH)
        self._description.setWordWrap(True)
        self._language_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._prompt.setReadOnly(True)
        self._prompt.setTabChangesFocus(True)
        self._pages.addWidget(self._prompt)
        self._show_prompt.setCheckable(True)
        self._new_conversation.setChecked(True)
        for button in (self._manage, self._examples, self._clear, self._show_prompt, self._run):
            button.setAutoDefault(False)
        self._send.setAutoDefault(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        row.setSpacing(2 * GRID)
        row.addLayout(left)
        row.addWidget(_rule(self))
        row.addLayout(self._right(), 1)

    def _right(self) -> QVBoxLayout:
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addWidget(self._trained, 0, Qt.AlignmentFlag.AlignVCenter)
        head.addStretch(1)
        head.addWidget(self._language_box)
        head.addWidget(self._examples)
        head.addWidget(self._clear)
        foot = QHBoxLayout()
        foot.addWidget(self._show_prompt)
        foot.addWidget(self._run)
        foot.addStretch(1)
        foot.addWidget(self._new_conversation)
        foot.addWidget(self._send)
        right = QVBoxLayout()
        right.setSpacing(GRID)
        right.addLayout(head)
        right.addWidget(self._description)
        right.addSpacing(GRID)
        right.addWidget(self._pages, 1)
        right.addLayout(foot)
        return right

    def _connect(self) -> None:
        self.listing.chosen.connect(self._on_chosen)
        self._show_prompt.toggled.connect(self._on_show_prompt)
        self._language_box.activated.connect(self._on_language)
        self._clear.clicked.connect(self._on_clear)
        self._send.clicked.connect(self._on_send)
        self._run.clicked.connect(lambda: self.runWanted.emit(self._task) if self._task is not None else None)
        QShortcut(QKeySequence("Ctrl+Return"), self, self._on_send)
        QShortcut(QKeySequence("Ctrl+Enter"), self, self._on_send)

    # -- what is shown

    def show_shelf(self, shelf: Shelf) -> None:
        """Lists these tasks; the chosen one, and what was entered, stays where it still is."""
        self._keep_entered()
        self._shelf = shelf
        self._task = None
        self.listing.show_tasks(shelf.tasks, self.listing.current)

    def show_task(self, task_id: str, values: Values | None = None, language: str | None = None) -> None:
        """Chooses a task, and fills its form with these values where any are given."""
        self._keep_entered()
        if values is not None:
            self._entered[task_id] = dict(values)
        if language is not None:
            self._language[task_id] = language
        self.listing.search.clear()
        self.listing.choose(task_id)
        self._task = None
        self._on_chosen(task_id)
        if self._form is not None:
            self._form.focus_first()

    @property
    def form(self) -> TaskForm | None:
        return self._form

    def _on_chosen(self, task_id: str) -> None:
        task = next((one for one in self._shelf.tasks if one.id == task_id), None)
        if task is None or (self._task is not None and task.id == self._task.id):
            return
        self._keep_entered()
        self._task = task
        if self._form is not None:
            self._pages.removeWidget(self._form)
            self._form.deleteLater()
        self._form = TaskForm(task, self)
        self._form.changed.connect(self._show_text)
        self._form.filesGiven.connect(lambda name, paths: self.filesGiven.emit(self._form, name, paths))
        self._pages.addWidget(self._form)
        if task.id in self._entered:
            self._form.show_values(self._entered[task.id])
        self._show_prompt.setChecked(False)
        self._pages.setCurrentWidget(self._form)
        self._describe(task)

    def _describe(self, task: Task) -> None:
        spoken = spoken_language()
        self._title.setText(task.name.said(spoken))
        self._description.setText(task.description.said(spoken))
        self._trained.setVisible(task.trained)
        self._language_box.clear()
        for language in task.languages:
            text = self.tr("Asks in English") if language == "en" else self.tr("Asks in Chinese")
            self._language_box.addItem(text, language)
        chosen = task.language_for(self._language.get(task.id, spoken))
        self._language_box.setCurrentIndex(self._language_box.findData(chosen))
        self._language_box.setVisible(len(task.languages) > 1)
        menu = QMenu(self._examples)
        for number, example in enumerate(task.examples, 1):
            text = self.tr("Example %1").replace("%1", str(number))
            menu.addAction(text).triggered.connect(lambda _=False, e=example: self._on_example(e.values, e.language))
        self._examples.setMenu(menu)
        self._examples.setVisible(bool(task.examples))
        self._fill_menu(task)
        self._show_text()

    def _fill_menu(self, task: Task) -> None:
        self._menu.clear()
        self._menu.addAction(self.tr("New task…")).triggered.connect(lambda: self.newWanted.emit())
        entries = [(self.tr("Duplicate “%1”…"), self.duplicateWanted), (self.tr("Export “%1”…"), self.exportWanted)]
        if task.is_own:
            entries += [(self.tr("Edit “%1”…"), self.editWanted), (self.tr("Delete “%1”…"), self.deleteWanted)]
        name = task.name.said(spoken_language())
        for text, wanted in entries:
            action = self._menu.addAction(text.replace("%1", name))
            action.triggered.connect(lambda _=False, wanted=wanted: wanted.emit(task))
        self._menu.addSeparator()
        self._menu.addAction(self.tr("Import a task…")).triggered.connect(lambda: self.importWanted.emit())

    def _show_text(self) -> None:
        if self._task is not None and self._form is not None:
            self._prompt.setPlainText(prompt(self._task, self._form.values(), self._asked_in))

    @property
    def _asked_in(self) -> str:
        return str(self._language_box.currentData() or spoken_language())

    def _keep_entered(self) -> None:
        if self._task is not None and self._form is not None:
            self._entered[self._task.id] = self._form.values()

    # -- slots

    def _on_show_prompt(self, shown: bool) -> None:
        if self._form is not None:
            self._show_text()
            self._pages.setCurrentWidget(self._prompt if shown else self._form)

    def _on_language(self) -> None:
        if self._task is not None:
            self._language[self._task.id] = self._asked_in
            self._show_text()

    def _on_example(self, values: Mapping[str, Value], language: str) -> None:
        if self._task is None or self._form is None:
            return
        self._form.show_values(self._task.defaults() | dict(values))
        self._language[self._task.id] = language
        self._language_box.setCurrentIndex(max(self._language_box.findData(language), 0))
        self._show_text()

    def _on_clear(self) -> None:
        if self._task is not None and self._form is not None:
            self._form.show_values(self._task.defaults())
            self._show_prompt.setChecked(False)
            self._form.focus_first()
            self._show_text()

    def _on_send(self) -> None:
        if self._task is None or self._form is None:
            return
        if not self._form.check():
            self._show_prompt.setChecked(False)
            self._form.check()  # once more: what is wrong can be seen now
            return
        values = self._form.values()
        note: TaskNote = note_of(self._task, values, self._asked_in)
        self.sendWanted.emit(prompt(self._task, values, self._asked_in), note, self._new_conversation.isChecked())
        self.close()

    # -- words

    def retranslate(self) -> None:
        self.setWindowTitle(self.tr("Tasks"))
        self.listing.retranslate()
        self._manage.setText(self.tr("Own tasks"))
        self._trained.setText(self.tr("as Fin-R1 learnt it"))
        self._trained.setToolTip(self.tr("The prompt is the one that Fin-R1 was trained on."))
        self._language_box.setAccessibleName(self.tr("Language of the prompt"))
        self._examples.setText(self.tr("Examples"))
        self._clear.setText(self.tr("Clear"))
        self._prompt.setAccessibleName(self.tr("What will be sent"))
        self._show_prompt.setText(self.tr("Show prompt"))
        self._show_prompt.setToolTip(self.tr("Shows precisely what will be sent"))
        self._run.setText(self.tr("Run over a file…"))
        self._run.setToolTip(self.tr("Asks this for every row of a CSV or XLSX file"))
        self._new_conversation.setText(self.tr("In a new conversation"))
        self._send.setText(self.tr("Send"))
        self._send.setToolTip(self.tr("Ctrl+Enter"))
        if self._task is not None:
            self._keep_entered()
            task_id, self._task = self._task.id, None
            self._on_chosen(task_id)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)


def _rule(parent: QWidget) -> QFrame:
    line = named(QFrame(parent), "verticalRule")
    line.setFixedWidth(1)
    line.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    return line
