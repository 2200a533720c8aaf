"""The window's end of the engine: its events, on the main thread.

Owns the client and the crossing from its thread. Which event concerns whom is decided by the listeners.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from finr1_desk.app.background import MainThread
from finr1_desk.core.events import EngineEvent

if TYPE_CHECKING:
    from finr1_desk.engine.interface import Engine


class EngineLink(QObject):
    """`received` brings every event of the engine, in order."""

    received = Signal(object)  # EngineEvent

    def __init__(self, runtime_dir: Path, main: MainThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._main = main
        self._runtime_dir = runtime_dir
        self._client: Engine | None = None

    @property
    def client(self) -> Engine:
        """The engine; made at its first use, so that the window's start does not wait for its imports."""
        if self._client is None:
            from finr1_desk.engine.client import EngineClient

            self._client = EngineClient(self._runtime_dir, self._on_event, kind="window")
        return self._client

    def forget(self, conversation_id: str = "") -> None:
        """The engine is to keep nothing of a conversation; of none, where no id is given."""
        if self._client is not None:
            self._client.forget(conversation_id)

    def _on_event(self, event: EngineEvent) -> None:
        self._main.post(lambda: self.received.emit(event))

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
