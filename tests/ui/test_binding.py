"""The window over the real controllers and a real store; only the engine is played, so that its timing is ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QListView, QMenu, QPushButton

from finr1_desk.core.conversation import MessageState
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.export.options import Format
from finr1_desk.library.discovery import built_in_model
from finr1_desk.library.verification import Verification
from finr1_desk.store.search import SearchHit
from finr1_desk.ui.dialogs.export import ExportDialog
from finr1_desk.ui.dialogs.import_report import ImportReportDialog
from finr1_desk.ui.sidebar.model import Role
from finr1_desk.ui.sidebar.sidebar import SearchField
from finr1_desk.ui.status import ContextMeter
from finr1_desk.ui.words.sentences import sentence
from tests.ui.played import WAIT_MS, Running


@pytest.fixture
def running(start: Callable[..., Running]) -> Running:
    return start()


# -- asking and answering


def test_a_question_goes_from_the_composer_to_the_engine_and_comes_back_answered(running: Running) -> None:
    request = running.ask_and_wait("What is 净利率?")
    assert running.engine.requests[0].turns[-1].content == "What is 净利率?"
    assert running.window.pane is not None
    assert running.window.pane.isVisible()
    id = running.built.conversations.current
    assert id is not None
    assert running.row(id, Role.WRITING)
    assert running.button("stopButton").isVisible()

    running.engine.start(request)
    running.engine.say(request, "<think>\nlong\n</think>\n<answer>\n12%\n</answer>", tokens=9)
    meter = running.window.findChild(ContextMeter)
    assert isinstance(meter, ContextMeter)
    running.until(lambda: meter.text() == "29 / 2,048")
    running.engine.finish(request)
    running.until(lambda: not running.button("stopButton").isVisible())
    assert not running.row(id, Role.WRITING)
    assert running.button("modelButton").text() == "Played · Q4_K_M · CPU"
    answer = running.built.conversations.shown()[-1]
    assert (answer.answer, answer.state) == ("12%", MessageState.COMPLETE)


def test_what_is_sent_before_the_store_is_open_is_asked_when_it_is(start: Callable[..., Running]) -> None:
    running = start(wait=False)
    assert running.desk._binding is None
    running.ask("typed at once")
    running.window.composer.edit.setPlainText("going on")
    running.until(lambda: bool(running.engine.requests))
    assert running.engine.requests[0].turns[-1].content == "typed at once"
    assert running.window.composer.text() == "going on"


def test_stop_reaches_the_engine_and_what_came_stays(running: Running) -> None:
    request = running.ask_and_wait("q")
    running.engine.start(request)
    running.engine.say(request, "<think>\nhalf a thought")
    QTest.mouseClick(running.button("stopButton"), Qt.MouseButton.LeftButton)
    assert running.engine.cancelled == [request]
    running.until(lambda: not running.button("stopButton").isVisible())
    answer = running.built.conversations.shown()[-1]
    assert (answer.state, answer.think) == (MessageState.STOPPED, "half a thought")


def test_the_keyboard_stops_too(running: Running) -> None:
    running.ask_and_wait("q")
    QTest.keyClick(running.window, Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    assert running.engine.cancelled == ["r1"]


def test_further_questions_wait_visibly_and_can_be_taken_back(running: Running) -> None:
    running.ask_and_wait("first")
    running.ask("second")
    running.ask("third")

    def waiting() -> str:
        return running.window.composer._queue.text() if running.window.composer._queue.isVisible() else ""

    running.until(lambda: waiting() == "2 questions waiting")
    third = next(m for m in running.built.conversations.messages.values() if m.raw == "third")
    assert running.window.pane is not None
    running.window.pane.actionTriggered.emit(third.id, "take_back")
    running.until(lambda: waiting() == "1 question waiting")
    assert running.window.composer.text() == "third"
    running.engine.answer("r1")
    running.until(lambda: len(running.engine.requests) == 2)
    assert running.engine.requests[1].turns[-1].content == "second"
    running.until(lambda: waiting() == "")
    assert running.button("stopButton").isEnabled()


def test_an_answer_that_waits_to_be_written_again_can_be_taken_back_too(running: Running) -> None:
    running.answered("first")
    question, answer = running.built.conversations.shown()
    writing = running.ask_and_wait("second")
    running.built.answers.regenerate(answer.id)
    running.until(lambda: question.id in running.built.answers.live_statuses(question.conversation_id))
    running.built.answers.take_back(question.id)
    running.until(lambda: not running.window.composer._queue.isVisible())
    running.engine.answer(writing)
    running.until(lambda: not running.built.answers.is_busy(question.conversation_id))
    assert [message.raw for message in running.built.conversations.shown()[::2]] == ["first", "second"]
    assert len(running.engine.requests) == 2


def test_a_conversation_left_while_it_is_written_is_marked_and_told(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(running.binding._notifier, "tell", told.append)
    request = running.ask_and_wait("left behind")
    left = running.built.conversations.current
    assert left is not None
    running.new()
    assert not running.button("stopButton").isVisible()
    assert running.row(left, Role.WRITING)
    running.engine.answer(request)
    running.until(lambda: bool(running.row(left, Role.UNREAD)))
    assert told == [left]
    running.built.conversations.open(left)
    running.until(lambda: running.built.conversations.current == left)
    assert not running.row(left, Role.UNREAD)


def test_no_notification_where_the_setting_says_so(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(running.binding._notifier, "tell", told.append)
    running.built.settings.set(notify=False)
    request = running.ask_and_wait("q")
    running.new()
    with running.qtbot.waitSignal(running.built.answers.finished, timeout=WAIT_MS):
        running.engine.answer(request)
    assert told == []


def test_the_machine_is_kept_awake_exactly_while_answers_are_written(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    states: list[bool] = []
    monkeypatch.setattr(running.desk._keep_awake, "set_working", states.append)
    running.answered("q")
    running.until(lambda: bool(states) and not states[-1])
    assert True in states
    assert states == sorted(states, reverse=True)


def test_a_question_that_could_not_be_kept_comes_back(running: Running) -> None:
    running.window.composer.edit.setPlainText("typed since")
    error = UserError(ErrorCode.STORE_FULL, path="/x")
    running.built.answers.refused.emit("lost question", error)
    assert running.window.composer.text() == "lost question\ntyped since"
    assert running.window.notice.text() == sentence(error).text
    assert running.window.notice.hint() == sentence(error).hint


# -- conversations


def test_the_last_conversation_and_the_geometry_come_back(start: Callable[..., Running]) -> None:
    first = start()
    first.answered("remember me")
    first.window.resize(740, 610)
    first.close()
    second = start()
    second.until(lambda: second.built.conversations.current is not None)
    assert second.titles() == ["remember me"]
    assert second.window.pane is not None
    assert second.window.pane.isVisible()
    assert (second.window.width(), second.window.height()) == (740, 610)


def test_no_empty_page_flashes_by_before_the_last_conversation(start: Callable[..., Running]) -> None:
    first = start()
    first.answered("remember me")
    first.close()
    second = start(wait=False)
    assert not second.window.empty.isVisible()
    second.until(lambda: second.built.conversations.current is not None)
    assert not second.window.empty.isVisible()


def test_the_empty_page_comes_where_the_last_conversation_is_gone(start: Callable[..., Running]) -> None:
    first = start()
    id = first.answered("deleted elsewhere")
    first.close()
    gone = start()
    gone.until(lambda: gone.built.conversations.current == id)
    gone.built.store.run(lambda store: store.trash.put([id]))
    gone.close()
    second = start(wait=False)
    second.until(second.window.is_empty_shown)


def test_each_conversation_has_its_own_draft(running: Running) -> None:
    first = running.answered("one")
    running.window.composer.edit.setPlainText("draft of one")
    running.new()
    assert running.window.composer.text() == ""
    running.window.composer.edit.setPlainText("draft of none")
    running.built.conversations.open(first)
    running.until(lambda: running.built.conversations.current == first)
    assert running.window.composer.text() == "draft of one"
    running.new()
    assert running.window.composer.text() == "draft of none"


def test_what_is_typed_while_a_first_question_is_kept_stays(running: Running) -> None:
    running.ask("first")
    running.window.composer.edit.setPlainText("already the next")
    running.until(lambda: running.built.conversations.current is not None)
    assert running.window.composer.text() == "already the next"


def test_deleting_offers_undo(running: Running) -> None:
    running.answered("delete me")
    running.window.actions_["delete"].trigger()
    running.until(lambda: running.titles() == [])
    bar = running.window.sidebar.undo_bar
    assert bar.isVisible()
    assert running.window.is_empty_shown()
    undo = bar.findChild(QPushButton)
    assert isinstance(undo, QPushButton)
    QTest.mouseClick(undo, Qt.MouseButton.LeftButton)
    running.until(lambda: running.titles() == ["delete me"])


def test_renaming_changes_list_and_header(running: Running) -> None:
    id = running.answered("old title")
    running.window.sidebar.renameRequested.emit(id, "新标题")
    running.until(lambda: running.titles() == ["新标题"])
    running.until(lambda: running.window.header._title.text() == "新标题")


@pytest.mark.parametrize("query", ["利", "利益冲突", "conflict"])
def test_a_search_leads_to_the_message(running: Running, monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    wanted = running.answered("如何看待利益冲突 conflict of interest")
    running.new()
    running.answered("something else")
    pane = running.window.pane
    assert pane is not None
    gone_to: list[tuple[str, str]] = []
    monkeypatch.setattr(pane, "scroll_to", lambda id, needle="": gone_to.append((id, needle)))
    field = running.window.findChild(SearchField)
    assert isinstance(field, SearchField)
    field.setFocus()
    QTest.keyClicks(field, query) if query.isascii() else field.setText(query)
    running.until(lambda: running.window.sidebar.results.rowCount() > 0)
    QTest.keyClick(field, Qt.Key.Key_Return)
    running.until(lambda: running.built.conversations.current == wanted)
    running.until(lambda: bool(gone_to) or running.window.sidebar.results.hit_at(0).message_id is None)  # type: ignore[union-attr]
    assert all(needle == query for _, needle in gone_to)


def test_a_hit_on_another_branch_shows_that_branch(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    id = running.answered("asked twice")
    first = running.built.conversations.shown()[-1]
    asked = len(running.engine.requests)
    running.built.answers.regenerate(first.id)
    running.until(lambda: len(running.engine.requests) > asked)
    with running.qtbot.waitSignal(running.built.answers.finished, timeout=WAIT_MS):
        running.engine.answer(f"r{asked + 1}", "another answer")
    assert running.built.conversations.shown()[-1].id != first.id
    gone_to: list[str] = []
    assert running.window.pane is not None
    monkeypatch.setattr(running.window.pane, "scroll_to", lambda id, needle="": gone_to.append(id))
    hit = SearchHit(id, first.id, "asked twice", None, 0.0, "yes", ())
    running.window.sidebar.hitRequested.emit(hit, "yes")
    running.until(lambda: gone_to == [first.id])
    assert running.built.conversations.shown()[-1].id == first.id


def test_page_up_and_down_walk_through_the_conversations(running: Running) -> None:
    older = running.answered("older")
    running.new()
    newer = running.answered("newer")
    QTest.keyClick(running.window, Qt.Key.Key_PageDown, Qt.KeyboardModifier.ControlModifier)
    running.until(lambda: running.built.conversations.current == older)
    QTest.keyClick(running.window, Qt.Key.Key_PageUp, Qt.KeyboardModifier.ControlModifier)
    running.until(lambda: running.built.conversations.current == newer)


def confirm_export(running: Running, kind: Format = Format.MARKDOWN) -> None:
    """Chooses the folder and the format in the export's window, and lets it write."""
    (dialog,) = [dialog for dialog in running.window.findChildren(ExportDialog) if dialog.isVisible()]
    formats = dialog.findChild(QComboBox)
    assert isinstance(formats, QComboBox)
    formats.setCurrentIndex(formats.findData(kind.value))
    buttons = {button.text().replace("&", ""): button for button in dialog.findChildren(QPushButton)}
    buttons["Choose…"].click()
    buttons["Export"].click()


def test_other_formats_are_written_while_the_window_goes_on(running: Running, tmp_path: Path) -> None:
    running.answered("净利率？")
    running.dialogs.folder = tmp_path / "new"
    running.window.actions_["export_all"].trigger()
    confirm_export(running, Format.PDF)
    assert running.window.notice.text() == "Exporting…"
    running.until(lambda: "1 conversation exported" in running.window.notice.text())
    (path,) = (tmp_path / "new").iterdir()
    assert path.name == "净利率？.pdf"
    assert path.stat().st_size > 1000


def test_export_and_import_bring_a_conversation_round(running: Running, tmp_path: Path) -> None:
    running.answered("round trip")
    running.dialogs.folder = tmp_path
    running.window.actions_["export"].trigger()
    confirm_export(running)
    running.until(lambda: list(tmp_path.glob("*.md")) != [])
    running.until(lambda: "exported" in running.window.notice.text())
    files = list(tmp_path.glob("*.md"))
    assert len(files) == 1
    assert running.window.notice.text() == "1 conversation exported"
    running.dialogs.files = files
    before = running.built.conversations.current
    running.window.actions_["import_files"].trigger()
    running.until(lambda: running.built.conversations.current not in (None, before))
    running.until(lambda: running.titles() == ["round trip", "round trip"])
    assert running.built.conversations.shown()[-1].answer == "yes"


def test_an_import_that_is_none_is_said_and_changes_nothing(running: Running, tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# Something else\n")
    running.dialogs.files = [tmp_path / "other.md"]
    running.window.actions_["import_files"].trigger()
    running.until(lambda: "other.md" in running.window.notice.text())
    assert "ChatGPT" in running.window.notice.hint()
    assert running.titles() == []


def test_what_could_not_be_imported_is_listed(running: Running, tmp_path: Path) -> None:
    message = {"role": "user", "content": [{"type": "text", "text": "Margin?"}]}
    good = {"name": "Margins", "messages": [{"versions": [{**message, "type": "singleStep"}], "currentlySelected": 0}]}
    (tmp_path / "good.json").write_text(json.dumps(good), "utf-8")
    (tmp_path / "cut.json").write_text(json.dumps([{"chat": {"messages": [message, message]}}])[:-20], "utf-8")
    (tmp_path / "other.json").write_text("{}", "utf-8")
    running.dialogs.files = sorted(tmp_path.glob("*.json"))
    running.window.actions_["import_files"].trigger()
    running.until(lambda: running.window.notice.text() == "2 conversations imported · 2 not")
    running.until(lambda: sorted(running.titles()) == ["Margin?", "Margins"])
    assert "cut.json ends in the middle" in running.window.notice.hint()
    button = running.window.notice.findChild(QPushButton)
    assert isinstance(button, QPushButton)
    button.click()
    (report,) = [found for found in running.window.findChildren(ImportReportDialog) if found.isVisible()]
    said = report.list.toPlainText()
    assert "other.json" in said
    assert "cut.json" in said
    assert "ChatGPT" in said
    report.close()


# -- messages


def test_an_answer_is_copied_alone_or_with_its_reasoning(running: Running) -> None:
    running.answered("q")
    question, answer = running.built.conversations.shown()
    assert running.window.pane is not None
    trigger = running.window.pane.actionTriggered.emit
    trigger(answer.id, "copy_answer")
    assert QApplication.clipboard().text() == "yes"
    trigger(answer.id, "copy_all")
    assert QApplication.clipboard().text() == "hm\n\nyes"
    trigger(question.id, "copy_question")
    assert QApplication.clipboard().text() == "q"


def test_regenerate_continue_and_answer_now_reach_the_engine(running: Running) -> None:
    running.answered("q")
    answer = running.built.conversations.shown()[-1]
    assert running.window.pane is not None
    running.window.pane.actionTriggered.emit(answer.id, "regenerate")
    running.until(lambda: len(running.engine.requests) == 2)
    running.window.pane.actionTriggered.emit("", "answer_now")
    running.window.actions_["answer_now"].trigger()
    assert running.engine.answered_now == ["r2", "r2"]
    running.engine.start("r2")
    running.engine.say("r2", "<think>\nsecond")
    running.window.composer.request_stop()
    stopped = running.built.conversations.shown()[-1]
    running.until(lambda: running.built.conversations.shown()[-1].state is MessageState.STOPPED)
    assert stopped.id != answer.id
    running.window.pane.actionTriggered.emit(stopped.id, "continue")
    running.until(lambda: len(running.engine.requests) == 3)
    assert running.engine.requests[2].prefix == "<think>\nsecond"


def test_links_are_opened_only_when_that_was_agreed_to(running: Running) -> None:
    assert running.window.pane is not None
    running.window.pane.linkActivated.emit("https://example.org/")
    assert running.dialogs.opened == []
    running.dialogs.may_open = True
    running.window.pane.linkActivated.emit("https://example.org/")
    assert running.dialogs.opened == ["https://example.org/"]


# -- models and errors


def test_the_demonstration_model_is_named_as_such(running: Running) -> None:
    assert "demonstration" in running.window.empty._note.text()
    assert "not loaded" in running.button("modelButton").text()


def test_the_model_menus_offer_what_there_is(running: Running) -> None:
    running.until(lambda: bool(running.built.models.found()))
    for menu in (running.window.actions_.menus["models"], running.button("modelButton").menu()):
        assert isinstance(menu, QMenu)
        menu.aboutToShow.emit()
        menu.aboutToShow.emit()
        texts = [action.text() for action in menu.actions() if action.text()]
        assert texts[:2] == ["Models on this &computer, and more…", "Choose a &model file…"]
        assert texts[-3:] == ["How the model is loaded…", "Load now", "Unload"]
        assert "Team server…" in texts
        assert len(texts) == 6 + len(running.built.models.found())
        chosen = [action for action in menu.actions() if action.isChecked()]
        assert [action.toolTip() for action in chosen] == [str(built_in_model())]


def test_the_model_menu_says_what_quantising_cost_where_it_was_measured(running: Running) -> None:
    models = running.built.models
    running.until(lambda: bool(models.found()))
    menu = running.button("modelButton").menu()
    assert isinstance(menu, QMenu)
    measured = replace(models.found()[-1], verification=Verification("F16", 8160, 0.97999, 0.0123))
    models._found, models.choice = [*models.found()[:-1], measured], measured
    menu.aboutToShow.emit()
    sentence = f"{measured.header.quantisation}: same first choice on 97.9 % of tokens"
    line = next(action for action in menu.actions() if action.text() == sentence)
    assert not line.isEnabled()
    chosen = next(action for action in menu.actions() if action.isChecked())
    assert chosen.toolTip() == f"{built_in_model()}\n{sentence}"


def test_a_file_that_is_no_model_gets_a_sentence_and_the_choice_stays(running: Running, tmp_path: Path) -> None:
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"not a model")
    running.dialogs.model = bad
    before = running.built.models.choice
    running.window.actions_["choose_model"].trigger()
    running.until(running.window.notice.isVisible)
    assert "bad.gguf" in running.window.notice.text()
    assert running.built.models.choice == before
    assert not QApplication.activeModalWidget()


@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_error_is_shown_in_the_bar(running: Running, code: ErrorCode) -> None:
    error = UserError(code, path="/a/b", reason="r", tokens=10, limit=5, over=5)
    running.built.answers.failed.emit(error)
    assert running.window.notice.isVisible()
    assert running.window.notice.text() == sentence(error).text


def test_a_store_without_its_key_gets_a_page_and_keeps_its_files(start: Callable[..., Running], data_dir: Path) -> None:
    data_dir.mkdir(mode=0o700)
    (data_dir / "conversations.db").write_bytes(bytes(range(256)) * 32)
    running = start(wait=False)
    running.until(running.window.failure.isVisible)
    assert running.window.failure.text()
    assert not running.window.composer.isVisible()
    assert running.window.status.lock_text() == "Conversations could not be opened"
    assert not running.window.actions_["new"].isEnabled()
    assert (data_dir / "conversations.db").read_bytes() == bytes(range(256)) * 32


def test_another_folder_can_be_chosen_then(start: Callable[..., Running], data_dir: Path, tmp_path: Path) -> None:
    data_dir.mkdir(mode=0o700)
    (data_dir / "conversations.db").write_bytes(b"x" * 8192)
    running = start(wait=False)
    running.until(running.window.failure.isVisible)
    running.dialogs.folder = tmp_path / "other"
    running.window.failure.folderWanted.emit()
    assert not running.window.isVisible()
    assert running.desk.wanted_folder == tmp_path / "other"


def test_a_window_that_was_left_no_longer_follows_the_system(start: Callable[..., Running], qapp: QApplication) -> None:
    first = start()
    theme = first.desk.appearance.theme
    first.close()
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert first.desk.appearance.theme is theme


def test_a_bug_is_offered_as_a_report_and_the_window_lives(running: Running) -> None:
    running.desk.reports.reported.emit("places and versions")
    assert running.window.notice.isVisible()
    button = running.window.notice.findChild(QPushButton)
    assert isinstance(button, QPushButton)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == "places and versions"
    running.answered("still here")


def test_a_save_that_falls_due_while_the_end_is_being_kept_does_no_harm(running: Running) -> None:
    request = running.ask_and_wait("q")
    with running.qtbot.waitSignal(running.built.answers.finished, timeout=WAIT_MS):
        running.engine.answer(request)
        running.built.answers._keeper.save()  # what its timer does when it is due right now
    assert running.built.conversations.shown()[-1].answer == "yes"
    assert not running.window.notice.isVisible()


# -- leaving


def test_closing_while_it_writes_loses_nothing(start: Callable[..., Running]) -> None:
    first = start()
    request = first.ask_and_wait("keep this")
    first.engine.start(request)
    first.engine.say(request, "<think>\nbegun")
    first.close()
    second = start()
    second.until(lambda: len(second.built.conversations.shown()) == 2)
    answer = second.built.conversations.shown()[-1]
    assert answer.think == "begun"
    assert answer.state is MessageState.INTERRUPTED


def test_the_list_is_that_of_the_store_after_a_restart(start: Callable[..., Running]) -> None:
    first = start()
    first.answered("one")
    first.new()
    first.answered("two")
    first.close()
    second = start()
    second.until(lambda: second.titles() == ["two", "one"])
    view = second.window.findChild(QListView, "conversationList")
    assert isinstance(view, QListView)
    second.until(lambda: len(view.selectedIndexes()) == 1)
