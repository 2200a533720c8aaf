"""Searching in the sidebar: results take the list's place, matches are marked, keys lead there and back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QListView, QStackedWidget
from pytestqt.qtbot import QtBot

from finr1_desk.core.conversation import Role
from finr1_desk.store.search import SearchHit
from finr1_desk.ui.look.theme import LIGHT
from finr1_desk.ui.sidebar.delegate import from_first_match, one_line
from finr1_desk.ui.sidebar.sidebar import SEARCH_DELAY_MS, SearchField
from finr1_desk.ui.window import Window


def _hit(
    number: int = 1, snippet: str = "the 利益冲突 here", matches: tuple[tuple[int, int], ...] = ((4, 8),)
) -> SearchHit:
    return SearchHit(f"c{number}", f"m{number}", f"Title {number}", Role.USER, 0.0, snippet, matches)


def _field(window: Window) -> SearchField:
    field = window.findChild(SearchField)
    assert isinstance(field, SearchField)
    return field


def _shown(window: Window) -> str:
    stack = window.sidebar.findChild(QStackedWidget)
    assert isinstance(stack, QStackedWidget)
    return stack.currentWidget().objectName()


@pytest.mark.parametrize("query", ["net margin", "利", "2024年 revenue"])
def test_typing_searches_once_it_rests(window: Window, qtbot: QtBot, query: str) -> None:
    wanted: list[str] = []
    window.sidebar.searchRequested.connect(lambda query, _narrowed: wanted.append(query))
    field = _field(window)
    for end in range(1, len(query) + 1):  # faster than the pause after which it searches
        field.setText(query[:end])
    assert wanted == []
    qtbot.waitUntil(lambda: bool(wanted), timeout=30_000)
    assert wanted == [query]
    assert SEARCH_DELAY_MS <= 300


def test_results_take_the_place_of_the_list_and_give_it_back(window: Window, qtbot: QtBot) -> None:
    field = _field(window)
    field.setText("利益冲突")
    window.sidebar.show_results("利益冲突", [_hit()])
    assert _shown(window) == "searchResults"
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: _shown(window) == "conversationList", timeout=30_000)
    assert field.text() == ""


def test_results_of_an_earlier_query_are_not_shown(window: Window) -> None:
    _field(window).setText("second")
    window.sidebar.show_results("first", [_hit()])
    assert _shown(window) == "conversationList"


def test_finding_nothing_is_said(window: Window) -> None:
    _field(window).setText("xyz")
    window.sidebar.show_results("xyz", [])
    assert _shown(window) not in {"searchResults", "conversationList"}


def test_the_arrow_keys_choose_a_result_and_enter_opens_it_from_the_field(window: Window) -> None:
    chosen: list[tuple[SearchHit, str]] = []
    window.sidebar.hitRequested.connect(lambda hit, query: chosen.append((hit, query)))
    field = _field(window)
    field.setText("here")
    window.sidebar.show_results("here", [_hit(1), _hit(2)])
    field.setFocus()
    keys = (Qt.Key.Key_Return, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Return)
    for key in keys:
        QTest.keyClick(field, key)
    assert field.hasFocus()
    assert [(hit.message_id, query) for hit, query in chosen] == [("m1", "here"), ("m2", "here"), ("m1", "here")]


def test_ctrl_shift_f_goes_to_the_search_even_when_the_sidebar_is_hidden(window: Window, qtbot: QtBot) -> None:
    window.actions_["sidebar"].setChecked(False)
    assert not window.sidebar.isVisible()
    QTest.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: _field(window).hasFocus(), timeout=30_000)
    assert window.sidebar.isVisible()


def test_a_long_snippet_is_cut_before_its_first_match() -> None:
    text = "x" * 50 + "净利润" + "y" * 20
    cut, matches = from_first_match(text, [(50, 53)], 50)
    start, end = matches[0]
    assert cut[start:end] == "净利润"
    assert cut.startswith("…")
    assert len(cut) < len(text)


def test_a_snippet_becomes_one_line_of_the_same_length() -> None:
    assert one_line("a\n\tb\u2028c", [(3, 4)]) == ("a  b c", [(3, 4)])


def test_matches_behind_characters_outside_the_basic_plane_are_painted_in_place(window: Window) -> None:
    """A picture of the row: the mark has the width of the word, wherever it stands."""
    field = _field(window)
    field.setText("here")
    results = window.findChild(QListView, "searchResults")
    assert isinstance(results, QListView)
    marks = []
    for snippet in ("ab here", "\U0001f4c8\U0001f4c9 here"):
        window.sidebar.show_results("here", [_hit(1, snippet, ((3, 7),))])
        row = results.visualRect(results.model().index(0, 0))
        image = results.viewport().grab(row).toImage()
        columns = [
            x
            for x in range(image.width())
            if any(image.pixelColor(x, y).name() == LIGHT.selection for y in range(image.height()))
        ]
        marks.append(columns[-1] - columns[0])
    assert abs(marks[0] - marks[1]) <= 2


def test_the_field_has_a_way_to_be_emptied(window: Window) -> None:
    field = window.findChild(QLineEdit, "searchField")
    assert isinstance(field, QLineEdit)
    assert field.isClearButtonEnabled()
