"""Tables in the pane: sorted by a click, their controls, and what leaves for a spreadsheet."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from finr1_desk.app.live import LiveStatus, Phase
from finr1_desk.core.conversation import MessageState, Part, PartKind
from finr1_desk.core.tables import TextTable
from finr1_desk.ui.pane.blocks import Table
from finr1_desk.ui.pane.message_view import AnswerView
from finr1_desk.ui.pane.pane import ChatPane
from finr1_desk.ui.pane.rows import Section, TextRow
from finr1_desk.ui.pane.table_controls import TableAction
from tests.ui.pane.samples import answer, question

HEAD = "| Name | Sum |\n|---|---|\n"
SMALL = HEAD + "| b | 9亿 |\n| a | **1,200万** |\n| c | \\(12\\%\\) |\n| d | - |\n"
LEFT = Qt.MouseButton.LeftButton


def _long(rows: int) -> str:
    return HEAD + "".join(f"| n{number} | {(number * 37) % rows} |\n" for number in range(rows))


def _rows(pane: ChatPane) -> list[TextRow]:
    return [row for row in pane.flow.views[-1].text_rows() if isinstance(row.block, Table)]


def _cells(pane: ChatPane, column: int) -> list[str]:
    return [cells[column] for row in _rows(pane) if isinstance(row.block, Table) for cells in row.block.rows]


def _sort(pane: ChatPane, column: int) -> None:
    pane.press("a1", TableAction("sort", Section.BODY, 0, column).name)


def _middle(pane: ChatPane, action: str) -> QPoint:
    for placed in pane.flow.placed():
        for control in placed.row.controls:
            if control.action == action:
                return control.rect.translated(pane.page.x, placed.top).center().toPoint()
    raise AssertionError(f"{action} is not in view")


def test_clicks_on_a_header_sort_up_down_and_not_at_all(pane: ChatPane) -> None:
    pane.set_messages([question("q"), answer(SMALL)], {})
    head = TableAction("sort", Section.BODY, 0, 0).name
    found = []
    for _ in range(3):
        QTest.mouseClick(pane.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, _middle(pane, head))
        found.append(_cells(pane, 0))
    assert found == [["a", "b", "c", "d"], ["d", "c", "b", "a"], ["b", "a", "c", "d"]]


def test_figures_are_sorted_by_value_through_all_pieces(pane: ChatPane) -> None:
    pane.set_messages([answer(_long(100))], {})
    assert len(_rows(pane)) == 5
    _sort(pane, 1)
    assert _cells(pane, 1) == [str(number) for number in range(100)]
    _sort(pane, 1)
    assert _cells(pane, 1)[:3] == ["99", "98", "97"]
    control = next(control for control in _rows(pane)[0].controls if control.action.endswith(":1"))
    assert control.descending is True
    _sort(pane, 0)
    assert _cells(pane, 0)[:3] == ["n0", "n1", "n2"]
    assert control.descending is None


def test_a_sorted_table_stays_sorted_in_another_language_width_and_theme(pane: ChatPane) -> None:
    pane.set_messages([answer(_long(50))], {})
    _sort(pane, 1)
    pane.set_text_scale(120)
    pane.resize(500, 600)
    assert _cells(pane, 1) == [str(number) for number in range(50)]
    assert next(control for control in _rows(pane)[0].controls if control.action.endswith(":1")).descending is False


def test_a_drag_over_the_header_selects_and_does_not_sort(pane: ChatPane) -> None:
    pane.set_messages([answer(SMALL)], {})
    row = _rows(pane)[0]
    before = _cells(pane, 0)
    document = row.document_for(pane.page).document
    start = document.find("Name").selectionStart()
    rect = pane.rects("a1", Section.BODY, 0, start, start + 4)[0]
    first, last = (
        QPointF(rect.left() + 1, rect.center().y()).toPoint(),
        QPointF(rect.right(), rect.center().y()).toPoint(),
    )
    QTest.mousePress(pane.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, first)
    QTest.mouseMove(pane.viewport(), last)
    pane._pointer._at = QPointF(last)
    pane._pointer._extend()
    QTest.mouseRelease(pane.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, last)
    assert pane.selected_text() == "Name"
    assert _cells(pane, 0) == before


def test_what_leaves_is_the_table_as_it_is_shown_without_markup(pane: ChatPane, qtbot: QtBot) -> None:
    pane.set_messages([answer(SMALL)], {})
    _sort(pane, 1)
    with qtbot.waitSignal(pane.tableWanted) as caught:
        pane.press("a1", TableAction("csv", Section.BODY, 0).name)
    rows = (("c", "12%"), ("a", "1,200万"), ("b", "9亿"), ("d", "-"))
    assert caught.args == ["csv", TextTable(("Name", "Sum"), rows)]


def test_controls_come_when_the_table_is_complete(pane: ChatPane) -> None:
    writing = answer("", state=MessageState.WRITING, generation=None)

    def show(text: str) -> None:
        pane.update_message(replace(writing, parts=(Part(PartKind.ANSWER, text),)), LiveStatus(Phase.ANSWERING))

    pane.set_messages([writing], {"a1": LiveStatus(Phase.ANSWERING)})
    show(SMALL)
    assert _rows(pane)[0].controls == []
    show(SMALL + "\nAfter it.")
    assert len(_rows(pane)[0].controls) == 6
    _sort(pane, 0)
    show(SMALL + "\nAfter it. And more.")
    pane.update_message(
        replace(writing, parts=(Part(PartKind.ANSWER, SMALL + "\nAfter it."),), state=MessageState.COMPLETE), None
    )
    assert _cells(pane, 0) == ["a", "b", "c", "d"]
    assert len(_rows(pane)[0].controls) == 6


def test_the_arrow_keys_go_through_the_controls_of_a_table(pane: ChatPane) -> None:
    pane.set_messages([answer(SMALL)], {})
    pane._controls.focus_in(Qt.FocusReason.TabFocusReason)
    verbs = []
    for _ in range(6):
        assert pane.controls.focused is not None
        named = TableAction.named(pane.controls.focused.action)
        assert named is not None
        verbs.append((named.verb, named.column))
        QTest.keyClick(pane, Qt.Key.Key_Right)
    assert verbs == [("copy", -1), ("csv", -1), ("xlsx", -1), ("plot", -1), ("sort", 0), ("sort", 1)]
    QTest.keyClick(pane, Qt.Key.Key_Left)
    QTest.keyClick(pane, Qt.Key.Key_Return)
    assert _cells(pane, 1)[0] == "\\(12\\%\\)"


def test_the_strip_is_shown_where_the_table_is_pointed_at(pane: ChatPane) -> None:
    pane.set_messages([answer("Above.\n\n" + SMALL)], {})
    view = pane.flow.views[0]
    assert isinstance(view, AnswerView)
    above, table = view.text_rows()
    tops = {placed.row: placed.top for placed in pane.flow.placed()}
    pane._pointer.look_at(QPointF(pane.page.x + 5, tops[table] + 50))
    assert pane.controls.are_shown_of("a1", table)
    pane._pointer.look_at(QPointF(pane.page.x + 5, tops[above] + 5))
    assert not pane.controls.are_shown_of("a1", table)


def test_header_controls_move_with_a_wide_table(pane: ChatPane) -> None:
    names = "|".join(f" column number {number} " for number in range(30))
    pane.set_messages([answer(f"|{names}|\n|{'---|' * 30}\n|{' x |' * 30}\n")], {})
    row = _rows(pane)[0]
    assert row.most_pan(pane.page) > 0
    cells = [control for control in row.controls if control.over_text]
    before = cells[1].rect.left()
    row.shift_to(40, pane.page)
    assert cells[1].rect.left() == pytest.approx(before - 40)
    assert all(control.rect.left() >= 0 for control in cells)


NESTED = [
    "1. Figures:\n\n   | Name | Sum |\n   |---|---|\n   | b | 9 |\n   | a | 12 |\n\n   and so on\n2. next",
    "> | Name | Sum |\n> |---|---|\n> | b | 9 |\n> | a | 12 |\n\nafter",
    "- | Name | Sum |\n  |---|---|\n  | b | 9 |\n  | a | 12 |\n",
]


@pytest.mark.parametrize("text", NESTED)
def test_a_table_in_an_item_or_a_quote_is_a_table_like_any_other(pane: ChatPane, qtbot: QtBot, text: str) -> None:
    pane.set_messages([question("q"), answer(text)], {})
    (row,) = _rows(pane)
    assert isinstance(row.block, Table)
    assert row.insets.left > 0
    sort = TableAction("sort", Section.BODY, row.block.block, 0).name
    QTest.mouseClick(pane.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, _middle(pane, sort))
    assert _cells(pane, 0) == ["a", "b"]
    with qtbot.waitSignal(pane.tableWanted, timeout=30_000) as told:
        pane.press("a1", TableAction("csv", Section.BODY, row.block.block).name)
    assert told.args == ["csv", TextTable(("Name", "Sum"), (("a", "12"), ("b", "9")))]
    pane.select_all()
    assert pane.selected_text().endswith(text.strip())
    pane.selection.take(1, row, 0, 10**9)
    assert "| b | 9 |" in pane.selected_text()


def test_a_long_table_of_markup_is_read_in_slices(pane: ChatPane, qtbot: QtBot) -> None:
    rows = "".join(f"| **n{number}** | [{number}](http://e.example) |\n" for number in range(3_000))
    pane.set_messages([question("q"), answer(HEAD + rows)], {})
    qtbot.waitUntil(lambda: not pane.flow.views[1].has_more, timeout=30_000)
    with qtbot.waitSignal(pane.tableWanted, timeout=30_000) as told:
        pane.press("a1", TableAction("copy", Section.BODY, 0).name)
        assert told.args is None
    assert told.args[1].rows[2_999] == ("n2999", "2999")
