"""A window with real services and an engine that is played, so that a test decides what it says and when.

Owns the machinery of `test_binding`; it holds no tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from finr1_desk.app.bootstrap import build
from finr1_desk.app.settings import SettingsController
from finr1_desk.app.store_access import Open
from finr1_desk.core.conversation import FinishReason, LeftOut, Timing, Usage
from finr1_desk.core.events import (
    Finished,
    GenerateRequest,
    LoadedModel,
    ModelLoaded,
    ModelRequest,
    Started,
    TextProduced,
    TokensCounted,
)
from finr1_desk.core.prompts import Turn
from finr1_desk.core.sampling import Sampling
from finr1_desk.store.paths import resolve_data_dir
from finr1_desk.ui.binding.window import Binding
from finr1_desk.ui.desk import Desk
from finr1_desk.ui.dialogs.asking import Dialogs

WAIT_MS = 30_000


@dataclass
class PlayedEngine:
    """Stands for the engine's client: keeps what it is asked and answers when a test says so."""

    emit: Callable[[Any], None]
    requests: list[GenerateRequest] = field(default_factory=list)
    counted: list[tuple[Turn, ...]] = field(default_factory=list)
    planned: list[ModelRequest] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    answered_now: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    worker_pid: int | None = None

    def generate(self, request: GenerateRequest) -> str:
        self.requests.append(request)
        return f"r{len(self.requests)}"

    def load(self, request: ModelRequest) -> str:
        self.emit(ModelLoaded(self.model(request)))
        return "load"

    def count(self, model: ModelRequest, turns: tuple[Turn, ...]) -> str:
        self.counted.append(turns)
        event = TokensCounted(f"c{len(self.counted)}", sum(len(turn.content) + 5 for turn in turns))
        QTimer.singleShot(0, lambda: self.emit(event))
        return event.request

    def plan(self, request: ModelRequest) -> str:
        self.planned.append(request)
        return f"p{len(self.planned)}"

    def cancel(self, request_id: str) -> None:
        self.cancelled.append(request_id)
        self.finish(request_id, FinishReason.CANCELLED)

    def answer_now(self, request_id: str) -> None:
        self.answered_now.append(request_id)

    def forget(self, conversation: str) -> None:
        self.forgotten.append(conversation)

    def unload(self) -> None: ...

    def close(self, timeout: float = 2.0) -> None: ...

    # -- what it answers

    @staticmethod
    def model(request: ModelRequest) -> LoadedModel:
        return LoadedModel(
            request=request,
            name="Played",
            file_name="played.gguf",
            architecture="qwen2",
            quantisation="Q4_K_M",
            parameters=1,
            context_length=2048,
            trained_context=2048,
            device="CPU",
            layers=1,
            gpu_layers=0,
            threads=1,
            load_s=0.1,
        )

    def start(self, request_id: str, left_out: int = 0) -> None:
        request = self.requests[int(request_id[1:]) - 1]
        left = LeftOut(left_out, 10 * left_out)
        self.emit(Started(request_id, 0, 20, 0, Sampling(), 7, 0.0, self.model(request.model), left))

    def say(self, request_id: str, text: str, tokens: int = 5, think_tokens: int = 0) -> None:
        self.emit(TextProduced(request_id, text, tokens, think_tokens, 12.5, 20 + tokens))

    def finish(self, request_id: str, reason: FinishReason = FinishReason.STOP) -> None:
        self.emit(Finished(request_id, reason, Usage(20, 0, 5, 2), Timing(tokens_per_s=12.5)))

    def answer(self, request_id: str, text: str = "<think>\nhm\n</think>\n<answer>\nyes\n</answer>") -> None:
        self.start(request_id)
        self.say(request_id, text)
        self.finish(request_id)


class PlayedDialogs(Dialogs):
    """Answers the questions that a person would."""

    folder: Path | None = None
    files: list[Path]
    model: Path | None = None
    may_open = False
    may_delete = False
    new_folder = ""
    opened: list[str]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.window)
        self.files, self.opened = [], []

    def model_file(self, start: Path | None) -> Path | None:
        return self.model

    def files_to_import(self) -> list[Path]:
        return self.files

    def files_to_add(self) -> list[Path]:
        return self.files

    def export_folder(self) -> Path | None:
        return self.folder

    def data_folder(self) -> Path | None:
        return self.folder

    def may_open_link(self, address: str) -> bool:
        return self.may_open

    def folder_name(self) -> str:
        return self.new_folder

    def may_remove(self, count: int) -> bool:
        return self.may_delete

    def open_link(self, address: str) -> None:
        self.opened.append(address)

    def open_folder(self, folder: Path) -> None:
        self.opened.append(str(folder))


class Running:
    """A window with its services, and shorthands for what tests do with it."""

    def __init__(self, qapp: QApplication, qtbot: QtBot, data: Path, *, wait: bool = True) -> None:
        settings = SettingsController(resolve_data_dir(data))
        settings.load()
        self.built = build(data, settings=settings)
        self.engine = PlayedEngine(self.built.link.received.emit)
        self.built.link._client = self.engine
        self.desk = Desk(qapp, settings, lambda: self.built)
        self.dialogs = PlayedDialogs(self.desk)
        self.desk._dialogs = self.dialogs
        self.window = self.desk.window
        self.qtbot = qtbot
        self._left = False
        self.desk.show()
        if wait:
            self.until(lambda: isinstance(self.built.store.status, Open) and self.built.models.choice is not None)
            self.window.activateWindow()

    def until(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=WAIT_MS)

    @property
    def binding(self) -> Binding:
        assert self.desk._binding is not None
        return self.desk._binding

    def ask(self, text: str) -> None:
        self.window.composer.edit.setPlainText(text)
        QTest.keyClick(self.window.composer.edit, Qt.Key.Key_Return)

    def ask_and_wait(self, text: str) -> str:
        """Asks, and returns the engine's request id once the question has reached it."""
        count = len(self.engine.requests)
        self.ask(text)
        self.until(lambda: len(self.engine.requests) > count)
        return f"r{len(self.engine.requests)}"

    def answered(self, text: str) -> str:
        """A whole exchange; returns the conversation's id."""
        request = self.ask_and_wait(text)
        with self.qtbot.waitSignal(self.built.answers.finished, timeout=WAIT_MS):
            self.engine.answer(request)
        assert self.built.conversations.current is not None
        return self.built.conversations.current

    def new(self) -> None:
        QTest.keyClick(self.window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
        self.until(self.window.is_empty_shown)

    def row(self, id: str, role: int) -> Any:
        row = self.window.sidebar.model.row_of(id)
        return None if row is None else self.window.sidebar.model.index(row).data(role)

    def titles(self) -> list[str]:
        model = self.window.sidebar.model
        return [str(model.index(row).data()) for row in range(model.rowCount()) if model.id_at(row)]

    def button(self, name: str) -> QToolButton:
        button = self.window.findChild(QToolButton, name)
        assert isinstance(button, QToolButton)
        return button

    def close(self) -> None:
        if not self._left:
            self._left = True
            self.window.close()
            self.desk.leave()
            if self.desk.services is None:  # closed before the first paint
                self.built.quit()
            self.window.deleteLater()
