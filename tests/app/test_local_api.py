"""The local API that the window starts: on with the settings, off with them, and gone with the window."""

from __future__ import annotations

import json
import socket
import urllib.request
from collections.abc import Callable
from pathlib import Path

from pytestqt.qtbot import QtBot

from finr1_desk.app.bootstrap import Application
from finr1_desk.app.local_api import ApiPhase, ApiStatus
from finr1_desk.core.errors import ErrorCode
from finr1_desk.ui.api_button import EXAMPLE, ApiButton
from tests.app.conftest import WAIT_MS


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def _waited(qtbot: QtBot, application: Application, phase: ApiPhase) -> ApiStatus:
    qtbot.waitUntil(lambda: application.local_api.status.phase is phase, timeout=WAIT_MS)
    return application.local_api.status


def _get(status: ApiStatus, path: str) -> object:
    request = urllib.request.Request(f"{status.address}{path}", headers={"Authorization": f"Bearer {status.key}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def test_it_follows_the_settings_and_keeps_its_key(
    start: Callable[..., Application], speaking_model: Path, qtbot: QtBot
) -> None:
    application = start(speaking_model)
    assert application.local_api.status.phase is ApiPhase.OFF
    port = _free_port()
    application.settings.set(serve_port=port, serve=True)
    first = _waited(qtbot, application, ApiPhase.ON)
    assert first.address == f"http://127.0.0.1:{port}/v1"
    assert len(bytes.fromhex(first.key)) == 32
    assert _get(first, "/models")["data"][0]["id"] == "speaking"  # type: ignore[index]
    compile(EXAMPLE.format(key=first.key, address=first.address), "example", "exec")
    other = _free_port()
    application.settings.set(serve_port=other)
    qtbot.waitUntil(lambda: application.local_api.status.address.endswith(f":{other}/v1"), timeout=WAIT_MS)
    assert application.local_api.status.key == first.key
    application.settings.set(serve=False)
    _waited(qtbot, application, ApiPhase.OFF)


def test_a_taken_port_is_said_and_can_be_tried_again(
    start: Callable[..., Application], speaking_model: Path, qtbot: QtBot
) -> None:
    application = start(speaking_model)
    button = ApiButton()
    qtbot.addWidget(button)
    application.local_api.changed.connect(button.show_status)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        application.settings.set(serve_port=taken.getsockname()[1], serve=True)
        failed = _waited(qtbot, application, ApiPhase.FAILED)
        assert failed.error is not None
        assert failed.error.code is ErrorCode.ADDRESS_UNAVAILABLE
        assert "not running" in button.text()
    qtbot.waitUntil(lambda: application.local_api._process is None, timeout=WAIT_MS)
    button.retryWanted.connect(application.local_api.retry)
    button.retryWanted.emit()
    _waited(qtbot, application, ApiPhase.ON)
    assert "127.0.0.1:" in button.text()
