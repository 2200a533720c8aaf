"""A task as its author sees it: name, prompt, fields and how the answer is read; for new ones and for changes.

Owns that window. What it does not show of a task, such as bounds, examples and the texts in the other language, stays
as it was.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from finr1_desk.core.tasks.file import task_from_toml
from finr1_desk.core.tasks.reader import TaskFileError
from finr1_desk.core.tasks.task import Label, ResultKind, ResultRule, Task
from finr1_desk.core.tasks.template import names
from finr1_desk.core.tasks.words import Words
from finr1_desk.core.tasks.writing import task_to_toml
from finr1_desk.ui.language import spoken_language
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.named import named
from finr1_desk.ui.tasks.field_table import FieldTable, reworded
from finr1_desk.ui.words.tasks import file_problem


class TaskChangeDialog(QDialog):
    """Shows a task and tells of the changed one; `task` without an id is a new one."""

    saveWanted = Signal(object)  # Task

    def __init__(self, task: Task, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("taskChangeDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(96 * GRID, 84 * GRID)
        self._task = task
        self._spoken = spoken_language()
        self._asked_in = task.language_for(self._spoken) if task.prompts else self._spoken
        self.name = named(QLineEdit(task.name.said(self._spoken), self), "taskName")
        self.description = named(QLineEdit(task.description.said(self._spoken), self), "taskDescription")
        self.prompt = named(QPlainTextEdit(task.prompts.get(self._asked_in, ""), self), "taskPrompt")
        self.fields = FieldTable(task.fields, self)
        self.reading = QComboBox(self)
        self.result_name = named(QLineEdit(task.result.name.said(self._spoken), self), "taskResultName")
        self.labels = QPlainTextEdit(_labels_text(task.result, self._spoken), self)
        self.problem = named(QLabel(self), "fieldProblem")
        self._form = QFormLayout()
        self._buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel, self
        )
        self._build()
        self._say()
        self.fields.show_fields(self._named())
        self.reading.setCurrentIndex(self.reading.findData(task.result.kind))
        self._on_result()
        self.prompt.textChanged.connect(lambda: self.fields.show_fields(self._named()))
        self.reading.activated.connect(lambda _: self._on_result())
        self._buttons.accepted.connect(self._on_save)
        self._buttons.rejected.connect(self.reject)

    def _build(self) -> None:
        self.prompt.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        for text in (self.prompt, self.labels):
            text.setTabChangesFocus(True)
        self.labels.setFixedHeight(9 * GRID)
        self.problem.setWordWrap(True)
        self.problem.hide()
        hint = named(QLabel(self), "muted")
        hint.setWordWrap(True)
        hint.setText(
            self.tr(
                "A name in braces, such as {company}, becomes a field. A line that begins with {?company} is left out "
                "while that field is empty."
            )
        )
        self._form.setHorizontalSpacing(2 * GRID)
        self._form.setVerticalSpacing(GRID)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows: list[tuple[str, QWidget]] = [
            (self.tr("Name"), self.name),
            (self.tr("Description"), self.description),
            (self.tr("Prompt"), self.prompt),
            ("", hint),
            (self.tr("Fields"), self.fields),
            (self.tr("Result"), self.reading),
            (self.tr("Called"), self.result_name),
            (self.tr("Labels"), self.labels),
        ]
        for label, widget in rows:
            widget.setAccessibleName(label)
            self._form.addRow(label, widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.addLayout(self._form, 1)
        column.addWidget(self.problem)
        column.addWidget(self._buttons)

    def _say(self) -> None:
        self.setWindowTitle(self.tr("Edit task") if self._task.id else self.tr("New task"))
        self.labels.setPlaceholderText(self.tr("One on each line: what the answer says = what is shown"))
        self._buttons.button(QDialogButtonBox.StandardButton.Save).setText(self.tr("Save"))
        self._buttons.button(QDialogButtonBox.StandardButton.Cancel).setText(self.tr("Cancel"))
        results = {
            ResultKind.NONE: self.tr("is not read back"),
            ResultKind.TEXT: self.tr("the final answer as it is"),
            ResultKind.LABEL: self.tr("one of several labels"),
            ResultKind.NUMBER: self.tr("a number"),
            ResultKind.OPTION: self.tr("the letter of an option"),
        }
        for kind, text in results.items():
            self.reading.addItem(text, kind)

    def _named(self) -> list[str]:
        """The fields that the prompts name: those of the one that is shown first."""
        others = [text for language, text in self._task.prompts.items() if language != self._asked_in]
        found = [*names(self.prompt.toPlainText()), *(name for text in others for name in names(text))]
        return list(dict.fromkeys(found))

    def changed_task(self) -> Task:
        """The task as it stands in the window. Examples of fields that are gone go with them."""
        task, shown = self._task, set(self._named())
        fields = self.fields.fields()
        needed = {declared.name for declared in fields if declared.required and not declared.default}
        return replace(
            task,
            name=reworded(task.name, self.name.text().strip(), self._spoken),
            description=reworded(task.description, self.description.text().strip(), self._spoken),
            fields=fields,
            prompts={**task.prompts, self._asked_in: self.prompt.toPlainText().strip("\n")},
            result=self._rule(),
            examples=tuple(one for one in task.examples if needed <= set(one.values) <= shown),
            is_own=True,
        )

    def _rule(self) -> ResultRule:
        kind = ResultKind(self.reading.currentData())
        if kind is ResultKind.NONE:
            return ResultRule()
        before = {label.value: label for label in self._task.result.labels}
        labels = []
        for line in self.labels.toPlainText().splitlines() if kind is ResultKind.LABEL else ():
            value, mark, shown = (part.strip() for part in line.partition("="))
            if value:
                known = before.get(value, Label(value, Words(value, value)))
                labels.append(replace(known, words=reworded(known.words, shown if mark else value, self._spoken)))
        name = reworded(self._task.result.name, self.result_name.text().strip(), self._spoken)
        return ResultRule(kind, name, tuple(labels))

    def _on_save(self) -> None:
        task = self.changed_task()
        try:
            task_from_toml(task_to_toml(task), task.id or "new", is_own=True)
        except TaskFileError as error:
            self.problem.setText(file_problem(error.where, error.what, error.value))
            self.problem.show()
            return
        self.saveWanted.emit(task)
        self.accept()

    def _on_result(self) -> None:
        kind = ResultKind(self.reading.currentData())
        self._form.setRowVisible(self.labels, kind is ResultKind.LABEL)
        self._form.setRowVisible(self.result_name, kind is not ResultKind.NONE)


def _labels_text(rule: ResultRule, language: str) -> str:
    return "\n".join(f"{label.value} = {label.words.said(language)}" for label in rule.labels)
