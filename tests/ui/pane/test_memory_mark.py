"""Where the model's memory begins: the mark in the pane, and what is said of thinking that was cut and of loops."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtGui import QAccessible
from pytestqt.qtbot import QtBot

from finr1_desk.app.live import LiveStatus, Phase
from finr1_desk.core.conversation import MessageState
from finr1_desk.ui.pane.chrome import ChromeRow, MarkRow
from finr1_desk.ui.pane.pane import ChatPane
from finr1_desk.ui.pane.selection import WHOLE
from tests.ui.pane.samples import ENGLISH, GENERATION, answer, question

MARK = "The model no longer sees what stands above"
TALK = [question("One", "q1"), answer("First", "a1"), question("Two", "q2"), answer("Second", "a2")]


def marked(pane: ChatPane) -> list[str]:
    """The messages below which there is a mark."""
    return [view.message.id for view in pane.flow.views if any(isinstance(row, MarkRow) for row in view.rows)]


def captions(pane: ChatPane, message_id: str) -> str:
    view = next(view for view in pane.flow.views if view.message.id == message_id)
    rows = [row for row in view.rows if isinstance(row, ChromeRow)]
    return "|".join([row.caption for row in rows] + [control.text for row in rows for control in row.controls])


def test_the_mark_stands_below_the_last_message_that_is_not_seen(pane: ChatPane) -> None:
    pane.set_messages(TALK, {})
    assert marked(pane) == []
    height = pane.flow.total
    pane.mark_memory("a1")
    assert marked(pane) == ["a1"]
    assert pane.flow.views[1].rows[-1].height > 0
    assert pane.flow.total > height
    pane.mark_memory("a2")
    assert marked(pane) == ["a2"]
    pane.mark_memory(None)
    assert marked(pane) == []
    assert pane.flow.total == height


@pytest.mark.parametrize("place", ["q1", "a1"])
def test_the_mark_stays_while_its_message_changes(pane: ChatPane, place: str) -> None:
    pane.set_messages(TALK, {})
    pane.mark_memory(place)
    for message in TALK[:2]:
        pane.update_message(message, None)
    pane.set_text_scale(150)
    assert marked(pane) == [place]
    pane.set_messages(TALK, {})
    assert marked(pane) == []


def test_the_mark_is_between_two_lines_in_the_middle(pane: ChatPane, qtbot: QtBot) -> None:
    pane.set_messages(TALK, {})
    pane.mark_memory("a1")
    placed = next(placed for placed in pane.flow.placed() if isinstance(placed.row, MarkRow))
    picture = pane.grab().toImage()
    ground = picture.pixelColor(2, 2)
    middle = round(placed.top) + 12
    left, right = round(pane.page.x) + 4, round(pane.page.x + pane.page.width) - 4
    assert any(picture.pixelColor(left, middle + dy) != ground for dy in (-1, 0, 1))
    assert any(picture.pixelColor(right, middle + dy) != ground for dy in (-1, 0, 1))
    assert picture.pixelColor(left, middle - 6) == picture.pixelColor(right, middle + 6) == ground


def test_a_narrow_pane_folds_the_mark(pane: ChatPane) -> None:
    pane.set_messages(TALK, {})
    pane.resize(180, 600)
    pane.mark_memory("a1")
    row = pane.flow.views[1].rows[-1]
    row.measure(pane.page)
    assert row.height > 24
    pane.grab()


def test_the_mark_is_no_text_of_the_conversation(pane: ChatPane) -> None:
    pane.set_messages(TALK, {})
    pane.mark_memory("a1")
    pane.select_all()
    ends = pane.selection.ends
    assert ends is not None
    assert ends[1].offset == WHOLE
    assert MARK not in pane.selected_text()
    assert "First" in pane.selected_text()


def test_the_mark_can_be_heard(pane: ChatPane) -> None:
    pane.set_messages(TALK, {})
    interface = QAccessible.queryAccessibleInterface(pane)
    assert interface is not None
    message = interface.child(1)
    count = message.childCount()
    pane.mark_memory("a1")
    assert message.childCount() == count + 1
    mark = message.child(count)
    assert mark.text(QAccessible.Text.Name) == MARK
    assert mark.role() == QAccessible.Role.StaticText
    assert mark.isValid()
    assert mark.rect().height() > 0
    assert message.indexOfChild(mark) == count
    assert message.rect().contains(mark.rect())
    pane.mark_memory(None)
    assert not mark.isValid()
    assert message.childCount() == count
    assert message.indexOfChild(mark) == -1


def test_thinking_that_was_cut_short_says_so(pane: ChatPane) -> None:
    pane.set_messages([question("q"), answer(ENGLISH, generation=replace(GENERATION, think_cut=True))], {})
    assert "Thought for 34 s · 812 tokens · cut short" in captions(pane, "a1")
    live = LiveStatus(Phase.ANSWERING, think_s=34.0, think_tokens=812)
    writing = answer(ENGLISH, state=MessageState.WRITING, generation=None)
    pane.update_message(writing, live)
    assert "cut short" not in captions(pane, "a1")
    pane.update_message(writing, replace(live, think_cut=True))
    assert "812 tokens · cut short" in captions(pane, "a1")


def test_an_answer_that_was_going_in_a_circle_says_so(pane: ChatPane) -> None:
    pane.set_messages([question("q"), answer(ENGLISH, state=MessageState.LOOP)], {})
    said = captions(pane, "a1")
    assert "It was repeating itself and was stopped." in said
    assert "Continue" in said
    assert "Regenerate" in said
