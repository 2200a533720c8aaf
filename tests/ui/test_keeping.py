"""Folders, pins, several at once and the trash, in the sidebar and through to the store."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QPalette
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from finr1_desk.core.conversation import Conversation
from finr1_desk.core.keeping import Folder
from finr1_desk.ui.sidebar.grouping import FolderRow, Heading
from finr1_desk.ui.sidebar.model import ConversationModel, Role
from finr1_desk.ui.sidebar.rows import RowList
from finr1_desk.ui.window import Window
from tests.ui.played import Running

SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
REPORTS = Folder("Reports", 2)


def _conversation(id: str, age: float = 0.0, folder: str | None = None, *, pinned: bool = False) -> Conversation:
    moment = time.time() - age
    return Conversation(id, f"Title {id}", None, None, moment, moment, folder=folder, pinned=pinned)


def _some() -> list[Conversation]:
    return [
        _conversation("a"),
        _conversation("b", 1, "Reports"),
        _conversation("c", 2, "Reports", pinned=True),
        _conversation("d", 3, "Reports"),
        _conversation("e", 4),
    ]


def _shown(model: ConversationModel) -> list[str]:
    """Headings by their words, folders in brackets, conversations by their ids."""
    found = []
    for number in range(model.rowCount()):
        row = model.index(number).data(Role.ROW)
        label = row.label() if isinstance(row, Heading) else row.id if isinstance(row, Conversation) else ""
        found.append(f"[{row.name} {row.count}]" if isinstance(row, FolderRow) else label)
    return found


@pytest.fixture
def model() -> ConversationModel:
    model = ConversationModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    return model


@pytest.fixture
def view(window: Window) -> RowList:
    """The list of a window with `_some` conversations."""
    window.sidebar.model.set_conversations(_some(), [REPORTS])
    view = window.findChild(RowList, "conversationList")
    assert isinstance(view, RowList)
    return view


def _click(view: RowList, model: ConversationModel, id: str, keys: Qt.KeyboardModifier) -> None:
    row = model.row_of(id)
    assert row is not None
    place = view.visualRect(model.index(row)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, keys, place)


def test_each_conversation_stands_in_one_place(model: ConversationModel) -> None:
    model.set_conversations(_some(), [REPORTS, Folder("Empty")])
    assert _shown(model) == ["Pinned", "c", "Folders", "[Empty 0]", "[Reports 2]", "b", "d", "Today", "a", "e"]


def test_folders_are_in_the_order_of_the_language_and_of_figures(model: ConversationModel) -> None:
    model.set_conversations([], [Folder("Q10"), Folder("q2"), Folder("Ännex"), Folder("Bonds")])
    assert _shown(model) == ["Folders", "[Ännex 0]", "[Bonds 0]", "[q2 0]", "[Q10 0]"]


def test_a_closed_folder_hides_what_is_in_it_and_says_how_much(model: ConversationModel, qtbot: QtBot) -> None:
    model.set_conversations(_some(), [REPORTS])
    with qtbot.waitSignal(model.foldedChanged) as kept:
        model.toggle("Reports")
    assert kept.args == [["Reports"]]
    assert _shown(model) == ["Pinned", "c", "Folders", "[Reports 2]", "Today", "a", "e"]
    row = model.row_of_folder("Reports")
    assert row is not None
    assert "closed" in str(model.index(row).data(Qt.ItemDataRole.AccessibleTextRole))
    model.reveal("d")
    assert model.row_of("d") is not None


def test_a_closed_folder_stays_closed_under_a_new_name(model: ConversationModel) -> None:
    model.set_conversations(_some(), [REPORTS])
    model.set_folded(["Reports"])
    model.rename_folded("Reports", "Filings")
    renamed = [Conversation(c.id, c.title, None, None, 0.0, c.updated_at, folder="Filings") for c in _some()]
    model.set_conversations(renamed, [Folder("Filings")])
    assert _shown(model) == ["Folders", "[Filings 5]"]


@pytest.mark.parametrize(
    ("onto", "moved", "pinned"),
    [
        ("[Reports 2]", [(["a", "e"], "Reports")], []),
        ("d", [(["a", "e"], "Reports")], []),
        ("Today", [(["a", "e"], None)], []),
        ("a", [(["a", "e"], None)], []),
        ("c", [], [["a", "e"]]),
        ("Pinned", [], [["a", "e"]]),
        ("Folders", [], []),
    ],
)
def test_what_is_dropped_goes_where_it_was_dropped(
    model: ConversationModel, onto: str, moved: list[object], pinned: list[object]
) -> None:
    model.set_conversations(_some(), [REPORTS])
    happened: list[object] = []
    ups: list[object] = []
    model.moved.connect(lambda ids, name: happened.append((ids, name)))
    model.pinned.connect(ups.append)
    shown = _shown(model)
    data = model.mimeData([model.index(shown.index("a")), model.index(shown.index("e")), model.index(0)])
    target = model.index(shown.index(onto))
    assert model.flags(target) & Qt.ItemFlag.ItemIsDropEnabled
    model.dropMimeData(data, Qt.DropAction.MoveAction, -1, -1, target)
    assert (happened, ups) == (moved, pinned)
    assert not model.dropMimeData(data, Qt.DropAction.MoveAction, 0, 0, QModelIndex())


def test_while_dragging_the_row_is_marked_that_stands_for_the_place(window: Window, view: RowList) -> None:
    model = window.sidebar.model
    shown = _shown(model)
    data = model.mimeData([model.index(shown.index("a"))])
    how = Qt.DropAction.MoveAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    accent = view.palette().color(QPalette.ColorRole.Accent)

    def marked() -> list[str]:
        """The rows whose upper edge has the colour of what is marked."""
        image = view.grab().toImage()
        edges = [view.visualRect(model.index(row)) for row in range(len(shown))]
        return [
            name
            for name, edge in zip(shown, edges, strict=True)
            if image.pixelColor(edge.center().x(), edge.top() + 1) == accent
        ]

    def over(name: str) -> tuple[bool, list[str]]:
        point = view.visualRect(model.index(shown.index(name))).center()
        QApplication.sendEvent(view.viewport(), QDragEnterEvent(point, *how))
        event = QDragMoveEvent(point, *how)
        QApplication.sendEvent(view.viewport(), event)
        return event.isAccepted(), marked()

    before = marked()
    assert "[Reports 2]" not in before
    assert over("[Reports 2]") == (True, ["[Reports 2]"])
    assert over("d") == (True, ["[Reports 2]"])
    assert over("e") == (True, ["Today"])
    assert over("Folders") == (False, before)
    assert over("c") == (True, ["Pinned"])
    QApplication.sendEvent(view.viewport(), QDragLeaveEvent())
    assert marked() == before


def test_shift_and_ctrl_choose_several_and_open_none(window: Window, view: RowList) -> None:
    opened: list[str] = []
    window.sidebar.openRequested.connect(opened.append)
    model, none = window.sidebar.model, Qt.KeyboardModifier.NoModifier
    _click(view, model, "b", none)
    _click(view, model, "d", SHIFT)
    _click(view, model, "e", CTRL)
    assert window.sidebar.chosen() == ["b", "d", "e"]
    assert opened == ["b"]
    assert window.sidebar.selection_bar.isVisible()
    taken: list[list[str]] = []
    window.sidebar.newFolderRequested.connect(taken.append)
    new_folder = next(b for b in window.sidebar.findChildren(QToolButton) if b.accessibleName() == "New folder")
    new_folder.click()
    assert taken == [["b", "d", "e"]]
    window.sidebar.model.set_conversations(_some(), [REPORTS])  # another process wrote something
    assert window.sidebar.chosen() == ["b", "d", "e"]
    deleted: list[list[str]] = []
    window.sidebar.deleteRequested.connect(deleted.append)
    QTest.keyClick(view, Qt.Key.Key_Delete)
    assert deleted == [["b", "d", "e"]]
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert len(window.sidebar.chosen()) == 1
    new_folder.click()
    assert taken[1:] == [[]]
    assert not window.sidebar.selection_bar.isVisible()


def test_keys_open_and_close_a_folder_and_lead_out_of_it(window: Window, view: RowList) -> None:
    model = window.sidebar.model
    view.select_only(model.row_of("d"))
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert view.currentIndex().row() == model.row_of_folder("Reports")
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert model.row_of("d") is None
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert model.row_of("d") is None
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert model.row_of("d") is not None
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert model.row_of("d") is None


def test_a_folder_is_renamed_in_its_row(window: Window, view: RowList, qtbot: QtBot) -> None:
    renamed: list[tuple[str, str]] = []
    window.sidebar.folderRenameRequested.connect(lambda name, new: renamed.append((name, new)))
    window.sidebar.rename_folder("Reports")
    editor = view.findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    editor.setText(" Filings  2025 ")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(renamed), timeout=30_000)
    assert renamed == [("Reports", "Filings 2025")]


# -- through to the store

Start = Callable[..., Running]


def _folders(running: Running) -> list[str]:
    return [row for row in _shown(running.window.sidebar.model) if row.startswith("[")]


def test_a_new_folder_takes_the_chosen_one_and_its_removal_can_be_undone(start: Start) -> None:
    running = start()
    id = running.answered("margin")
    sidebar = running.window.sidebar
    running.dialogs.new_folder = "年报"
    sidebar.newFolderRequested.emit([id])
    running.until(lambda: _folders(running) == ["[年报 1]"])
    sidebar.folderDeleteRequested.emit("年报")
    running.until(lambda: _folders(running) == [])
    undo = sidebar.undo_bar.findChild(QPushButton)
    assert isinstance(undo, QPushButton)
    undo.click()
    running.until(lambda: _folders(running) == ["[年报 1]"])
    sidebar.moveRequested.emit([id], None)
    running.until(lambda: _folders(running) == ["[年报 0]"])
    sidebar.pinRequested.emit([id], True)
    running.until(lambda: "Pinned" in _shown(sidebar.model))


def test_folders_that_were_closed_are_closed_at_the_next_start(start: Start) -> None:
    running = start()
    id = running.answered("margin")
    running.dialogs.new_folder = "A"
    running.window.sidebar.newFolderRequested.emit([id])
    running.until(lambda: _folders(running) == ["[A 1]"])
    running.window.sidebar.model.toggle("A")
    running.close()
    again = start()
    again.until(lambda: _folders(again) == ["[A 1]"])
    assert again.window.sidebar.model.row_of(id) is None


def test_the_trash_gives_back_and_removes_for_good_only_when_that_was_agreed_to(start: Start) -> None:
    running = start()
    ids = [running.answered("first")]
    running.window.actions_["new"].trigger()
    ids.append(running.answered("second"))
    sidebar = running.window.sidebar
    sidebar.deleteRequested.emit(ids)
    running.until(lambda: running.titles() == [])
    button = sidebar.findChild(QToolButton, "trashButton")
    assert isinstance(button, QToolButton)
    button.click()
    trash = sidebar.trash
    running.until(lambda: sidebar.is_trash_shown() and trash.model.rowCount() == 2)
    rows = sidebar.findChild(RowList, "trashList")
    restore = sidebar.findChild(QPushButton, "trashRestore")
    assert isinstance(rows, RowList)
    assert isinstance(restore, QPushButton)
    assert "30 days left" in str(trash.model.index(0).data(Qt.ItemDataRole.AccessibleTextRole))
    first = trash.model.ids([0, 1]).index(ids[0])
    rows.select_only(first)
    restore.click()
    running.until(lambda: trash.model.rowCount() == 1 and running.titles() == ["first"])
    rows.select_only(0)
    asked: list[list[str]] = []
    trash.removeRequested.connect(asked.append)
    QTest.keyClick(rows, Qt.Key.Key_Delete)  # the person says no
    running.dialogs.may_delete = True
    assert asked == [[ids[1]]]
    QTest.keyClick(rows, Qt.Key.Key_Delete)
    running.until(lambda: trash.model.rowCount() == 0)
    assert len(asked) == 2
    assert running.titles() == ["first"]
