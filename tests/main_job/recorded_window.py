"""The application's own window in a process of its own, which obeys lines of JSON and tells how it stands.

Run as `python -m tests.main_job.recorded_window DATA_DIR MODEL`. It reads `{"ask": [TEXT, ...]}` (each in a new
conversation, by the composer and its Enter key), `{"continue": [CONVERSATION, ANSWER]}` (the control below an answer)
and `{"measure": true}` (stalls count from now). Ten times a second it writes the time, the length of the text of each
answer being written, how often the engine died, and the longest stalls since the last `measure`, in seconds.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSocketNotifier, Qt, QTimer
from PySide6.QtTest import QTest

from finr1_desk.app.bootstrap import Application, build
from finr1_desk.app.settings import SettingsController
from finr1_desk.core.conversation import Conversation, Message
from finr1_desk.core.events import EngineDied
from finr1_desk.store.paths import resolve_data_dir
from finr1_desk.ui.desk import Desk
from finr1_desk.ui.main import _application, _claim
from tests.helpers.heart import Heart

TOLD_MS = 100
ASKED_MS = 20  # between two looks whether there is something to do


class Recorded:
    """A window, what it is still to do, and what is told of it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._todo: list[Callable[[], bool]] = []  # each is tried until it says that it is done
        self._conversations: set[str] = set()
        self._deaths: list[str] = []
        self._heart = Heart()
        self._services: Application | None = None
        self._input = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
        self._input.activated.connect(self._on_line)
        self._work = QTimer(interval=ASKED_MS)
        self._work.timeout.connect(self._go_on)
        self._work.start()
        self._tell = QTimer(interval=TOLD_MS)
        self._tell.timeout.connect(self._on_tell)
        self._tell.start()

    def _ready(self) -> Application | None:
        services = self._desk.services
        if services is None or services.models.choice is None:
            return None
        if self._services is None:
            self._services = services
            services.answers.asked.connect(self._on_asked)
            services.models.died.connect(self._on_died)
        return services

    def _on_asked(self, conversation: Conversation, _question: Message) -> None:
        self._conversations.add(conversation.id)

    def _on_died(self, event: EngineDied) -> None:
        self._deaths.append(str(event))

    # -- orders

    def _on_line(self) -> None:
        order: dict[str, Any] = json.loads(sys.stdin.readline())
        for text in order.get("ask", ()):
            self._todo += [self._begin_new, lambda text=text: self._send(text), self._has_asked(text)]
        if "continue" in order:
            conversation, answer = order["continue"]
            self._conversations.add(conversation)
            self._todo += [lambda: self._open(conversation), lambda: self._continue(answer)]
        if "measure" in order:
            self._heart.begin()

    def _go_on(self) -> None:
        while self._todo and self._ready() is not None and self._todo[0]():
            del self._todo[0]

    def _begin_new(self) -> bool:
        self._desk.window.actions_["new"].trigger()
        return True

    def _send(self, text: str) -> bool:
        window = self._desk.window
        if not window.is_empty_shown():
            return False
        window.composer.edit.setPlainText(text)
        QTest.keyClick(window.composer.edit, Qt.Key.Key_Return)
        return True

    def _has_asked(self, text: str) -> Callable[[], bool]:
        def has() -> bool:
            assert self._services is not None
            return any(message.answer == text for message in self._services.conversations.shown())

        return has

    def _open(self, conversation: str) -> bool:
        assert self._services is not None
        if self._services.conversations.current != conversation:
            self._services.conversations.open(conversation)
            return False
        return True

    def _continue(self, answer: str) -> bool:
        assert self._services is not None
        if not any(message.id == answer for message in self._services.conversations.shown()):
            return False
        self._desk.window.pane.actionTriggered.emit(answer, "continue")
        return True

    # -- what is told

    def _on_tell(self) -> None:
        lengths: dict[str, int] = {}
        if self._services is not None:
            for conversation in self._conversations:
                for id, message in self._services.answers.live_messages(conversation).items():
                    lengths[id] = len(message.raw)
        told = {
            "at": time.time(),
            "lengths": lengths,
            "deaths": len(self._deaths),
            "died_of": self._deaths[-1:],
            "worker": self._services.link.client.worker_pid if self._services is not None else None,
            "stall_s": self._heart.longest_s,
            "work_s": self._heart.longest_work_s,
        }
        os.write(1, (json.dumps(told) + "\n").encode())


def main(data: str, model: str) -> int:
    application = _application()
    paths = resolve_data_dir(Path(data))
    instance = _claim(paths.root)
    assert instance is not None, "the folder's last window still runs"
    settings = SettingsController(paths)
    settings.load()
    desk = Desk(application, settings, lambda: build(Path(data), Path(model), settings=settings))
    recorded = Recorded(desk)
    desk.show()
    status = application.exec()
    del recorded
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
