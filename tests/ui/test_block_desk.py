"""A block of an answer, from the wish of a reader to the clipboard, the file and the dialog."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from finr1_desk.app.background import MainThread, Pool
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.tables import TextTable
from finr1_desk.ui.binding.blocks import BlockDesk
from finr1_desk.ui.dialogs.asking import Dialogs
from finr1_desk.ui.look.theme import LIGHT
from finr1_desk.ui.pane.pane import ChatPane
from finr1_desk.ui.plot.dialog import PlotDialog
from finr1_desk.ui.window import Window

TABLE = TextTable(("a", "n"), (("=x", "1"), ("y", "2")))


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
        self.desk = BlockDesk(self.pane, window, self.dialogs, self.pool, self.errors.append)


@pytest.fixture
def desk(window: Window) -> Iterator[_Desk]:
    made = _Desk(window)
    yield made
    made.pool.close()


def test_a_copied_table_is_text_and_html(desk: _Desk) -> None:
    desk.pane.tableWanted.emit("copy", TABLE)
    copied = QApplication.clipboard().mimeData()
    assert copied.text() == "a\tn\n'=x\t1\ny\t2"
    assert "<table" in copied.html()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_table_is_saved_and_said_where(desk: _Desk, qtbot: QtBot, tmp_path: Path, kind: str) -> None:
    desk.dialogs.path = tmp_path / f"t.{kind}"
    desk.pane.tableWanted.emit(kind, TABLE)
    qtbot.waitUntil(lambda: desk.window.notice.isVisibleTo(desk.window), timeout=30_000)
    assert desk.dialogs.path.stat().st_size > 0
    assert desk.window.notice.hint() == str(desk.dialogs.path)


def test_code_is_saved_and_said_where(desk: _Desk, qtbot: QtBot, tmp_path: Path) -> None:
    desk.dialogs.path = tmp_path / "npv.py"
    desk.pane.codeWanted.emit("python", "x = 1")
    qtbot.waitUntil(lambda: desk.window.notice.isVisibleTo(desk.window), timeout=30_000)
    assert desk.dialogs.offered == "code.py Code (*.py)"
    assert desk.dialogs.path.read_text() == "x = 1\n"
    assert desk.window.notice.hint() == str(desk.dialogs.path)


def save_table(pane: ChatPane) -> None:
    pane.tableWanted.emit("csv", TABLE)


def save_code(pane: ChatPane) -> None:
    pane.codeWanted.emit("", "x")


SAVES = pytest.mark.parametrize("save", [save_table, save_code])


@SAVES
def test_what_fails_is_told(desk: _Desk, qtbot: QtBot, tmp_path: Path, save: Callable[[ChatPane], None]) -> None:
    desk.dialogs.path = tmp_path / "missing" / "x"
    save(desk.pane)
    qtbot.waitUntil(lambda: bool(desk.errors), timeout=30_000)
    assert desk.errors[0].code is ErrorCode.FILE_UNWRITABLE


@SAVES
def test_nothing_happens_where_the_user_changes_their_mind(desk: _Desk, save: Callable[[ChatPane], None]) -> None:
    save(desk.pane)
    assert desk.dialogs.offered
    assert not desk.window.notice.isVisibleTo(desk.window)


def test_figures_are_plotted_and_words_are_not(desk: _Desk) -> None:
    desk.pane.tableWanted.emit("plot", TABLE)
    dialog = desk.window.findChild(PlotDialog)
    assert dialog is not None
    dialog.reject()
    desk.pane.tableWanted.emit("plot", TextTable(("a",), (("x",),)))
    assert "figures" in desk.window.notice.text()
