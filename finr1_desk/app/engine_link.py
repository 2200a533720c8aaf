"""The window's end of the engine: its events, on the main thread.

Owns the client and the crossing from its thread. Which event concerns whom is decided by the listeners.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from finr1_desk.app.background import MainThread
from finr1_desk.core.events import EngineEvent
from finr1_desk.core.remote import ServerAccess

if TYPE_CHECKING:
    from finr1_desk.engine.interface import Engine


class EngineLink(QObject):
    """`received` brings every event of the engine, in order."""

    received = Signal(object)  # EngineEvent

    def __init__(
        self,
        runtime_dir: Path,
        main: MainThread,
        access: Callable[[str], ServerAccess],
        parent: QObject | None = None,
    ) -> None:
        """`access` tells what lets a request into a server; it is called off the main thread."""
        super().__init__(parent)
        self._main = main
        self._runtime_dir = runtime_dir
        self._access = access
        self._client: Engine | None = None

    @property
    def client(self) -> Engine:
        """The engine, here or on a server; made at its first use, so that the start does not wait for its imports."""
        if self._client is None:
            from finr1_desk.engine.routing import RoutedEngine

            self._client = RoutedEngine(self._make_local, self._make_remote)
        return self._client

    def _make_local(self) -> Engine:
        from finr1_desk.engine.client import EngineClient

        return EngineClient(self._runtime_dir, self._on_event, kind="window")

    def _make_remote(self) -> Engine:
        from finr1_desk.engine.remote.engine import RemoteEngine

        return RemoteEngine(self._access, self._on_event)

    def forget(self, conversation_id: str = "") -> None:
        """The engine is to keep nothing of a conversation; of none, where no id is given."""
        if self._client is not None:
            self._client.forget(conversation_id)

    def _on_event(self, event: EngineEvent) -> None:
        self._main.post(lambda: self.received.emit(event))

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
