"""The engine dies under a window's controllers: the event loop goes on, no text is lost, and the engine comes back."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from finr1_desk.app.bootstrap import Application
from finr1_desk.core.conversation import Message, MessageState
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import EngineDied
from finr1_desk.engine.survival import crashes
from tests.app.conftest import WAIT_MS
from tests.app.test_answers import ask, on_disk, wait_for_text
from tests.helpers.heart import STALL_S, Heart

Start = Callable[..., Application]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")


@pytest.fixture
def heart() -> Iterator[Heart]:
    heart = Heart()
    yield heart
    heart.stop()


def worker_of(application: Application, qtbot: QtBot) -> int:
    qtbot.waitUntil(lambda: application.link.client.worker_pid is not None, timeout=WAIT_MS)
    pid = application.link.client.worker_pid
    assert pid is not None
    return pid


def test_a_crash_does_not_hold_up_the_window_and_the_model_is_loaded_again(
    start: Start, qtbot: QtBot, endless_model: Path, heart: Heart
) -> None:
    application = start(endless_model)
    question = ask(application, qtbot, "survive")
    wait_for_text(application, qtbot, question.conversation_id)
    worker = worker_of(application, qtbot)
    heart.begin()
    died = time.monotonic()
    with qtbot.waitSignals([application.answers.finished, application.models.died], timeout=WAIT_MS):
        os.kill(worker, signal.SIGSEGV)
    qtbot.waitUntil(lambda: application.models.loaded is not None, timeout=WAIT_MS)
    back_s = time.monotonic() - died
    loaded = application.models.loaded
    assert loaded is not None
    print(f"back after {back_s:.2f} s, {loaded.load_s:.2f} s of it loading; stall {heart.longest_s * 1000:.0f} ms")
    assert heart.longest_work_s < STALL_S
    assert application.link.client.worker_pid != worker
    (answer,) = [m for m in on_disk(application, question.conversation_id) if m.id != question.id]
    assert answer.state is MessageState.INTERRUPTED

    application.answers.continue_answer(answer.id)  # no loading: the engine is ready
    wait_for_text(application, qtbot, question.conversation_id, len(answer.raw) + 40)
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS) as finished:
        application.answers.stop(question.conversation_id)
    assert finished.args[0].raw.startswith(answer.raw)
    assert finished.args[0].generation.timing.load_s == 0


@pytest.mark.slow
def test_an_idle_engine_that_dies_comes_back_by_itself(start: Start, qtbot: QtBot, speaking_model: Path) -> None:
    application = start(speaking_model)
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS):
        ask(application, qtbot, "first")
    worker = worker_of(application, qtbot)
    with qtbot.waitSignal(application.models.died, timeout=WAIT_MS) as died:
        os.kill(worker, signal.SIGKILL)
    assert died.args[0] == EngineDied(-signal.SIGKILL, "idle")
    qtbot.waitUntil(lambda: application.models.loaded is not None, timeout=WAIT_MS)
    assert application.link.client.worker_pid != worker


@pytest.mark.slow
def test_three_deaths_within_a_minute_end_the_trying_with_a_report(
    start: Start, qtbot: QtBot, speaking_model: Path
) -> None:
    application = start(speaking_model)
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS):
        ask(application, qtbot, "first")
    for _ in range(crashes.CRASHES):
        qtbot.waitUntil(lambda: application.models.loaded is not None, timeout=WAIT_MS)
        worker = worker_of(application, qtbot)
        with qtbot.waitSignal(application.models.died, timeout=WAIT_MS) as died:
            os.kill(worker, signal.SIGKILL)
    assert Path(died.args[0].report).read_text(encoding="utf-8").count("stage idle, exit status -9") == 3
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS) as finished:
        ask(application, qtbot, "once more")
    assert finished.args[0].state is MessageState.FAILED
    error = UserError.from_json(finished.args[0].generation.error)
    assert error is not None
    assert error.code is ErrorCode.ENGINE_GAVE_UP
    assert application.models.loaded is None
    application.models.load()  # «Load now»
    qtbot.waitUntil(lambda: application.models.loaded is not None, timeout=WAIT_MS)
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS) as finished:
        ask(application, qtbot, "and now?")
    assert finished.args[0].state is MessageState.COMPLETE


@pytest.mark.slow
def test_a_model_file_cut_short_in_use_says_so(start: Start, qtbot: QtBot, endless_model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(endless_model.read_bytes())
    application = start(copy)
    question = ask(application, qtbot, "go on")
    wait_for_text(application, qtbot, question.conversation_id)
    failures: list[UserError] = []
    application.models.failed.connect(failures.append)
    application.answers.failed.connect(failures.append)
    shown = application.answers.live(question.conversation_id)
    assert shown is not None
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS) as finished:
        os.truncate(copy, copy.stat().st_size // 3)
    answer: Message = finished.args[0]
    assert answer.raw.startswith(shown[0].raw)
    assert answer.generation is not None
    error = UserError.from_json(answer.generation.error or "")
    assert error is not None
    assert error.code in (ErrorCode.ENGINE_DIED, ErrorCode.MODEL_CHANGED)  # whichever notices first
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS) as finished:
        ask(application, qtbot, "again")
    again = UserError.from_json(finished.args[0].generation.error)
    assert again is not None
    assert again.code is ErrorCode.MODEL_TRUNCATED


# -- at random moments


def common_length(one: str, other: str) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def kill_at_random(
    application: Application,
    qtbot: QtBot,
    kills: int,
    seed: int,
    monkeypatch: pytest.MonkeyPatch,
    look_away: Callable[[], None] = lambda: None,
) -> tuple[int, int]:
    """Kills the worker so many times while questions are asked and answers continued.

    `look_away` is called when this test itself has held up the event loop.

    Returns:
        The kills, and the characters that were lost: shown once, and not on disk after the kill or any later one.
    """
    monkeypatch.setattr(crashes, "WITHIN_S", 0.0)  # three within a minute are what this is about
    choose = random.Random(seed)
    shown: dict[str, str] = {}  # answer → its text as it was painted last

    def on_shown(message: Message, *_: object) -> None:
        shown[message.id] = message.raw

    application.answers.grew.connect(on_shown)
    application.answers.finished.connect(on_shown)
    lost = 0
    question = ask(application, qtbot, "question 0")
    for number in range(kills):
        qtbot.wait(choose.choice((0, 0, 5, 20, 50, 100, 200, 400, 800, 1500)))
        worker = application.link.client.worker_pid
        if worker is None:
            qtbot.waitUntil(lambda: application.link.client.worker_pid is not None, timeout=WAIT_MS)
            worker = application.link.client.worker_pid
        with contextlib.suppress(ProcessLookupError):
            with qtbot.waitSignal(application.models.died, timeout=WAIT_MS) as died:
                os.kill(worker or 0, choose.choice((signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS)))
            if died.args[0].safe_mode:
                continue  # it was the first prefill: the question is being asked again
        conversation_id = question.conversation_id
        qtbot.waitUntil(lambda id=conversation_id: application.answers.live(id) is None, timeout=WAIT_MS)  # type: ignore[misc]
        stored = {message.id: message.raw for message in on_disk(application, question.conversation_id)}
        look_away()
        for id, text in shown.items():
            if id in stored:
                lost += len(text) - common_length(stored[id], text)
        last = application.conversations.shown()[-1]
        if last.state is MessageState.INTERRUPTED and last.id != question.id and choose.random() < 0.6:
            application.answers.continue_answer(last.id)
        else:
            question = ask(application, qtbot, f"question {number + 1}")
    return kills, lost


def test_a_few_kills_at_random_moments_lose_nothing(
    start: Start, qtbot: QtBot, endless_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = start(endless_model)
    assert kill_at_random(application, qtbot, 5, 1, monkeypatch) == (5, 0)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_two_hundred_kills_at_random_moments_lose_nothing(
    start: Start, qtbot: QtBot, endless_model: Path, monkeypatch: pytest.MonkeyPatch, heart: Heart
) -> None:
    application = start(endless_model)
    kills, lost = kill_at_random(application, qtbot, 200, 2, monkeypatch, heart.rest)
    print(f"{kills} kills, {lost} acknowledged characters lost, longest stall {heart.longest_s * 1000:.0f} ms")
    assert (kills, lost) == (200, 0)
    assert heart.longest_work_s < STALL_S
