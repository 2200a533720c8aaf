"""The composer: what its keys do, how it grows, how fast stopping is seen."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QImage, QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from finr1_desk.ui.composer.composer import ComposerPane
from finr1_desk.ui.look.icons import Icons
from finr1_desk.ui.look.theme import LIGHT


@pytest.fixture
def composer(qtbot: QtBot, icons: Icons) -> ComposerPane:
    pane = ComposerPane(LIGHT, icons)
    pane.resize(700, 120)
    pane.set_text_scale(100)
    qtbot.addWidget(pane)
    with qtbot.waitExposed(pane, timeout=30_000):
        pane.show()
    pane.take_early()
    return pane


def _sent(composer: ComposerPane) -> list[str]:
    texts: list[str] = []
    composer.submitted.connect(texts.append)
    return texts


def _button(composer: ComposerPane, name: str) -> QToolButton:
    button = composer.findChild(QToolButton, name)
    assert isinstance(button, QToolButton)
    return button


def test_enter_sends_and_shift_enter_breaks_the_line(composer: ComposerPane) -> None:
    sent = _sent(composer)
    QTest.keyClicks(composer.edit, "first")
    QTest.keyClick(composer.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(composer.edit, "second")
    assert sent == []
    QTest.keyClick(composer.edit, Qt.Key.Key_Return)
    assert sent == ["first\nsecond"]
    assert composer.text() == ""


def test_the_keypads_enter_sends_too(composer: ComposerPane) -> None:
    sent = _sent(composer)
    QTest.keyClicks(composer.edit, "x")
    QTest.keyClick(composer.edit, Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
    assert sent == ["x"]


def test_without_the_setting_enter_breaks_and_ctrl_enter_sends(composer: ComposerPane) -> None:
    sent = _sent(composer)
    composer.set_enter_sends(False)
    QTest.keyClicks(composer.edit, "a")
    QTest.keyClick(composer.edit, Qt.Key.Key_Return)
    QTest.keyClicks(composer.edit, "b")
    assert sent == []
    QTest.keyClick(composer.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert sent == ["a\nb"]


def test_enter_within_a_composition_never_sends(composer: ComposerPane) -> None:
    sent = _sent(composer)
    QTest.keyClicks(composer.edit, "x")
    QApplication.sendEvent(composer.edit, QInputMethodEvent("jinglirun", []))
    assert composer.edit.is_composing()
    QTest.keyClick(composer.edit, Qt.Key.Key_Return)
    QTest.keyClick(composer.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert sent == []

    commit = QInputMethodEvent("", [])
    commit.setCommitString("净利润")
    QApplication.sendEvent(composer.edit, commit)
    assert not composer.edit.is_composing()
    QTest.keyClick(composer.edit, Qt.Key.Key_Return)
    assert len(sent) == 1
    assert sent[0].startswith("x")
    assert sent[0].endswith("净利润")


def test_a_composition_does_not_lie_upon_the_hint(composer: ComposerPane) -> None:
    edit = composer.edit
    hint = edit.placeholderText()
    assert hint

    def painted() -> QImage:
        edit.setCursorWidth(0)  # which blinks
        return edit.grab().toImage()

    QApplication.sendEvent(edit, QInputMethodEvent("jing", []))
    composed = painted()
    edit.set_hint("")
    assert composed == painted(), "of the hint nothing is left below it"
    edit.set_hint(hint)  # as in another language, in the middle of a word
    assert painted() == composed
    QApplication.sendEvent(edit, QInputMethodEvent("", []))
    assert edit.placeholderText() == hint
    assert painted() != composed


def test_white_space_is_not_sent(composer: ComposerPane) -> None:
    sent = _sent(composer)
    composer.edit.setPlainText(" \n ")
    assert not _button(composer, "sendButton").isEnabled()
    QTest.keyClick(composer.edit, Qt.Key.Key_Return)
    assert sent == []


def test_the_button_sends_the_text_as_it_is(composer: ComposerPane) -> None:
    sent = _sent(composer)
    composer.edit.setPlainText("  indented\n\nlast ")
    QTest.mouseClick(_button(composer, "sendButton"), Qt.MouseButton.LeftButton)
    assert sent == ["  indented\n\nlast "]


def test_it_grows_to_eight_lines_and_no_further(composer: ComposerPane) -> None:
    one = composer.edit.height()
    composer.edit.setPlainText("a\nb\nc")
    three = composer.edit.height()
    composer.edit.setPlainText("\n".join("abcdefgh"))
    eight = composer.edit.height()
    composer.edit.setPlainText("\n".join("abcdefghijklmnop"))
    assert one < three < eight
    assert composer.edit.height() <= eight + 2
    composer.edit.clear()
    assert composer.edit.height() == one


def test_a_wrapped_line_counts_as_several(composer: ComposerPane) -> None:
    one = composer.edit.height()
    composer.edit.setPlainText("word " * 60)
    assert composer.edit.height() > one


def test_pasting_brings_text_only_with_plain_line_ends(composer: ComposerPane) -> None:
    data = QMimeData()
    data.setText("a\r\nb\rc")
    data.setHtml("<b>a</b>")
    composer.edit.insertFromMimeData(data)
    assert composer.text() == "a\nb\nc"


def test_stop_is_seen_at_once_and_asked_for_once(composer: ComposerPane) -> None:
    stop = _button(composer, "stopButton")
    assert not stop.isVisible()
    composer.set_writing(True)
    assert stop.isVisible()
    seen: list[tuple[bool, str]] = []
    composer.stopRequested.connect(lambda: seen.append((stop.isEnabled(), stop.text())))
    before = time.perf_counter()
    QTest.mouseClick(stop, Qt.MouseButton.LeftButton)
    assert time.perf_counter() - before < 0.05
    QTest.mouseClick(stop, Qt.MouseButton.LeftButton)
    composer.request_stop()
    assert seen == [(False, "Stopping…")]


def test_after_an_answer_was_stopped_the_next_one_can_be(composer: ComposerPane) -> None:
    composer.set_writing(True, 1)
    composer.request_stop()
    composer.set_stopped()
    composer.set_writing(True)
    assert _button(composer, "stopButton").isEnabled()
    composer.set_writing(False)
    assert not _button(composer, "stopButton").isVisible()


def test_what_is_sent_before_anybody_listens_is_kept(qtbot: QtBot, icons: Icons) -> None:
    composer = ComposerPane(LIGHT, icons)
    qtbot.addWidget(composer)
    sent = _sent(composer)
    for text in ("one", "two"):
        composer.edit.setPlainText(text)
        composer.edit.submitted.emit()
    assert sent == []
    assert composer.take_early() == ["one", "two"]
    composer.edit.setPlainText("three")
    composer.edit.submitted.emit()
    assert sent == ["three"]
