"""What is shown instead of the chat where the conversations cannot be opened.

Owns the page. It says what happened and what can be done; the files are left as they are.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.named import named


class FailurePage(QFrame):
    folderWanted = Signal()
    quitWanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("failurePage")
        self._title = named(QLabel(self), "failureTitle")
        self._hint = QLabel(self)
        self._kept = named(QLabel(self), "muted")
        self._folder = QPushButton(self)
        self._quit = QPushButton(self)
        for label in (self._title, self._hint, self._kept):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        buttons = QHBoxLayout()
        buttons.addWidget(self._folder)
        buttons.addWidget(self._quit)
        buttons.addStretch(1)
        words = QWidget(self)
        words.setMaximumWidth(70 * GRID)
        column = QVBoxLayout(words)
        column.setSpacing(2 * GRID)
        column.addStretch(1)
        column.addWidget(self._title)
        column.addWidget(self._hint)
        column.addWidget(self._kept)
        column.addLayout(buttons)
        column.addStretch(2)
        row = QHBoxLayout(self)
        row.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 3 * GRID)
        row.addStretch(1)
        row.addWidget(words, 1000)
        row.addStretch(1)
        self._folder.clicked.connect(self.folderWanted)
        self._quit.clicked.connect(self.quitWanted)
        self.retranslate()

    def show_failure(self, sentence: str, hint: str) -> None:
        self._title.setText(sentence)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self._folder.setFocus()

    def text(self) -> str:
        return self._title.text()

    def retranslate(self) -> None:
        self._kept.setText(self.tr("Nothing was changed or deleted."))
        self._folder.setText(self.tr("Choose another data folder…"))
        self._quit.setText(self.tr("Quit"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)
