"""What the window says when the engine dies: one line, and a report to copy where it died too often.

Owns the words for what is tried next. What is tried is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from finr1_desk.core.errors import ErrorCode, Param, UserError
from finr1_desk.core.events import EngineDied
from finr1_desk.ui.words.sentences import safe_mode_text, sentence

if TYPE_CHECKING:
    from finr1_desk.app.models import Models
    from finr1_desk.ui.notice import NoticeBar


class EngineNotices(QObject):
    """Shows them in a notice bar; `show_error` shows all other errors."""

    def __init__(
        self, models: Models, notice: NoticeBar, show_error: Callable[[UserError], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._notice = notice
        self._show_error = show_error
        models.died.connect(self._on_died)

    def action_for(self, error: UserError) -> tuple[str, Callable[[], None]] | None:
        """What can be done about an error of the engine's, as the notice bar takes it."""
        path = error.params.get("report")
        if error.code is not ErrorCode.ENGINE_GAVE_UP or not isinstance(path, str):
            return None
        return self.tr("Copy report"), lambda: self._copy(Path(path))

    def _on_died(self, event: EngineDied) -> None:
        params: dict[str, Param] = {"stage": event.stage, "exit_code": event.exit_code}
        if event.hung:
            params["cause"] = "hang"
        if event.report:
            self._show_error(UserError(ErrorCode.ENGINE_GAVE_UP, **params, report=event.report))
        elif event.safe_mode:
            said = sentence(UserError(ErrorCode.ENGINE_DIED, **params))
            self._notice.show_notice(said.text, safe_mode_text(event.safe_mode), tone="info")
        else:
            self._show_error(UserError(ErrorCode.ENGINE_DIED, **params))

    def _copy(self, report: Path) -> None:
        try:
            text = report.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            self._show_error(
                UserError(ErrorCode.FILE_UNREADABLE, path=str(report), reason=error.strerror or type(error).__name__)
            )
            return
        QApplication.clipboard().setText(text)
