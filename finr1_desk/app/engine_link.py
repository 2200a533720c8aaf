"""The window's end of the engine: its events, on the main thread.

Owns the client and the crossing from its thread. Which event concerns whom is decided by the listeners.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from finr1_desk.app.background import MainThread
from finr1_desk.core.events import EngineEvent
from finr1_desk.engine.client import EngineClient


class EngineLink(QObject):
    """`received` brings every event of the engine, in order."""

    received = Signal(object)  # EngineEvent

    def __init__(self, runtime_dir: Path, main: MainThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._main = main
        self.client = EngineClient(runtime_dir, self._on_event, kind="window")

    def _on_event(self, event: EngineEvent) -> None:
        self._main.post(lambda: self.received.emit(event))

    def close(self) -> None:
        self.client.close()
