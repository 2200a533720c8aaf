"""What of an import could not be read: every part with what to do about it.

Owns one small window; the sentences come from `sentences`.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from finr1_desk.core.errors import UserError
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.words.sentences import sentence


class ImportReportDialog(QDialog):
    def __init__(self, problems: Sequence[UserError], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("importReport")
        self.setWindowTitle(self.tr("Import"))
        self.resize(76 * GRID, 44 * GRID)
        title = QLabel(self.tr("%n part(s) could not be read.", "", len(problems)), self)
        self.list = QPlainTextEdit(self)
        self.list.setReadOnly(True)
        self.list.setTabChangesFocus(True)
        self.list.setAccessibleName(title.text())
        said = [sentence(problem) for problem in problems]
        self.list.setPlainText("\n\n".join(f"{each.text}\n{each.hint}" for each in said))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        copy = buttons.addButton(self.tr("Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(lambda: QApplication.clipboard().setText(self.list.toPlainText()))
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(title)
        column.addWidget(self.list, 1)
        column.addWidget(buttons)
