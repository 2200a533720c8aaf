"""One measurement of `tests.benchmarks.pane`, in a process of its own. Prints its result as one line of JSON."""

from __future__ import annotations

import gc
import json
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QSocketNotifier, Qt, QTimer
from PySide6.QtGui import QIcon, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from finr1_desk.app.live import LiveStatus, Phase
from finr1_desk.core.conversation import Message, MessageState, Part, PartKind
from finr1_desk.library.assets import asset
from finr1_desk.ui.desk import GC_THRESHOLDS
from finr1_desk.ui.look.appearance import Appearance
from finr1_desk.ui.look.icons import Icons
from finr1_desk.ui.pane.pane import ChatPane
from finr1_desk.ui.window import Window
from tests.benchmarks.pane_text import CHARS_A_TOKEN, conversation, long_answer
from tests.ui.pane.samples import answer, question

TOKENS = 16_000
TOKENS_A_SECOND = 300
COMPARED_TOKENS = 1000
UPDATE_MS = 40  # as the application coalesces what comes
POST_MS = 10
KEY_EVERY = 20  # posts
SETTLED_MS = 1500

_POSTER = """
import socket, struct, sys, time
line = socket.socket(fileno=int(sys.argv[1]))
step = float(sys.argv[2])
due = time.monotonic()
while True:
    due = max(due + step, time.monotonic())
    time.sleep(max(due - time.monotonic(), 0))
    line.send(struct.pack("d", time.monotonic()))
"""


def give(**result: Any) -> None:
    print(json.dumps(result), flush=True)
    os._exit(0)


def p99(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)] if values else float("nan")


class Post(QObject):
    """Stamps that another process writes every 10 ms, and how late each was handled."""

    def __init__(self, handled: Callable[[float], None]) -> None:
        super().__init__()
        self._handled = handled
        self._ours, theirs = socket.socketpair()
        self._ours.setblocking(False)
        command = [sys.executable, "-c", _POSTER, str(theirs.fileno()), str(POST_MS / 1000)]
        self._poster = subprocess.Popen(command, pass_fds=(theirs.fileno(),))
        theirs.close()
        self._notifier = QSocketNotifier(self._ours.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_activated)

    def _on_activated(self) -> None:
        stamps = self._ours.recv(4096)
        for (stamp,) in struct.iter_unpack("d", stamps[: len(stamps) // 8 * 8]):
            self._handled(stamp)

    def end(self) -> None:
        self._poster.kill()
        self._poster.wait()


class Painted(QObject):
    """Calls when a widget was painted, as often as it is."""

    def __init__(self, watched: QObject, after: Callable[[], None]) -> None:
        super().__init__()
        self._after = after
        watched.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, self._after)
        return False


def open_window(application: QApplication) -> tuple[Window, ChatPane]:
    appearance = Appearance(application)
    appearance.apply("light", 100)
    window = Window(appearance.theme, Icons(asset("icons"), appearance.theme), QIcon())
    pane = ChatPane(appearance.theme, window)
    window.set_pane(pane)
    window.show_chat()
    window.resize(1120, 760)
    window.show()
    return window, pane


class Streaming:
    """A long answer that streams in while somebody types."""

    def __init__(self, window: Window, pane: ChatPane, seconds: float) -> None:
        self._window, self._pane = window, pane
        self._seconds = seconds
        self._text = long_answer(TOKENS)
        self._writing = answer("", id="long", state=MessageState.WRITING, generation=None)
        self._delays: list[float] = []
        self._keys: list[float] = []
        self._pressed: float | None = None
        self._count = 0
        self._used: dict[str, float] = {}
        self._painted = Painted(window.composer.edit.viewport(), self._on_composer_painted)
        pane.set_messages([question("Tell me everything."), self._writing], {"long": LiveStatus(Phase.ANSWERING)})
        self._timer = QTimer(interval=UPDATE_MS)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._grow)
        QTimer.singleShot(SETTLED_MS, self._begin)

    def _begin(self) -> None:
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        self._post = Post(self._on_post)
        self._started, self._began_used = time.monotonic(), time.process_time()
        self._timer.start()

    def _grow(self) -> None:
        passed = time.monotonic() - self._started
        tokens = int(passed * TOKENS_A_SECOND)
        last = min(int(self._seconds * TOKENS_A_SECOND), TOKENS)
        for name, limit in (("first", COMPARED_TOKENS), ("before_last", last - COMPARED_TOKENS), ("last", last)):
            if tokens >= limit:
                self._used.setdefault(name, time.process_time() - self._began_used)
        text = self._text[: min(tokens, last) * CHARS_A_TOKEN]
        message = replace(self._writing, parts=(Part(PartKind.ANSWER, text),))
        self._pane.update_message(message, LiveStatus(Phase.ANSWERING, tokens=tokens))
        if tokens >= last:
            self._end(passed)

    def _on_post(self, stamp: float) -> None:
        self._delays.append(time.monotonic() - stamp)
        self._count += 1
        if self._count % KEY_EVERY == 0 and self._pressed is None:
            self._pressed = stamp
            edit = self._window.composer.edit
            key = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier, "a")
            QApplication.postEvent(edit, key)

    def _on_composer_painted(self) -> None:
        if self._pressed is not None:
            self._keys.append(time.monotonic() - self._pressed)
            self._pressed = None

    def _end(self, passed: float) -> None:
        self._timer.stop()
        self._post.end()
        used = time.process_time() - self._began_used
        give(
            stall_median_ms=1000 * sorted(self._delays)[len(self._delays) // 2],
            stall_p99_ms=1000 * p99(self._delays),
            stall_worst_ms=1000 * max(self._delays),
            processor_share=used / passed,
            last_against_first=(self._used["last"] - self._used["before_last"]) / self._used["first"],
            key_p99_ms=1000 * p99(self._keys),
            characters=len(self._text),
            keys=len(self._keys),
        )


class Opening:
    """A conversation of 1,000 messages that is opened and read."""

    def __init__(self, window: Window, pane: ChatPane) -> None:
        self._window, self._pane = window, pane
        self._messages: list[Message] = conversation(1000, 2_000_000)
        pane.set_messages(self._messages[:4], {})  # a conversation was open before
        self._frames: list[float] = []
        self._moved: float | None = None
        self._step = 0
        self._painted: Painted | None = None
        QTimer.singleShot(SETTLED_MS, self._begin)

    def _memory(self) -> float:
        import psutil

        return float(psutil.Process().memory_full_info().uss) / 1e6

    def _begin(self) -> None:
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        self._before = self._memory()
        self._started = time.monotonic()
        self._painted = Painted(self._pane.viewport(), self._on_painted)
        self._pane.set_messages(self._messages, {})

    def _on_painted(self) -> None:
        if self._painted is None:
            return
        self._painted = None
        self._first_screen = time.monotonic() - self._started
        QTimer.singleShot(SETTLED_MS, self._scroll)

    def _scroll(self) -> None:
        """Turns of the wheel, pages, and jumps of the bar, with 16 ms and more between them."""
        self._watch = Painted(self._pane.viewport(), self._on_frame)
        self._timer = QTimer(interval=16)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._move)
        self._timer.start()

    def _move(self) -> None:
        if self._moved is not None:
            return
        self._step += 1
        bar = self._pane.verticalScrollBar()
        if self._step <= 600:
            self._moved = time.monotonic()
            viewport = self._pane.viewport()
            middle = QPointF(viewport.rect().center())
            where = QPointF(viewport.mapToGlobal(middle.toPoint()))
            nothing, buttons = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.NoButton
            turn = QPoint(0, 120 if self._step <= 400 else -120)  # up from the end, and down again
            phase = Qt.ScrollPhase.NoScrollPhase
            QApplication.sendEvent(viewport, QWheelEvent(middle, where, QPoint(), turn, buttons, nothing, phase, False))
        elif self._step <= 700:
            self._moved = time.monotonic()
            bar.setValue(bar.value() - bar.pageStep())
        elif self._step <= 750:  # the handle of the bar is pulled
            self._moved = time.monotonic()
            bar.setValue(round(bar.maximum() * (0.9 - (self._step - 700) / 100)))
        else:
            self._timer.stop()
            give(
                first_screen_ms=1000 * self._first_screen,
                more_memory_mb=self._memory() - self._before,
                scroll_median_ms=1000 * sorted(self._frames)[len(self._frames) // 2],
                scroll_p99_ms=1000 * p99(self._frames),
                scroll_worst_ms=1000 * max(self._frames),
                wheel_p99_ms=1000 * p99(self._frames[:600]),
                page_p99_ms=1000 * p99(self._frames[600:700]),
                pull_p99_ms=1000 * p99(self._frames[700:]),
                frames=len(self._frames),
            )

    def _on_frame(self) -> None:
        if self._moved is not None:
            self._frames.append(time.monotonic() - self._moved)
            self._moved = None


def main(part: str, formulas: str, *arguments: str) -> None:
    application = QApplication(sys.argv[:1])
    window, pane = open_window(application)
    if formulas == "sources":
        pane._page = replace(pane.page, formulas=None)
    running = Streaming(window, pane, float(arguments[0])) if part == "stream" else Opening(window, pane)
    application.exec()
    del running


if __name__ == "__main__":
    main(*sys.argv[1:])
