"""Writing in the window: drafts, editing, other versions, deleting, quoting, counting, several answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox, QMenu, QPushButton

from finr1_desk.app.manner import Chosen
from finr1_desk.core.choices import PRESETS, Choices
from finr1_desk.core.conversation import FinishReason, Message, MessageState, Role
from finr1_desk.core.events import SampleFinished, TextProduced
from finr1_desk.core.prompts import OFFICIAL_SYSTEM_PROMPT
from finr1_desk.ui.dialogs.conversation_settings import ConversationSettingsDialog, RegeneratePopover
from finr1_desk.ui.pane.places import top_of
from finr1_desk.ui.pane.rows import Section
from tests.ui.played import WAIT_MS, Running

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def running(start: Callable[..., Running]) -> Running:
    return start()


def shown(running: Running) -> list[Message]:
    return running.built.conversations.shown()


def texts(running: Running) -> list[str]:
    return [message.answer for message in shown(running)]


def press(running: Running, message: Message, action: str) -> None:
    assert running.window.pane is not None
    running.window.pane.press(message.id, action)


def regenerated(running: Running, message: Message, text: str) -> Message:
    """Another answer beside this one, which is shown then."""
    count = len(running.engine.requests)
    press(running, message, "regenerate")
    running.until(lambda: len(running.engine.requests) > count)
    with running.qtbot.waitSignal(running.built.answers.finished, timeout=WAIT_MS):
        running.engine.answer(f"r{count + 1}", f"<answer>\n{text}\n</answer>")
    return shown(running)[-1]


def controls(running: Running, message: Message) -> list[str]:
    assert running.window.pane is not None
    index = running.window.pane.index_of(message.id)
    assert index is not None
    return [control.text for row in running.window.pane.flow.views[index].rows for control in row.controls]


# -- drafts


def test_drafts_come_back_after_the_window_was_closed(start: Callable[..., Running]) -> None:
    running = start()
    first = running.answered("first")
    running.window.composer.edit.setPlainText("unsent in the first")
    running.new()
    running.window.composer.edit.setPlainText("for a new one")
    running.close()
    again = start()
    again.until(lambda: again.window.composer.text() == "for a new one")
    again.built.conversations.open(first)
    again.until(lambda: again.window.composer.text() == "unsent in the first")
    again.new()
    assert again.window.composer.text() == "for a new one"


def test_what_was_sent_is_no_draft_any_more(start: Callable[..., Running]) -> None:
    running = start()
    running.window.composer.edit.setPlainText("half")
    running.until(lambda: bool(running.built.drafts.of(None).text))
    running.answered("whole")
    running.close()
    again = start()
    again.until(lambda: again.built.drafts.is_loaded and again.built.conversations.current is not None)
    assert again.window.composer.text() == ""
    assert again.built.drafts.of(None).is_empty


def test_what_is_typed_before_the_drafts_are_there_follows_them(start: Callable[..., Running]) -> None:
    running = start()
    running.window.composer.edit.setPlainText("left over")
    running.close()
    again = start(wait=False)
    again.window.composer.edit.setPlainText("typed")
    again.until(lambda: again.window.composer.text() == "left over\ntyped")


# -- editing


def test_an_edited_question_becomes_a_branch_and_the_old_one_stays(running: Running) -> None:
    running.answered("old")
    running.window.composer.edit.setPlainText("half a thought")
    press(running, shown(running)[0], "edit")
    composer = running.window.composer
    assert (composer.text(), composer.is_editing) == ("old", True)
    composer.edit.setPlainText("new")
    count = len(running.engine.requests)
    QTest.keyClick(composer.edit, Qt.Key.Key_Return)
    running.until(lambda: len(running.engine.requests) > count)
    assert running.engine.requests[-1].turns[-1].content == "new"
    assert len(running.engine.requests[-1].turns) == 2
    assert (composer.text(), composer.is_editing) == ("half a thought", False)
    with running.qtbot.waitSignal(running.built.answers.finished, timeout=WAIT_MS):
        running.engine.answer(f"r{count + 1}")
    assert texts(running) == ["new", "yes"]
    assert "2/2" in controls(running, shown(running)[0])
    press(running, shown(running)[0], "previous_version")
    running.until(lambda: texts(running) == ["old", "yes"])


def test_escape_gives_up_editing(running: Running) -> None:
    running.answered("old")
    press(running, shown(running)[0], "edit")
    QTest.keyClicks(running.window.composer.edit, " and more")
    QTest.keyClick(running.window.composer.edit, Qt.Key.Key_Escape)
    assert (running.window.composer.text(), running.window.composer.is_editing) == ("", False)
    assert texts(running) == ["old", "yes"]


def test_editing_goes_on_after_looking_at_another_conversation(running: Running) -> None:
    first = running.answered("old")
    press(running, shown(running)[0], "edit")
    running.new()
    assert not running.window.composer.is_editing
    running.built.conversations.open(first)
    running.until(lambda: running.window.composer.is_editing)
    assert running.window.composer.text() == "old"


# -- versions


def test_versions_are_switched_by_the_keyboard_and_keep_their_place(running: Running) -> None:
    running.answered("question")
    first = shown(running)[-1]
    second = regenerated(running, first, "\n\n".join(f"paragraph {n}" for n in range(80)))
    pane = running.window.pane
    assert pane is not None
    pane.scroll_to(second.id)
    top = top_of(pane, second.id)
    QTest.keyClick(running.window, Qt.Key.Key_BracketLeft, CONTROL)
    running.until(lambda: shown(running)[-1].id == first.id)
    QTest.keyClick(running.window, Qt.Key.Key_BracketRight, CONTROL)
    running.until(lambda: shown(running)[-1].id == second.id)
    assert top_of(pane, second.id) == pytest.approx(top, abs=pane.flow.height)
    QTest.keyClick(running.window, Qt.Key.Key_BracketRight, CONTROL)  # around the end
    running.until(lambda: shown(running)[-1].id == first.id)


def test_the_newest_branch_below_a_version_is_shown(running: Running) -> None:
    running.answered("question")
    first = shown(running)[-1]
    running.answered("follow-up")
    regenerated(running, first, "other")
    assert texts(running) == ["question", "other"]
    press(running, shown(running)[-1], "previous_version")
    running.until(lambda: texts(running) == ["question", "yes", "follow-up", "yes"])


def test_a_branch_is_shown_as_it_was_last_looked_at(running: Running) -> None:
    running.answered("question")
    first = shown(running)[-1]
    regenerated(running, first, "other")
    press(running, shown(running)[-1], "previous_version")
    running.until(lambda: texts(running) == ["question", "yes"])
    press(running, shown(running)[0], "edit")
    running.window.composer.edit.setPlainText("edited")
    QTest.keyClick(running.window.composer.edit, Qt.Key.Key_Return)
    running.until(lambda: texts(running)[0] == "edited" and len(running.engine.requests) == 3)
    running.engine.answer("r3")
    running.until(lambda: texts(running) == ["edited", "yes"])
    running.built.branches.step(shown(running)[0].id, -1)
    running.until(lambda: texts(running)[0] == "question")
    assert shown(running)[-1].id == first.id


def test_a_menu_lists_the_versions_with_what_they_come_to(running: Running) -> None:
    running.answered("question")
    first = shown(running)[-1]
    second = regenerated(running, first, "It is \\boxed{5 & 6}")
    menu = running.binding._branches.versions_menu(second.id)
    assert [action.text() for action in menu.actions()] == ["1   yes", "2   5 && 6"]
    assert [action.isChecked() for action in menu.actions()] == [False, True]
    menu.actions()[0].trigger()
    running.until(lambda: shown(running)[-1].id == first.id)


def test_a_hit_on_a_branch_that_is_not_shown_opens_it(running: Running) -> None:
    running.answered("question")
    first = shown(running)[-1]
    regenerated(running, first, "other")
    running.built.store.wait(lambda store: store.search("other"), 30)
    hits = running.built.store.wait(lambda store: store.search("yes"), 30)
    assert [hit.message_id for hit in hits] == [first.id]
    running.binding._on_hit(hits[0], "yes")
    running.until(lambda: shown(running)[-1].id == first.id)


# -- other sampling


def test_an_answer_is_regenerated_with_other_sampling_for_once(running: Running) -> None:
    running.answered("question")
    menu = QMenu()
    running.binding._branches._fill(menu, shown(running)[-1].id)
    next(action for action in menu.actions() if action.text().startswith("Regenerate")).trigger()
    popover = running.window.findChild(RegeneratePopover)
    assert isinstance(popover, RegeneratePopover)
    popover.form.preset.setCurrentIndex(popover.form.preset.findData("deterministic"))
    popover.form.preset.activated.emit(popover.form.preset.currentIndex())
    assert (popover.form.temperature.value(), popover.form.seed.text()) == (0.0, "0")
    popover.findChild(QPushButton).click()  # type: ignore[union-attr]
    running.until(lambda: len(running.engine.requests) == 2)
    asked = running.engine.requests[1]
    assert (asked.overrides["temperature"], asked.seed) == (0.0, 0)
    assert running.built.manner.value.choices == Choices()


def test_the_settings_of_a_conversation_hold_for_it_alone(running: Running) -> None:
    running.answered("question")
    running.window.actions_["conversation_settings"].trigger()
    dialog = running.window.findChild(ConversationSettingsDialog)
    assert isinstance(dialog, ConversationSettingsDialog)
    assert dialog.prompt.toPlainText() == OFFICIAL_SYSTEM_PROMPT
    dialog.kind.setCurrentIndex(dialog.kind.findData("own"))
    dialog.kind.activated.emit(dialog.kind.currentIndex())
    dialog.prompt.setPlainText("Be brief.")
    dialog.form.temperature.setValue(1.2)
    dialog.form.max_think.setValue(300)
    dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok).click()  # type: ignore[union-attr]
    running.until(lambda: running.built.manner.value.choices.temperature == 1.2)
    running.ask_and_wait("more")
    asked = running.engine.requests[-1]
    assert asked.turns[0].content == "Be brief."
    assert (asked.overrides["temperature"], asked.overrides["top_p"], asked.max_think) == (1.2, 0.8, 300)
    running.built.conversations.start_new()
    assert running.built.manner.value.system_prompt == OFFICIAL_SYSTEM_PROMPT


def test_settings_made_before_the_first_question_begin_the_conversation(running: Running) -> None:
    running.built.manner.set(Chosen(None, PRESETS["evaluation"]))
    running.ask_and_wait("question")
    assert running.engine.requests[-1].overrides["temperature"] == 0.6
    conversation = running.built.conversations.conversation
    assert conversation is not None
    assert conversation.choices == PRESETS["evaluation"]


# -- deleting


def test_a_deleted_answer_comes_back_by_undo(running: Running) -> None:
    running.answered("question")
    answer = shown(running)[-1]
    press(running, answer, "delete")
    running.until(lambda: texts(running) == ["question"])
    running.until(running.window.composer.undo.isVisible)
    assert running.window.pane is not None
    running.window.pane.setFocus()
    QTest.keyClick(running.window.pane, Qt.Key.Key_Z, CONTROL)
    running.until(lambda: texts(running) == ["question", "yes"])
    assert not running.window.composer.undo.isVisible()


def test_a_question_that_lost_its_answer_can_be_answered_again(running: Running) -> None:
    running.answered("question")
    press(running, shown(running)[-1], "delete")
    running.until(lambda: texts(running) == ["question"])
    running.until(lambda: "Answer this question" in controls(running, shown(running)[0]))
    press(running, shown(running)[0], "regenerate")
    running.until(lambda: len(running.engine.requests) == 2)
    running.until(lambda: "Answer this question" not in controls(running, shown(running)[0]))


def test_the_composer_undoes_its_own_text_first(running: Running) -> None:
    running.answered("question")
    press(running, shown(running)[0], "delete")
    running.until(lambda: texts(running) == [])
    edit = running.window.composer.edit
    QTest.keyClicks(edit, "typed")
    QTest.keyClick(edit, Qt.Key.Key_Z, CONTROL)
    assert (edit.toPlainText(), texts(running)) == ("", [])
    QTest.keyClick(edit, Qt.Key.Key_Z, CONTROL)
    running.until(lambda: texts(running) == ["question", "yes"])


def test_what_is_being_written_is_not_deleted(running: Running) -> None:
    request = running.ask_and_wait("question")
    running.engine.start(request)
    running.engine.say(request, "<think>\nhm")
    running.until(lambda: len(shown(running)) == 2)
    for message in shown(running):
        press(running, message, "delete")
    running.engine.finish(request)
    running.until(lambda: shown(running)[-1].state is MessageState.COMPLETE)
    assert len(shown(running)) == 2


# -- quoting


def test_a_selection_is_quoted_by_menu_and_by_shortcut(running: Running) -> None:
    running.answered("question")
    pane = running.window.pane
    assert pane is not None
    [rect] = pane.rects(shown(running)[-1].id, Section.BODY, 0, 0, 3)
    pane.scroll_to(shown(running)[-1].id, "yes")
    running.window.actions_["quote"].trigger()
    assert running.window.composer.text() == "> yes\n\n"
    menu = pane._pointer.menu_at(QPointF(rect.center()))
    quote = next(action for action in menu.actions() if action.text() == "Quote in the question")
    quote.trigger()
    assert running.window.composer.text() == "> yes\n\n> yes\n\n"


# -- counting


def test_the_question_is_counted_and_a_long_one_is_warned_of(running: Running) -> None:
    status, composer = running.window.status, running.window.composer
    running.built.models.load()
    composer.edit.setPlainText("12345")
    running.until(lambda: status.question_text() == "Question: 5 tokens")
    assert not composer._warning.isVisible()
    composer.edit.setPlainText("x" * 2048)
    running.until(lambda: "Too long by" in composer._warning.text())
    over = len(OFFICIAL_SYSTEM_PROMPT) + 5 + 2048 + 5 + 64 - 2048
    assert f"Too long by {over:,} tokens" in composer._warning.text()
    composer.edit.clear()
    running.until(lambda: status.question_text() == "" and not composer._warning.isVisible())


def test_a_count_is_not_asked_for_at_every_key(running: Running) -> None:
    QTest.keyClicks(running.window.composer.edit, "some words and some more")
    running.until(lambda: bool(running.window.status.question_text()))
    assert len(running.engine.counted) == 2  # with the question and without it


def test_a_full_conversation_is_told_before_sending(running: Running) -> None:
    running.built.models.load()
    running.answered("y" * 1400)
    running.window.composer.edit.setPlainText("x" * 100)
    running.until(lambda: "nearly full" in running.window.composer._warning.text())


# -- several answers


def ask_several(running: Running, text: str = "what?") -> str:
    running.window.composer.edit.setPlainText(text)
    running.window.composer._sample.trigger()
    running.until(lambda: bool(running.engine.requests))
    return f"r{len(running.engine.requests)}"


def say(running: Running, request: str, sample: int, text: str) -> None:
    running.engine.emit(TextProduced(request, text, 5, 0, 12.5, 25, sample=sample))


def test_several_answers_are_written_side_by_side_and_the_majority_is_shown(running: Running) -> None:
    request = ask_several(running)
    assert running.engine.requests[0].samples == 8
    running.engine.start(request)
    say(running, request, 1, "<answer>\nIt is \\boxed{5}")
    running.until(
        lambda: any(m.raw for m in running.built.answers.live_messages(shown(running)[0].conversation_id).values())
    )
    first = shown(running)[-1]
    assert "1/8" in controls(running, first)
    for sample in range(8):
        say(
            running,
            request,
            sample,
            "<answer>\nnone" if sample == 0 else " \\boxed{5\\%}" if sample < 7 else "\\boxed{6}",
        )
        running.engine.emit(SampleFinished(request, sample, FinishReason.STOP))
    with running.qtbot.waitSignal(running.built.answers.finished, timeout=WAIT_MS):
        running.engine.finish(request)
    running.until(lambda: shown(running)[-1].state is MessageState.COMPLETE and shown(running)[-1].id != first.id)
    answer = shown(running)[-1]
    assert "2/8 · 6 of 8 agree" in controls(running, answer)
    on_disk = running.built.store.wait(lambda store: store.messages(answer.conversation_id), 30)
    assert [message.role for message in on_disk] == [Role.USER, *[Role.ASSISTANT] * 8]
    assert {message.state for message in on_disk} == {MessageState.COMPLETE}


def test_stopping_several_answers_keeps_them_all(running: Running) -> None:
    request = ask_several(running)
    running.engine.start(request)
    for sample in range(3):
        say(running, request, sample, f"<think>\nthought {sample}")
    with running.qtbot.waitSignal(running.built.answers.finished, timeout=WAIT_MS):
        running.built.answers.stop(running.built.conversations.current or "")
    on_disk = running.built.store.wait(lambda store: store.messages(shown(running)[0].conversation_id), 30)
    assert [message.think for message in on_disk[1:4]] == ["thought 0", "thought 1", "thought 2"]
    assert {message.state for message in on_disk[1:]} == {MessageState.STOPPED}


def test_another_sample_can_be_looked_at_while_they_are_written(running: Running) -> None:
    request = ask_several(running)
    running.engine.start(request)
    running.until(lambda: len(shown(running)) == 2)
    press(running, shown(running)[-1], "next_version")
    running.until(lambda: "2/8" in controls(running, shown(running)[-1]))
    looked_at = shown(running)[-1].id
    say(running, request, 1, "<answer>\nhere")
    with running.qtbot.waitSignal(running.built.answers.finished, timeout=WAIT_MS):
        running.engine.finish(request)
    running.until(lambda: shown(running)[-1].answer == "here")
    assert shown(running)[-1].id == looked_at
