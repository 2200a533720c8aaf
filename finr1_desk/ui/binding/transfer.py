"""Ties the window to what brings conversations in from files and writes them to files.

Owns the questions before it and the notices after it. Which conversation is open is told by whoever makes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QObject, QStandardPaths, Qt

from finr1_desk.core.errors import UserError
from finr1_desk.export.options import ExportOptions
from finr1_desk.ui.dialogs.asking import Dialogs
from finr1_desk.ui.window import Window
from finr1_desk.ui.words.sentences import sentence

if TYPE_CHECKING:
    from finr1_desk.app.conversations import Conversations
    from finr1_desk.app.transfers import ImportReport, Transfers


class TransferBinding(QObject):
    """The menu's imports and exports, from the question to the notice."""

    def __init__(
        self,
        window: Window,
        dialogs: Dialogs,
        transfers: Transfers,
        conversations: Conversations,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._dialogs = dialogs
        self._transfers = transfers
        self._conversations = conversations
        self._options = ExportOptions()
        self._folder = Path(
            QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation) or Path.home()
        )
        transfers.exported.connect(self._on_exported)
        transfers.imported.connect(self._on_imported)

    def export(self, ids: list[str] | None) -> None:
        """Asks how and where to, and writes these conversations, or all."""
        from finr1_desk.ui.dialogs.export import ExportDialog

        count = None if ids is None else len(ids)
        dialog = ExportDialog(count, self._options, self._folder, self._dialogs.export_folder, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._write(ids, dialog.options, dialog.folder))
        dialog.open()

    def _write(self, ids: list[str] | None, options: ExportOptions, folder: Path) -> None:
        from finr1_desk.ui.words.export import export_labels

        self._options, self._folder = options, folder
        self._window.notice.show_notice(self.tr("Exporting…"), tone="info")
        language = "zh_CN" if QLocale().language() is QLocale.Language.Chinese else "en"  # the window's own
        self._transfers.export(ids, folder, options, export_labels(language))

    def import_files(self) -> None:
        paths = self._dialogs.files_to_import()
        if paths:
            self._window.notice.show_notice(self.tr("Importing…"), tone="info")
            self._transfers.import_files(paths)

    def _on_exported(self, paths: list[Path]) -> None:
        if not paths:
            self._window.notice.show_notice(self.tr("There is no conversation to export."), tone="info")
            return
        folder = paths[0].parent
        self._window.notice.show_written(
            self.tr("%n conversation(s) exported", "", len(paths)),
            str(paths[0] if len(paths) == 1 else folder),
            lambda: self._dialogs.open_folder(folder),
        )

    def _on_imported(self, report: ImportReport) -> None:
        found, problems = report.conversations, report.problems
        notice = self._window.notice
        if len(problems) == 1 and not found:
            said = sentence(problems[0])
            notice.show_notice(said.text, said.hint)
        elif problems:
            parts = [self.tr("%n conversation(s) imported", "", len(found)), self.tr("%n not", "", len(problems))]
            show = (self.tr("Show list…"), lambda: self._show_problems(problems))
            notice.show_notice(
                " · ".join(parts),
                sentence(problems[0]).text,
                tone="info" if found else "error",
                action=show,
            )
        else:
            notice.show_notice(self.tr("%n conversation(s) imported", "", len(found)), tone="info")
        if len(found) == 1:
            self._conversations.open(found[0].id)

    def _show_problems(self, problems: list[UserError]) -> None:
        from finr1_desk.ui.dialogs.import_report import ImportReportDialog

        dialog = ImportReportDialog(problems, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
