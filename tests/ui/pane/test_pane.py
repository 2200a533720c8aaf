"""The pane as its users see it: streaming, folding, states, scrolling, the fold of thinking."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, Qt, QTranslator
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from finr1_desk.app.live import LiveStatus, Phase
from finr1_desk.core.conversation import Message, MessageState, Part, PartKind, Timing
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.reasoning import split
from finr1_desk.ui.look.theme import DARK, LIGHT
from finr1_desk.ui.pane.chrome import ChromeRow
from finr1_desk.ui.pane.documents import CAPACITY
from finr1_desk.ui.pane.message_view import TOGGLE, AnswerView
from finr1_desk.ui.pane.pane import ChatPane
from finr1_desk.ui.pane.rows import Section, TextRow
from finr1_desk.ui.pane.wording import error_sentence
from finr1_desk.ui.words.sentences import sentence
from tests.ui.pane.samples import CHINESE, ENGLISH, GENERATION, answer, question

LONG = "".join(f"Paragraph {number} of a long text. " * 6 + "\n\n" for number in range(60))
WRITING = answer("", state=MessageState.WRITING, generation=None)
THINKING = LiveStatus(Phase.THINKING, think_s=12.0, think_tokens=150)
ANSWERING = LiveStatus(Phase.ANSWERING, think_s=34.0, think_tokens=812)


def _parts(think: str, text: str = "") -> tuple[Part, ...]:
    parts = (Part(PartKind.TAG, "<think>\n"), Part(PartKind.THINK, think))
    return (*parts, Part(PartKind.TAG, "</think>\n"), Part(PartKind.ANSWER, text)) if text else parts


def _writing(think: str, text: str = "", **changes: object) -> Message:
    return replace(WRITING, parts=_parts(think, text), **changes)  # type: ignore[arg-type]


def _view(pane: ChatPane, message_id: str = "a1") -> AnswerView:
    index = pane.index_of(message_id)
    assert index is not None
    view = pane.flow.views[index]
    assert isinstance(view, AnswerView)
    return view


def _captions(pane: ChatPane, message_id: str) -> list[str]:
    """What the chrome of a message says, controls included."""
    index = pane.index_of(message_id)
    assert index is not None
    found = []
    for row in pane.flow.views[index].rows:
        if isinstance(row, ChromeRow):
            found += [row.caption] if row.caption else []
        found += [control.text for control in row.controls]
    return found


def _shown_text(pane: ChatPane, section: Section, message_id: str = "a1") -> list[str]:
    return [
        row.document_for(pane.page).document.toPlainText()
        for row in _view(pane, message_id).text_rows()
        if row.section is section
    ]


def _is_settled(pane: ChatPane) -> bool:
    """Nothing is left to be laid out, and no formula to be drawn."""
    drawing = pane._typesetting._client
    return not (pane._idle.isActive() or drawing._wanted or drawing._sent or drawing._tell.isActive())


def _first_text(pane: ChatPane) -> tuple[str, float]:
    """The uppermost row of text in the pane, and where it stands."""
    for placed in pane.flow.placed():
        if isinstance(placed.row, TextRow) and placed.top >= 0:
            return placed.row.document_for(pane.page).document.toPlainText(), placed.top
    raise AssertionError("no text in view")


# -- what is shown


def test_a_question_is_shown_as_it_was_typed(pane: ChatPane) -> None:
    text = "# not a heading\n\n* no list *\n  indented **stars**"
    pane.set_messages([question(text)], {})
    rows = pane.flow.views[0].text_rows()
    assert [row.document_for(pane.page).document.toPlainText() for row in rows] == [text]


def test_a_stored_answer_is_folded_and_shows_its_final_answer(pane: ChatPane) -> None:
    pane.set_messages([question("q"), answer(ENGLISH)], {})
    assert not _view(pane).thinking_is_open
    assert _shown_text(pane, Section.THINKING) == []
    assert _shown_text(pane, Section.BOXED) == ["$1,933.28"]
    assert "Thought for 34 s · 812 tokens" in _captions(pane, "a1")


def test_copying_the_final_answer_needs_nobody_else(pane: ChatPane) -> None:
    pane.set_messages([question("q"), answer(CHINESE)], {})
    pane.press("a1", "copy_boxed")
    assert QApplication.clipboard().text() == "否"


@pytest.mark.parametrize(
    ("live", "caption"),
    [
        (LiveStatus(Phase.QUEUED, ahead=2), "Queued"),
        (LiveStatus(Phase.LOADING, load_fraction=0.4), "Loading the model… 40 %"),
        (LiveStatus(Phase.PREFILL, prefill_fraction=0.404), "Reading the question… 40 %"),
        (None, "Writing…"),
    ],
)
def test_what_an_answer_waits_for_is_said(pane: ChatPane, live: LiveStatus | None, caption: str) -> None:
    pane.set_messages([question("q"), WRITING], {"a1": live} if live else {})
    assert _captions(pane, "a1") == [caption]


@pytest.mark.parametrize(
    ("state", "caption"),
    [
        (MessageState.STOPPED, "Stopped"),
        (MessageState.LENGTH, "Ended at the token limit"),
        (MessageState.INTERRUPTED, "Interrupted: the text up to here was kept"),
    ],
)
def test_how_an_answer_ended_is_said_with_ways_to_go_on(pane: ChatPane, state: MessageState, caption: str) -> None:
    pane.set_messages([question("q"), answer("Some text", state=state)], {})
    captions = _captions(pane, "a1")
    assert captions[captions.index(caption) :][:3] == [caption, "Continue", "Regenerate"]
    assert captions.count("Regenerate") == 1


def test_a_failure_is_described(qtbot: QtBot) -> None:
    pane = ChatPane(LIGHT, describe_error=lambda code: f"sentence for {code}")
    qtbot.addWidget(pane)
    failed = answer("", state=MessageState.FAILED, generation=replace(GENERATION, error="engine_died"))
    pane.set_messages([question("q"), failed], {})
    assert _captions(pane, "a1")[:2] == ["Failed: sentence for engine_died", "Regenerate"]
    assert "Continue" not in _captions(pane, "a1")


def test_a_complete_answer_has_no_state_line(pane: ChatPane) -> None:
    pane.set_messages([question("q"), answer("Text.")], {})
    assert _captions(pane, "a1") == ["Copy answer", "Regenerate", "Details", "More…"]


def test_a_queued_question_can_be_taken_back(pane: ChatPane, qtbot: QtBot) -> None:
    pane.set_messages([question("q")], {"q1": LiveStatus(Phase.QUEUED)})
    assert _captions(pane, "q1") == ["Queued", "Take back"]
    with qtbot.waitSignal(pane.actionTriggered, timeout=30_000) as caught:
        pane.press("q1", "take_back")
    assert caught.args == ["q1", "take_back"]
    pane.update_message(question("q"), None)
    assert _captions(pane, "q1") == ["Copy", "Edit", "More…"]
    pane.remove_message("q1")
    assert pane.flow.views == []


def test_the_banner_stands_above_the_messages(pane: ChatPane) -> None:
    pane.set_messages([question("q")], {})
    before = next(iter(pane.flow.placed())).top
    pane.set_banner("A note that is shown above the first message.")
    after = next(iter(pane.flow.placed())).top
    assert after > before
    pane.set_banner(None)
    assert next(iter(pane.flow.placed())).top == before


# -- thinking


@pytest.mark.parametrize(("seconds", "said"), [(0.0, "0 s"), (0.02, "0.1 s"), (0.43, "0.4 s"), (1.2, "1 s")])
def test_thinking_of_less_than_a_second_is_not_said_to_have_taken_none(
    pane: ChatPane, seconds: float, said: str
) -> None:
    quick = replace(GENERATION, timing=Timing(think_s=seconds, tokens_per_s=180.0))
    pane.set_messages([question("q"), answer(ENGLISH, generation=quick)], {})
    assert f"Thought for {said} · 812 tokens" in _captions(pane, "a1")


def test_thinking_ticks_is_folded_by_the_answer_and_says_how_long_it_took(pane: ChatPane) -> None:
    pane.set_messages([question("q"), _writing("Let me")], {"a1": THINKING})
    assert _captions(pane, "a1") == ["Thinking… 12 s", "Answer now"]
    pane.update_message(_writing("Let me see"), replace(THINKING, think_s=13.2))
    assert _captions(pane, "a1")[0] == "Thinking… 13 s"
    assert _shown_text(pane, Section.THINKING) == ["Let me see"]
    pane.update_message(_writing("Let me see.", "It is"), ANSWERING)
    assert _captions(pane, "a1") == ["Thought for 34 s · 812 tokens"]
    assert _shown_text(pane, Section.THINKING) == []
    assert _shown_text(pane, Section.BODY) == ["It is"]


def test_the_seconds_go_on_where_no_text_comes(pane: ChatPane, qtbot: QtBot) -> None:
    pane.set_messages([question("q")], {})
    pane.update_message(_writing("Let me"), THINKING)
    qtbot.waitUntil(lambda: _captions(pane, "a1")[0] not in ("Thinking… 12 s",), timeout=30_000)
    assert _captions(pane, "a1")[0].startswith("Thinking… 1")


def test_a_long_time_is_said_in_minutes(pane: ChatPane) -> None:
    pane.set_messages([question("q"), _writing("Let me")], {"a1": replace(THINKING, think_s=125.9)})
    assert _captions(pane, "a1")[0] == "Thinking… 2 min 5 s"


def test_thinking_stays_open_where_the_setting_says_so(pane: ChatPane) -> None:
    pane.set_fold_thinking(False)
    pane.set_messages([question("q"), answer(ENGLISH)], {})
    assert _view(pane).thinking_is_open
    pane.set_fold_thinking(True)
    assert not _view(pane).thinking_is_open


def test_the_readers_own_choice_wins(pane: ChatPane, qtbot: QtBot) -> None:
    pane.set_messages([question("q"), _writing("Let me see")], {"a1": THINKING})
    with qtbot.waitSignal(pane.thinkingToggled, timeout=30_000) as caught:
        pane.press("a1", TOGGLE)
    assert caught.args == ["a1", False]
    pane.update_message(_writing("Let me see more"), THINKING)
    assert not _view(pane).thinking_is_open
    pane.press("a1", TOGGLE)
    pane.update_message(_writing("Let me see more", "It is"), ANSWERING)
    assert _view(pane).thinking_is_open


def test_what_was_remembered_wins_over_the_setting(pane: ChatPane) -> None:
    pane.set_messages([question("q"), answer(ENGLISH, thinking_open=True)], {})
    assert _view(pane).thinking_is_open
    pane.set_fold_thinking(False)
    pane.set_messages([question("q"), answer(ENGLISH, thinking_open=False)], {})
    assert not _view(pane).thinking_is_open


def test_unclosed_thinking_of_a_stopped_answer_stays_open(pane: ChatPane) -> None:
    pane.set_messages([question("q"), answer(_parts("I was just"), state=MessageState.STOPPED)], {})
    assert _shown_text(pane, Section.THINKING) == ["I was just"]


def test_thinking_that_is_being_read_is_not_pulled_away(pane: ChatPane) -> None:
    pane.set_messages([question("q"), _writing(LONG)], {"a1": THINKING})
    pane.verticalScrollBar().setValue(pane.verticalScrollBar().maximum() // 2)
    before = _first_text(pane)
    pane.update_message(_writing(LONG, "The answer"), ANSWERING)
    assert _view(pane).thinking_is_open
    assert _first_text(pane) == before


def test_text_that_changes_its_kind_is_shown_anew(pane: ChatPane) -> None:
    pane.set_messages([question("q")], {})
    pane.update_message(replace(WRITING, parts=(Part(PartKind.ANSWER, "So the sum is\n\n- one"),)), ANSWERING)
    assert _shown_text(pane, Section.BODY) == ["So the sum is", "one"]
    pane.update_message(_writing("So the sum is\n\n- one", "It is 7"), ANSWERING)
    assert _shown_text(pane, Section.BODY) == ["It is 7"]


# -- streaming


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_a_streamed_answer_ends_as_a_stored_one(pane: ChatPane, qtbot: QtBot, text: str) -> None:
    pane.set_messages([question("q")], {})
    for end in range(1, len(text), 7):
        parts = split(text[:end])
        phase = Phase.ANSWERING if any(part.kind is PartKind.ANSWER for part in parts) else Phase.THINKING
        pane.update_message(replace(WRITING, parts=parts), LiveStatus(phase, think_s=1))
        if end % 70 < 7:
            QApplication.processEvents()
    final = answer(text, thinking_open=True)
    pane.update_message(final, None)
    qtbot.waitUntil(lambda: _is_settled(pane), timeout=30_000)
    streamed = [_shown_text(pane, section) for section in Section]
    height = pane.flow.total
    pane.set_messages([question("q"), final], {})
    qtbot.waitUntil(lambda: _is_settled(pane), timeout=30_000)
    assert [_shown_text(pane, section) for section in Section] == streamed
    assert pane.flow.total == pytest.approx(height, abs=1)


def test_finished_blocks_keep_their_documents_while_text_comes(pane: ChatPane) -> None:
    text = "one\n\ntwo\n\n```\ncode\n```\n\nthree\n\nfour"
    pane.set_messages([question("q")], {})
    pane.update_message(replace(WRITING, parts=(Part(PartKind.ANSWER, text),)), ANSWERING)
    QApplication.processEvents()
    before = [row.rendered for row in _view(pane).text_rows()]
    assert None not in before
    pane.update_message(replace(WRITING, parts=(Part(PartKind.ANSWER, text + " goes on"),)), ANSWERING)
    after = [row.rendered for row in _view(pane).text_rows()]
    assert [one is other for one, other in zip(before[:-2], after, strict=False)] == [True] * (len(before) - 2)


def test_only_some_documents_are_kept(pane: ChatPane) -> None:
    messages = [question("short", id=f"q{n}") for n in range(2 * CAPACITY)]
    pane.set_messages(messages, {})
    bar = pane.verticalScrollBar()
    for value in range(0, bar.maximum(), bar.pageStep()):
        bar.setValue(value)
    kept = sum(row.rendered is not None for view in pane.flow.views if view.has_rows for row in view.text_rows())
    assert 0 < kept <= CAPACITY


def test_an_answer_that_is_out_of_sight_is_not_made_into_rows(pane: ChatPane) -> None:
    pane.set_messages([answer(LONG, id=f"a{n}") for n in range(40)], {})
    assert sum(view.has_rows for view in pane.flow.views) < 5


# -- scrolling


def test_new_text_is_followed_at_the_end(pane: ChatPane) -> None:
    pane.set_messages([question("q"), answer(LONG)], {})
    assert pane.flow.is_at_end
    for end in range(50, 2000, 50):
        pane.update_message(replace(WRITING, id="a2", parts=(Part(PartKind.ANSWER, LONG[:end]),)), ANSWERING)
        assert pane.verticalScrollBar().value() == pane.verticalScrollBar().maximum()
        assert pane.flow.is_at_end


def test_a_reader_above_is_not_moved_and_is_told(pane: ChatPane) -> None:
    pane.set_messages([question("q"), answer(LONG)], {})
    pane.update_message(replace(WRITING, id="a2", parts=(Part(PartKind.ANSWER, LONG[:500]),)), ANSWERING)
    pane.verticalScrollBar().setValue(pane.verticalScrollBar().maximum() // 3)
    before = _first_text(pane)
    pane.update_message(replace(WRITING, id="a2", parts=(Part(PartKind.ANSWER, LONG[:5000]),)), ANSWERING)
    assert _first_text(pane) == before
    button = pane.findChild(type(pane._new_text))
    assert button is not None
    assert button.isVisible()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert pane.flow.is_at_end
    assert not button.isVisible()


def test_a_message_that_only_changed_its_state_is_no_new_text(pane: ChatPane) -> None:
    pane.set_messages([question("q"), answer(LONG)], {})
    pane.verticalScrollBar().setValue(0)
    pane.update_message(answer(LONG, thinking_open=True), None)
    assert not pane._new_text.isVisible()


def test_a_question_that_was_asked_is_gone_to(pane: ChatPane) -> None:
    pane.set_messages([question("q"), answer(LONG)], {})
    pane.verticalScrollBar().setValue(0)
    pane.add_message(question("Another?", id="q2"))
    assert pane.flow.is_at_end


def test_better_heights_move_nothing_in_view(pane: ChatPane, qtbot: QtBot) -> None:
    pane.set_messages([answer(f"{LONG}\n\n{CHINESE}", id=f"a{n}") for n in range(10)], {})
    pane.verticalScrollBar().setValue(pane.verticalScrollBar().maximum() // 2)
    before = _first_text(pane)
    qtbot.waitUntil(lambda: not pane._idle.isActive(), timeout=30_000)
    assert _first_text(pane) == before


def test_scrolling_down_step_by_step_passes_every_message(pane: ChatPane) -> None:
    pane.set_messages([answer(CHINESE, id=f"a{n}") for n in range(12)], {})
    bar = pane.verticalScrollBar()
    bar.setValue(0)
    seen: list[int] = []
    for _ in range(2000):
        seen += [placed.view_index for placed in pane.flow.placed()]
        if bar.value() == bar.maximum():
            break
        bar.setValue(bar.value() + bar.singleStep())
    assert sorted(set(seen)) == list(range(12))
    assert seen[0] == 0
    assert pane.flow.is_at_end


def test_a_new_width_keeps_the_place(pane: ChatPane, qtbot: QtBot) -> None:
    pane.set_messages([answer(LONG)], {})
    pane.verticalScrollBar().setValue(pane.verticalScrollBar().maximum() // 2)
    anchor = pane.flow.views[pane.flow.anchor.view].rows[pane.flow.anchor.row]
    pane.resize(520, 600)
    qtbot.waitUntil(lambda: pane.page.width < 500, timeout=30_000)
    assert pane.flow.views[pane.flow.anchor.view].rows[pane.flow.anchor.row] is anchor


@pytest.mark.parametrize("needle", ["ENDWORD", "endword stands", "and two bold"])
def test_a_place_in_a_message_that_is_still_being_read_is_gone_to(pane: ChatPane, qtbot: QtBot, needle: str) -> None:
    text = "A **word** of it.\n\n" * 8000 + "Then the ENDWORD **stands** and two **bold** words.\n\n" + "tail\n\n" * 50
    pane.set_messages([question("q1"), answer(text)], {})
    assert pane.flow.views[1].has_more
    pane.scroll_to("a1", needle)
    qtbot.waitUntil(lambda: pane.selected_text().casefold() != "", timeout=60_000)
    row = next(row for row in pane.flow.views[1].text_rows() if pane.selection.range_in(1, row) is not None)
    assert "ENDWORD" in row.document_for(pane.page).document.toPlainText()
    assert any(placed.row is row for placed in pane.flow.placed())


def test_what_is_sought_in_vain_leaves_the_message_at_its_beginning(pane: ChatPane, qtbot: QtBot) -> None:
    pane.set_messages([question("q1"), answer("A word.\n\n" * 8000)], {})
    pane.scroll_to("a1", "nowhere")
    qtbot.waitUntil(lambda: not pane.flow.views[1].has_more and not pane._idle.isActive(), timeout=60_000)
    assert pane.selection.ends is None
    assert pane.flow.views[1].text_rows()[0] in [placed.row for placed in pane.flow.placed()]


def test_scroll_to_finds_text_also_in_folded_thinking(pane: ChatPane) -> None:
    pane.set_messages([answer(LONG, id="a0"), answer(ENGLISH), answer(LONG, id="a2")], {})
    pane.scroll_to("a1", "denominator")
    assert _view(pane).thinking_is_open
    assert pane.selected_text() == "denominator"
    shown = [placed.view.message.id for placed in pane.flow.placed()]
    assert "a1" in shown
    pane.scroll_to("a0")
    first = next(iter(pane.flow.placed()))
    assert first.view.message.id == "a0"


# -- look and language


def test_theme_and_size_change_at_run_time(pane: ChatPane) -> None:
    pane.set_messages([question("q"), answer(ENGLISH)], {})
    light = pane.grab().toImage().pixelColor(2, 2).name()
    total = pane.flow.total
    pane.set_theme(DARK)
    assert (light, pane.grab().toImage().pixelColor(2, 2).name()) == (LIGHT.window, DARK.window)
    assert pane.flow.total == total
    pane.set_text_scale(150)
    assert pane.flow.total > 1.3 * total


def test_another_language_changes_the_captions(pane: ChatPane) -> None:
    class Loud(QTranslator):
        def translate(self, context: str, source: str, disambiguation: str = "", n: int = -1) -> str:
            return source.upper() if context == "ChatPane" and "{" not in source else ""

        def isEmpty(self) -> bool:
            return False

    pane.set_messages([question("q"), answer("Text", state=MessageState.STOPPED)], {})
    translator = Loud()
    app = QApplication.instance()
    assert app is not None
    app.installTranslator(translator)
    try:
        QApplication.sendEvent(pane, QEvent(QEvent.Type.LanguageChange))
        assert "STOPPED" in _captions(pane, "a1")
    finally:
        app.removeTranslator(translator)
    QApplication.sendEvent(pane, QEvent(QEvent.Type.LanguageChange))
    assert "Stopped" in _captions(pane, "a1")


def test_finished_code_is_coloured(pane: ChatPane, qtbot: QtBot) -> None:
    code = "```python\nfor x in y: pass  # note\n"
    pane.set_messages([question("q")], {})
    pane.update_message(replace(WRITING, parts=(Part(PartKind.ANSWER, code),)), ANSWERING)
    QApplication.processEvents()
    assert _view(pane).text_rows()[0].colours == ()
    pane.update_message(answer(f"{code}```\n"), None)
    qtbot.waitUntil(lambda: bool(_view(pane).text_rows()[0].colours), timeout=30_000)
    text = "for x in y: pass  # note"
    named = {text[start : start + size]: name for start, size, name in _view(pane).text_rows()[0].colours}
    assert named["for"] == "accent"
    assert named["# note"] == "muted"


def test_a_kept_error_becomes_its_sentence() -> None:
    error = UserError(ErrorCode.CONTEXT_TOO_LONG, tokens=20_000, limit=16_384, over=3_616)
    said = error_sentence(error.to_json())
    assert said == sentence(error).text
    assert "{" not in said
    assert error_sentence("already a sentence") == "already a sentence"
