"""Getting started: what the application does, on one screen, for who opens it for the first time.

Owns the wording and its small window. It changes nothing; every line names where to find what it speaks of.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from finr1_desk.ui.look.icons import Icons
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.named import named

_WIDTH = 76 * GRID
_ICON = 20


class GettingStartedDialog(QDialog):
    def __init__(self, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("gettingStartedDialog")
        self._title = named(QLabel(self), "emptyTitle")
        self._lines: list[QLabel] = []
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID + GRID // 2)
        grid.setColumnStretch(1, 1)
        for row, (icon, _) in enumerate(self._texts()):
            picture = QLabel(self)
            picture.setPixmap(icons.pixmap(icon, "accent", _ICON, self.devicePixelRatioF()))
            line = QLabel(self)
            line.setWordWrap(True)
            line.setTextFormat(Qt.TextFormat.RichText)
            line.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._lines.append(line)
            grid.addWidget(picture, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(line, row, 1)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        self._buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self._title)
        column.addLayout(grid)
        column.addStretch(1)
        column.addWidget(self._buttons)
        self.retranslate()
        self.setFixedWidth(_WIDTH)
        self.resize(_WIDTH, column.totalHeightForWidth(_WIDTH))

    def retranslate(self) -> None:
        self.setWindowTitle(self.tr("Getting started"))
        self._title.setText(self.tr("From a question to an answer you can check"))
        for line, (_, text) in zip(self._lines, self._texts(), strict=True):
            line.setText(text)
        self._buttons.button(QDialogButtonBox.StandardButton.Close).setText(self.tr("Close"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _texts(self) -> list[tuple[str, str]]:
        """Icon and line, in the order in which they are met."""
        return [
            (
                "model",
                self.tr(
                    "<b>Get Fin-R1.</b> The demonstration model that comes with the application knows a few exercises "
                    "only. The menu <b>Models</b> finds what is on this computer and says what suits it."
                ),
            ),
            (
                "send",
                self.tr(
                    "<b>Ask</b> in English or Chinese, with the figures or the table the answer should rest on. "
                    "Files can be dropped on the window, cells pasted from a spreadsheet."
                ),
            ),
            (
                "chevron-down",
                self.tr(
                    "<b>Read the working.</b> Fin-R1 thinks before it answers; unfold its thinking to see how it came "
                    "to a figure, and check that figure: a model can be wrong and sound sure."
                ),
            ),
            (
                "stop",
                self.tr(
                    "<b>Stop</b> at any time, or choose «Answer now» to end the thinking. A question can be edited and "
                    "an answer asked for again: what was there stays."
                ),
            ),
            (
                "search",
                self.tr(
                    "<b>Find it again.</b> Conversations are kept by themselves, encrypted, on this computer. Search "
                    "goes through all of them, thinking included."
                ),
            ),
            (
                "lock",
                self.tr(
                    "<b>Nothing leaves this computer</b> unless you export it, follow a link, download a model, or "
                    "choose a server yourself."
                ),
            ),
        ]
