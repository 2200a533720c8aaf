"""What is pasted into the composer, what is quoted in it, and where its writer stands."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QInputMethodEvent, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from finr1_desk.core.draft import Draft
from finr1_desk.ui.composer.edit import ComposerEdit

CELLS = "Year\tProfit\n2023\t1,000\n2024\t(12)\n"
TABLE = "| Year | Profit |\n| ---: | ---: |\n| 2023 | 1,000 |\n| 2024 | (12) |"
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def edit(qtbot: QtBot) -> ComposerEdit:
    field = ComposerEdit()
    qtbot.addWidget(field)
    field.resize(500, 60)
    field.show()
    return field


def paste(edit: ComposerEdit, text: str, html: str = "") -> None:
    data = QMimeData()
    data.setText(text)
    if html:
        data.setHtml(html)
    edit.insertFromMimeData(data)


def test_cells_arrive_as_a_table_and_can_be_undone_in_two_steps(edit: ComposerEdit) -> None:
    paste(edit, CELLS)
    assert edit.toPlainText() == f"{TABLE}\n\n"
    edit.undo()
    assert edit.toPlainText() == CELLS
    edit.undo()
    assert edit.toPlainText() == ""
    edit.redo()
    edit.redo()
    assert edit.toPlainText() == f"{TABLE}\n\n"


def test_a_table_stands_on_lines_of_its_own_where_something_was_selected(edit: ComposerEdit) -> None:
    edit.setPlainText("What of HERE then?")
    cursor = edit.textCursor()
    cursor.setPosition(8)
    cursor.setPosition(12, QTextCursor.MoveMode.KeepAnchor)
    edit.setTextCursor(cursor)
    paste(edit, CELLS)
    assert edit.toPlainText() == f"What of \n\n{TABLE}\n\n then?"
    edit.undo()
    assert edit.toPlainText() == f"What of {CELLS} then?"


def test_a_browsers_table_arrives_as_a_table_too(edit: ComposerEdit) -> None:
    paste(edit, "a b c d", "<table><tr><td>a|x</td><td>b</td></tr><tr><td>c</td><td>4</td></tr></table>")
    assert edit.toPlainText() == "| a\\|x | b |\n| --- | ---: |\n| c | 4 |\n\n"


@pytest.mark.parametrize("text", ["two\nlines", "one\ttab", "\tdef f():\n\t\treturn 1", "a\r\nb"])
def test_other_text_stays_what_it_is(edit: ComposerEdit, text: str) -> None:
    paste(edit, text, f"<p>{text}</p>")
    assert edit.toPlainText() == text.replace("\r\n", "\n")
    edit.undo()
    assert edit.toPlainText() == ""


def test_enter_belongs_to_the_input_method_while_it_composes(edit: ComposerEdit, qtbot: QtBot) -> None:
    sent: list[bool] = []
    edit.submitted.connect(lambda: sent.append(True))
    for sends in (True, False):
        edit.enter_sends = sends
        edit.clear()
        QApplication.sendEvent(edit, QInputMethodEvent("jinglirun", []))
        for modifiers in (Qt.KeyboardModifier.NoModifier, CONTROL):
            QTest.keyClick(edit, Qt.Key.Key_Return, modifiers)
        QTest.keyClick(edit, Qt.Key.Key_Escape)
        assert sent == []
        assert edit.toPlainText() == ""
        committed = QInputMethodEvent("", [])
        committed.setCommitString("净利润")
        QApplication.sendEvent(edit, committed)
        QTest.keyClick(edit, Qt.Key.Key_Return, CONTROL)
        assert (edit.toPlainText(), sent) == ("净利润", [True])
        sent.clear()


@pytest.mark.parametrize(
    ("before", "expected"),
    [("", "> a\n> b\n\n"), ("text", "text\n\n> a\n> b\n\n"), ("text\n", "text\n\n> a\n> b\n\n"),
     ("text\n\n", "text\n\n> a\n> b\n\n")],
)  # fmt: skip
def test_a_quotation_stands_by_itself(edit: ComposerEdit, before: str, expected: str) -> None:
    edit.setPlainText(before)
    edit.moveCursor(QTextCursor.MoveOperation.End)
    edit.quote("a\nb")
    assert edit.toPlainText() == expected
    assert edit.textCursor().atEnd()


def test_a_draft_comes_back_with_its_selection(edit: ComposerEdit) -> None:
    edit.put(Draft("😀 净利润\nsecond", 6, 3))
    assert edit.textCursor().selectedText() == "净利润"
    assert edit.draft() == Draft("😀 净利润\nsecond", 6, 3)
    edit.put(Draft("short", 900, -5))
    assert (edit.textCursor().position(), edit.textCursor().anchor()) == (5, 0)


def test_undo_with_nothing_to_undo_is_passed_on(edit: ComposerEdit) -> None:
    passed: list[bool] = []
    edit.undoWanted.connect(lambda: passed.append(True))
    QTest.keyClicks(edit, "a")
    QTest.keyClick(edit, Qt.Key.Key_Z, CONTROL)
    assert (edit.toPlainText(), passed) == ("", [])
    QTest.keyClick(edit, Qt.Key.Key_Z, CONTROL)
    assert passed == [True]
