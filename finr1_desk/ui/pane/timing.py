"""When the pane does something unasked: a little work while it is idle, and captions that change with time.

Owns the two timers, and going on with messages that are long. What there is to do is handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QElapsedTimer, QObject, QTimer

from finr1_desk.ui.pane.flow import Flow
from finr1_desk.ui.pane.message_view import AnswerView

TICK_MS: Final = 1000


class IdleWork(QTimer):
    """Does one piece of work at a time whenever no event waits, and stops when there is none.

    Args:
        jobs: the most urgent first; each does a few milliseconds' work and returns False where it has none.
    """

    def __init__(self, parent: QObject, *jobs: Callable[[], bool]) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.setInterval(0)
        self.timeout.connect(self._on_timeout)

    def _on_timeout(self) -> None:
        if not any(job() for job in self._jobs):
            self.stop()


class ReadingOn:
    """Reads on in messages that are too long to be read at once.

    Args:
        shown: is called when there is more to be seen.
    """

    def __init__(self, flow: Flow, shown: Callable[[], None]) -> None:
        self._flow = flow
        self._shown = shown

    def __call__(self) -> bool:
        for index, view in enumerate(self._flow.views):
            if view.has_more:
                view.refresh()
                self._flow.touch(index)
                self._shown()
                return True
        return False


class Waiting(QTimer):
    """Says every second how long answers that show it have been thinking.

    Args:
        shown: is called when captions changed.
    """

    def __init__(self, parent: QObject, flow: Flow, shown: Callable[[], None]) -> None:
        super().__init__(parent)
        self._flow = flow
        self._shown = shown
        self._since_told = QElapsedTimer()
        self.setInterval(TICK_MS)
        self.timeout.connect(self._on_timeout)

    def told(self) -> None:
        """News of an answer came just now."""
        self._since_told.start()

    def settle(self) -> None:
        """Runs as long as an answer waits."""
        if any(view.is_waiting for view in self._flow.views[-2:]) != self.isActive():
            self.stop() if self.isActive() else self.start()

    def _on_timeout(self) -> None:
        waited = self._since_told.elapsed() / 1000 if self._since_told.isValid() else 0.0
        for index, view in enumerate(self._flow.views):
            if isinstance(view, AnswerView) and view.is_waiting:
                view.waited_s = waited
                view.refresh()
                self._flow.touch(index)
        self._shown()
