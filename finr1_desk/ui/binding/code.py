"""Saving a block of code of an answer.

Owns the way from the wish to the file. How code is written is `export`'s business.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from finr1_desk.export.code import suffix_of, write_code
from finr1_desk.ui.dialogs.asking import Dialogs
from finr1_desk.ui.window import Window

if TYPE_CHECKING:
    from finr1_desk.app.background import Pool
    from finr1_desk.core.errors import UserError
    from finr1_desk.ui.pane.pane import ChatPane


class CodeDesk(QObject):
    """
    Args:
        pool: writes the files.
        show_error: says what went wrong.
    """

    def __init__(
        self, pane: ChatPane, window: Window, dialogs: Dialogs, pool: Pool, show_error: Callable[[UserError], None]
    ) -> None:
        super().__init__(window)
        self._window = window
        self._dialogs = dialogs
        self._pool = pool
        self._show_error = show_error
        pane.codeWanted.connect(self._on_wanted)

    def _on_wanted(self, language: str, code: str) -> None:
        suffix = suffix_of(language)
        kinds = self.tr("Code (*{suffix})").format(suffix=suffix)
        path = self._dialogs.file_to_save(self.tr("Save code"), f"code{suffix}", kinds)
        if path is not None:
            self._pool.run(lambda: write_code(code, path), lambda _: self._on_saved(path), self._show_error)

    def _on_saved(self, path: Path) -> None:
        self._window.notice.show_written(
            self.tr("The code was saved."), str(path), lambda: self._dialogs.open_folder(path.parent)
        )
