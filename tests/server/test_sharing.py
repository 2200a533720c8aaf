"""The server beside other clients of the engine, programs that go away, and how it starts and ends."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from finr1_desk.cli import main
from finr1_desk.core.errors import ErrorCode
from finr1_desk.core.events import GenerateRequest, ModelRequest, TextProduced
from finr1_desk.core.prompts import Turn
from finr1_desk.engine.client import EngineClient
from finr1_desk.server.asking import MOST_AT_ONCE
from finr1_desk.store.paths import resolve_data_dir
from tests.helpers.engine_events import Recorder
from tests.server.conftest import PATIENCE_S, Server, Start

LONG = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 3000}


def _begin(server: Server, **more: object) -> socket.socket:
    """Asks for a long answer and leaves the connection open."""
    body = json.dumps({**LONG, **more}).encode()
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S)
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"Authorization: Bearer {server.key}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection.sendall(head.encode() + body)
    return connection


def test_a_program_that_goes_away_frees_its_place(start: Start, endless_model: Path) -> None:
    server = start(endless_model, "--ctx", "4096")
    client = EngineClient(resolve_data_dir(server.data_dir).runtime, seen := Recorder(), kind="test")
    try:
        connections = [_begin(server, stream=bool(number % 2)) for number in range(MOST_AT_ONCE)]
        while server.chat(messages=LONG["messages"], max_tokens=1)[0] != 429:
            pass
        for connection in connections:
            connection.close()
        while (answer := server.chat(messages=LONG["messages"], max_tokens=1))[0] == 429:
            pass
        assert answer[0] == 200
        # Nothing of what was asked for is computed any more: several samples would have to wait for it.
        model = ModelRequest(str(endless_model), 4096, threads=1)
        request = GenerateRequest(model, (Turn("user", "x"),), samples=2, overrides={"max_tokens": 2})
        assert seen.finished(client.generate(request)).code is None
    finally:
        client.close(30.0)


def test_window_and_server_share_one_engine(start: Start, endless_model: Path) -> None:
    server = start(endless_model, "--ctx", "4096", key=None)
    assert len(bytes.fromhex(server.key)) == 32  # 256 bits, by chance
    assert json.loads(server.request("GET", "/v1/models")[2])["data"][0]["id"] == "endless-words"
    client = EngineClient(resolve_data_dir(server.data_dir).runtime, seen := Recorder(), kind="window")
    try:
        model = ModelRequest(str(endless_model), 4096, threads=1)
        running = client.generate(GenerateRequest(model, (Turn("user", "long"),), overrides={"max_tokens": 3900}))
        seen.wait_for(TextProduced)
        status, body = server.chat(messages=LONG["messages"], max_tokens=3)
        assert (status, body["usage"]["completion_tokens"]) == (200, 3)
        assert not [
            event for event in seen.events if getattr(event, "request", "") == running and hasattr(event, "reason")
        ]
        client.cancel(running)
        seen.finished(running)
        children = [line for line in _workers(server.data_dir) if line]
        assert len(children) == 1
    finally:
        client.close(30.0)


def _workers(data_dir: Path) -> list[str]:
    import psutil

    runtime = str(resolve_data_dir(data_dir).runtime)
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        if "finr1_desk.engine.worker" in words and runtime in words:
            found.append(" ".join(words))
    return found


@pytest.mark.slow
def test_a_dead_engine_is_told_and_comes_back(start: Start, endless_model: Path) -> None:
    import psutil

    server = start(endless_model)
    answers: list[tuple[int, object]] = []
    runtime = str(resolve_data_dir(server.data_dir).runtime)
    connection = _begin(server, stream=True)
    while b" word" not in connection.recv(65536):
        pass
    asking = threading.Thread(target=lambda: answers.append(server.chat(**LONG)))
    asking.start()
    for process in psutil.process_iter():
        try:
            if runtime in process.cmdline() and "finr1_desk.engine.worker" in process.cmdline():
                process.kill()
        except psutil.Error:
            continue
    rest = b""
    while b"[DONE]" not in rest:
        rest += connection.recv(65536)
    assert b'"error"' in rest
    connection.close()
    asking.join()
    assert answers[0][0] in (200, 503)
    assert server.chat(messages=LONG["messages"], max_tokens=2)[0] == 200
    assert server.stop() == 0


def test_what_cannot_be_served_is_said(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def refused(*words: str) -> str:
        assert main(["--language", "en", "serve", *words]) == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.count("\n") == 2
        return said.err

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"127.0.0.1:{port}" in refused("--port", port)
    assert "16 characters" in refused("--host", "0.0.0.0", "--port", "0", "--api-key", "EMPTY")
    assert "--allow-host" in refused("--allow-host", "http://a/b")
    assert "--api-key" in refused("--api-key", "with blanks")
    assert "--port" in refused("--port", "65536")


@pytest.mark.slow
def test_another_address_says_what_it_means_and_a_signal_ends_it(
    start: Start, endless_model: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server = start(endless_model, "--host", "0.0.0.0", "--allow-host", "desk.example", key=None)
    assert server.request("GET", "/health", headers={"Host": f"desk.example:{server.port}"})[0] == 200
    assert server.request("GET", "/health", headers={"Host": f"0.0.0.0:{server.port}"})[0] == 403
    connection = _begin(server, stream=True)
    assert connection.recv(4) == b"HTTP"
    os.kill(server.process.pid, signal.SIGTERM)
    assert server.process.wait(PATIENCE_S) == 0
    connection.close()
    said = capfd.readouterr().err
    assert "not encrypted" in said
    assert f"desk.example:{server.port}" in said


def test_it_ends_with_the_window_that_started_it(endless_model: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "finr1_desk", "--data-dir", str(tmp_path), "serve", "--attached", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--model", str(endless_model)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        process.stdin.write("the-key-of-the-window\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["ready"] > 0
        environ = Path(f"/proc/{process.pid}/cmdline")
        assert not environ.exists() or b"the-key" not in environ.read_bytes()
        process.stdin.close()
        assert process.wait(PATIENCE_S) == 0


def test_the_window_is_told_what_is_wrong(
    endless_model: Path, data_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("key\n"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        words = ["--port", str(taken.getsockname()[1]), "--model", str(endless_model)]
        assert main(["serve", "--attached", *words]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == ErrorCode.ADDRESS_UNAVAILABLE
