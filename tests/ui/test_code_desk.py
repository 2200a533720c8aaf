"""Code of an answer goes where the reader says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from finr1_desk.app.background import MainThread, Pool
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.ui.binding.code import CodeDesk
from finr1_desk.ui.dialogs.asking import Dialogs
from finr1_desk.ui.look.theme import LIGHT
from finr1_desk.ui.pane.pane import ChatPane
from finr1_desk.ui.window import Window


class _Answers(Dialogs):
    """A user who always gives the same path."""

    path: Path | None = None
    offered = ""

    def file_to_save(self, title: str, name: str, kinds: str) -> Path | None:
        self.offered = f"{name} {kinds}"
        return self.path


class _Desk:
    def __init__(self, window: Window) -> None:
        self.window = window
        self.pane = ChatPane(LIGHT, window)
        self.dialogs = _Answers(window)
        self.pool = Pool(MainThread(window))
        self.errors: list[UserError] = []
        self.desk = CodeDesk(self.pane, window, self.dialogs, self.pool, self.errors.append)


@pytest.fixture
def desk(window: Window) -> Iterator[_Desk]:
    made = _Desk(window)
    yield made
    made.pool.close()


def test_code_is_saved_and_said_where(desk: _Desk, qtbot: QtBot, tmp_path: Path) -> None:
    desk.dialogs.path = tmp_path / "npv.py"
    desk.pane.codeWanted.emit("python", "x = 1")
    qtbot.waitUntil(lambda: desk.window.notice.isVisibleTo(desk.window), timeout=30_000)
    assert desk.dialogs.offered == "code.py Code (*.py)"
    assert desk.dialogs.path.read_text() == "x = 1\n"
    assert desk.window.notice.hint() == str(desk.dialogs.path)


def test_what_fails_is_told(desk: _Desk, qtbot: QtBot, tmp_path: Path) -> None:
    desk.dialogs.path = tmp_path / "missing" / "x.txt"
    desk.pane.codeWanted.emit("", "x")
    qtbot.waitUntil(lambda: bool(desk.errors), timeout=30_000)
    assert desk.errors[0].code is ErrorCode.FILE_UNWRITABLE


def test_nothing_happens_where_the_user_changes_their_mind(desk: _Desk) -> None:
    desk.pane.codeWanted.emit("", "x")
    assert not desk.window.notice.isVisibleTo(desk.window)
