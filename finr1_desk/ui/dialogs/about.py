"""About: the version, and every component with its licence. Also the list of keyboard shortcuts.

Owns two plain windows that are made when they are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QPlainTextEdit,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from finr1_desk.ui.dialogs.components import Component
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.named import named
from finr1_desk.ui.process.crash_reports import versions

_MNEMONIC = re.compile(r"\(&.\)")


class AboutDialog(QDialog):
    def __init__(self, components: Sequence[Component], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("aboutDialog")
        self.setWindowTitle(self.tr("About Fin-R1 Desk"))
        self.resize(88 * GRID, 70 * GRID)
        self._components = list(components)
        title = named(QLabel("Fin-R1 Desk", self), "emptyTitle")
        words = QLabel(self.tr("Analyst chat with the Fin-R1 financial reasoning model, on your own computer."), self)
        words.setWordWrap(True)
        running = named(QLabel(versions(), self), "muted")
        running.setWordWrap(True)
        running.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._list = QTreeWidget(self)
        self._list.setAccessibleName(self.tr("Components and their licences"))
        self._list.setHeaderLabels([self.tr("Component"), self.tr("Version"), self.tr("Licence")])
        self._list.setRootIsDecorated(False)
        for component in self._components:
            QTreeWidgetItem(self._list, [component.name, component.version, component.licence])
        self._list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self._text = QPlainTextEdit(self)
        self._text.setReadOnly(True)
        self._text.setTabChangesFocus(True)
        self._text.setAccessibleName(self.tr("Text of the licence"))
        self._text.setPlaceholderText(self.tr("Choose a component to read its licence."))
        both = QSplitter(Qt.Orientation.Vertical, self)
        both.addWidget(self._list)
        both.addWidget(self._text)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        for widget in (title, words, running, both, buttons):
            column.addWidget(widget)
        column.setStretchFactor(both, 1)
        self._list.currentItemChanged.connect(self._on_component)
        buttons.rejected.connect(self.reject)

    def _on_component(self, current: QTreeWidgetItem | None) -> None:
        row = self._list.indexOfTopLevelItem(current) if current is not None else -1
        self._text.setPlainText(self._components[row].text if row >= 0 else "")


class ShortcutsDialog(QDialog):
    """Every action that has a shortcut; what the question field does with Enter; how a row of the list is changed."""

    def __init__(self, actions: Sequence[QAction], enter_sends: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shortcutsDialog")
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        self.resize(56 * GRID, 80 * GRID)
        rows = [
            (_plain(action.text()), _keys(action.shortcut())) for action in actions if not action.shortcut().isEmpty()
        ]
        rows += [
            (self.tr("Send the question"), self.tr("Enter") if enter_sends else self.tr("Ctrl+Enter")),
            (self.tr("New line in the question"), self.tr("Shift+Enter")),
            (self.tr("Rename the conversation in the list"), "F2"),
            (self.tr("Delete the conversation in the list"), self.tr("Delete")),
        ]
        table = QTreeWidget(self)
        table.setAccessibleName(self.tr("Keyboard shortcuts"))
        table.setHeaderLabels([self.tr("Action"), self.tr("Keys")])
        table.setRootIsDecorated(False)
        for row in rows:
            QTreeWidgetItem(table, list(row))
        table.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.addWidget(table)
        column.addWidget(buttons)


def _keys(shortcut: QKeySequence) -> str:
    return shortcut.toString(QKeySequence.SequenceFormat.NativeText)


def _plain(text: str) -> str:
    """An action's text without its mnemonic, which in Chinese stands in brackets behind it."""
    return _MNEMONIC.sub("", text).replace("&", "").rstrip("…")
