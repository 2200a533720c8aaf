"""The model library: what is on this computer, how to get Fin-R1, and what is going on.

Owns the dialog around its pages, and the questions that they need asked. Jobs go on when it is closed.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTabWidget, QVBoxLayout, QWidget

from finr1_desk.app.model_jobs import ModelJobs
from finr1_desk.app.models import Models
from finr1_desk.app.settings import SettingsController
from finr1_desk.core.errors import UserError
from finr1_desk.core.wording import filled
from finr1_desk.library.discovery import FoundModel
from finr1_desk.ui.dialogs.asking import Dialogs
from finr1_desk.ui.look.icons import Icons
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.model_library.found_page import FoundPage
from finr1_desk.ui.model_library.get_page import GetPage
from finr1_desk.ui.model_library.job_strip import JobStrip
from finr1_desk.ui.notice import NoticeBar
from finr1_desk.ui.words.sentences import sentence


class LibraryDialog(QDialog):
    """`get` opens it at the way to Fin-R1."""

    def __init__(
        self,
        models: Models,
        jobs: ModelJobs,
        settings: SettingsController,
        own_folder: Path,
        dialogs: Dialogs,
        icons: Icons,
        parent: QWidget | None = None,
        *,
        get: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("libraryDialog")
        self._models = models
        self._jobs = jobs
        self._settings = settings
        self._dialogs = dialogs
        self._found = FoundPage(models, own_folder, self)
        self._get = GetPage(jobs, settings, self)
        self._strip = JobStrip(jobs, self)
        self._notice = NoticeBar(icons, self)
        self._tabs = QTabWidget(self)
        self._tabs.addTab(self._found, "")
        self._tabs.addTab(self._get, "")
        self._tabs.setCurrentIndex(1 if get else 0)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(self._notice)
        column.addWidget(self._tabs, 1)
        column.addWidget(self._strip)
        foot = QVBoxLayout()
        foot.setContentsMargins(2 * GRID, 0, 2 * GRID, 0)
        foot.addWidget(self._buttons)
        column.addLayout(foot)
        self.resize(108 * GRID, 82 * GRID)
        self._connect()
        self.retranslate()
        models.look_again()
        jobs.look()
        jobs.advise()

    def _connect(self) -> None:
        self._buttons.rejected.connect(self.reject)
        self._found.useWanted.connect(self._models.choose)
        self._found.openWanted.connect(self._dialogs.open_folder)
        self._found.removeWanted.connect(self._on_remove)
        self._found.addWanted.connect(self._on_add)
        self._found.importWanted.connect(self._on_import)
        self._get.convertWanted.connect(self._on_convert)
        self._jobs.failed.connect(self.show_error)
        self._jobs.arrived.connect(self._on_arrived)
        self._models.failed.connect(self.show_error)

    def show_error(self, error: UserError) -> None:
        said = sentence(error)
        mirror = (self.tr("Try hf-mirror.com"), self._jobs.try_mirror)
        self._notice.show_notice(said.text, said.hint, action=mirror if self._jobs.may_try_mirror(error) else None)

    def _on_arrived(self, paths: list[Path]) -> None:
        self._models.look_again()
        self._tabs.setCurrentIndex(0)
        self._notice.show_notice(
            filled(self.tr("%1 is ready."), paths[0].name),
            tone="info",
            action=(self.tr("Use it"), lambda: self._models.choose(paths[0])),
        )

    def _on_add(self) -> None:
        from finr1_desk.library.places import folders_of, setting_of

        folder = self._dialogs.folder_with_models()
        if folder is not None:
            folders = [*folders_of(self._settings.value.model_folders), folder]
            self._settings.set(model_folders=setting_of(folders))
            self._models.look_again()

    def _on_import(self) -> None:
        path = self._dialogs.model_file(None)
        if path is not None:
            self._jobs.copy_in(path)

    def _on_convert(self, quantisation: str) -> None:
        folder = self._dialogs.checkpoint_folder()
        if folder is not None:
            self._jobs.convert(folder, quantisation)

    def _on_remove(self, model: FoundModel) -> None:
        if self._dialogs.may_delete_file(model.path):
            self._models.remove(model.path)

    def retranslate(self) -> None:
        self.setWindowTitle(self.tr("Models"))
        self._tabs.setTabText(0, self.tr("On this computer"))
        self._tabs.setTabText(1, self.tr("Get Fin-R1"))
        self._buttons.button(QDialogButtonBox.StandardButton.Close).setText(self.tr("Close"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)
