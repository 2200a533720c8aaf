"""Fixtures of the converter's tests."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from finr1_convert import cli
from tests.convert.checkpoints import Variant, make_checkpoint

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A small intact checkpoint in a folder of its own."""
    return make_checkpoint(tmp_path / "checkpoint")


@pytest.fixture
def sharded(tmp_path: Path) -> Path:
    """The same in three shards with an index."""
    return make_checkpoint(tmp_path / "sharded", Variant(shards=3))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An output path in an empty folder."""
    folder = tmp_path / "models"
    folder.mkdir()
    return folder / "model.gguf"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run the command in this process: (exit code, standard output, standard error)."""
    before = signal.getsignal(signal.SIGTERM)

    def command(*arguments: object) -> tuple[int, str, str]:
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as error:
            code = int(error.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    yield command
    signal.signal(signal.SIGTERM, before)
