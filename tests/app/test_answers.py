"""Questions and answers through the controllers, a real worker and a real store."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from finr1_desk.app.bootstrap import Application
from finr1_desk.app.live import LiveStatus, Phase
from finr1_desk.core.conversation import Message, MessageState, PartKind, Role
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.store.database import Store
from tests.app.conftest import THOUGHT, WAIT_MS

Start = Callable[..., Application]


def on_disk(application: Application, conversation_id: str) -> list[Message]:
    return application.store.wait(lambda store: store.messages(conversation_id), 60)


def kept(message: Message) -> tuple[object, ...]:
    """What of a message is on disk as soon as it is finished; the hash of the model's file may come later."""
    generation = message.generation
    assert generation is not None
    return message.id, message.parts, message.state, generation.usage, generation.timing, generation.error


def ask(application: Application, qtbot: QtBot, text: str) -> Message:
    with qtbot.waitSignal(application.answers.asked, timeout=WAIT_MS) as asked:
        application.answers.ask(text)
    question: Message = asked.args[1]
    return question


def wait_for_text(application: Application, qtbot: QtBot, conversation_id: str, characters: int = 40) -> None:
    def has_text() -> bool:
        live = application.answers.live(conversation_id)
        return live is not None and len(live[0].raw) >= characters

    qtbot.waitUntil(has_text, timeout=WAIT_MS)


def test_a_question_is_answered_and_kept(start: Start, qtbot: QtBot, speaking_model: Path) -> None:
    application = start(speaking_model)
    statuses: list[LiveStatus] = []
    application.answers.grew.connect(lambda _, status: statuses.append(status))
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS) as finished:
        question = ask(application, qtbot, "为什么利润下降？")
        assert on_disk(application, question.conversation_id)[0] == question, "announced before it was on disk"
    answer: Message = finished.args[0]
    assert answer.raw == THOUGHT
    assert answer.think == "Costs rose by 15%, sales did not."
    assert answer.answer == "Margins fell. \\boxed{-15\\%}"
    assert answer.state is MessageState.COMPLETE
    assert answer.generation is not None
    assert answer.generation.usage.completion_tokens > answer.generation.usage.think_tokens > 0
    assert answer.generation.model.file_name == "speaking.gguf"
    assert [(m.id, m.parts, m.state) for m in on_disk(application, question.conversation_id)] == [
        (question.id, question.parts, question.state),
        (answer.id, answer.parts, answer.state),
    ]
    assert application.conversations.current == question.conversation_id
    assert [message.id for message in application.conversations.shown()] == [question.id, answer.id]
    assert statuses
    qtbot.waitUntil(
        lambda: on_disk(application, question.conversation_id)[1].generation.model.sha256 is not None,  # type: ignore[union-attr]
        timeout=WAIT_MS,
    )


def test_a_second_question_goes_into_the_same_conversation(start: Start, qtbot: QtBot, speaking_model: Path) -> None:
    application = start(speaking_model)
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS):
        first = ask(application, qtbot, "first")
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS) as finished:
        second = ask(application, qtbot, "second")
    assert second.conversation_id == first.conversation_id
    shown = application.conversations.shown()
    assert [message.answer for message in shown if message.role is Role.USER] == ["first", "second"]
    assert finished.args[0].parent_id == second.id


def test_stopping_keeps_what_was_written(start: Start, qtbot: QtBot, endless_model: Path) -> None:
    application = start(endless_model)
    question = ask(application, qtbot, "Go on and on")
    wait_for_text(application, qtbot, question.conversation_id)
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS) as finished:
        application.answers.stop(question.conversation_id)
    answer: Message = finished.args[0]
    assert answer.state is MessageState.STOPPED
    assert len(answer.think) >= 20
    assert kept(on_disk(application, question.conversation_id)[1]) == kept(answer)


def test_answer_now_closes_the_thinking(start: Start, qtbot: QtBot, endless_model: Path) -> None:
    application = start(endless_model)
    question = ask(application, qtbot, "Think for ever")
    wait_for_text(application, qtbot, question.conversation_id)
    application.answers.answer_now(question.conversation_id)
    qtbot.waitUntil(
        lambda: application.answers.live(question.conversation_id)[1].phase is Phase.ANSWERING,  # type: ignore[index]
        timeout=WAIT_MS,
    )
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS) as finished:
        application.answers.stop(question.conversation_id)
    kinds = [part.kind for part in finished.args[0].parts if part.kind is not PartKind.TAG]
    assert kinds[:1] == [PartKind.THINK]
    assert "\n</think>\n<answer>\n" in finished.args[0].raw


def test_questions_queue_in_order_and_can_be_taken_back(start: Start, qtbot: QtBot, endless_model: Path) -> None:
    application = start(endless_model)
    first = ask(application, qtbot, "one")
    conversation_id = first.conversation_id
    wait_for_text(application, qtbot, conversation_id)
    second = ask(application, qtbot, "two")
    third = ask(application, qtbot, "three")
    assert set(application.answers.live_statuses(conversation_id)) > {second.id, third.id}
    with qtbot.waitSignal(application.conversations.messageRemoved, timeout=WAIT_MS):
        application.answers.take_back(second.id)
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS):
        application.answers.stop(conversation_id)
    wait_for_text(application, qtbot, conversation_id)
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS) as finished:
        application.answers.stop(conversation_id)
    assert finished.args[0].parent_id == third.id
    texts = [message.answer for message in application.conversations.shown() if message.role is Role.USER]
    assert texts == ["one", "three"]


def test_a_killed_worker_costs_no_text_and_the_answer_goes_on(start: Start, qtbot: QtBot, endless_model: Path) -> None:
    application = start(endless_model)
    question = ask(application, qtbot, "survive")
    wait_for_text(application, qtbot, question.conversation_id)
    worker = application.link.client.worker_pid
    assert worker is not None
    shown = application.answers.live(question.conversation_id)
    assert shown is not None
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS) as finished:
        os.kill(worker, signal.SIGKILL)
    answer: Message = finished.args[0]
    assert answer.state is MessageState.INTERRUPTED
    assert answer.raw.startswith(shown[0].raw)
    assert answer.generation is not None
    error = UserError.from_json(answer.generation.error or "")
    assert error is not None
    assert error.code is ErrorCode.ENGINE_DIED

    application.answers.continue_answer(answer.id)
    qtbot.waitUntil(lambda: application.answers.live(question.conversation_id) is not None, timeout=WAIT_MS)
    wait_for_text(application, qtbot, question.conversation_id, len(answer.raw) + 40)
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS) as finished:
        application.answers.stop(question.conversation_id)
    assert finished.args[0].id == answer.id
    assert finished.args[0].raw.startswith(answer.raw)
    assert application.link.client.worker_pid not in (None, worker)


def test_leaving_keeps_what_was_written(start: Start, qtbot: QtBot, endless_model: Path, tmp_path: Path) -> None:
    application = start(endless_model)
    question = ask(application, qtbot, "leave me")
    wait_for_text(application, qtbot, question.conversation_id)
    shown = application.answers.live(question.conversation_id)
    assert shown is not None
    application.quit()
    again = start(endless_model)
    with qtbot.waitSignal(again.conversations.opened, timeout=WAIT_MS):
        again.conversations.open(question.conversation_id)
    answer = again.conversations.shown()[-1]
    assert answer.state is MessageState.INTERRUPTED
    assert answer.raw.startswith(shown[0].raw)


def test_an_answer_finished_elsewhere_is_marked_unread(start: Start, qtbot: QtBot, endless_model: Path) -> None:
    application = start(endless_model)
    question = ask(application, qtbot, "background")
    wait_for_text(application, qtbot, question.conversation_id)
    application.conversations.start_new()
    wait_for_text(application, qtbot, question.conversation_id, 200)
    with qtbot.waitSignal(application.answers.unread, timeout=WAIT_MS) as unread:
        application.answers.stop(question.conversation_id)
    assert unread.args == [question.conversation_id]


def test_regenerating_keeps_the_first_answer(start: Start, qtbot: QtBot, speaking_model: Path) -> None:
    application = start(speaking_model)
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS) as finished:
        question = ask(application, qtbot, "again")
    first: Message = finished.args[0]
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS) as finished:
        application.answers.regenerate(first.id)
    second: Message = finished.args[0]
    assert second.parent_id == question.id
    assert second.id != first.id
    assert application.conversations.shown()[-1].id == second.id
    parts = {message.id: message.parts for message in on_disk(application, question.conversation_id)}
    assert parts[first.id] == first.parts


@pytest.mark.parametrize("text", ["", "  \n\t"])
def test_an_empty_question_is_refused(start: Start, qtbot: QtBot, speaking_model: Path, text: str) -> None:
    application = start(speaking_model)
    with qtbot.waitSignal(application.answers.refused, timeout=WAIT_MS) as refused:
        application.answers.ask(text)
    assert refused.args[0] == text
    assert refused.args[1].code is ErrorCode.EMPTY_QUESTION


def test_questions_asked_before_the_store_is_open_are_one_conversation(
    start: Start, qtbot: QtBot, speaking_model: Path
) -> None:
    application = start(speaking_model, wait=False)
    answers: list[Message] = []
    application.answers.finished.connect(answers.append)
    application.answers.ask("early")
    application.answers.ask("bird")
    qtbot.waitUntil(lambda: len(answers) == 2, timeout=WAIT_MS)
    assert answers[0].conversation_id == answers[1].conversation_id
    texts = [message.answer for message in application.conversations.shown() if message.role is Role.USER]
    assert texts == ["early", "bird"]


def test_a_model_that_is_gone_fails_the_answer_but_keeps_the_question(
    start: Start, qtbot: QtBot, speaking_model: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(speaking_model.read_bytes())
    application = start(copy)
    copy.unlink()
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS) as finished:
        question = ask(application, qtbot, "anybody there?")
    answer: Message = finished.args[0]
    assert answer.state is MessageState.FAILED
    assert answer.generation is not None
    error = UserError.from_json(answer.generation.error or "")
    assert error is not None
    assert error.code is ErrorCode.MODEL_NOT_FOUND
    assert on_disk(application, question.conversation_id)[0] == question


def test_a_question_the_disk_refuses_comes_back(start: Start, qtbot: QtBot, speaking_model: Path) -> None:
    application = start(speaking_model)
    limit_pages(application, 1)
    text = "long " * 20_000
    with qtbot.waitSignal(application.answers.refused, timeout=WAIT_MS) as refused:
        application.answers.ask(text)
    assert refused.args[0] == text
    assert refused.args[1].code is ErrorCode.STORE_FULL


def test_an_answer_the_disk_refuses_is_kept_when_there_is_room_again(
    start: Start, qtbot: QtBot, quick_endless_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("finr1_desk.app.keeper.RETRY_MS", 100)
    application = start(quick_endless_model)
    question = ask(application, qtbot, "fill it")
    wait_for_text(application, qtbot, question.conversation_id, 100)
    limit_pages(application, 1)
    with qtbot.waitSignal(application.answers.failed, timeout=WAIT_MS) as failed:
        wait_for_text(application, qtbot, question.conversation_id, 8_000)
        application.answers.stop(question.conversation_id)
    assert failed.args[0].code is ErrorCode.STORE_FULL
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS) as finished:
        limit_pages(application, 1_000_000)
    assert kept(on_disk(application, question.conversation_id)[1]) == kept(finished.args[0])
    assert len(finished.args[0].raw) >= 8_000


def limit_pages(application: Application, pages: int) -> None:
    """A full disk as SQLite reports it: the file may not grow beyond this (or its present size)."""

    def work(store: Store) -> None:
        store._db.row(f"PRAGMA max_page_count = {pages}")

    application.store.wait(work, 60)
