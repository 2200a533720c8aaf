"""Telling of the answers that are being written: new text, figures, the clock, each as often as eyes can follow.

Owns the timers. What is written is told from outside; nothing here is sent or kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from finr1_desk.app.live import Phase
from finr1_desk.app.work import Work
from finr1_desk.core.conversation import Message

PAINT_MS: Final = 30  # at least between two paintings; the engine tells of new text 20 times a second
FIGURES_MS: Final = 250  # tokens/s and the context: faster, figures cannot be read
CLOCK_MS: Final = 1000  # «Thinking… 12 s» goes on while no token comes


class Telling(QObject):
    """Tells of `works`, which maps conversations to what is being written in them.

    Args:
        current: the open conversation.
    """

    grew = Signal(object, object)  # Message, LiveStatus
    contextUsed = Signal(int, int)  # tokens, limit
    speed = Signal(float)  # tokens/s
    figuresDue = Signal()

    def __init__(
        self, works: Mapping[str, Work], current: Callable[[], str | None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._works = works
        self._current = current
        self._paint = QTimer(self, singleShot=True, interval=PAINT_MS)
        self._since_painted = QElapsedTimer()
        self._paint.timeout.connect(self._on_paint)
        self._figures = QTimer(self, interval=FIGURES_MS)
        self._figures.timeout.connect(self._on_figures)
        self._clock = QTimer(self, interval=CLOCK_MS)
        self._clock.timeout.connect(self._on_clock)

    def run(self) -> None:
        """Goes on as long as something is written."""
        for timer in (self._figures, self._clock):
            if self._works and not timer.isActive():
                timer.start()
            elif not self._works:
                timer.stop()

    def stop(self) -> None:
        for timer in (self._paint, self._figures, self._clock):
            timer.stop()

    def soon(self) -> None:
        """Tells what has come at once, as long as that is not too often; it costs no waking of its own."""
        if not self._since_painted.isValid() or self._since_painted.hasExpired(PAINT_MS):
            self._on_paint()
        elif not self._paint.isActive():
            self._paint.start()

    def tell_context(self, shown: list[Message], limit: int) -> None:
        """The open conversation's share of the context: what its answer occupies now, or occupied at its end."""
        work = self._works.get(self._current() or "")
        if work is not None and work.writings[0].started is not None:
            used = max(writing.context_used for writing in work.writings)
            self.contextUsed.emit(used, work.writings[0].started.model.context_length or limit)
            return
        usage = next((message.generation.usage for message in reversed(shown) if message.generation is not None), None)
        self.contextUsed.emit(usage.prompt_tokens + usage.completion_tokens if usage is not None else 0, limit)

    def _on_paint(self) -> None:
        self._since_painted.start()
        for work in list(self._works.values()):
            for writing in work.writings:
                if writing.unpainted and writing.id not in work.kept:
                    writing.unpainted = False
                    self.grew.emit(writing.message, writing.status)

    def _on_figures(self) -> None:
        work = self._works.get(self._current() or "")
        if work is not None:
            self.speed.emit(work.tokens_per_s)
            self.figuresDue.emit()

    def _on_clock(self) -> None:
        for work in self._works.values():
            for writing in work.writings:
                if writing.status.phase is Phase.THINKING:
                    writing.unpainted = True
        self.soon()
