"""Pointer and keyboard: selecting across messages, copying, links, controls, the context menu; and accessibility."""

from __future__ import annotations

import gc

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QAccessibleActionInterface, QFocusEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from finr1_desk.app.live import LiveStatus, Phase
from finr1_desk.core.conversation import MessageState
from finr1_desk.ui.pane.message_view import TOGGLE
from finr1_desk.ui.pane.pane import ChatPane
from finr1_desk.ui.pane.rows import Section, TextRow
from finr1_desk.ui.pane.table_controls import TableAction
from tests.ui.pane.samples import CHINESE, ENGLISH, answer, question

LEFT = Qt.MouseButton.LeftButton
TEXT = "First **paragraph** here.\n\n- one *item*\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nLast paragraph."


@pytest.fixture
def talk(pane: ChatPane) -> ChatPane:
    """A question and an answer without thinking."""
    pane.set_messages([question("What is\nthe sum?"), answer(TEXT)], {})
    return pane


def _row(pane: ChatPane, message_id: str, block: int, section: Section = Section.BODY) -> TextRow:
    index = pane.index_of(message_id)
    assert index is not None
    row = pane.flow.views[index].text_row(section, block)
    assert row is not None
    return row


def _point(pane: ChatPane, message_id: str, block: int, text: str, *, behind: bool = False) -> QPoint:
    """Where `text` begins, or ends, on the screen."""
    document = _row(pane, message_id, block).document_for(pane.page).document
    start = document.find(text).selectionStart()
    assert start >= 0
    rects = pane.rects(message_id, Section.BODY, block, start, start + len(text))
    x = rects[-1].right() if behind else rects[0].left()
    return QPoint(round(x), round(rects[0].center().y()))


def _drag(pane: ChatPane, start: QPoint, end: QPoint) -> None:
    viewport = pane.viewport()
    QTest.mousePress(viewport, LEFT, Qt.KeyboardModifier.NoModifier, start)
    _move(pane, end)
    QTest.mouseRelease(viewport, LEFT, Qt.KeyboardModifier.NoModifier, end)


def _move(pane: ChatPane, to: QPoint, buttons: Qt.MouseButton = LEFT) -> None:
    viewport = pane.viewport()
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(to),
        QPointF(viewport.mapToGlobal(to)),
        Qt.MouseButton.NoButton,
        buttons,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(viewport, event)


def _control_point(pane: ChatPane, message_id: str, action: str) -> QPoint:
    for placed in pane.flow.placed():
        for control in placed.row.controls:
            if placed.view.message.id == message_id and control.action == action:
                return control.rect.translated(pane.page.x, placed.top).center().toPoint()
    raise AssertionError(f"{action} is not in view")


# -- selecting


def test_dragging_inside_a_block_selects_its_plain_text(talk: ChatPane) -> None:
    _drag(talk, _point(talk, "a1", 0, "st paragraph"), _point(talk, "a1", 0, "here", behind=True))
    assert talk.selected_text() == "st paragraph here"


def test_dragging_across_messages_selects_both(talk: ChatPane) -> None:
    _drag(talk, _point(talk, "q1", 0, "the sum"), _point(talk, "a1", 1, "one", behind=True))
    assert talk.selected_text() == "the sum?\n\nFirst **paragraph** here.\n\none"
    _drag(talk, _point(talk, "a1", 1, "one", behind=True), _point(talk, "q1", 0, "the sum"))
    assert talk.selected_text() == "the sum?\n\nFirst **paragraph** here.\n\none"


def test_everything_gives_back_the_source(talk: ChatPane) -> None:
    talk.select_all()
    assert talk.selected_text() == f"What is\nthe sum?\n\n{TEXT}"
    talk.copy()
    assert QApplication.clipboard().text() == f"What is\nthe sum?\n\n{TEXT}"


def test_folded_thinking_is_not_copied_and_open_thinking_is(pane: ChatPane) -> None:
    pane.set_messages([answer("<think>\nmusing\n</think>\n<answer>\nso\n</answer>")], {})
    pane.select_all()
    assert pane.selected_text() == "so"
    pane.press("a1", TOGGLE)
    pane.select_all()
    assert pane.selected_text() == "musing\n\nso"


def test_a_double_click_selects_a_word_and_a_third_the_block(talk: ChatPane) -> None:
    at = _point(talk, "a1", 0, "agraph")
    QTest.mouseDClick(talk.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, at)
    assert talk.selected_text() == "paragraph"
    QTest.mousePress(talk.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, at)
    QTest.mouseRelease(talk.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, at)
    assert talk.selected_text() == "First **paragraph** here."


def test_shift_extends(talk: ChatPane) -> None:
    start, end = _point(talk, "a1", 0, "First"), _point(talk, "a1", 0, "First", behind=True)
    QTest.mouseClick(talk.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, start)
    assert talk.selected_text() == ""
    QTest.mouseClick(talk.viewport(), LEFT, Qt.KeyboardModifier.ShiftModifier, end)
    assert talk.selected_text() == "First"


def test_part_of_a_table_has_tabs_and_a_whole_one_is_source(talk: ChatPane) -> None:
    _drag(talk, _point(talk, "a1", 3, "b"), _point(talk, "a1", 3, "2", behind=True))
    assert talk.selected_text() == "b\n1\t2"
    _drag(talk, _point(talk, "a1", 2, "two"), _point(talk, "a1", 4, "Last", behind=True))
    assert talk.selected_text() == "- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nLast"


def test_a_piece_of_a_long_table_is_no_source(pane: ChatPane) -> None:
    rows = "".join(f"| {n} | x |\n" for n in range(50))
    pane.set_messages([answer(f"| a | b |\n|---|---|\n{rows}")], {})
    pane.selection.start_at(_place(pane, 0, 0))
    pane.selection.extend_to(_place(pane, 1, 2**31 - 1))
    assert pane.selected_text().startswith("a\tb\n0\tx\n")
    assert pane.selected_text().endswith("\n39\tx")


def _place(pane: ChatPane, block: int, offset: int):  # type: ignore[no-untyped-def]
    from finr1_desk.ui.pane.selection import Place

    return Place(0, Section.BODY, block, offset)


def test_dragging_beyond_the_edge_scrolls_and_goes_on_selecting(pane: ChatPane, qtbot: QtBot) -> None:
    pane.set_messages([answer("\n\n".join(f"paragraph {n}" for n in range(80)))], {})
    pane.verticalScrollBar().setValue(0)
    QTest.mousePress(pane.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, QPoint(200, 100))
    beyond = QPoint(200, pane.viewport().height() + 300)
    _move(pane, beyond)
    qtbot.waitUntil(lambda: pane.flow.is_at_end, timeout=30_000)
    QTest.mouseRelease(pane.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, beyond)
    assert "paragraph 75" in pane.selected_text()


def test_the_selection_survives_new_text(talk: ChatPane) -> None:
    _drag(talk, _point(talk, "a1", 0, "First"), _point(talk, "a1", 0, "First", behind=True))
    talk.update_message(answer("New", id="a2", state=MessageState.WRITING), LiveStatus(Phase.ANSWERING))
    assert talk.selected_text() == "First"


def test_new_text_does_not_pull_away_what_is_being_selected(pane: ChatPane) -> None:
    text = "\n\n".join(f"paragraph {n}" for n in range(60))
    pane.set_messages([answer(text)], {})
    assert pane.flow.following
    start = _point(pane, "a1", 59, "paragraph")
    QTest.mousePress(pane.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, start)
    pane.update_message(answer(text + "\n\nnew" * 20, state=MessageState.WRITING), LiveStatus(Phase.ANSWERING))
    assert _point(pane, "a1", 59, "paragraph") == start
    QTest.mouseRelease(pane.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, start)
    assert pane.flow.is_at_end


def test_selected_text_is_painted_on_the_selection_colour(talk: ChatPane) -> None:
    point = _point(talk, "a1", 4, "Last") + QPoint(-1, 6)
    before = talk.viewport().grab().toImage().pixelColor(point + QPoint(2, 0)).name()
    _drag(talk, _point(talk, "a1", 4, "Last"), _point(talk, "a1", 4, "paragraph", behind=True))
    selected = talk.page.look.theme.selection
    image = talk.viewport().grab().toImage()
    colours = {image.pixelColor(point + QPoint(x, 0)).name() for x in range(40)}
    assert before != selected
    assert selected in colours


# -- links and controls


def test_a_link_is_told_and_not_opened(pane: ChatPane, qtbot: QtBot) -> None:
    pane.set_messages([answer("see [here](https://a.example/x) and [there](file:///etc/passwd)")], {})
    activated: list[str] = []
    pane.linkActivated.connect(activated.append)
    for word in ("here", "there"):
        at = _point(pane, "a1", 0, word) + QPoint(6, 0)
        QTest.mouseClick(pane.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, at)
    assert activated == ["https://a.example/x"]


def test_controls_appear_where_the_pointer_is_and_can_be_pressed(talk: ChatPane) -> None:
    told: list[tuple[str, str]] = []
    talk.actionTriggered.connect(lambda message_id, action: told.append((message_id, action)))
    quiet = talk.viewport().grab().toImage()
    at = _control_point(talk, "a1", "copy_answer")
    talk._pointer.look_at(QPointF(at))
    assert talk.viewport().grab().toImage() != quiet
    QTest.mouseClick(talk.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, at)
    QTest.mouseClick(talk.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, _control_point(talk, "q1", "copy_question"))
    assert told == [("a1", "copy_answer"), ("q1", "copy_question")]


def test_the_header_folds_by_click_enter_and_space(pane: ChatPane, qtbot: QtBot) -> None:
    pane.set_messages([question("q"), answer(CHINESE)], {})
    toggled: list[bool] = []
    pane.thinkingToggled.connect(lambda _, opened: toggled.append(opened))
    at = _control_point(pane, "a1", TOGGLE)
    QTest.mouseClick(pane.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, at)
    assert _control_point(pane, "a1", TOGGLE) == at
    pane._controls.focus_in(Qt.FocusReason.TabFocusReason)
    while pane.controls.focused is None or pane.controls.focused.action != TOGGLE:
        assert pane.focusNextPrevChild(True)
    QTest.keyClick(pane, Qt.Key.Key_Return)
    QTest.keyClick(pane, Qt.Key.Key_Space)
    assert toggled == [True, False, True]


def test_tab_goes_through_the_controls_and_leaves(qtbot: QtBot, pane: ChatPane) -> None:
    pane.set_messages([question("q"), answer(TEXT)], {})
    pane._controls.focus_in(Qt.FocusReason.TabFocusReason)
    passed = []
    while pane.controls.focused is not None:
        passed.append((pane.controls.focused.message_id, pane.controls.focused.action))
        if not pane.controls.move_focus(True):
            break
    table = TableAction("copy", Section.BODY, TEXT.index("| a")).name
    assert passed == [
        *(("q1", action) for action in ("copy_question", "edit", "more")),
        *(("a1", action) for action in (table, "copy_answer", "regenerate", "details", "more")),
    ]
    assert pane.controls.move_focus(False)
    QApplication.sendEvent(pane, QFocusEvent(QEvent.Type.FocusOut))
    assert pane.controls.focused is None


def test_a_control_out_of_sight_is_scrolled_to(pane: ChatPane) -> None:
    pane.set_messages([question("q"), answer("\n\n".join(f"paragraph {n}" for n in range(60)))], {})
    pane.verticalScrollBar().setValue(0)
    pane._controls.focus_in(Qt.FocusReason.TabFocusReason)
    for _ in ("edit", "more", "copy_answer"):
        assert pane.controls.move_focus(True)
    assert pane.controls.focused is not None
    assert pane.controls.focused.action == "copy_answer"
    _control_point(pane, "a1", "copy_answer")


# -- keys


def test_keys_scroll(pane: ChatPane) -> None:
    pane.set_messages([answer("\n\n".join(f"paragraph {n}" for n in range(200)))], {})
    bar = pane.verticalScrollBar()
    QTest.keyClick(pane, Qt.Key.Key_Home)
    assert bar.value() == 0
    QTest.keyClick(pane, Qt.Key.Key_Down)
    step = bar.value()
    assert step == bar.singleStep()
    QTest.keyClick(pane, Qt.Key.Key_PageDown)
    assert bar.value() == step + bar.pageStep()
    QTest.keyClick(pane, Qt.Key.Key_PageUp)
    QTest.keyClick(pane, Qt.Key.Key_Up)
    assert bar.value() == 0
    QTest.keyClick(pane, Qt.Key.Key_End)
    assert pane.flow.is_at_end


def test_keys_select_and_copy(talk: ChatPane) -> None:
    QApplication.clipboard().setText("before")
    QTest.keyClick(talk, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "before"
    QTest.keyClick(talk, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(talk, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text().endswith(TEXT)
    QTest.keyClick(talk, Qt.Key.Key_Escape)
    assert talk.selected_text() == ""


def test_other_keys_are_left_to_the_window(qtbot: QtBot, pane: ChatPane) -> None:
    seen: list[int] = []

    class Window(QWidget):
        def keyPressEvent(self, event) -> None:  # type: ignore[no-untyped-def]
            seen.append(event.key())

    window = Window()
    qtbot.addWidget(window)
    inner = ChatPane(pane.page.look.theme, window)
    QTest.keyClick(inner, Qt.Key.Key_F5)
    assert seen == [Qt.Key.Key_F5]


def test_wide_tables_and_code_are_shifted_sideways(pane: ChatPane) -> None:
    line = "x = " + " + ".join(f"value_{n}" for n in range(60))
    pane.set_messages([answer(f"```python\n{line}\n```")], {})
    row = _row(pane, "a1", 0)
    most = row.most_pan(pane.page)
    assert most > 0
    at = QPointF(_point(pane, "a1", 0, "value_1"))
    for _ in range(200):
        event = QWheelEvent(
            at,
            pane.viewport().mapToGlobal(at),
            QPoint(),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.ShiftModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        pane.wheelEvent(event)
    assert row.pan == most
    (rect,) = pane.rects("a1", Section.BODY, 0, len(line) - 1, len(line))
    assert rect.right() <= pane.page.x + pane.page.width


# -- menu


def test_the_context_menu(talk: ChatPane) -> None:
    told: list[tuple[str, str]] = []
    talk.actionTriggered.connect(lambda message_id, action: told.append((message_id, action)))
    menu = talk._pointer.menu_at(QPointF(_point(talk, "a1", 0, "First")))
    actions = {action.text(): action for action in menu.actions() if action.text()}
    assert list(actions) == ["Copy", "Copy answer", "Select all"]
    assert not actions["Copy"].isEnabled()
    actions["Copy answer"].trigger()
    assert told == [("a1", "copy_answer")]
    actions["Select all"].trigger()
    assert talk.selected_text().endswith("Last paragraph.")
    on_question = talk._pointer.menu_at(QPointF(_point(talk, "q1", 0, "What")))
    assert [action.text() for action in on_question.actions() if action.text()] == ["Copy", "Select all"]
    assert on_question.actions()[0].isEnabled()


# -- accessibility


def test_messages_and_controls_are_accessible(pane: ChatPane) -> None:
    pane.set_messages([question("What is it?"), answer(ENGLISH)], {})
    interface = QAccessible.queryAccessibleInterface(pane)
    assert interface is not None
    assert interface.role() == QAccessible.Role.List
    assert interface.text(QAccessible.Text.Name) == "Conversation"
    assert interface.childCount() == 2
    asked, answered = interface.child(0), interface.child(1)
    assert asked.text(QAccessible.Text.Name) == "Question: What is it?"
    assert "Monthly payment" in answered.text(QAccessible.Text.Value)
    assert answered.parent().childCount() == 2
    assert interface.indexOfChild(answered) == 1
    names = [answered.child(n).text(QAccessible.Text.Name) for n in range(answered.childCount())]
    assert names == [
        "Thought for 34 s · 812 tokens",
        "Copy table",
        "CSV…",
        "Excel…",
        "Plot…",
        "Sort by “Year”",
        "Sort by “Interest”",
        "Sort by “Principal”",
        "Sort by “Balance”",
        "Copy code",
        "Save as…",
        "the formula",
        "Copy",
        "Copy answer",
        "Copy with reasoning",
        "Regenerate",
        "Details",
        "More…",
    ]
    button = answered.child(0)
    assert button.role() == QAccessible.Role.Button
    pane.verticalScrollBar().setValue(0)
    at = _control_point(pane, "a1", TOGGLE)
    assert button.rect().contains(pane.viewport().mapToGlobal(at))
    button.actionInterface().doAction(QAccessibleActionInterface.pressAction())
    assert "Let me compute" in answered.text(QAccessible.Text.Value)
    pane.remove_message("a1")
    assert interface.childCount() == 1
    assert not answered.isValid()


def test_a_pane_goes_away_with_its_interfaces(qtbot: QtBot) -> None:
    from finr1_desk.ui.look.theme import LIGHT

    for _ in range(3):
        pane = ChatPane(LIGHT)
        pane.set_messages([question("q"), answer("text")], {})
        interface = QAccessible.queryAccessibleInterface(pane)
        assert interface is not None
        assert interface.child(1).childCount() == 4
        del interface
        with qtbot.waitSignal(pane.destroyed, timeout=30_000):
            pane.deleteLater()
        del pane
        gc.collect()
