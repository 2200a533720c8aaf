"""The bar that finds text in the open conversation, from the key that opens it to the one that closes it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from finr1_desk.app.background import MainThread, Pool
from finr1_desk.ui.binding.reading import ReadingDesk
from finr1_desk.ui.dialogs.asking import Dialogs
from finr1_desk.ui.look.theme import LIGHT
from finr1_desk.ui.pane.pane import ChatPane
from finr1_desk.ui.window import Window
from tests.ui.pane.samples import answer, question


@pytest.fixture
def reading(window: Window, qtbot: QtBot) -> Iterator[Window]:
    """A window with a conversation."""
    pane = ChatPane(LIGHT, window)
    window.set_pane(pane)
    window.show_chat()
    pool = Pool(MainThread(window))
    desk = ReadingDesk(pane, window, Dialogs(window), pool, lambda error: None)
    pane.set_messages([question("one sum"), answer("Two sums.\n\nThe sum.")], {})
    window.activateWindow()
    yield window
    del desk
    pool.close()


def _count(window: Window) -> str:
    return window.find_bar.findChild(QLabel, "muted").text()  # type: ignore[union-attr]


def _wait_for(window: Window, qtbot: QtBot, text: str) -> None:
    qtbot.waitUntil(lambda: _count(window) == text, timeout=30_000)


def test_find_from_opening_to_closing(reading: Window, qtbot: QtBot) -> None:
    bar, pane = reading.find_bar, reading.pane
    assert pane is not None
    assert bar.isHidden()
    reading.actions_["find_here"].trigger()
    assert not bar.isHidden()
    QTest.keyClicks(bar.field, "sum")
    _wait_for(reading, qtbot, "1 of 3")
    QTest.keyClick(bar.field, Qt.Key.Key_Return)
    _wait_for(reading, qtbot, "2 of 3")
    QTest.keyClick(bar.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    reading.actions_["find_previous"].trigger()
    _wait_for(reading, qtbot, "3 of 3")
    QTest.keyClick(bar.field, Qt.Key.Key_Escape)
    assert bar.isHidden()
    assert not pane.finding.is_active
    assert pane.selected_text() == "sum"


def test_what_is_not_there_is_said_and_the_buttons_rest(reading: Window, qtbot: QtBot) -> None:
    reading.actions_["find_here"].trigger()
    reading.find_bar.field.setText("absent")
    _wait_for(reading, qtbot, "Not found")
    assert not reading.find_bar._next.isEnabled()


def test_the_case_button_counts_again(reading: Window, qtbot: QtBot) -> None:
    reading.actions_["find_here"].trigger()
    reading.find_bar.field.setText("THE SUM")
    _wait_for(reading, qtbot, "1 of 1")
    reading.find_bar._case.click()
    _wait_for(reading, qtbot, "Not found")


def test_a_selection_is_looked_for_and_f3_opens_the_bar(reading: Window, qtbot: QtBot) -> None:
    pane = reading.pane
    assert pane is not None
    pane.selection.take(1, pane.flow.views[1].text_rows()[1], 4, 7)
    reading.actions_["find_next"].trigger()
    assert reading.find_bar.field.text() == "sum"
    _wait_for(reading, qtbot, "1 of 3")


def test_leaving_the_conversation_closes_the_bar(reading: Window) -> None:
    reading.actions_["find_here"].trigger()
    reading.show_empty()
    assert reading.find_bar.isHidden()
    reading.actions_["find_here"].trigger()  # nothing is open: all conversations are searched
    assert reading.find_bar.isHidden()


def test_the_wheel_with_ctrl_changes_the_size_of_the_text(reading: Window) -> None:
    pane = reading.pane
    assert pane is not None
    asked: list[str] = []
    for name in ("larger", "smaller"):
        reading.actions_[name].triggered.connect(lambda _=False, name=name: asked.append(name))
    middle = QPointF(pane.viewport().rect().center())
    where = QPointF(pane.viewport().mapToGlobal(middle.toPoint()))
    for turn in (60, 60, -240):
        event = QWheelEvent(
            middle,
            where,
            QPoint(),
            QPoint(0, turn),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.ControlModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(pane.viewport(), event)
    assert asked == ["larger", "smaller", "smaller"]
