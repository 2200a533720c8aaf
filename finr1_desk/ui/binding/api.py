"""Ties the local API to the window: its button in the status bar, and what is said when it fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from finr1_desk.app.local_api import ApiPhase, ApiStatus
from finr1_desk.ui.api_button import ApiButton

if TYPE_CHECKING:
    from finr1_desk.app.local_api import LocalApi
    from finr1_desk.app.settings import SettingsController
    from finr1_desk.core.errors import UserError
    from finr1_desk.ui.window import Window


class ApiBinding(QObject):
    """Owns the connections only."""

    def __init__(
        self,
        api: LocalApi,
        settings: SettingsController,
        window: Window,
        show_error: Callable[[UserError], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._show_error = show_error
        self.button = ApiButton(window.status)
        window.status.insertPermanentWidget(1, self.button)  # after the model's button, which is counted too
        self.button.show_status(api.status)  # what is put into a status bar is shown
        self.button.offWanted.connect(lambda: settings.set(serve=False))
        self.button.retryWanted.connect(api.retry)
        api.changed.connect(self._on_changed)

    def _on_changed(self, status: ApiStatus) -> None:
        self.button.show_status(status)
        if status.phase is ApiPhase.FAILED and status.error is not None:
            self._show_error(status.error)
