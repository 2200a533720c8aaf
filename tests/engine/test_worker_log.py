"""The log is bounded and holds nothing of what was said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from finr1_desk.engine import endpoint
from finr1_desk.engine.worker_log import WorkerLog
from tests.engine.conftest import MakeClient, MakeModel, ask
from tests.helpers.tiny_models import speaking


def test_what_is_said_is_not_logged(make_client: MakeClient, make_model: MakeModel, runtime: Path) -> None:
    client, seen = make_client(kind="window")
    question, answer = "the confidential question", "the confidential answer"
    seen.finished(client.generate(ask(make_model(speaking(answer)), question)))
    broken = runtime / "no.gguf"
    broken.write_bytes(b"no")
    seen.finished(client.generate(ask(broken, question)))
    client.close(timeout=30.0)
    text = (runtime / endpoint.LOG_FILE).read_text(encoding="utf-8")
    assert "(window, process" in text
    assert "loaded qwen2" in text
    assert "ended" in text
    assert "confidential" not in text


def test_a_bug_is_logged_by_its_place_alone(tmp_path: Path) -> None:
    with (tmp_path / "log").open("ab") as file:
        log = WorkerLog(file.fileno())
        try:
            raise RuntimeError("quotes the confidential question")
        except RuntimeError as error:
            log.write_error("generate", error)
    text = (tmp_path / "log").read_text(encoding="utf-8")
    assert "generate: RuntimeError at test_a_bug_is_logged_by_its_place_alone" in text
    assert "confidential" not in text


@pytest.mark.parametrize("limit", [2000, 10_000])
def test_the_log_keeps_its_newer_half(tmp_path: Path, limit: int) -> None:
    path = tmp_path / "log"
    with path.open("ab") as file:
        log = WorkerLog(file.fileno(), limit)
        for number in range(1000):
            log.write(f"line {number}")
            assert path.stat().st_size <= limit
        os.write(file.fileno(), b"another writer\n")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[-1] == "another writer"
    assert lines[-2].endswith("line 999")
    numbers = [int(line.rpartition(" ")[2]) for line in lines[:-1]]
    assert numbers == list(range(numbers[0], 1000))
    assert len(numbers) > limit / 100


def test_a_long_line_is_cut_and_a_closed_file_is_no_bug(tmp_path: Path) -> None:
    with (tmp_path / "log").open("ab") as file:
        log = WorkerLog(file.fileno())
        log.write("x" * 100_000)
    assert (tmp_path / "log").stat().st_size < 3000
    log.write("nowhere to go")
