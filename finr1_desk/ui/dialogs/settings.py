"""The settings, as a dialog made from their declaration; a change takes effect at once.

Owns the pages. Names, bounds, choices and help come from `core.settings`; checking and saving is the controller's.
"""

from __future__ import annotations

from dataclasses import Field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from finr1_desk.core.settings import Settings
from finr1_desk.ui.dialogs.asking import Dialogs
from finr1_desk.ui.dialogs.setting_editors import Editor, make_editor, name_editor, said, show_value
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.named import named

if TYPE_CHECKING:
    from finr1_desk.app.settings import SettingsController


class SettingsDialog(QDialog):
    def __init__(self, settings: SettingsController, dialogs: Dialogs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settingsDialog")
        self.setMinimumSize(72 * GRID, 56 * GRID)
        self.resize(80 * GRID, 72 * GRID)
        self._settings = settings
        self._dialogs = dialogs
        self._editors: dict[str, Editor] = {}
        self._labels: dict[str, QLabel] = {}
        self._helps: dict[str, QLabel] = {}
        self._tabs = QTabWidget(self)
        self._groups: list[str] = []
        self._browse = QPushButton(self)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        self._restore = self._buttons.addButton("", QDialogButtonBox.ButtonRole.ResetRole)
        self._build()
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)  # Enter in a field confirms its value and nothing else
        self._show_values(settings.value)
        self.retranslate()
        settings.changed.connect(self._show_values)
        self._buttons.rejected.connect(self.reject)
        self._restore.clicked.connect(self._on_restore)
        self._browse.clicked.connect(self._on_browse)

    # -- building

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.addWidget(self._tabs)
        column.addWidget(self._buttons)
        forms: dict[str, QFormLayout] = {}
        for declared in fields(Settings):
            group = declared.metadata["group"]
            if group not in forms:
                forms[group] = self._add_page(group)
            self._add_row(forms[group], declared)

    def _add_page(self, group: str) -> QFormLayout:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        form = QFormLayout()
        column.addLayout(form)
        column.addStretch(1)
        form.setVerticalSpacing(GRID + GRID // 2)
        form.setHorizontalSpacing(2 * GRID)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(page)
        self._tabs.addTab(area, "")
        self._groups.append(group)
        return form

    def _add_row(self, form: QFormLayout, declared: Field[Any]) -> None:
        name = declared.name
        editor = make_editor(declared, self, self._set)
        self._editors[name] = editor
        label = self._labels[name] = QLabel(self)
        label.setBuddy(editor)
        help_ = self._helps[name] = named(QLabel(self), "muted")
        help_.setWordWrap(True)
        help_.setVisible(bool(declared.metadata["help"]))
        cell = QVBoxLayout()
        cell.setSpacing(GRID // 2)
        if name.endswith("_path"):
            line = QHBoxLayout()
            line.addWidget(editor, 1)
            line.addWidget(self._browse)
            cell.addLayout(line)
        else:
            cell.addWidget(editor)
        cell.addWidget(help_)
        if isinstance(editor, QCheckBox):
            label.hide()
            form.addRow(cell)
        else:
            form.addRow(label, cell)

    # -- values

    def _set(self, name: str, value: Any) -> None:
        if value != getattr(self._settings.value, name):
            self._settings.set(**{name: value})

    def _show_values(self, values: Settings) -> None:
        for name, editor in self._editors.items():
            show_value(editor, getattr(values, name))
        for name in ("temperature", "top_p", "repetition_penalty"):
            self._editors[name].setEnabled(not values.sampling_of_model)

    def _on_restore(self) -> None:
        self._settings.set(**{declared.name: declared.default for declared in fields(Settings)})

    def _on_browse(self) -> None:
        current = self._settings.value.model_path
        path = self._dialogs.model_file(Path(current).parent if current else None)
        if path is not None:
            self._set("model_path", str(path))

    # -- words

    def retranslate(self) -> None:
        self.setWindowTitle(self.tr("Settings"))
        self._browse.setText(self.tr("Browse…"))
        self._restore.setText(self.tr("Restore defaults"))
        close = self._buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setText(self.tr("Close"))
        for number, group in enumerate(self._groups):
            self._tabs.setTabText(number, said(group))
        for declared in fields(Settings):
            self._say(declared)

    def _say(self, declared: Field[Any]) -> None:
        name, about = declared.name, declared.metadata
        self._labels[name].setText(said(about["label"]))
        self._helps[name].setText(said(about["help"]))
        name_editor(self._editors[name], declared)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)
