"""Files that are dropped anywhere on the window, pasted or picked arrive where they belong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from finr1_desk.library.assets import asset
from finr1_desk.ui.drop_hint import DropHint
from finr1_desk.ui.language import Language
from finr1_desk.ui.sidebar.rows import RowList
from tests.export import foreign_files as files
from tests.export.foreign_files import write
from tests.ui.played import Running

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
COPY, MOVE = Qt.DropAction.CopyAction, Qt.DropAction.MoveAction
CSV = "Year,Profit\n2023,1000\n2024,1200\n"
TABLE = "| Year | Profit |\n| ---: | ---: |\n| 2023 | 1000 |\n| 2024 | 1200 |\n\n"


@pytest.fixture
def running(start: Callable[..., Running]) -> Running:
    return start()


def carried(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def enter(widget: QWidget, data: QMimeData) -> bool:
    event = QDragEnterEvent(QPoint(10, 10), COPY | MOVE, data, LEFT, NONE)
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def drop(running: Running, *paths: Path) -> QDropEvent:
    data = carried(*paths)
    assert enter(running.window, data)
    event = QDropEvent(QPoint(10, 10), COPY | MOVE, data, LEFT, NONE)
    QApplication.sendEvent(running.window, event)
    return event


def hint(running: Running) -> DropHint:
    found = running.window.findChild(DropHint)
    assert isinstance(found, DropHint)
    return found


WITHIN: list[Callable[[Running], QWidget]] = [
    lambda running: running.window,
    lambda running: running.window.composer.edit.viewport(),
    lambda running: running.window.empty.viewport(),
    lambda running: running.window.findChild(RowList).viewport(),  # type: ignore[union-attr]  # there is one
]


@pytest.mark.parametrize("place", WITHIN)
def test_files_can_be_dragged_anywhere_and_the_hint_goes_with_them(
    running: Running, tmp_path: Path, place: Callable[[Running], QWidget]
) -> None:
    assert enter(place(running), carried(write(tmp_path / "a.txt", "a")))
    assert hint(running).isVisible()
    assert running.window.rect().contains(hint(running).geometry())
    QApplication.sendEvent(running.window, QDragLeaveEvent())
    assert not hint(running).isVisible()


def test_text_and_addresses_are_not_the_windows(running: Running) -> None:
    text, page = QMimeData(), QMimeData()
    text.setText("a word")
    page.setUrls([QUrl("https://example.com/report.csv")])
    assert not enter(running.window, text)
    assert not enter(running.window, page)
    assert enter(running.window.composer.edit.viewport(), text)
    assert not hint(running).isVisible()


def test_a_table_and_a_text_go_into_the_question(running: Running, tmp_path: Path) -> None:
    edit = running.window.composer.edit
    edit.setPlainText("What is the growth?")
    edit.selectAll()
    event = drop(running, write(tmp_path / "a.csv", CSV), write(tmp_path / "b.txt", "As reported."))
    assert event.dropAction() is COPY
    assert not hint(running).isVisible()
    running.until(lambda: "As reported." in edit.toPlainText())
    assert edit.toPlainText() == f"What is the growth?\n\n{TABLE}As reported.\n\n"
    edit.undo()
    edit.undo()
    assert edit.toPlainText() == "What is the growth?"


def test_conversations_are_imported_and_what_is_unreadable_is_said(running: Running, tmp_path: Path) -> None:
    chat = write(tmp_path / "conversations.json", json.dumps([files.chatgpt("Margins")]))
    drop(running, chat)
    running.until(lambda: "Margins" in running.titles())
    drop(running, write(tmp_path / "report.pdf", b"%PDF-1.7"))
    running.until(lambda: "report.pdf cannot be put into a question" in running.window.notice.accessibleName())
    assert running.window.composer.edit.toPlainText() == ""


def test_a_model_is_chosen(running: Running, tmp_path: Path) -> None:
    choice = running.built.models.choice
    assert choice is not None
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(choice.path.read_bytes())
    drop(running, mine)
    running.until(lambda: running.built.models.choice is not None and running.built.models.choice.path == mine)


def test_pasted_files_and_picked_ones_go_the_same_way(running: Running, tmp_path: Path) -> None:
    edit = running.window.composer.edit
    QApplication.clipboard().setMimeData(carried(write(tmp_path / "a.csv", CSV)))
    edit.paste()
    running.until(lambda: edit.toPlainText() == TABLE)
    running.dialogs.files = [write(tmp_path / "b.txt", "Said before.")]
    running.window.actions_["add_files"].trigger()
    running.until(lambda: edit.toPlainText() == f"{TABLE}Said before.\n\n")
    assert edit.hasFocus()


def test_the_hint_changes_its_language(running: Running, qapp: QApplication) -> None:
    language = Language(qapp, asset("translations"))
    language.apply("zh_CN")
    QApplication.processEvents()
    words = [label.text() for label in hint(running).findChildren(QLabel)]
    language.remove()
    assert "将文件拖放到此处" in words
