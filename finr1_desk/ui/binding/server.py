"""Ties the team server to the window: the badge, the dialog, the entry in the menu of models.

Owns when the window says that text leaves this computer.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMenu

from finr1_desk.app.team_server import TeamServer
from finr1_desk.core.errors import UserError
from finr1_desk.core.remote import RemoteServer, is_in_the_clear, is_loopback
from finr1_desk.ui.window import Window


class ServerBinding(QObject):
    def __init__(
        self, server: TeamServer, window: Window, show_error: Callable[[UserError], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._server = server
        self._window = window
        self._open = False
        self._show_error = show_error
        server.changed.connect(self._show)
        server.failed.connect(self._on_failed)
        window.header.serverRequested.connect(self.show_dialog)
        self._show(server.value)

    def _show(self, server: RemoteServer) -> None:
        leaves = server.in_use and not is_loopback(server.base_url)
        host = server.host if leaves else ""
        self._window.header.show_server(host, clear=is_in_the_clear(server.base_url))
        self._window.empty.set_server(host)
        named = " · ".join(filter(None, (server.model, server.host)))
        self._window.status.show_server(named if server.in_use else "")

    def fill(self, menu: QMenu) -> None:
        """The server's entries: whether it is used, and the way to its settings."""
        if self._server.value.base_url:
            use = menu.addAction(self.tr("Answers from {host}").format(host=self._server.value.host))
            use.setCheckable(True)
            use.setChecked(self._server.value.in_use)
            use.toggled.connect(self._server.use)
        menu.addAction(self.tr("Team server…"), self.show_dialog)

    def show_dialog(self) -> None:
        from finr1_desk.ui.dialogs.server import ServerDialog

        dialog = ServerDialog(self._server, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._open = True
        dialog.finished.connect(self._on_closed)
        dialog.open()

    def _on_closed(self) -> None:
        self._open = False

    def _on_failed(self, error: UserError) -> None:
        if not self._open:  # else the dialog says so
            self._show_error(error)
