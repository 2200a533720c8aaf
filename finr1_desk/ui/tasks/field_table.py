"""The fields of a task while it is changed: one row each, with its label, its kind and its choices.

Owns the table. Which fields there are follows from the prompt; what was set of one stays while the prompt is typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from finr1_desk.core.tasks.task import Choice, Field, FieldKind
from finr1_desk.core.tasks.words import Words
from finr1_desk.ui.language import spoken_language
from finr1_desk.ui.look.theme import GRID

NAME, LABEL, KIND, REQUIRED, CHOICES = range(5)


class FieldTable(QTableWidget):
    def __init__(self, fields: Sequence[Field], parent: QWidget | None = None) -> None:
        super().__init__(0, 5, parent)
        self.setObjectName("taskFields")
        self._spoken = spoken_language()
        self._fields = {declared.name: declared for declared in fields}
        self.setFixedHeight(19 * GRID)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(4 * GRID + GRID // 2)
        for column in (LABEL, CHOICES):
            self.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().resizeSection(KIND, 22 * GRID)
        self.setHorizontalHeaderLabels(
            [self.tr("Field"), self.tr("Label"), self.tr("Kind"), self.tr("Required"), self.tr("Choices: a | b")]
        )

    def show_fields(self, names: Sequence[str]) -> None:
        """One row for each of these names."""
        self._keep()
        self.setRowCount(0)
        for row, name in enumerate(names):
            self.insertRow(row)
            self._fill(row, self._fields.setdefault(name, Field(name, FieldKind.LONG, Words(name, name))))

    def fields(self) -> tuple[Field, ...]:
        """The fields as they stand in the table, in its order."""
        self._keep()
        return tuple(self._fields[self._cell(row, NAME)] for row in range(self.rowCount()))

    def _fill(self, row: int, declared: Field) -> None:
        title = QTableWidgetItem(declared.name)
        title.setFlags(title.flags() & ~Qt.ItemFlag.ItemIsEditable)
        box = QComboBox(self)
        for kind, text in self._kinds().items():
            box.addItem(text, kind)
        box.setCurrentIndex(box.findData(declared.kind))
        box.setAccessibleName(self.tr("Kind"))
        required = QCheckBox(self)
        required.setChecked(declared.required)
        required.setAccessibleName(self.tr("Required"))
        choices = " | ".join(choice.words.said(self._spoken) for choice in declared.choices)
        self.setItem(row, NAME, title)
        self.setItem(row, LABEL, QTableWidgetItem(declared.label.said(self._spoken)))
        self.setCellWidget(row, KIND, box)
        self.setCellWidget(row, REQUIRED, required)
        self.setItem(row, CHOICES, QTableWidgetItem(choices))

    def _kinds(self) -> dict[FieldKind, str]:
        return {
            FieldKind.LONG: self.tr("Text of several lines"),
            FieldKind.TEXT: self.tr("Line of text"),
            FieldKind.NUMBER: self.tr("Number"),
            FieldKind.CHOICE: self.tr("Choice"),
            FieldKind.OPTIONS: self.tr("Lettered options"),
            FieldKind.TABLE: self.tr("Table"),
        }

    def _keep(self) -> None:
        for row in range(self.rowCount()):
            name = self._cell(row, NAME)
            kind, required = self.cellWidget(row, KIND), self.cellWidget(row, REQUIRED)
            if name in self._fields and isinstance(kind, QComboBox) and isinstance(required, QCheckBox):
                before = self._fields[name]
                self._fields[name] = replace(
                    before,
                    kind=FieldKind(kind.currentData()),
                    label=reworded(before.label, self._cell(row, LABEL), self._spoken),
                    required=required.isChecked(),
                    choices=_choices(before, self._cell(row, CHOICES), self._spoken),
                )

    def _cell(self, row: int, column: int) -> str:
        item = self.item(row, column)
        return item.text().strip() if item is not None else ""


def reworded(words: Words, text: str, language: str) -> Words:
    """The words with another text in one language; in both where both were alike."""
    if text == words.said(language):
        return words
    if words.en == words.zh_CN:
        return Words(text, text)
    return Words(words.en, text) if language == "zh_CN" else Words(text, words.zh_CN)


def _choices(before: Field, text: str, language: str) -> tuple[Choice, ...]:
    """The choices that are listed; one that was there before keeps its value and its words in the other language."""
    known = {choice.words.said(language): choice for choice in before.choices}
    parts = [part.strip() for part in text.split("|") if part.strip()]
    return tuple(known.get(part, Choice(part, Words(part, part))) for part in dict.fromkeys(parts))
