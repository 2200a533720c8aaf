"""What is done at once, before the store has answered: the branch shown stays whole, and nothing stays busy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from finr1_desk.app.bootstrap import Application
from finr1_desk.core.conversation import Message, Role
from finr1_desk.core.errors import ErrorCode, UserError
from tests.app.conftest import WAIT_MS

TURNS = 2


class Talk:
    """An open conversation of two turns."""

    def __init__(self, application: Application, qtbot: QtBot) -> None:
        self.conversations = application.conversations
        self.answers = application.answers
        self.branches = application.branches
        self.errors: list[UserError] = []
        self.refused: list[str] = []
        self._qtbot = qtbot
        self._store = application.store
        for signal in (application.answers.failed, application.branches.failed, application.conversations.failed):
            signal.connect(self.errors.append)
        application.answers.refused.connect(lambda text, error: self.refused.append(text))
        for number in range(TURNS):
            with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS):
                application.answers.ask(f"question {number}")

    def shown(self) -> list[Message]:
        return self.conversations.shown()

    def settle(self) -> None:
        """Until nothing is on its way; then what is shown is what the store has."""
        id = self.conversations.current or ""
        self._qtbot.waitUntil(lambda: not self.answers.is_busy(id), timeout=WAIT_MS)
        read: list[list[str]] = []
        for _ in range(3):  # what was put in order meanwhile may put something in order, too
            read.clear()
            self._store.run(lambda store: [m.id for m in store.messages(id)], read.append)
            self._qtbot.waitUntil(lambda: bool(read), timeout=WAIT_MS)
        assert not self.answers.is_busy(id)
        assert {message.id for message in self.shown()} <= set(read[0])


@pytest.fixture
def talk(start: Callable[..., Application], qtbot: QtBot, speaking_model: Path) -> Talk:
    return Talk(start(speaking_model), qtbot)


def test_a_question_right_behind_an_undo_follows_what_is_brought_back(talk: Talk) -> None:
    second = talk.shown()[2]
    talk.branches.delete(second.id)
    talk.settle()
    assert len(talk.shown()) == 2
    talk.branches.undo()
    talk.answers.ask("at once")
    talk.settle()
    assert [message.answer for message in talk.shown()[::2]] == ["question 0", "question 1", "at once"]
    assert len(talk.shown()) == 6
    assert talk.errors == []


def test_what_a_question_is_about_to_follow_is_not_deleted(talk: Talk) -> None:
    talk.answers.ask("at once")
    talk.branches.delete(talk.shown()[2].id)
    talk.settle()
    assert [message.answer for message in talk.shown()[::2]] == ["question 0", "question 1", "at once"]
    assert talk.errors == []


@pytest.mark.parametrize("do", ["regenerate", "edit", "continue"])
def test_what_was_deleted_just_now_is_not_gone_on_with(talk: Talk, do: str) -> None:
    before, asked, answer = talk.shown()[1:]
    talk.branches.delete(before.id if do == "edit" else asked.id)
    match do:
        case "regenerate":
            talk.answers.regenerate(answer.id)
        case "edit":
            talk.answers.edit(asked.id, "edited")
        case _:
            talk.answers.continue_answer(answer.id)
    talk.settle()
    assert [error.code for error in talk.errors] == ([] if do == "edit" else [ErrorCode.MESSAGE_DELETED])
    assert talk.refused == (["edited"] if do == "edit" else [])
    assert len(talk.shown()) == (1 if do == "edit" else 2)
    talk.answers.ask("afterwards")
    talk.settle()
    assert talk.shown()[-1].role is Role.ASSISTANT


def test_a_question_behind_one_that_cannot_be_answered_is_answered(talk: Talk) -> None:
    asked, answer = talk.shown()[2:]
    talk.branches.delete(asked.id)
    talk.answers.regenerate(answer.id)
    talk.answers.ask("afterwards")
    talk.settle()
    assert [message.answer for message in talk.shown()[::2]] == ["question 0", "afterwards"]
    assert talk.shown()[-1].role is Role.ASSISTANT


def test_the_branch_that_is_stepped_to_may_be_deleted_meanwhile(talk: Talk, qtbot: QtBot) -> None:
    with qtbot.waitSignal(talk.answers.finished, timeout=WAIT_MS):
        talk.answers.regenerate(talk.shown()[-1].id)
    first, second = talk.branches.versions(talk.shown()[-1].id)
    talk.branches.delete(first.id)
    talk.branches.show(first.id)
    talk.settle()
    assert talk.shown()[-1].id in (first.id, second.id)
