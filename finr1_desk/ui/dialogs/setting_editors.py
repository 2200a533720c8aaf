"""Widgets that change one setting each, made from its declaration.

Owns what kind of widget a setting has and how it shows a value. Checking and saving is whoever's they are made for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field
from typing import Any

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLineEdit, QPlainTextEdit, QSpinBox, QWidget

from finr1_desk.ui.look.theme import GRID

Editor = QCheckBox | QComboBox | QSpinBox | QDoubleSpinBox | QLineEdit | QPlainTextEdit
OnSet = Callable[[str, Any], None]


def said(text: str) -> str:
    """A text of the declaration in the user's language."""
    return QCoreApplication.translate("Settings", text) if text else ""


class LongText(QPlainTextEdit):
    """A text of several lines that counts as changed when it is left."""

    left = Signal()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()


def make_editor(declared: Field[Any], parent: QWidget, on_set: OnSet) -> Editor:
    """The widget for a setting; `on_set` gets its name and every value that the user gives it."""
    editor = _editor(declared, parent, on_set)
    editor.setObjectName(f"setting_{declared.name}")
    return editor


def _editor(declared: Field[Any], parent: QWidget, on_set: OnSet) -> Editor:
    name, about, default = declared.name, declared.metadata, declared.default
    if isinstance(default, bool):
        box = QCheckBox(parent)
        box.toggled.connect(lambda on: on_set(name, on))
        return box
    if about["choices"] is not None:
        combo = QComboBox(parent)
        combo.setFixedWidth(40 * GRID)
        for value in about["choices"]:
            combo.addItem("", value)
        combo.activated.connect(lambda _: on_set(name, combo.currentData()))
        return combo
    if isinstance(default, int | float):
        return _number(declared, parent, on_set)
    if "\n" in str(default):
        long = LongText(parent)
        long.setTabChangesFocus(True)
        long.setFixedHeight(16 * GRID)
        long.left.connect(lambda: on_set(name, long.toPlainText()))
        return long
    line = QLineEdit(parent)
    line.editingFinished.connect(lambda: on_set(name, line.text().strip()))
    return line


def _number(declared: Field[Any], parent: QWidget, on_set: OnSet) -> QSpinBox | QDoubleSpinBox:
    name, about = declared.name, declared.metadata
    if isinstance(declared.default, float):
        real = QDoubleSpinBox(parent)
        real.setRange(about["minimum"], about["maximum"])
        real.setSingleStep(about["step"])
        real.setDecimals(2)
        real.setFixedWidth(16 * GRID)
        real.setKeyboardTracking(False)
        real.valueChanged.connect(lambda value: on_set(name, round(value, 4)))
        return real
    whole = QSpinBox(parent)
    whole.setRange(int(about["minimum"]), int(about["maximum"]))
    whole.setSingleStep(int(about["step"]))
    whole.setGroupSeparatorShown(about["is_amount"])
    whole.setFixedWidth(16 * GRID)
    whole.setKeyboardTracking(False)
    whole.valueChanged.connect(lambda value: on_set(name, value))
    return whole


def show_value(editor: Editor, value: Any) -> None:
    """Shows a value without telling of it."""
    blocked = editor.blockSignals(True)
    match editor:
        case QCheckBox():
            editor.setChecked(value)
        case QComboBox():
            editor.setCurrentIndex(editor.findData(value))
        case QSpinBox() | QDoubleSpinBox():
            editor.setValue(value)
        case QLineEdit() if editor.text() != value:
            editor.setText(value)
        case QPlainTextEdit() if editor.toPlainText() != value:
            editor.setPlainText(value)
    editor.blockSignals(blocked)


def name_editor(editor: Editor, declared: Field[Any]) -> None:
    """Gives the widget its words, also those for who does not see it."""
    about = declared.metadata
    editor.setAccessibleName(said(about["label"]))
    editor.setAccessibleDescription(said(about["help"]))
    if isinstance(editor, QCheckBox):
        editor.setText(said(about["label"]))
    if isinstance(editor, QSpinBox):
        editor.setSpecialValueText(said(about["at_minimum"]))
    if isinstance(editor, QComboBox):
        for row, text in enumerate(about["choices"].values()):
            editor.setItemText(row, said(text))
