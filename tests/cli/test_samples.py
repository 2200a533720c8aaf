"""`ask --samples`: several answers, and the one that most agree with."""

from __future__ import annotations

import json
import os
import re
import signal
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.cli.conftest import PATIENCE_S, Cli
from tests.helpers.tiny_models import QWEN2, write_model


@pytest.fixture(scope="session")
def wavering_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Answers with one value, written in three ways, or now and then with another one."""
    end = "<|im_end|>"
    chains = {
        "\n": ["<think>", "\nWell.\n</think>\n", "It is \\boxed{", "1.64", "\\%}", end],
        "1.64": ["%}", end],
        "It is \\boxed{": ["0.0164", "}", end],
        "\nWell.\n</think>\n": ["Rather \\boxed{2}", end],
    }
    return write_model(tmp_path_factory.mktemp("models") / "wavering.gguf", replace(QWEN2, chains=chains))


def test_the_majoritys_answer_is_printed_and_the_count_told(cli: Cli, wavering_model: Path) -> None:
    done = cli.run(
        "ask", "What is it?", "--model", wavering_model, "--samples", "9", "--seed", "1", "--temperature", "1"
    )
    assert done.status == 0
    told = re.fullmatch(r"note: (\d) of 9 agree\.(?: Others say: (.+) \((\d)\))?\n\s*", done.err)
    assert told is not None, done.err
    assert re.fullmatch(r"(It|Rather) .*\n", done.out)
    assert int(told[1]) + int(told[3] or 0) == 9
    assert int(told[1]) > 4
    assert "</think>" not in done.out


def test_json_tells_all_samples_and_votes(cli: Cli, wavering_model: Path) -> None:
    words = ("ask", "What is it?", "--model", wavering_model, "--samples", "12", "--seed", "1", "--json")
    found = cli.run(*words, "--temperature", "1").json
    assert len(found["samples"]) == 12
    assert {sample["finish_reason"] for sample in found["samples"]} == {"stop"}
    assert all(sample["think"] == "Well." and sample["think_tokens"] > 0 for sample in found["samples"])
    by_value = {vote["value"]: vote for vote in found["votes"]}
    assert set(by_value) == {"0.0164", "2"}
    for value, vote in by_value.items():
        assert vote["count"] == len(vote["samples"])
        boxed = {found["samples"][number]["boxed"] for number in vote["samples"]}
        assert boxed <= ({"2"} if value == "2" else {"1.64%", "0.0164"})
    assert len({sample["boxed"] for sample in found["samples"]}) == 3
    assert sorted(number for vote in found["votes"] for number in vote["samples"]) == list(range(12))
    chosen = found["samples"][found["votes"][0]["samples"][0]]
    assert (found["answer"], found["boxed"], found["think"]) == (chosen["answer"], chosen["boxed"], chosen["think"])
    assert found["usage"]["completion_tokens"] == sum(sample["completion_tokens"] for sample in found["samples"])


def test_the_majoritys_answer_is_kept(cli: Cli, wavering_model: Path) -> None:
    done = cli.run("ask", "Keep it", "--model", wavering_model, "--samples", "3", "--save", "--json")
    found = done.json
    shown = cli.ok("conversations", "show", found["conversation"])
    assert found["answer"] in shown


def test_answers_without_a_box_have_no_vote(cli: Cli, endless_model: Path) -> None:
    done = cli.run("ask", "Hi", "--model", endless_model, "--samples", "2", "--max-tokens", "5")
    assert (done.status, done.out) == (0, "word000 word001 word002 word003 word004\n")
    assert done.err.startswith("note: None of the 2 answers is boxed; the first one is shown.\n")


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_an_interrupt_ends_all(cli: Cli, endless_model: Path) -> None:
    (cli.data_dir / "settings.json").write_text('{"threads": 1, "context_length": 4096}')
    process = cli.start("ask", "Hi", "--model", endless_model, "--samples", "16", "--max-tokens", "4000", "--json")
    while not psutil.Process(process.pid).children():  # the worker; from before that, an interrupt ends the answers
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (130, b"")
    found = json.loads(out)
    assert found["finish_reason"] == "cancelled"
    assert [sample["finish_reason"] for sample in found["samples"]] == ["cancelled"] * 16


@pytest.mark.parametrize("samples", ["0", "65", "-1", "x"])
def test_senseless_numbers_are_refused(cli: Cli, wavering_model: Path, samples: str) -> None:
    done = cli.run("ask", "Hi", "--model", wavering_model, "--samples", samples)
    assert done.status in (1, 2)
    assert "samples" in done.err
