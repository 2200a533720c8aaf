"""The team server in the window: a real one on loopback answers; the badge; what the policy forbids."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QMenu, QPushButton, QToolButton

from finr1_desk.core.conversation import MessageState
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.remote import RemoteServer, ServerAccess
from finr1_desk.engine.routing import RoutedEngine
from finr1_desk.store.policy import Policy
from finr1_desk.store.server_access import Credentials
from finr1_desk.ui.dialogs.server import ServerDialog
from finr1_desk.ui.status import ContextMeter
from tests.helpers.scripted_server import MODEL, Reply, ScriptedServer, answered, piece, serving
from tests.ui.played import Running

ANSWER = "<think>\n120 / 100\n</think>\n<answer>\n20 %\n</answer>"
ELSEWHERE = RemoteServer("http://desk.example:8000/v1", MODEL, True)


@pytest.fixture
def running(start: Callable[..., Running]) -> Running:
    """A window whose local engine is played and whose way to servers is real."""
    running = start()
    link = running.built.link
    link._client = RoutedEngine(lambda: running.engine, link._make_remote)  # type: ignore[arg-type,return-value]
    return running


def _use(running: Running, server: ScriptedServer, credentials: Credentials | None = None) -> None:
    running.built.server.set(RemoteServer(server.url, MODEL, True), credentials)
    running.until(lambda: running.built.server.value.in_use)


def _badge(running: Running) -> QToolButton:
    return running.button("serverBadge")


def test_the_server_answers_and_the_conversation_says_so(running: Running) -> None:
    with serving(answered(ANSWER)) as server:
        _use(running, server, Credentials("k-1"))
        running.until(lambda: running.built.models.loaded is not None)
        running.ask("Growth?")
        running.until(lambda: any(m.answer == "20 %" for m in running.built.conversations.shown()))
        running.until(lambda: running.built.conversations.shown()[-1].state is MessageState.COMPLETE)
    message = running.built.conversations.shown()[-1]
    assert message.think == "120 / 100"
    assert message.generation is not None
    assert (message.generation.model.name, message.generation.model.server) == (MODEL, server.url.split("/")[2])
    assert message.generation.usage.prompt_tokens == 20
    assert running.engine.requests == []  # nothing was asked of the engine here
    assert server.got[-1].headers["authorization"] == "Bearer k-1"
    assert MODEL in running.button("modelButton").text()


@pytest.mark.parametrize(("told", "shown"), [({"max_model_len": 32768}, "28 / 32,768"), ({}, "28")])
def test_the_meter_shows_the_servers_context_or_none(running: Running, told: dict[str, int], shown: str) -> None:
    meter = running.window.findChild(ContextMeter)
    assert isinstance(meter, ContextMeter)
    with serving(answered("20 %\n\n..")) as server:
        server.model_facts = told
        _use(running, server)
        running.until(lambda: running.built.models.loaded is not None)
        running.ask("Growth?")
        running.until(lambda: running.built.conversations.shown()[-1:] != [])
        running.until(lambda: running.built.conversations.shown()[-1].state is MessageState.COMPLETE)
        running.until(lambda: meter.text() == shown)
    assert shown.split(" ")[0] in meter.accessibleName()


def test_a_stream_that_breaks_off_can_be_gone_on_with(running: Running) -> None:
    with serving(Reply(events=[piece("Half ")], cut=True), answered("and half")) as server:
        _use(running, server)
        running.ask("Growth?")
        running.until(lambda: running.built.conversations.shown()[-1:] != [])
        running.until(lambda: running.built.conversations.shown()[-1].state is MessageState.INTERRUPTED)
        message = running.built.conversations.shown()[-1]
        assert message.answer == "Half"
        running.built.answers.continue_answer(message.id)
        running.until(lambda: running.built.conversations.shown()[-1].state is MessageState.COMPLETE)
    assert running.built.conversations.shown()[-1].raw == "Half and half"


def test_the_badge_stands_for_as_long_as_text_leaves(running: Running) -> None:
    assert not _badge(running).isVisible()
    running.built.server.set(ELSEWHERE)
    assert _badge(running).isVisible()
    assert "desk.example:8000" in _badge(running).text()
    assert running.button("modelButton").text() == f"{MODEL} · desk.example:8000"
    assert "not encrypted" in _badge(running).toolTip()
    captions = [label.text() for label in running.window.empty.findChildren(QLabel)]
    assert "Your questions are sent to desk.example:8000." in captions
    running.built.server.use(False)
    assert not _badge(running).isVisible()
    assert "Everything is worked out on this computer; nothing leaves it." in [
        label.text() for label in running.window.empty.findChildren(QLabel)
    ]


def test_a_server_on_this_computer_needs_no_badge(running: Running) -> None:
    running.built.server.set(RemoteServer("http://127.0.0.1:9/v1", MODEL, True))
    assert not _badge(running).isVisible()


def test_choosing_a_local_model_leaves_the_server(running: Running) -> None:
    running.built.server.set(ELSEWHERE)
    choice = running.built.models.choice
    assert choice is not None
    running.built.models.choose(choice.path)
    running.until(lambda: not running.built.server.value.in_use)
    running.until(lambda: running.built.models.loaded is not None)
    assert running.built.models.loaded is not None
    assert running.built.models.loaded.request.path == str(choice.path)


def test_it_is_in_use_again_after_a_restart_unless_forbidden(
    start: Callable[..., Running], data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = start()
    running.built.server.set(ELSEWHERE)
    running.close()
    again = start()
    assert again.built.server.value == ELSEWHERE
    assert _badge(again).isVisible()
    again.close()
    policy = Policy(servers=False, path=Path("/etc/finr1-desk/policy.toml"))
    monkeypatch.setattr("finr1_desk.app.team_server.load_policy", lambda: policy)
    forbidden = start()
    assert not forbidden.built.server.value.in_use
    with forbidden.qtbot.waitSignal(forbidden.built.server.failed):
        forbidden.built.server.use(True)
    assert not _badge(forbidden).isVisible()


def _widget(dialog: ServerDialog, kind: type[Any], name: str) -> Any:
    found = dialog.findChild(kind, name)
    assert found is not None
    return found


def _open(running: Running) -> ServerDialog:
    running.binding._server.show_dialog()
    dialog = running.window.findChild(ServerDialog)
    assert isinstance(dialog, ServerDialog)
    return dialog


def test_the_dialog_tests_and_keeps_a_server(running: Running) -> None:
    dialog = _open(running)
    with serving(answered("x"), models=["other", MODEL]) as server:
        _widget(dialog, QLineEdit, "setting_server_url").setText(server.url.removesuffix("/v1"))
        _widget(dialog, QLineEdit, "setting_server_key").setText("k-2")
        next(b for b in dialog.findChildren(QPushButton) if b.text() == "Test").click()
        result = _widget(dialog, QLabel, "testResult")
        running.until(lambda: "It works" in result.text())
        model = _widget(dialog, QComboBox, "setting_server_model")
        assert [model.itemText(row) for row in range(model.count())] == ["other", MODEL]
        model.setCurrentText(MODEL)
        _widget(dialog, QCheckBox, "setting_use_server").setChecked(True)
        next(b for b in dialog.findChildren(QPushButton) if b.text() == "Save").click()
        running.until(lambda: running.built.server.value.in_use)
    assert running.built.server.value == RemoteServer(server.url, MODEL, True)
    kept = running.built.server.secrets.get("server", running.built.server.value.host)
    assert Credentials.from_text(kept) == Credentials("k-2", {})
    menu = QMenu()
    running.binding._model_menu.fill(menu)
    texts = [action.text() for action in menu.actions()]
    assert f"Answers from {running.built.server.value.host}" in texts


def test_the_dialog_says_what_is_wrong_and_changes_nothing(running: Running) -> None:
    dialog = _open(running)
    result = _widget(dialog, QLabel, "testResult")
    _widget(dialog, QLineEdit, "setting_server_url").setText("ftp://desk")
    next(b for b in dialog.findChildren(QPushButton) if b.text() == "Save").click()
    assert "is no address of a server" in result.text()
    _widget(dialog, QLineEdit, "setting_server_url").setText("desk.example")
    assert "not encrypted" in result.text()
    assert running.built.server.value == RemoteServer()
    dialog.reject()


def test_a_key_is_not_given_to_another_host(running: Running) -> None:
    with serving(answered("x")) as one, serving(answered("x")) as other:
        _use(running, one, Credentials("k-1"))
        running.built.server.set(replace(running.built.server.value, base_url=other.url))
        running.ask("Growth?")
        running.until(lambda: bool(other.asked))
    assert other.got[-1].headers["authorization"] == "Bearer EMPTY"


def test_a_server_that_is_changed_between_asking_and_sending_gets_nothing(running: Running) -> None:
    with serving(answered("x")) as one, serving(answered("x")) as other:
        _use(running, one)
        asked_for = running.built.server.value.address
        running.built.server.set(RemoteServer(other.url, MODEL, True))
        with pytest.raises(UserError) as changed:
            running.built.server.access(asked_for)
        running.built.server.use(False)
        with pytest.raises(UserError) as unused:
            running.built.server.access(running.built.server.value.address)
    assert changed.value.code is unused.value.code is ErrorCode.SERVER_CHANGED
    assert changed.value.params["host"] == one.url.split("/")[2]


def test_the_question_that_was_on_its_way_is_kept_and_can_be_asked_again(running: Running) -> None:
    with serving(answered("x")) as one, serving(answered(ANSWER)) as other:
        _use(running, one)
        way_in, goes_on = running.built.server.access, threading.Event()

        def slowly(address: str) -> ServerAccess:
            assert goes_on.wait(30)
            return way_in(address)

        running.built.link._client._remote._access = slowly  # type: ignore[union-attr]
        running.ask("Growth?")
        running.until(lambda: len(running.built.conversations.shown()) == 2)
        running.built.server.set(RemoteServer(other.url, MODEL, True))
        goes_on.set()
        running.until(lambda: running.built.conversations.shown()[-1].state is MessageState.FAILED)
        assert running.built.conversations.shown()[0].answer == "Growth?"
        assert one.asked == other.asked == []
        running.built.answers.regenerate(running.built.conversations.shown()[-1].id)
        running.until(lambda: running.built.conversations.shown()[-1].answer == "20 %")


def test_a_draft_stays_on_this_computer(running: Running) -> None:
    """It is counted here, whoever answers; the server hears of a question when it is asked."""
    with serving(answered(ANSWER)) as server:
        server.tokenize = Reply(body={"count": 7})
        _use(running, server)
        running.until(lambda: running.built.models.loaded is not None)
        with running.qtbot.waitSignal(running.built.counting.counted) as counted:
            running.window.composer.edit.setPlainText("Secret?")
        running.until(lambda: "7 tokens" in running.window.status.question_text())
        assert counted.args[0].is_about
        assert running.window.status.question_text().startswith("Question: about")
    assert {got.path for got in server.got} == {"/v1/models"}
    assert [turns[-1].content for turns in running.engine.counted] == ["", "Secret?"]


def test_a_draft_is_counted_by_its_characters_where_no_model_is_at_hand(running: Running) -> None:
    with serving(answered(ANSWER)) as server:
        _use(running, server)
        running.built.models.choice = None
        running.window.composer.edit.setPlainText("Growth of 净利润 from 100 to 120?")
        running.until(lambda: running.window.status.question_text() != "")
    assert running.engine.counted == []
    assert "about" in running.window.status.question_text()
