"""Finding in a conversation: counting, going round, folded thinking, text that grows, and what is marked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from finr1_desk.app.live import LiveStatus, Phase
from finr1_desk.core.conversation import MessageState, Part, PartKind
from finr1_desk.ui.look.theme import LIGHT
from finr1_desk.ui.pane.finding import Match
from finr1_desk.ui.pane.message_view import AnswerView
from finr1_desk.ui.pane.pane import ChatPane
from finr1_desk.ui.pane.rows import Section
from finr1_desk.ui.pane.textmap import OBJECT
from tests.ui.pane.samples import answer, question


def _look_for(pane: ChatPane, qtbot: QtBot, needle: str, *, match_case: bool = False) -> tuple[int, int]:
    pane.finding.look_for(needle, match_case=match_case)
    return _settled(pane, qtbot)


def _settled(pane: ChatPane, qtbot: QtBot) -> tuple[int, int]:
    finding = pane.finding
    qtbot.waitUntil(lambda: not finding.standing().is_searching and not finding._stale, timeout=30_000)
    standing = finding.standing()
    return standing.number, standing.count


@pytest.fixture
def talk(pane: ChatPane) -> ChatPane:
    pane.set_messages(
        [
            question("Is the Net profit up?"),
            answer("**Net** profit rose.\n\n| net profit | 2 |\n|---|---|\n| x | NET PROFIT |\n\nEnd of net\nprofit."),
            question("净利润是多少？", id="q2"),
            answer("2023年**净利**润增长；净利润为正。", id="a2"),
        ],
        {},
    )
    return pane


def test_every_place_is_counted_whatever_the_markup(talk: ChatPane, qtbot: QtBot) -> None:
    assert _look_for(talk, qtbot, "net profit")[1] == 5
    assert _look_for(talk, qtbot, "净利润")[1] == 3
    assert _look_for(talk, qtbot, "absent") == (0, 0)
    assert _look_for(talk, qtbot, "  ") == (0, 0)


def test_capitals_matter_only_if_wanted(talk: ChatPane, qtbot: QtBot) -> None:
    assert _look_for(talk, qtbot, "Net profit", match_case=True)[1] == 2
    assert _look_for(talk, qtbot, "NET PROFIT", match_case=True)[1] == 1


def test_signs_of_patterns_are_text(pane: ChatPane, qtbot: QtBot) -> None:
    pane.set_messages([question("a.b a+b (a|b) $5.00 [x]")], {})
    for needle in ("a.b", "a+b", "(a|b)", "$5.00", "[x]"):
        assert _look_for(pane, qtbot, needle)[1] == 1


def test_stepping_goes_round_in_both_directions(talk: ChatPane, qtbot: QtBot) -> None:
    talk.verticalScrollBar().setValue(0)
    assert _look_for(talk, qtbot, "net profit") == (1, 5)
    numbers = []
    for _ in range(5):
        talk.finding.step(True)
        numbers.append(talk.finding.standing().number)
    assert numbers == [2, 3, 4, 5, 1]
    for _ in range(2):
        talk.finding.step(False)
        numbers.append(talk.finding.standing().number)
    assert numbers[5:] == [5, 4]


def test_it_begins_at_what_is_on_the_screen(pane: ChatPane, qtbot: QtBot) -> None:
    pane.set_messages([answer("\n\n".join(f"word {number}" for number in range(100)))], {})
    pane.scroll_to_end()
    number, count = _look_for(pane, qtbot, "word")
    assert count == 100
    assert 60 < number < 100
    shown = pane.flow.value
    _look_for(pane, qtbot, "word 7")
    assert pane.flow.value != shown or pane.finding.current is not None


def test_a_place_far_away_comes_into_view(pane: ChatPane, qtbot: QtBot) -> None:
    long = "so many words " * 200
    pane.set_messages([answer(f"{long}\n\n{long} needle {long}\n\n{long}")], {})
    pane.verticalScrollBar().setValue(0)
    assert _look_for(pane, qtbot, "needle") == (1, 1)
    document = pane.flow.views[0].text_rows()[1].document_for(pane.page).document
    start = document.find("needle").selectionStart()
    rect = pane.rects("a1", Section.BODY, 1, start, start + 6)[0]
    assert rect.top() >= 0
    assert rect.bottom() <= pane.flow.height


def test_folded_thinking_is_searched_and_opened(pane: ChatPane, qtbot: QtBot) -> None:
    pane.set_messages([answer("<think>\nthe hidden reason\n</think>\n<answer>\nso it is\n</answer>")], {})
    view = pane.flow.views[0]
    assert isinstance(view, AnswerView)
    assert not view.thinking_is_open
    assert _look_for(pane, qtbot, "so it") == (1, 1)
    assert not view.thinking_is_open
    assert _look_for(pane, qtbot, "hidden") == (1, 1)
    assert view.thinking_is_open


def test_text_that_comes_is_found(pane: ChatPane, qtbot: QtBot) -> None:
    writing = answer("", state=MessageState.WRITING, generation=None)
    pane.set_messages([question("a sum"), writing], {"a1": LiveStatus(Phase.ANSWERING)})
    assert _look_for(pane, qtbot, "sum") == (1, 1)
    for text in ("The sum", "The sum is a sum"):
        pane.update_message(replace(writing, parts=(Part(PartKind.ANSWER, text),)), LiveStatus(Phase.ANSWERING))
    assert _settled(pane, qtbot) == (1, 3)
    pane.remove_message("q1")
    assert _settled(pane, qtbot)[1] == 2


def test_a_sorted_table_is_searched_again(pane: ChatPane, qtbot: QtBot) -> None:
    pane.set_messages([answer("| a |\n|---|\n" + "".join(f"| n{number} |\n" for number in range(45)))], {})
    _look_for(pane, qtbot, "n44")
    assert pane.finding.current == Match(0, Section.BODY, 2, 0)
    for _ in range(2):
        pane.press("a1", "table:sort:1:0:0")
    assert _settled(pane, qtbot)[1] == 1
    pane.finding.step(True)
    assert pane.finding.current == Match(0, Section.BODY, 0, 0)


def test_places_are_marked_and_the_current_one_otherwise(pane: ChatPane, qtbot: QtBot) -> None:
    pane.set_messages([question("\U0001f600 a needle, a needle")], {})
    _look_for(pane, qtbot, "needle")
    image = pane.viewport().grab().toImage()
    colours = {QColor(image.pixel(x, y)).name() for x in range(image.width()) for y in range(0, image.height(), 2)}
    assert {LIGHT.match, LIGHT.match_current} <= colours
    row = pane.flow.views[0].text_rows()[0]
    assert pane.finding.marks_in(0, row) == [(5, 11, "match_current"), (15, 21, "match")]
    pane.finding.select_current()
    pane.finding.look_for("", match_case=False)
    assert pane.selected_text() == "needle"
    assert pane.finding.marks_in(0, row) == []


def test_a_long_conversation_is_searched_without_a_stall(pane: ChatPane, qtbot: QtBot) -> None:
    messages = [answer(f"Paragraph **{number}** with words.\n\n- an item", id=f"m{number}") for number in range(300)]
    pane.set_messages(messages, {})
    assert _look_for(pane, qtbot, "with words")[1] == 300
    assert sum(view.has_rows for view in pane.flow.views) == 300
    pane.finding.look_for("Paragraph 299", match_case=False)
    assert _settled(pane, qtbot) == (1, 1)


def test_drawn_formulas_are_searched_in_their_source(pane: ChatPane, qtbot: QtBot) -> None:
    pane.set_messages([answer("\U0001f600 so \\( \\text{增长率} = 5\\% \\) and 增长率 again")], {})
    row = pane.flow.views[0].text_rows()[0]

    def is_drawn() -> bool:
        return OBJECT in row.document_for(pane.page).document.toPlainText()

    pane.grab()
    qtbot.waitUntil(is_drawn, timeout=30_000)
    assert _look_for(pane, qtbot, "增长率") == (1, 2)
    text = row.document_for(pane.page).document.toRawText()
    start = text.index(OBJECT) + 1  # the face counts for two
    assert pane.finding.marks_in(0, row)[0] == (start, start + 1, "match_current")
    _look_for(pane, qtbot, "\\text")
    assert pane.finding.standing().count == 1
