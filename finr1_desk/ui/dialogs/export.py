"""How conversations are to be exported: format, what is in it, and where to.

Owns one small window; it writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from finr1_desk.export.options import ExportOptions, Format
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.named import named


class ExportDialog(QDialog):
    """Asks once; `options` and `folder` are what was chosen.

    Args:
        count: of conversations; None for all.
        options: as they were chosen the last time.
        choose_folder: asks the system for another folder.
    """

    def __init__(
        self,
        count: int | None,
        options: ExportOptions,
        folder: Path,
        choose_folder: Callable[[], Path | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("exportDialog")
        self.setMinimumWidth(60 * GRID)
        self._choose_folder = choose_folder
        self._format = QComboBox(self)
        self._about = named(QLabel(self), "muted")
        self._about.setWordWrap(True)
        self._thinking = QCheckBox(self.tr("With the reasoning"), self)
        self._branches = QCheckBox(self.tr("All branches, also those that are not shown"), self)
        self._facts = QCheckBox(self.tr("Model, time and settings of each answer"), self)
        self._folder = QLineEdit(str(folder), self)
        self._folder.setAccessibleName(self.tr("Folder"))
        self._change = QPushButton(self.tr("Choose…"), self)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self._write = self._buttons.addButton(self.tr("Export"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._build(count)
        self._show(options)
        self._format.currentIndexChanged.connect(self._on_format_changed)
        self._change.clicked.connect(self._on_change)
        self._folder.textChanged.connect(lambda text: self._write.setEnabled(bool(text.strip())))
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)

    @property
    def options(self) -> ExportOptions:
        return ExportOptions(
            format=Format(self._format.currentData()),
            thinking=self._thinking.isChecked(),
            all_branches=self._branches.isChecked(),
            facts=self._facts.isChecked(),
        )

    @property
    def folder(self) -> Path:
        return Path(self._folder.text().strip()).expanduser()

    def _build(self, count: int | None) -> None:
        if count is None:
            title = self.tr("Export all conversations")
        else:
            title = self.tr("Export %n conversation(s)", "", count)
        self.setWindowTitle(title)
        for kind, name in (
            (Format.MARKDOWN, self.tr("Markdown")),
            (Format.HTML, self.tr("Web page (HTML)")),
            (Format.PDF, self.tr("PDF")),
            (Format.DOCX, self.tr("Word document (DOCX)")),
        ):
            self._format.addItem(name, kind.value)
        place = QHBoxLayout()
        place.setSpacing(GRID)
        place.addWidget(self._folder, 1)
        place.addWidget(self._change)
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID)
        form.setVerticalSpacing(GRID)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("&Format"), self._format)
        form.addRow("", self._about)
        form.addRow(self.tr("Contents"), self._thinking)
        form.addRow("", self._branches)
        form.addRow("", self._facts)
        label = QLabel(self.tr("F&older"), self)
        label.setBuddy(self._folder)
        form.addRow(label, place)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addLayout(form)
        column.addWidget(self._buttons)
        self._write.setDefault(True)

    def _show(self, options: ExportOptions) -> None:
        self._format.setCurrentIndex(self._format.findData(options.format.value))
        self._thinking.setChecked(options.thinking)
        self._branches.setChecked(options.all_branches)
        self._facts.setChecked(options.facts)
        self._on_format_changed()

    def _on_format_changed(self) -> None:
        kind = Format(self._format.currentData())
        self._about.setText(
            {
                Format.MARKDOWN: self.tr("Plain text for every editor; can be imported again as it was."),
                Format.HTML: self.tr("One file for every browser, without network, with formulas and colours."),
                Format.PDF: self.tr("Pages to print and to send, with formulas and page numbers."),
                Format.DOCX: self.tr("Headings, tables and formulas that can be edited in Word."),
            }[kind]
        )
        self._facts.setEnabled(kind is not Format.MARKDOWN)  # an import needs them

    def _on_change(self) -> None:
        folder = self._choose_folder()
        if folder is not None:
            self._folder.setText(str(folder))
