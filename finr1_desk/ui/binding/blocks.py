"""What is done with a block of an answer: code is saved; a table is copied for a spreadsheet, saved or plotted.

Owns the way from the wish to the clipboard, the file or the dialog. How files are written is `export`'s business.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QMimeData, QObject, Qt
from PySide6.QtWidgets import QApplication

from finr1_desk.core.tables import TextTable
from finr1_desk.export.code import suffix_of, write_code
from finr1_desk.export.tables import as_html, as_tsv, write_csv, write_xlsx
from finr1_desk.ui.dialogs.asking import Dialogs
from finr1_desk.ui.window import Window

if TYPE_CHECKING:
    from finr1_desk.app.background import Pool
    from finr1_desk.core.errors import UserError
    from finr1_desk.ui.pane.pane import ChatPane

_WRITE: Final = {"csv": write_csv, "xlsx": write_xlsx}


class BlockDesk(QObject):
    """
    Args:
        pool: writes the files.
        show_error: says what went wrong.
    """

    def __init__(
        self, pane: ChatPane, window: Window, dialogs: Dialogs, pool: Pool, show_error: Callable[[UserError], None]
    ) -> None:
        super().__init__(window)
        self._pane = pane
        self._window = window
        self._dialogs = dialogs
        self._pool = pool
        self._show_error = show_error
        pane.codeWanted.connect(self._on_code)
        pane.tableWanted.connect(self._on_table)

    def _on_code(self, language: str, code: str) -> None:
        suffix = suffix_of(language)
        kinds = self.tr("Code (*{suffix})").format(suffix=suffix)
        path = self._dialogs.file_to_save(self.tr("Save code"), f"code{suffix}", kinds)
        if path is not None:
            self._write(lambda: write_code(code, path), path, self.tr("The code was saved."))

    def _on_table(self, verb: str, table: TextTable) -> None:
        match verb:
            case "copy":
                copied = QMimeData()
                copied.setText(as_tsv(table))
                copied.setHtml(as_html(table))
                QApplication.clipboard().setMimeData(copied)
            case "csv" | "xlsx":
                self._save_table(verb, table)
            case "plot":
                self._plot(table)

    def _save_table(self, kind: str, table: TextTable) -> None:
        names = {"csv": self.tr("CSV file (*.csv)"), "xlsx": self.tr("Excel workbook (*.xlsx)")}
        name = self.tr("table", "the name of a file")
        path = self._dialogs.file_to_save(self.tr("Save table"), f"{name}.{kind}", names[kind])
        if path is not None:
            write = _WRITE[kind]
            self._write(lambda: write(table, path), path, self.tr("The table was saved."))

    def _write(self, write: Callable[[], None], path: Path, said: str) -> None:
        """Writes beside the window, and says where the file lies."""

        def on_written(_: None) -> None:
            self._window.notice.show_written(said, str(path), lambda: self._dialogs.open_folder(path.parent))

        self._pool.run(write, on_written, self._show_error)

    def _plot(self, table: TextTable) -> None:
        from finr1_desk.ui.plot.data import value_columns
        from finr1_desk.ui.plot.dialog import PlotDialog

        if not value_columns(table):
            self._window.notice.show_notice(self.tr("No column of this table holds nothing but figures."), tone="info")
            return
        dialog = PlotDialog(table, self._pane.page.look.theme, self._dialogs, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
