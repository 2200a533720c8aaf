"""How long an event loop stood still, felt from within by an event every 10 ms."""

from __future__ import annotations

import time
from typing import Final

from PySide6.QtCore import QTimer

TICK_MS: Final = 10
STALL_S: Final = 0.1  # what a window may stand still


class Heart:
    """Measures how long the event loop stood still, with an event every 10 ms.

    Time in which this process wanted no processor, or did not get one, is told apart: on a busy machine everything
    waits, and that is no fault of the window's.
    """

    def __init__(self) -> None:
        self._timer = QTimer(interval=TICK_MS)
        self._timer.timeout.connect(self._on_beat)
        self.rest()
        self.longest_s = 0.0  # between two events
        self.longest_work_s = 0.0  # processor time of this thread between two events
        self._timer.start()

    def _on_beat(self) -> None:
        now, used = time.monotonic(), time.thread_time()
        self.longest_s = max(self.longest_s, now - self._last)
        self.longest_work_s = max(self.longest_work_s, used - self._used)
        self._last, self._used = now, used

    def rest(self) -> None:
        """What was until now does not count."""
        self._last, self._used = time.monotonic(), time.thread_time()

    def begin(self) -> None:
        """Measures anew from here."""
        self.rest()
        self.longest_s = self.longest_work_s = 0.0

    def stop(self) -> None:
        self._timer.stop()
