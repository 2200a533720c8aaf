"""What the window says when the engine dies: one line, what is tried next, and a report where it gave up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QPushButton

from finr1_desk.core.conversation import FinishReason, MessageState
from finr1_desk.core.errors import ErrorCode, Param, UserError
from finr1_desk.core.events import EngineDied, Finished
from finr1_desk.ui.words.sentences import safe_mode_text, sentence
from tests.ui.played import WAIT_MS, Running


@pytest.fixture
def running(start: Callable[..., Running]) -> Running:
    return start()


def test_a_death_in_an_answer_is_one_line_and_the_model_is_loaded_again(running: Running) -> None:
    request = running.ask_and_wait("Why?")
    running.engine.start(request)
    running.engine.say(request, "<think>\nfirst half")
    params: dict[str, Param] = {"stage": "decode", "exit_code": -11}
    with running.qtbot.waitSignal(running.built.answers.finished, timeout=WAIT_MS):
        running.engine.emit(Finished(request, FinishReason.ERROR, code=ErrorCode.ENGINE_DIED, params=params))
        running.engine.emit(EngineDied(-11, "decode"))
    answer = running.built.conversations.shown()[-1]
    assert (answer.state, answer.raw) == (MessageState.INTERRUPTED, "<think>\nfirst half")
    said = sentence(UserError(ErrorCode.ENGINE_DIED, **params))
    assert (running.window.notice.text(), running.window.notice.hint()) == (said.text, said.hint)
    assert "11" in said.hint
    running.until(lambda: running.built.models.loaded is not None)


@pytest.mark.parametrize("mode", ["no_extra_buffers", "no_gpu"])
def test_what_is_tried_with_care_is_said_and_not_loaded_twice(running: Running, mode: str) -> None:
    running.engine.emit(EngineDied(-11, "load", safe_mode=mode))
    running.until(running.window.notice.isVisible)
    assert running.window.notice.hint() == safe_mode_text(mode) != ""
    assert running.built.models.loaded is None


def test_a_hang_is_named(running: Running) -> None:
    running.engine.emit(EngineDied(-9, "prefill", hung=True))
    running.until(running.window.notice.isVisible)
    assert "stopped moving" in running.window.notice.text()


def test_where_it_gave_up_there_is_a_report_to_copy(running: Running, tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    report.write_text("what happened\n")
    running.answered("first")  # so a model is loaded
    running.engine.emit(EngineDied(-11, "idle", report=str(report)))
    running.until(running.window.notice.isVisible)
    assert str(report) in running.window.notice.hint()
    assert running.built.models.loaded is None, "it must not be tried again"
    copy = next(button for button in running.window.notice.findChildren(QPushButton) if button.isVisible())
    copy.click()
    assert QApplication.clipboard().text() == "what happened\n"


def test_a_report_that_is_gone_is_said(running: Running, tmp_path: Path) -> None:
    running.engine.emit(EngineDied(-11, "idle", report=str(tmp_path / "gone.txt")))
    running.until(running.window.notice.isVisible)
    copy = next(button for button in running.window.notice.findChildren(QPushButton) if button.isVisible())
    copy.click()
    running.until(lambda: "gone.txt" in running.window.notice.text())
