"""The real command in processes of its own, over a temporary data folder and home."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.tiny_models import TinyModel, endless, speaking, write_model

# Generous: the machine that runs the tests may be busy.
PATIENCE_S = 120

THINK = "Costs rose by 15%, sales did not."
ANSWER = "净利润 fell by \\boxed{-15\\%} this year."
WORDS = 1500  # of an endless model: more than could be said three times
OUTPUT = f"<think>\n{THINK}\n</think>\n<answer>\n{ANSWER}\n</answer>"


@dataclass(frozen=True)
class Done:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Cli:
    """Runs `finr1-desk` with one data folder."""

    data_dir: Path
    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def command(self, *words: str | Path) -> list[str]:
        return [sys.executable, "-m", "finr1_desk", "--data-dir", str(self.data_dir), *map(str, words)]

    def full_environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        environment = dict(os.environ) | {"HOME": str(self.home)} | self.environment | dict(extra or {})
        return {name: value for name, value in environment.items() if name != "FINR1_DESK_DATA_DIR"}

    def run(self, *words: str | Path, stdin: bytes = b"", environment: Mapping[str, str] | None = None) -> Done:
        done = subprocess.run(
            self.command(*words),
            input=stdin,
            capture_output=True,
            timeout=PATIENCE_S,
            env=self.full_environment(environment),
        )
        assert b"Traceback" not in done.stderr, done.stderr.decode("utf-8", "replace")
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def ok(self, *words: str | Path, stdin: bytes = b"") -> str:
        done = self.run(*words, stdin=stdin)
        assert done.status == 0, done.err
        return done.out

    def start(self, *words: str | Path, **options: Any) -> subprocess.Popen[bytes]:
        """Starts the command with pipes on its standard streams; what is left of it is killed after the test."""
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        process = subprocess.Popen(self.command(*words), env=self.full_environment(), **(pipes | options))
        self.processes.append(process)
        return process

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
            process.wait(PATIENCE_S)
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    stream.close()


def make_cli(place: Path) -> Cli:
    """The command over a new data folder and home in `place`; whoever makes it closes it, if it starts anything."""
    home, data_dir = place / "home", place / "data"
    home.mkdir()
    data_dir.mkdir()
    # One thread: lockstep with a second one is slow on a busy machine.
    (data_dir / "settings.json").write_text(json.dumps({"threads": 1, "context_length": 2048}))
    return Cli(data_dir, home)


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    command = make_cli(tmp_path)
    yield command
    command.close()


MakeModel = Callable[[TinyModel], Path]


@pytest.fixture(scope="session")
def speaking_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that thinks, answers and ends."""
    return write_model(tmp_path_factory.mktemp("models") / "speaking.gguf", speaking(OUTPUT))


@pytest.fixture(scope="session")
def endless_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that answers and never stops."""
    return write_model(tmp_path_factory.mktemp("models") / "endless.gguf", endless(words=WORDS))


@pytest.fixture(scope="session")
def thinking_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that thinks and never stops."""
    model = endless(opening=("<think>\n",), words=WORDS)
    return write_model(tmp_path_factory.mktemp("models") / "thinking.gguf", model)
