"""The engine on a server that none of this code has written: llama-cpp-python's own, with a small model."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest

from finr1_desk.core.conversation import FinishReason
from finr1_desk.core.errors import ErrorCode
from finr1_desk.core.events import GenerateRequest, ModelLoaded, ModelRequest, TextProduced
from finr1_desk.core.prompts import Turn
from finr1_desk.core.remote import RemoteServer, ServerAccess
from finr1_desk.engine.remote.engine import RemoteEngine
from tests.engine.conftest import MakeModel
from tests.helpers.engine_events import Recorder
from tests.helpers.tiny_models import TinyModel

KEY = "a-key-of-the-tests"
ANSWER = ["Well. ", "<think>\n", "100 to 120", "\n</think>\n", "<answer>\n", "20 %", "\n</answer>"]
# The prompt that this server makes ends with «assistant», the last token of which is a single letter.
CHAIN = TinyModel(chains={"t": [*ANSWER, "<|im_end|>"]})


@pytest.fixture(scope="module")
def server(make_model: MakeModel) -> Iterator[RemoteServer]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {"model": make_model(CHAIN), "host": "127.0.0.1", "port": port, "api_key": KEY, "n_ctx": 1024}
    options |= {"model_alias": "Fin-R1", "chat_format": "chatml", "n_threads": 1}
    arguments = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "llama_cpp.server", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    try:
        _wait(process, port)
        yield RemoteServer(f"http://127.0.0.1:{port}/v1", "Fin-R1", True)
    finally:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended by itself"
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/openapi.json", timeout=5).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server did not come up")


@pytest.fixture
def engine(server: RemoteServer) -> Iterator[tuple[RemoteEngine, Recorder]]:
    seen = Recorder()
    engine = RemoteEngine(lambda _: ServerAccess(server, KEY), seen)
    yield engine, seen
    engine.close(30.0)


def _question(server: RemoteServer, text: str) -> GenerateRequest:
    turns = (Turn("system", "You answer."), Turn("user", text))
    options = {"overrides": {"temperature": 0.0, "repetition_penalty": 1.0}}
    return GenerateRequest(ModelRequest(server.address), turns, **options)  # type: ignore[arg-type]


def test_it_is_found_and_answers(server: RemoteServer, engine: tuple[RemoteEngine, Recorder]) -> None:
    remote, seen = engine
    remote.load(ModelRequest(server.address))
    assert seen.wait_for(ModelLoaded).model.name == "Fin-R1"
    id = remote.generate(_question(server, "Growth?"))
    end = seen.finished(id)
    assert (end.reason, end.code) == (FinishReason.STOP, None)
    text = "".join(ANSWER)
    assert seen.text(id) in (text, text.removeprefix("Well. "))  # this server loses the first piece of a stream


def test_stopping_in_the_middle_leaves_it_ready(server: RemoteServer, engine: tuple[RemoteEngine, Recorder]) -> None:
    remote, seen = engine
    first = remote.generate(_question(server, "Something else?"))
    seen.wait_for(TextProduced)
    remote.cancel(first)
    seen.finished(first)
    second = remote.generate(_question(server, "And now?"))
    assert seen.finished(second).reason is FinishReason.STOP


def test_a_wrong_key_is_said(server: RemoteServer) -> None:
    seen = Recorder()
    remote = RemoteEngine(lambda _: ServerAccess(server, "another"), seen)
    end = seen.finished(remote.generate(_question(server, "Growth?")))
    remote.close(30.0)
    assert end.code is ErrorCode.SERVER_KEY
