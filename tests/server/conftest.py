"""The real `serve` command in a process of its own, over a data folder and a model of the test's choice."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openai
import pytest

from finr1_desk.library.discovery import built_in_model
from tests.helpers.tiny_models import TinyModel, endless, write_model

PATIENCE_S = 120
KEY = "EMPTY"  # as the published snippet has it


@dataclass
class Server:
    """A running server. `url` ends with `/v1`."""

    process: subprocess.Popen[str]
    url: str
    key: str
    data_dir: Path
    clients: list[openai.OpenAI] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1].split("/")[0])

    def client(self, host: str = "127.0.0.1", key: str | None = None, **options: Any) -> openai.OpenAI:
        made = openai.OpenAI(
            api_key=key or self.key, base_url=f"http://{host}:{self.port}/v1", timeout=PATIENCE_S, **options
        )
        self.clients.append(made)
        return made

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """One exchange; headers replace those of a good request, an empty one leaves it out."""
        good = {
            "Host": f"127.0.0.1:{self.port}",
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/json",
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            given = good | (headers or {})
            if body is not None and "Content-Length" not in given and "Transfer-Encoding" not in given:
                given["Content-Length"] = str(len(body))
            for name, value in given.items():
                if value:
                    connection.putheader(name, value)
            connection.endheaders()
            if body:
                connection.send(body)
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def chat(self, **body: Any) -> tuple[int, Any]:
        status, _, raw = self.request("POST", "/v1/chat/completions", json.dumps(body).encode())
        return status, json.loads(raw)

    def stop(self) -> int:
        for client in self.clients:
            client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(PATIENCE_S)
        finally:
            if self.process.stdout is not None:
                self.process.stdout.close()


Start = Callable[..., Server]


def _started(folder: Path, model: Path, words: Sequence[str], key: str | None) -> Server:
    command = [sys.executable, "-m", "finr1_desk", "--data-dir", str(folder), "--language", "en", "serve"]
    command += ["--model", str(model), "--port", "0", "--threads", "1", *words]
    command += [] if key is None else ["--api-key", key]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    first, second = process.stdout.readline(), process.stdout.readline()
    found = re.search(r"http://\S+", first)
    assert found, (first, second)
    server = Server(process, found[0], second.rpartition(" ")[2].strip(), folder)
    deadline = time.monotonic() + PATIENCE_S
    while not json.loads(server.request("GET", "/health")[2])["model_loaded"]:  # with the engine's process, that is
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return server


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a server, which ends with the test."""
    running: list[Server] = []

    def begin(model: Path, *words: str, key: str | None = KEY) -> Server:
        running.append(_started(tmp_path / "data", model, words, key))
        return running[-1]

    yield begin
    for server in running:
        server.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The built-in model, as the published snippet expects it."""
    words = ("--allow-host", "0.0.0.0", "--served-model-name", "Fin-R1")
    running = _started(tmp_path_factory.mktemp("data"), built_in_model(), words, KEY)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def endless_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    model: TinyModel = endless()
    return write_model(tmp_path_factory.mktemp("models") / "endless-words.gguf", model)
