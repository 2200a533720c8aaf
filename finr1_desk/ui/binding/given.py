"""Ties files that are dropped on the window, pasted or picked to what takes them: the question, the list, the models.

Owns the order, and the word that is said while large ones are read. What a file is, `export.given` knows.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from finr1_desk.ui.dialogs.asking import Dialogs
from finr1_desk.ui.window import Window

if TYPE_CHECKING:
    from finr1_desk.app.bootstrap import Application
    from finr1_desk.export.given import Given


PATIENCE_MS = 300  # what is read sooner needs no word, and no notice that moves the page


class GivenBinding(QObject):
    def __init__(self, application: Application, window: Window, dialogs: Dialogs, parent: QObject) -> None:
        super().__init__(parent)
        self._app = application
        self._window = window
        self._dialogs = dialogs
        self._reading = 0
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._said = False
        self._patience.timeout.connect(self._on_impatient)
        window.filesDropped.connect(self.take)
        window.composer.edit.filesPasted.connect(self.take)
        window.actions_["add_files"].triggered.connect(lambda: self.take(self._dialogs.files_to_add()))

    def take(self, paths: list[Path]) -> None:
        """Reads the files beside the window, and gives what they hold to where it belongs."""
        if not paths:
            return
        self._reading += 1
        self._patience.start()

        def read() -> Given:
            from finr1_desk.export.given import read_given

            return read_given(paths, time.time())

        self._app.pool.run(read, self._on_read)

    def _on_impatient(self) -> None:
        self._said = True
        self._window.notice.show_notice(self.tr("Reading…"), tone="info")

    def _on_read(self, given: Given) -> None:
        self._reading -= 1
        if not self._reading:
            self._patience.stop()
        if not self._reading and self._said:
            self._said = False
            self._window.notice.hide()
        edit = self._window.composer.edit
        for text in given.texts:
            edit.put_in(text)
        if given.imported:
            self._app.transfers.keep(given.imported)
        if given.models:
            self._app.models.choose(given.models[0])
        if given.texts:
            edit.setFocus()
