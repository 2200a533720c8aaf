"""One run of the window: what is made when, and how it ends.

Owns the order of starting: the window is painted first, ready for typing, and only then the chat pane is made and the
keychain, the store and the models are touched. It also owns starting again over another data folder.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QDialog

from finr1_desk.core.errors import UserError
from finr1_desk.core.settings import Settings
from finr1_desk.library.assets import asset
from finr1_desk.ui.dialogs.asking import Dialogs
from finr1_desk.ui.language import Language
from finr1_desk.ui.look.appearance import Appearance
from finr1_desk.ui.look.icons import Icons
from finr1_desk.ui.look.theme import Theme
from finr1_desk.ui.process.crash_reports import CrashReports
from finr1_desk.ui.process.keep_awake import KeepAwake
from finr1_desk.ui.window import Window

if TYPE_CHECKING:
    from finr1_desk.app.bootstrap import Application
    from finr1_desk.app.settings import SettingsController
    from finr1_desk.ui.binding.window import Binding

log = logging.getLogger(__name__)

# What `_open_services` needs, in pieces that each take a few hundredths of a second to import.
AFTER_FIRST_PAINT = (
    "finr1_desk.app.bootstrap",
    "finr1_desk.markup.markdown",
    "finr1_desk.ui.pane.decorations",
    "finr1_desk.ui.pane.rows",
    "finr1_desk.ui.pane.pane",
    "finr1_desk.ui.binding.window",
    "finr1_desk.ui.process.notifier",
    "finr1_desk.ui.process.log_files",
)
UNPAINTED_MS = 1500  # a window that starts minimised is never painted; the store is opened all the same
SETTLE_MS = 2000
# The default of 700 objects collects many times while a long answer is laid out, 20 to 30 ms each time.
GC_THRESHOLDS = (50_000, 20, 50)


class Desk(QObject):
    """A window and, from its first paint on, the services behind it."""

    def __init__(
        self,
        application: QApplication,
        settings: SettingsController | None,
        build: Callable[[], Application],
        problem: UserError | None = None,
        language: str | None = None,
    ) -> None:
        """`problem` is what was wrong with the settings; without `settings` there is no data folder to work with."""
        super().__init__()
        self._application = application
        self._settings = settings
        self._build = build
        self._problem = problem
        self._log: logging.Handler | None = None
        self.services: Application | None = None
        self._modules = iter(AFTER_FIRST_PAINT)
        self._importing = False
        self._left = False
        self._keep_awake = KeepAwake()
        self._binding: Binding | None = None
        self.wanted_folder: Path | None = None
        self.appearance = Appearance(application, self)
        self.language = Language(application, asset("translations"), language)
        self.reports = CrashReports(self)
        values = settings.value if settings is not None else Settings()
        self.language.apply(values.language)
        self.appearance.apply(values.theme, values.text_scale)
        icon = QIcon(str(asset("icons", "application.svg")))
        self.window = Window(self.appearance.theme, Icons(asset("icons"), self.appearance.theme), icon)
        self._dialogs = Dialogs(self.window)
        self._icon = icon
        self._collect = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._collect.timeout.connect(gc.collect)
        self._connect()

    def _connect(self) -> None:
        window, actions = self.window, self.window.actions_
        self.appearance.changed.connect(self._on_theme_changed)
        self.reports.reported.connect(self._on_report)
        window.firstPainted.connect(self._start_importing)
        window.closing.connect(self._on_closing)
        window.failure.folderWanted.connect(self._on_folder_wanted)
        actions["settings"].triggered.connect(self._show_settings)
        actions["about"].triggered.connect(self._show_about)
        actions["getting_started"].triggered.connect(self._show_getting_started)
        window.empty.helpWanted.connect(self._show_getting_started)
        actions["shortcuts"].triggered.connect(self._show_shortcuts)
        actions["copy_log"].triggered.connect(self._copy_log)

    # -- the beginning

    def show(self) -> None:
        """Puts the window on the screen as it was left."""
        window = self.window
        if self._settings is not None:
            window.recall(self._settings.window_state())
            self._apply_settings(self._settings.value)
            self._settings.changed.connect(self._apply_settings)
            self._connect_view_actions(self._settings)
            QTimer.singleShot(UNPAINTED_MS, self._start_importing)
        elif self._problem is not None:
            self._show_no_folder(self._problem)
        window.show()
        window.composer.edit.setFocus()

    def _import_next(self) -> None:
        """Imports one more of the modules that the first paint did not need; keys are taken between them."""
        module = next(self._modules, None)
        if module is None:
            self._open_services()
        else:
            import_module(module)
            QTimer.singleShot(0, self, self._import_next)

    def _start_importing(self) -> None:
        if self._settings is not None and not self._importing:
            self._importing = True
            QTimer.singleShot(0, self, self._import_next)  # what was typed until now comes first

    def _open_services(self) -> None:
        """Makes the services and the chat pane, ties them to the window and opens them; what was typed stays."""
        if self._left:
            return
        services = self.services = self._build()
        services.open()  # in threads of their own; what they find is told when this method is done
        from finr1_desk.ui.binding.window import Binding
        from finr1_desk.ui.pane.pane import ChatPane
        from finr1_desk.ui.process.crash_reports import versions
        from finr1_desk.ui.process.log_files import start_log
        from finr1_desk.ui.process.notifier import Notifier

        window = self.window
        self._log = start_log(services.paths.logs)
        log.info("start: %s", versions())
        pane = ChatPane(self.appearance.theme, window)
        window.set_pane(pane)
        pane.set_text_scale(services.settings.value.text_scale)
        pane.set_fold_thinking(services.settings.value.fold_thinking)
        notifier = Notifier(window, self._icon)
        self._binding = Binding(window, pane, services, self._dialogs, notifier, self._keep_awake)
        services.answers.busyChanged.connect(self._on_busy_changed)
        if self._problem is not None:
            self._binding.show_error(self._problem)
        for text in window.composer.take_early():
            services.answers.ask(text)
        QTimer.singleShot(SETTLE_MS, self._settle)

    @staticmethod
    def _settle() -> None:
        """What is in memory now stays: it need not be looked at in every collection."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)

    def _on_busy_changed(self, ids: set[str]) -> None:
        if ids:
            self._collect.stop()
        else:
            self._collect.start()

    # -- settings

    def _connect_view_actions(self, settings: SettingsController) -> None:
        actions = self.window.actions_

        def scale_by(step: int) -> None:
            settings.set(text_scale=min(220, max(70, settings.value.text_scale + step)))

        actions["larger"].triggered.connect(lambda: scale_by(10))
        actions["smaller"].triggered.connect(lambda: scale_by(-10))
        actions["normal"].triggered.connect(lambda: settings.set(text_scale=100))
        for name in ("system", "light", "dark"):
            actions[name].triggered.connect(lambda _=False, name=name: settings.set(theme=name))

    def _apply_settings(self, values: Settings) -> None:
        window = self.window
        language = self.language.current
        self.language.apply(values.language)
        if language != self.language.current and self._binding is not None:
            self._binding.retranslate()
        self.appearance.apply(values.theme, values.text_scale)
        window.set_text_scale(values.text_scale)
        window.composer.set_enter_sends(values.enter_sends)
        window.actions_[values.theme].setChecked(True)
        if window.pane is not None:
            window.pane.set_fold_thinking(values.fold_thinking)

    def _on_theme_changed(self, theme: Theme) -> None:
        self.window.set_theme(theme)

    # -- dialogs, made when they are asked for

    def _show_settings(self) -> None:
        from finr1_desk.ui.dialogs.settings import SettingsDialog

        if self._settings is not None:
            self._present(SettingsDialog(self._settings, self._dialogs, self.window))

    def _show_about(self) -> None:
        from finr1_desk.ui.dialogs.about import AboutDialog
        from finr1_desk.ui.dialogs.components import components

        self._present(AboutDialog(components(), self.window))

    def _show_getting_started(self) -> None:
        from finr1_desk.ui.dialogs.getting_started import GettingStartedDialog

        self._present(GettingStartedDialog(Icons(asset("icons"), self.appearance.theme), self.window))

    def _show_shortcuts(self) -> None:
        from finr1_desk.ui.dialogs.about import ShortcutsDialog

        actions = list(self.window.actions_.by_name.values())
        self._present(ShortcutsDialog(actions, self.window.composer.edit.enter_sends, self.window))

    @staticmethod
    def _present(dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _copy_log(self) -> None:
        from finr1_desk.ui.process.log_files import collected

        folders = [self.services.paths.logs, self.services.paths.runtime] if self.services is not None else []
        QApplication.clipboard().setText(collected(folders))
        self.window.notice.show_notice(self.tr("The log was copied."), tone="info")

    # -- what goes wrong

    def _on_report(self, report: str) -> None:
        self.window.notice.show_notice(
            self.tr("Something unexpected happened; the window goes on."),
            self.tr("The report says where in the program, and holds nothing of your conversations."),
            action=(self.tr("Copy report"), lambda: QApplication.clipboard().setText(report)),
        )

    def _show_no_folder(self, problem: UserError) -> None:
        from finr1_desk.ui.words.sentences import sentence

        said = sentence(problem)
        self.window.status.show_lock("failed", said.text)
        self.window.show_failure(said.text, said.hint)

    def _on_folder_wanted(self) -> None:
        self.wanted_folder = self._dialogs.data_folder()
        if self.wanted_folder is not None:
            self.window.close()

    # -- the end

    def _on_closing(self) -> None:
        if self._settings is not None:
            self._settings.save_window_state(self.window.remembered())
        self._keep_awake.set_working(False)

    def leave(self) -> None:
        """Lets the services go; the window is closed already."""
        self._left = True
        self.language.remove()
        self.appearance.close()
        self._collect.stop()
        if self.services is not None:
            self.services.quit()
        if self._log is not None:
            from finr1_desk.ui.process.log_files import stop_log

            stop_log(self._log)
