"""What is done with a table of an answer: copied for a spreadsheet, saved as CSV or XLSX, plotted.

Owns the way from the wish to the clipboard, the file or the dialog. How tables are written is `export`'s business.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QMimeData, QObject, Qt
from PySide6.QtWidgets import QApplication

from finr1_desk.core.tables import TextTable
from finr1_desk.export.tables import as_html, as_tsv, write_csv, write_xlsx
from finr1_desk.ui.dialogs.asking import Dialogs
from finr1_desk.ui.window import Window

if TYPE_CHECKING:
    from finr1_desk.app.background import Pool
    from finr1_desk.core.errors import UserError
    from finr1_desk.ui.pane.pane import ChatPane

_WRITE: Final = {"csv": write_csv, "xlsx": write_xlsx}


class TableDesk(QObject):
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
        pane.tableWanted.connect(self._on_wanted)

    def _on_wanted(self, verb: str, table: TextTable) -> None:
        match verb:
            case "copy":
                copied = QMimeData()
                copied.setText(as_tsv(table))
                copied.setHtml(as_html(table))
                QApplication.clipboard().setMimeData(copied)
            case "csv" | "xlsx":
                self._save(verb, table)
            case "plot":
                self._plot(table)

    def _save(self, kind: str, table: TextTable) -> None:
        names = {"csv": self.tr("CSV file (*.csv)"), "xlsx": self.tr("Excel workbook (*.xlsx)")}
        path = self._dialogs.file_to_save(self.tr("Save table"), f"{self.tr('table')}.{kind}", names[kind])
        if path is not None:
            write = _WRITE[kind]
            self._pool.run(lambda: write(table, path), lambda _: self._on_saved(path), self._show_error)

    def _on_saved(self, path: Path) -> None:
        self._window.notice.show_written(
            self.tr("The table was saved."), str(path), lambda: self._dialogs.open_folder(path.parent)
        )

    def _plot(self, table: TextTable) -> None:
        from finr1_desk.ui.plot.data import value_columns
        from finr1_desk.ui.plot.dialog import PlotDialog

        if not value_columns(table):
            self._window.notice.show_notice(self.tr("No column of this table holds nothing but figures."), tone="info")
            return
        dialog = PlotDialog(table, self._pane.page.look.theme, self._dialogs, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
