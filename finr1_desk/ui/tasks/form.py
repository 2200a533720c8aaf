"""The form of one task: a label, a widget and a line for what is wrong, field by field.

Owns the fields' order and when something wrong is said: a missing value only once the form was to be sent, everything
else while it is typed.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from finr1_desk.core.tasks.task import Task, Value, Values
from finr1_desk.core.tasks.values import ProblemKind, problem
from finr1_desk.ui.language import spoken_language
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.named import named
from finr1_desk.ui.tasks.editors import FieldEditor, make_editor
from finr1_desk.ui.words.tasks import field_problem


class TaskForm(QScrollArea):
    """The fields of a task; `changed` tells of every change that the user makes."""

    changed = Signal()
    filesGiven = Signal(str, list)  # the name of a field, list[Path]

    def __init__(self, task: Task, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setObjectName("taskForm")
        self.task = task
        self._checked = False
        self._editors: dict[str, FieldEditor] = {}
        self._problems: dict[str, QLabel] = {}
        page = named(QWidget(self), "taskFormPage")
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(0, 0, GRID + GRID // 2, GRID)
        self._column.setSpacing(GRID // 2)
        for declared in task.fields:
            self._add(make_editor(declared, page), page)
        self._column.addStretch(1)
        self.setWidget(page)
        self.show_values(task.defaults())

    def _add(self, editor: FieldEditor, page: QWidget) -> None:
        declared, language = editor.declared, spoken_language()
        label = QLabel(page)
        text = declared.label.said(language)
        label.setText(text if declared.required else self.tr("%1 (may be empty)").replace("%1", text))
        label.setBuddy(editor.focus_widget())
        help_ = declared.help.said(language)
        editor.focus_widget().setAccessibleName(text)
        editor.focus_widget().setAccessibleDescription(help_)
        problem_ = named(QLabel(page), "fieldProblem")
        problem_.setWordWrap(True)
        problem_.hide()
        self._column.addWidget(label)
        self._column.addWidget(editor)
        if help_:
            hint = named(QLabel(help_, page), "muted")
            hint.setWordWrap(True)
            self._column.addWidget(hint)
        self._column.addWidget(problem_)
        self._column.addSpacing(GRID)
        self._editors[declared.name] = editor
        self._problems[declared.name] = problem_
        editor.changed.connect(lambda: self._on_changed(declared.name))
        editor.filesGiven.connect(lambda paths: self.filesGiven.emit(declared.name, paths))

    # -- values

    def values(self) -> dict[str, Value]:
        return {name: editor.value() for name, editor in self._editors.items()}

    def show_values(self, values: Values) -> None:
        """Fills the form without telling of it; fields that are not among the values keep what they have."""
        for name, value in values.items():
            if name in self._editors:
                self._editors[name].show_value(value)
        self._checked = False
        self._show_problems()

    def check(self) -> bool:
        """Whether the form can be sent; if not, says why and goes to the first field that keeps it."""
        self._checked = True
        wrong = self._show_problems()
        if wrong:
            widget = self._editors[wrong[0]].focus_widget()
            widget.setFocus()
            self.ensureWidgetVisible(self._editors[wrong[0]])
        return not wrong

    def focus_first(self) -> None:
        next(iter(self._editors.values())).focus_widget().setFocus()

    def put_in(self, name: str, texts: list[str], problem: str) -> None:
        """Puts the texts of files into a field, and says below it what could not be read."""
        for text in texts:
            self._editors[name].put_in(text)
        if problem:
            self._problems[name].setText(problem)
            self._problems[name].show()

    def _show_problems(self) -> list[str]:
        """Says what is wrong with each field; returns their names."""
        wrong = []
        for name, editor in self._editors.items():
            found = problem(editor.declared, editor.value())
            label = self._problems[name]
            if found is not None:
                wrong.append(name)
            said = found is not None and (self._checked or found.kind is not ProblemKind.MISSING)
            label.setText(field_problem(found.kind, found.limit) if found is not None else "")
            label.setVisible(said)
        return wrong

    def _on_changed(self, _name: str) -> None:
        self._show_problems()
        self.changed.emit()
