"""Several answers to one question through the controllers, a real worker and a real store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from finr1_desk.app.bootstrap import Application
from finr1_desk.core.boxed import boxed_answer
from finr1_desk.core.choices import Choices
from finr1_desk.core.conversation import Message, MessageState, Role
from finr1_desk.core.votes import tally
from tests.app.conftest import WAIT_MS
from tests.app.test_answers import on_disk
from tests.helpers.tiny_models import QWEN2, write_model

Start = Callable[..., Application]


@pytest.fixture(scope="session")
def wavering_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Answers with one value, or now and then with another one."""
    chains = {
        "\n": ["<think>", "\nWell.\n</think>\n", "It is \\boxed{", "1.64", "%}", "<|im_end|>"],
        "\nWell.\n</think>\n": ["Rather \\boxed{2}", "<|im_end|>"],
    }
    return write_model(tmp_path_factory.mktemp("models") / "wavering.gguf", replace(QWEN2, chains=chains))


def test_eight_answers_are_kept_and_one_of_the_majority_is_shown(
    start: Start, qtbot: QtBot, wavering_model: Path
) -> None:
    application = start(wavering_model)
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS) as finished:
        application.answers.ask("What is it?", Choices(samples=8, seed=1, temperature=1.0))
    shown: Message = finished.args[0]
    answers = [m for m in on_disk(application, shown.conversation_id) if m.role is Role.ASSISTANT]
    assert len(answers) == 8
    assert {answer.state for answer in answers} == {MessageState.COMPLETE}
    assert {answer.think for answer in answers} == {"Well."}
    assert all(answer.generation is not None and answer.generation.seed == 1 for answer in answers)
    votes = tally([boxed_answer(answer.answer) for answer in answers])
    assert len(votes) == 2, "the seed gives both values"
    # The hash of the model's file may be known to one of them and not yet to the other.
    assert [answer.id for answer in answers].index(shown.id) == votes[0].samples[0]
    assert application.conversations.shown()[-1].id == shown.id


def test_a_conversation_can_ask_for_several_answers_always(start: Start, qtbot: QtBot, wavering_model: Path) -> None:
    application = start(wavering_model)
    application.manner.set(replace(application.manner.value, choices=Choices(samples=3)))
    for question in ("one", "two"):
        with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS):
            application.answers.ask(question)
    conversation = application.conversations.current
    assert conversation is not None
    roles = [message.role for message in on_disk(application, conversation)]
    assert roles.count(Role.ASSISTANT) == 6
    assert [message.answer for message in application.conversations.shown()][::2] == ["one", "two"]


def test_leaving_keeps_what_of_them_is_written(start: Start, qtbot: QtBot, endless_model: Path, tmp_path: Path) -> None:
    application = start(endless_model)
    application.answers.ask("Go on", Choices(samples=3))

    def all_write() -> bool:
        live = application.answers.live_messages(application.conversations.current or "")
        return len(live) == 3 and all(len(message.raw) > 40 for message in live.values())

    qtbot.waitUntil(all_write, timeout=WAIT_MS)
    conversation = application.conversations.current
    application.quit()
    again = start(endless_model)
    answers = [m for m in on_disk(again, conversation or "") if m.role is Role.ASSISTANT]
    assert [answer.state for answer in answers] == [MessageState.INTERRUPTED] * 3
    assert all(len(answer.raw) > 40 for answer in answers)
