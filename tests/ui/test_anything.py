"""Anything in any order, without waiting for what came before: nothing raises, nothing sticks, no message is lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from finr1_desk.core.conversation import Message, MessageState
from tests.export.foreign_files import write
from tests.ui.played import PlayedDialogs, Running

QUESTIONS = (
    "Revenue rose from 320 million to 400 million. What is the growth rate?",
    "营业收入从320万元增长到400万元，增长率是多少？",
    "| a | b |\n|---|--:|\n| 1 | 2 |\n\nIs it $1,000?",
    "See [this](https://a.example) and one[^1].\n\n[^1]: A note.",
)
ANSWERS = (
    "<think>\nShort.\n</think>\n<answer>\n**20%**, that is \\boxed{20\\%}.\n</answer>",
    "<think>\nhm\n</think>\n<answer>\n| a | b |\n|---|--:|\n| x | 1 |\n\n```python\nx = 1\n```\n\none[^1]\n\n[^1]: n\n",
    "No tags, and no end",
)
_KEYS = "Tab Backtab Return Escape Down Up PageDown Home End Space Delete Left Right A"
KEYS = [getattr(Qt.Key, f"Key_{name}") for name in _KEYS.split(" ")]
COMMANDS = [
    *("new", "copy", "select_all", "quote", "undo", "find", "find_next", "previous_version", "next_version", "delete"),
    *("previous", "next", "focus_composer", "sidebar", "larger", "smaller", "normal", "answer_now", "stop"),
]
SETTINGS: tuple[dict[str, Any], ...] = (
    {"theme": "dark"},
    {"theme": "light"},
    {"language": "zh_CN"},
    {"language": "en"},
    {"fold_thinking": False},
    {"fold_thinking": True},
)
LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


class Hand:
    """Somebody who does anything; what is next follows from the seed."""

    def __init__(self, running: Running, files: list[Path], seed: int) -> None:
        self.chance = random.Random(seed)
        self.running = running
        self.window = running.window
        self.services = running.built
        self.files = files
        self.done: list[str] = []
        self._engine_at = 0
        self._ways = [
            *[self.ask] * 5,
            *[self.answer] * 9,
            *[self.open] * 4,
            *[self.press] * 8,
            *[self.key] * 8,
            *[self.click] * 6,
            *[self.command] * 6,
            *[self.keep] * 4,
            *[self.menu, self.undo] * 3,
            *[self.search, self.give, self.scroll, self.delete, self.step] * 2,
            self.settings,
            self.resize,
        ]

    def act(self) -> None:
        way = self.chance.choice(self._ways)
        self.done.append(way.__name__)
        way()

    @property
    def ids(self) -> list[str]:
        model = self.window.sidebar.model
        return [id for row in range(model.rowCount()) if (id := model.id_at(row))]

    def ask(self) -> None:
        self.window.composer.edit.setPlainText(self.chance.choice(QUESTIONS))
        (self.window.composer._on_sample if self.chance.random() < 0.1 else self.window.composer._on_submit)()

    def answer(self) -> None:
        """Lets the engine answer what it was asked longest ago, or begin to."""
        engine = self.running.engine
        if self._engine_at < len(engine.requests):
            self._engine_at += 1
            id = f"r{self._engine_at}"
            engine.start(id)
            engine.say(id, self.chance.choice(ANSWERS))
            engine.finish(id)

    def open(self) -> None:
        if self.ids:
            self.services.conversations.open(self.chance.choice(self.ids))

    def press(self) -> None:
        pane = self.window.pane
        if pane is not None and self.window.is_chat_shown():
            found = [(p.view.message.id, c.action) for p in pane.flow.placed() for c in pane.controls.of(p.row)]
            if found:
                pane.press(*self.chance.choice(found))

    def key(self) -> None:
        widget = QApplication.focusWidget()
        if widget is not None and self.window.isAncestorOf(widget):
            QTest.keyClick(widget, self.chance.choice(KEYS))

    def click(self) -> None:
        if self.window.pane is not None and self.window.is_chat_shown():
            port = self.window.pane.viewport()
            start, end = (
                QPoint(self.chance.randrange(port.width()), self.chance.randrange(port.height())) for _ in range(2)
            )
            QTest.mousePress(port, LEFT, PLAIN, start)
            QTest.mouseMove(port, end)
            QTest.mouseRelease(port, LEFT, PLAIN, self.chance.choice((start, end)))

    def command(self) -> None:
        action = self.window.actions_[self.chance.choice(COMMANDS)]
        if action.isEnabled():
            action.trigger()

    def keep(self) -> None:
        if not self.ids:
            return
        some = self.chance.sample(self.ids, min(len(self.ids), 2))
        sidebar = self.window.sidebar
        self.chance.choice(
            [
                lambda: sidebar.pinRequested.emit(some, True),
                lambda: sidebar.pinRequested.emit(some, False),
                lambda: sidebar.moveRequested.emit(some, None),
                lambda: sidebar.renameRequested.emit(some[0], self.chance.choice(("", "x" * 300, "名称\n\u202e"))),
                lambda: sidebar.deleteRequested.emit(some[:1]),
                sidebar.trashRequested.emit,
                sidebar.show_list,
            ]
        )()

    def search(self) -> None:
        self.window.sidebar._search.setText(self.chance.choice(("", "rev", "增长", 'a"b*', "20")))

    def settings(self) -> None:
        self.services.settings.set(**self.chance.choice(SETTINGS))

    def resize(self) -> None:
        self.window.resize(self.chance.choice((500, 900, 1500)), self.chance.choice((420, 700, 1000)))

    def give(self) -> None:
        self.window.filesDropped.emit(self.chance.sample(self.files, 2))

    def scroll(self) -> None:
        if self.window.pane is not None:
            bar = self.window.pane.verticalScrollBar()
            bar.setValue(self.chance.randrange(bar.maximum() + 1))

    def menu(self) -> None:
        if self.window.pane is not None and self.window.is_chat_shown():
            menu = self.window.pane._pointer.menu_at(QPointF(200, self.chance.randrange(400)))
            actions = [action for action in menu.actions() if action.isEnabled() and not action.isSeparator()]
            if actions:
                self.chance.choice(actions).trigger()
            menu.deleteLater()

    def delete(self) -> None:
        shown = self.services.conversations.shown()
        if shown:
            self.services.branches.delete(self.chance.choice(shown).id)

    def step(self) -> None:
        shown = self.services.conversations.shown()
        if shown:
            self.services.branches.step(self.chance.choice(shown).id, self.chance.choice((-1, 1)))

    def undo(self) -> None:
        self.services.branches.undo()
        button = self.window.sidebar.undo_bar.findChild(QPushButton)
        if isinstance(button, QPushButton) and button.isVisible():
            button.click()

    def close_others(self) -> None:
        for widget in QApplication.topLevelWidgets():
            if widget.isVisible() and widget is not self.window:
                widget.close()


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(4))
def test_anything_in_any_order(
    start: Callable[..., Running], qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    running = start()
    files = [
        write(tmp_path / "a.csv", "Year,Profit\n2023,1000\n"),
        write(tmp_path / "b.txt", "As reported.\n"),
        write(tmp_path / "c.pdf", b"%PDF-1.7"),
        tmp_path / "gone",
    ]
    for question in ("file_to_save", "table_to_read", "table_to_write", "task_to_import", "task_to_export"):
        monkeypatch.setattr(PlayedDialogs, question, lambda *_: None)  # the system's own windows would wait for ever
    hand = Hand(running, files, seed)
    for number in range(1500):
        hand.act()
        qtbot.wait(hand.chance.choice((0, 0, 0, 2, 20, 60)))
        if number % 25 == 0:
            hand.close_others()

    def is_idle(id: str) -> bool:
        hand.answer()  # a question that waited is asked now
        return not running.built.answers.is_busy(id)

    for id in hand.ids:
        running.built.conversations.open(id)
        running.until(lambda id=id: running.built.conversations.current == id)  # type: ignore[misc]
        running.until(lambda id=id: is_idle(id))  # type: ignore[misc]
        kept: list[list[Message]] = []
        running.built.store.run(lambda store, id=id: store.messages(id), kept.append)  # type: ignore[misc]
        running.until(lambda kept=kept: bool(kept))  # type: ignore[misc]
        assert {message.id for message in running.built.conversations.shown()} <= {message.id for message in kept[0]}
        assert all(message.state is not MessageState.WRITING for message in kept[0]), hand.done[-20:]
