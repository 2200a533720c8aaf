"""The window's process from its first line to its exit status.

Owns what belongs to the process: environment, application object, log, signals, the single instance, the interpreter's
hooks. The window itself is `desk`'s.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from finr1_desk.ui.process import environment

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from finr1_desk.app.bootstrap import Application
    from finr1_desk.app.settings import SettingsController
    from finr1_desk.core.errors import UserError
    from finr1_desk.store.paths import DataPaths
    from finr1_desk.ui.process.single_instance import SingleInstance


def run(data_dir: Path | None, model: Path | None, language: str | None = None) -> int:
    """Opens the window over a data folder (None: the user's own) and returns when it was closed.

    `model` and `language` are used for this run instead of those in the settings. A second start with the same folder
    brings the first window to the front and returns at once.
    """
    environment.prepare(os.environ)
    application = _application()
    while True:
        wanted = _run_once(application, data_dir, model, language)
        if wanted is None:
            return 0
        data_dir = wanted


def _application() -> QApplication:
    from PySide6.QtCore import QCoreApplication

    from finr1_desk.ui.process.features import ignore_features

    ignore_features()  # before more is imported
    from PySide6.QtGui import QGuiApplication
    from PySide6.QtWidgets import QApplication, QStyleFactory

    from finr1_desk.core.version import VERSION

    existing = QCoreApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("finr1-desk")
    application.setApplicationDisplayName("Fin-R1 Desk")
    application.setApplicationVersion(VERSION)
    QGuiApplication.setDesktopFileName("finr1-desk")
    application.setStyle(QStyleFactory.create("Fusion"))
    return application


def _run_once(
    application: QApplication, data_dir: Path | None, model: Path | None, language: str | None
) -> Path | None:
    """One window from start to end; returns the data folder to go on with, if another one was chosen."""
    from finr1_desk.core.errors import UserError
    from finr1_desk.store.paths import resolve_data_dir
    from finr1_desk.ui.desk import Desk
    from finr1_desk.ui.process.signals import ProcessSignals

    def build() -> Application:
        """Imported and made after the first paint."""
        from finr1_desk.app import bootstrap

        return bootstrap.build(data_dir, model, settings=settings)

    settings, problem, instance, paths = None, None, None, None
    try:
        paths = resolve_data_dir(data_dir)
    except UserError as error:
        problem = error
    if paths is not None:
        instance = _claim(paths.root)
        if instance is None:
            return None
        settings, problem = _read_settings(paths)
    desk = Desk(application, settings, build, problem, language)
    signals = ProcessSignals()
    signals.endWanted.connect(desk.window.close)
    signals.install()
    desk.reports.install()
    if instance is not None:
        instance.raised.connect(desk.window.bring_to_front)
    try:
        desk.show()
        application.exec()
    finally:
        desk.leave()
        desk.reports.remove()
        signals.remove()
        if instance is not None:
            instance.close()
        desk.window.deleteLater()
    return desk.wanted_folder


def _claim(root: Path) -> SingleInstance | None:
    """The single instance of this folder, or None where another window has it and was asked to come to the front."""
    from finr1_desk.ui.process.single_instance import SingleInstance

    instance = SingleInstance(root)
    return instance if instance.claim() else None


def _read_settings(paths: DataPaths) -> tuple[SettingsController, UserError | None]:
    """The settings, and what was wrong with their file."""
    from finr1_desk.app.settings import SettingsController

    settings = SettingsController(paths)
    problems: list[UserError] = []
    settings.failed.connect(problems.append)
    settings.load()
    settings.failed.disconnect(problems.append)
    return settings, problems[0] if problems else None
