"""The list, deletion, export and import through the controllers, on a real store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pytestqt.qtbot import QtBot

from finr1_desk.app.bootstrap import Application
from finr1_desk.core.conversation import Conversation, Message, MessageState, Part, PartKind, Role
from finr1_desk.core.errors import ErrorCode
from finr1_desk.export.options import ExportOptions
from tests.app.conftest import THOUGHT, WAIT_MS

Start = Callable[..., Application]


def answered(application: Application, qtbot: QtBot, text: str) -> str:
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS) as finished:
        application.answers.ask(text)
    return str(finished.args[0].conversation_id)


def listed(application: Application, qtbot: QtBot) -> list[str]:
    with qtbot.waitSignal(application.conversations.listed, timeout=WAIT_MS) as signal:
        application.conversations.refresh()
    return [conversation.title for conversation in signal.args[0]]


def test_the_last_conversation_comes_back_at_the_next_start(
    start: Start, qtbot: QtBot, speaking_model: Path, tmp_path: Path
) -> None:
    application = start(speaking_model)
    id = answered(application, qtbot, "remember me")
    application.quit()
    again = start(speaking_model)
    qtbot.waitUntil(lambda: again.conversations.current == id, timeout=WAIT_MS)
    assert again.conversations.shown()[-1].raw == THOUGHT


def test_a_deleted_conversation_is_gone_and_can_be_restored(start: Start, qtbot: QtBot, speaking_model: Path) -> None:
    application = start(speaking_model)
    id = answered(application, qtbot, "delete me")
    with qtbot.waitSignals([application.keeping.deleted, application.conversations.closed], timeout=WAIT_MS):
        application.keeping.delete([id])
    assert listed(application, qtbot) == []
    with qtbot.waitSignal(application.conversations.opened, timeout=WAIT_MS):
        application.keeping.restore([id])
    assert listed(application, qtbot) == ["delete me"]


def test_an_exported_conversation_imports_as_an_equal_one(
    start: Start, qtbot: QtBot, speaking_model: Path, tmp_path: Path
) -> None:
    application = start(speaking_model)
    with qtbot.waitSignal(application.models.hashed, timeout=WAIT_MS):
        id = answered(application, qtbot, "如何隐瞒与金融机构的利益冲突？")
    with qtbot.waitSignal(application.transfers.exported, timeout=WAIT_MS) as exported:
        application.transfers.export([id], tmp_path / "out", ExportOptions(all_branches=True))
    (path,) = exported.args[0]
    assert "\\boxed{-15\\%}" in path.read_text("utf-8")
    with qtbot.waitSignal(application.transfers.imported, timeout=WAIT_MS) as imported:
        application.transfers.import_files([path])
    copy = imported.args[0].conversations[0]
    with qtbot.waitSignal(application.conversations.opened, timeout=WAIT_MS):
        application.conversations.open(id)  # as it is on disk: the model's hash may have come after the answer
    before = [(m.role, m.parts, m.state, m.generation) for m in application.conversations.shown()]
    with qtbot.waitSignal(application.conversations.opened, timeout=WAIT_MS):
        application.conversations.open(copy.id)
    after = [(m.role, m.parts, m.state, m.generation) for m in application.conversations.shown()]
    assert after == before


def test_a_foreign_file_is_named_and_the_others_are_imported(
    start: Start, qtbot: QtBot, speaking_model: Path, tmp_path: Path
) -> None:
    application = start(speaking_model)
    id = answered(application, qtbot, "good one")
    with qtbot.waitSignal(application.transfers.exported, timeout=WAIT_MS) as exported:
        application.transfers.export([id], tmp_path / "out", ExportOptions())
    foreign = tmp_path / "notes.md"
    foreign.write_text("# My notes\n", "utf-8")
    with qtbot.waitSignal(application.transfers.imported, timeout=WAIT_MS) as imported:
        application.transfers.import_files([foreign, *exported.args[0]])
    report = imported.args[0]
    assert [problem.code for problem in report.problems] == [ErrorCode.IMPORT_UNKNOWN]
    assert [conversation.title for conversation in report.conversations] == ["good one"]
    assert listed(application, qtbot) == ["good one", "good one"]


def test_renaming_reaches_the_list(start: Start, qtbot: QtBot, speaking_model: Path) -> None:
    application = start(speaking_model)
    id = answered(application, qtbot, "old")
    with qtbot.waitSignal(application.conversations.conversationChanged, timeout=WAIT_MS):
        application.conversations.rename(id, "new")
    assert listed(application, qtbot) == ["new"]


def test_a_message_on_another_branch_is_opened_with_its_branch(
    start: Start, qtbot: QtBot, speaking_model: Path
) -> None:
    application = start(speaking_model)
    id = answered(application, qtbot, "asked twice")
    first = application.conversations.shown()[-1]
    with qtbot.waitSignal(application.answers.finished, timeout=WAIT_MS):
        application.answers.regenerate(first.id)
    second = application.conversations.shown()[-1]
    assert second.id != first.id
    for wanted in (first, second, second):
        with qtbot.waitSignal(application.conversations.opened, timeout=WAIT_MS):
            application.conversations.open(id, wanted.id)
        assert application.conversations.shown()[-1].id == wanted.id


def test_what_another_process_writes_is_seen_by_the_files_being_written(
    start: Start, qtbot: QtBot, speaking_model: Path
) -> None:
    writing, watching = start(speaking_model), start(speaking_model)
    watching.store._watch.stop()  # the slow look for folders on a network
    for text in ("first", "second"):
        with qtbot.waitSignal(watching.store.changedElsewhere, timeout=WAIT_MS):
            answered(writing, qtbot, text)
        writing.conversations.start_new()
    titles: list[list[str]] = []
    watching.conversations.listed.connect(lambda found: titles.append([item.title for item in found]))
    qtbot.waitUntil(lambda: bool(titles) and set(titles[-1]) == {"first", "second"}, timeout=WAIT_MS)


def test_what_followed_a_question_that_was_taken_back_is_shown_without_it(start: Start, speaking_model: Path) -> None:
    conversations = start(speaking_model).conversations
    conversations.begin(Conversation("c", "t", None, "first", 0.0, 0.0))
    parent = None
    for id in ("first", "second", "third"):
        part = Part(PartKind.TEXT, id)
        question = Message(id, "c", parent, Role.USER, (part,), MessageState.COMPLETE, 0.0)
        conversations.note_question(Conversation("c", "t", None, id, 0.0, 0.0), question)
        parent = id
    conversations.note_removed("c", "second")
    assert [message.id for message in conversations.shown()] == ["first", "third"]
    conversations.note_removed("c", "third")
    assert [message.id for message in conversations.shown()] == ["first"]
