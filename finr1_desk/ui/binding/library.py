"""The window's end of the model library: its dialog, and what is said when the dialog is closed.

Owns the opening and the notices: a model has arrived, a download failed or was left unfinished by the last run.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from finr1_desk.core.wording import filled, percent_text
from finr1_desk.ui.dialogs.asking import Dialogs
from finr1_desk.ui.window import Window
from finr1_desk.ui.words.sentences import sentence

if TYPE_CHECKING:
    from finr1_desk.app.bootstrap import Application
    from finr1_desk.core.errors import UserError
    from finr1_desk.library.download.journal import Unfinished
    from finr1_desk.ui.model_library.dialog import LibraryDialog


class LibraryBinding(QObject):
    def __init__(self, application: Application, window: Window, dialogs: Dialogs, parent: QObject) -> None:
        super().__init__(parent)
        self._app = application
        self._window = window
        self._dialogs = dialogs
        self._dialog: LibraryDialog | None = None
        self._offered = False
        jobs = application.jobs
        jobs.arrived.connect(self._on_arrived)
        jobs.failed.connect(self._on_failed)
        jobs.unfinished.connect(self._on_unfinished)

    def show(self, *, get: bool = False) -> None:
        """Opens the library, at the way to Fin-R1 where that is wanted."""
        from finr1_desk.ui.model_library.dialog import LibraryDialog

        if self._dialog is not None:
            self._dialog.raise_()
            return
        app = self._app
        icons = self._window.icons
        dialog = LibraryDialog(
            app.models, app.jobs, app.settings, app.paths.models, self._dialogs, icons, self._window, get=get
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(self._on_closed)
        self._dialog = dialog
        dialog.open()

    def _on_closed(self) -> None:
        self._dialog = None

    def _on_arrived(self, paths: list[Path]) -> None:
        self._app.models.look_again()
        if self._dialog is None:
            self._window.notice.show_notice(
                filled(self.tr("%1 is ready."), paths[0].name),
                tone="info",
                action=(self.tr("Use it"), lambda: self._app.models.choose(paths[0])),
            )

    def _on_failed(self, error: UserError) -> None:
        if self._dialog is None:
            said = sentence(error)
            self._window.notice.show_notice(said.text, said.hint, action=(self.tr("Models…"), lambda: self.show()))

    def _on_unfinished(self, left: list[Unfinished]) -> None:
        """After a crash or a restart, once: goes on with what was begun."""
        if self._offered or self._dialog is not None or self._app.jobs.busy:
            return
        self._offered = True
        if not left:
            return
        first = left[0]
        total = first.download.total_bytes
        share = percent_text(first.done_bytes / total if total else 0.0)
        self._window.notice.show_notice(
            filled(self.tr("The download of %1 was interrupted at %2 %."), first.download.name, share),
            tone="info",
            action=(self.tr("Go on"), lambda: self._go_on(first)),
        )

    def _go_on(self, unfinished: Unfinished) -> None:
        self._app.jobs.resume(unfinished)
        self.show(get=True)
