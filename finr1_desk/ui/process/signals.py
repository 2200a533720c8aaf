"""SIGTERM and SIGINT as something that the event loop notices.

Owns the pair of sockets that Python writes a byte to when a signal arrives: its handlers alone would wait until the
interpreter runs again, which in an idle window is never.
"""

from __future__ import annotations

import signal
import socket
from types import FrameType
from typing import Any

from PySide6.QtCore import QObject, QSocketNotifier, Signal


class ProcessSignals(QObject):
    endWanted = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._theirs.setblocking(False)
        self._before: dict[int, Any] = {}
        self._notifier = QSocketNotifier(self._ours.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_byte)

    def install(self) -> None:
        self._wakeup_before = signal.set_wakeup_fd(self._theirs.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, self._nothing)

    def remove(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        self._notifier.setEnabled(False)
        self._ours.close()
        self._theirs.close()

    @staticmethod
    def _nothing(_number: int, _frame: FrameType | None) -> None:
        """Replaces the default, which would end the process; the byte in the socket does the work."""

    def _on_byte(self) -> None:
        received = self._ours.recv(64)
        if signal.SIGTERM in received or signal.SIGINT in received:
            self.endWanted.emit()
