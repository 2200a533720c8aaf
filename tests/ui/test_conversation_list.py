"""The list of conversations: order, headings, marks, renaming, and its speed with many rows."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from PySide6.QtCore import QLocale, QModelIndex, QPersistentModelIndex, QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from finr1_desk.core.conversation import Conversation
from finr1_desk.ui.sidebar.grouping import Group, Heading, arranged, month_name, periods
from finr1_desk.ui.sidebar.model import ConversationModel, Role
from finr1_desk.ui.sidebar.rows import RowList
from finr1_desk.ui.window import Window

DAY = 86_400.0


def _conversation(id: str, age_s: float = 0.0, title: str = "") -> Conversation:
    moment = time.time() - age_s
    return Conversation(id, title or f"Title {id}", None, None, moment, moment)


def _at(id: str, moment: float) -> Conversation:
    return Conversation(id, f"Title {id}", None, None, moment, moment)


def _rows(model: ConversationModel) -> list[str]:
    return [str(model.index(row).data()) for row in range(model.rowCount())]


@pytest.fixture
def model() -> ConversationModel:
    model = ConversationModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    return model


def _list_of(window: Window) -> RowList:
    view = window.findChild(RowList, "conversationList")
    assert isinstance(view, RowList)
    return view


def _menu(window: Window) -> QMenu | None:
    """The menu that a row brought up; those of buttons are there always."""
    return next((menu for menu in window.sidebar.findChildren(QMenu) if menu.parent() is window.sidebar), None)


def test_headings_stand_where_a_new_period_begins() -> None:
    now = dt.datetime(2025, 6, 18, 15, 30)
    ages = {"a": 0, "b": 1, "c": 5, "d": 20, "e": 33, "f": 50, "g": 200}
    items = [_at(id, now.timestamp() - days * DAY) for id, days in ages.items()]
    rows = [row.label() if isinstance(row, Heading) else row for row in arranged(items, [], (), now)]
    labels = [row for row in rows if isinstance(row, str)]
    assert labels[:4] == ["Today", "Yesterday", "Previous 7 days", "Previous 30 days"]
    months = [(row.year, row.month) for row in arranged(items, [], (), now) if isinstance(row, Heading) and row.month]
    assert months == [(2025, 5), (2025, 4), (2024, 11)]
    assert [row.id for row in rows if isinstance(row, Conversation)] == list(ages)


def test_the_periods_begin_at_local_midnight() -> None:
    found = periods(dt.datetime(2025, 6, 18, 15, 30), dt.datetime(2025, 3, 2).timestamp())
    starts = [dt.datetime.fromtimestamp(start) for start, _ in found]
    assert starts == [dt.datetime(2025, 6, 18), dt.datetime(2025, 6, 17), dt.datetime(2025, 6, 11),
                      dt.datetime(2025, 5, 19), dt.datetime(2025, 5, 1), dt.datetime(2025, 4, 1),
                      dt.datetime(2025, 3, 1)]  # fmt: skip
    moment = _at("a", dt.datetime(2025, 6, 18).timestamp())
    just_before = _at("b", dt.datetime(2025, 6, 18).timestamp() - 1)
    rows = arranged([moment, just_before], [], (), dt.datetime(2025, 6, 18, 15, 30))
    assert [row.group for row in rows if isinstance(row, Heading)] == [Group.TODAY, Group.YESTERDAY]


def test_a_month_is_named_as_the_language_names_it(qapp: QApplication) -> None:
    year = dt.datetime.now().year
    assert month_name(year, 3) == "March"
    assert month_name(2019, 3) == "March 2019"
    QLocale.setDefault(QLocale("zh_CN"))
    assert month_name(year, 3) == "三月"


def test_a_clock_that_was_turned_back_repeats_no_heading(model: ConversationModel) -> None:
    model.set_conversations([_conversation("old", 40 * DAY), _conversation("new")])
    assert model.rowCount() == 3


def test_headings_cannot_be_chosen(model: ConversationModel) -> None:
    model.set_conversations([_conversation("a")])
    assert not model.flags(model.index(0)) & Qt.ItemFlag.ItemIsSelectable


def test_a_changed_conversation_moves_to_the_top_and_stays_selected(model: ConversationModel) -> None:
    model.set_conversations([_conversation("a"), _conversation("b", 2 * DAY)])
    row = model.row_of("b")
    assert row is not None
    kept = QPersistentModelIndex(model.index(row))
    model.put(_conversation("b", title="Changed"))
    assert _rows(model) == ["Today", "Changed", "Title a"]
    assert kept.row() == 1
    model.set_conversations([_conversation("a")])
    assert not kept.isValid()


def test_a_new_title_alone_moves_nothing(model: ConversationModel, qtbot: QtBot) -> None:
    first, second = _conversation("a"), _conversation("b", 10.0)
    model.set_conversations([first, second])
    renamed = Conversation("b", "Renamed", None, None, second.created_at, second.updated_at)
    with qtbot.assertNotEmitted(model.layoutChanged):
        model.put(renamed)
    assert _rows(model)[1:] == ["Title a", "Renamed"]


def test_marks_are_given_to_the_rows_concerned(model: ConversationModel) -> None:
    model.set_conversations([_conversation("a"), _conversation("b", 10.0)])
    index = model.index(1)
    model.set_writing({"a"})
    assert index.data(Role.WRITING)
    assert "being written" in str(index.data(Qt.ItemDataRole.AccessibleTextRole))
    model.set_writing(set())
    model.set_unread("a", True)
    assert not index.data(Role.WRITING)
    assert index.data(Role.UNREAD)
    assert "unread" in str(index.data(Qt.ItemDataRole.AccessibleTextRole))
    assert not model.index(2).data(Role.UNREAD)


def test_neighbours_skip_headings(model: ConversationModel) -> None:
    model.set_conversations([_conversation("a"), _conversation("b", 40 * DAY)])
    assert model.neighbour("a", 1) == "b"
    assert model.neighbour("b", -1) == "a"
    assert model.neighbour("b", 1) is None
    assert model.neighbour(None, 1) == "a"


def test_a_title_is_changed_in_its_row(window: Window, qtbot: QtBot) -> None:
    window.sidebar.model.set_conversations([_conversation("a")])
    renamed: list[tuple[str, str]] = []
    window.sidebar.renameRequested.connect(lambda id, title: renamed.append((id, title)))
    window.sidebar.rename("a")
    editor = _list_of(window).findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    editor.setText("  Another   title ")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(renamed), timeout=30_000)  # Qt takes the text over in the next turn of its loop
    assert renamed == [("a", "Another title")]


@pytest.mark.parametrize("typed", ["", "   ", "Title a"])
def test_an_empty_or_unchanged_title_changes_nothing(model: ConversationModel, qtbot: QtBot, typed: str) -> None:
    model.set_conversations([_conversation("a")])
    with qtbot.assertNotEmitted(model.renamed):
        assert not model.setData(model.index(1), typed)


def test_enter_opens_and_delete_deletes(window: Window) -> None:
    window.sidebar.model.set_conversations([_conversation("a"), _conversation("b", 10.0)])
    opened: list[str] = []
    deleted: list[list[str]] = []
    window.sidebar.openRequested.connect(opened.append)
    window.sidebar.deleteRequested.connect(deleted.append)
    view = _list_of(window)
    view.setFocus()
    view.setCurrentIndex(window.sidebar.model.index(2))
    QTest.keyClick(view, Qt.Key.Key_Return)
    QTest.keyClick(view, Qt.Key.Key_Delete)
    assert (opened, deleted) == (["b"], [["b"]])


def test_a_click_opens_a_row_but_not_a_heading(window: Window) -> None:
    window.sidebar.model.set_conversations([_conversation("a")])
    opened: list[str] = []
    window.sidebar.openRequested.connect(opened.append)
    view = _list_of(window)
    for row in (0, 1):
        place = view.visualRect(window.sidebar.model.index(row)).center()
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert opened == ["a"]


def test_the_context_menu_offers_what_can_be_done(window: Window, qtbot: QtBot) -> None:
    window.sidebar.model.set_conversations([_conversation("a")])
    view = _list_of(window)
    view.menuWanted.emit(view.visualRect(window.sidebar.model.index(1)).center())
    menu = _menu(window)
    assert menu is not None
    texts = [action.text() for action in menu.actions() if action.text()]
    assert texts == ["Rename", "Pin", "Move to", "Export…", "Delete"]
    deleted: list[list[str]] = []
    window.sidebar.deleteRequested.connect(deleted.append)
    menu.actions()[-1].trigger()
    menu.close()
    assert deleted == [["a"]]


def test_no_context_menu_for_a_heading(window: Window) -> None:
    window.sidebar.model.set_conversations([_conversation("a")])
    view = _list_of(window)
    view.menuWanted.emit(view.visualRect(window.sidebar.model.index(0)).center())
    view.menuWanted.emit(QPoint(5, view.height() - 2))
    assert _menu(window) is None


def test_the_open_conversation_is_marked_and_only_it(window: Window) -> None:
    view = _list_of(window)
    window.sidebar.show_current("b")
    window.sidebar.model.set_conversations([_conversation("a"), _conversation("b", 10.0)])
    assert [index.data(Role.ID) for index in view.selectedIndexes()] == ["b"]
    window.sidebar.show_current(None)
    assert view.selectedIndexes() == []


def test_ten_thousand_rows_are_quick(window: Window) -> None:
    """Filling, and one conversation moving to the top, next to making the rows of 100 in the same run."""
    few = [_conversation(str(number), number) for number in range(100)]
    many = [_conversation(str(number), number * 600.0) for number in range(10_000)]
    window.sidebar.model.set_conversations(few)
    window.repaint()
    before = time.perf_counter()
    window.sidebar.model.set_conversations(many)
    window.repaint()
    filled = time.perf_counter() - before
    before = time.perf_counter()
    window.sidebar.model.put(_conversation("9000"))
    window.repaint()
    moved = time.perf_counter() - before
    assert window.sidebar.model.id_at(1) in {"0", "9000"}
    assert filled < 1.0, f"{filled * 1000:.0f} ms"
    assert moved < 1.0, f"{moved * 1000:.0f} ms"


def test_an_index_of_nothing_gives_nothing(model: ConversationModel) -> None:
    assert model.data(QModelIndex()) is None
    assert model.id_at(7) == ""
