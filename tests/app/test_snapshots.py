"""Snapshots as the application uses them: a real worker, a real store, and leaving in between."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pytestqt.qtbot import QtBot

from finr1_desk.app.bootstrap import Application
from finr1_desk.core.conversation import Message
from tests.app.conftest import WAIT_MS

Start = Callable[..., Application]

QUESTION = "What did the annual report say about margins? " * 6
FOLLOW_UP = "And the year before?"


def ask(application: Application, qtbot: QtBot, text: str) -> Message:
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS) as finished:
        application.answers.ask(text)
    answer: Message = finished.args[0]
    return answer


def files(application: Application) -> list[Path]:
    folder = application.paths.snapshots
    return [found for found in folder.iterdir() if found.suffix == ".kv"] if folder.is_dir() else []


def kept(application: Application, qtbot: QtBot) -> list[Path]:
    qtbot.waitUntil(lambda: bool(files(application)), timeout=WAIT_MS)
    return files(application)


def test_a_conversation_that_is_opened_again_goes_on_at_once(start: Start, qtbot: QtBot, speaking_model: Path) -> None:
    application = start(speaking_model)
    first = ask(application, qtbot, QUESTION)
    [file] = kept(application, qtbot)
    assert file.name == f"{first.conversation_id}.kv"
    application.quit()
    again = start(speaking_model)
    qtbot.waitUntil(lambda: again.conversations.current == first.conversation_id, timeout=WAIT_MS)
    answer = ask(again, qtbot, FOLLOW_UP)
    assert answer.generation is not None
    usage = answer.generation.usage
    assert 0 < usage.prompt_tokens - usage.cached_tokens < len(FOLLOW_UP) + 16
    assert usage.cached_tokens > 128


def test_a_snapshot_goes_with_its_conversation(start: Start, qtbot: QtBot, speaking_model: Path) -> None:
    application = start(speaking_model)
    answer = ask(application, qtbot, QUESTION)
    kept(application, qtbot)
    with qtbot.waitSignal(application.keeping.deleted, timeout=WAIT_MS):
        application.keeping.delete([answer.conversation_id])
    assert files(application) == []
    other = ask(application, qtbot, QUESTION)  # of the deleted one, nothing is in memory either
    assert other.generation is not None
    assert other.generation.usage.cached_tokens == 0


def test_none_are_kept_where_none_are_wanted(start: Start, qtbot: QtBot, speaking_model: Path) -> None:
    application = start(speaking_model)
    ask(application, qtbot, QUESTION)
    kept(application, qtbot)
    application.settings.set(snapshots=False)
    qtbot.waitUntil(lambda: not files(application), timeout=WAIT_MS)
    ask(application, qtbot, QUESTION)
    application.quit()
    assert files(application) == []
