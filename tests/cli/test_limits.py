"""What the command line asks for and says about thinking budgets, loops and turns that were left out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import ANSWER, Cli
from tests.helpers.tiny_models import endless, write_model


@pytest.fixture(scope="module")
def circling_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that thinks in a circle, and answers in one when it is asked to answer."""
    model = endless(opening=("<think>\n",))
    circle = [" so", " it", " goes"]
    model = replace(model, chains={**model.chains, ">\n": ["Well,", *circle], circle[-1]: [circle[0]]})
    return write_model(tmp_path_factory.mktemp("models") / "circling.gguf", model)


def test_the_thinking_budget(cli: Cli, thinking_model: Path) -> None:
    found = cli.run("ask", "Hi", "--model", thinking_model, "--max-think", "20", "--max-tokens", "60", "--json").json
    assert found["think_cut"] is True
    assert found["think"].endswith("word018")
    assert found["answer"]
    assert found["left_out"] == {"turns": 0, "tokens": 0}
    within = cli.run("ask", "Hi", "--model", thinking_model, "--max-tokens", "60", "--json").json
    assert within["think_cut"] is False
    assert within["answer"] == ""


def test_the_thinking_budget_of_the_settings(cli: Cli, thinking_model: Path) -> None:
    (cli.data_dir / "settings.json").write_text(json.dumps({"threads": 1, "context_length": 2048, "max_think": 10}))
    arguments = ("ask", "Hi", "--model", thinking_model, "--max-tokens", "40", "--json")
    assert cli.run(*arguments).json["think_cut"] is True
    assert cli.run(*arguments, "--max-think", "0").json["think_cut"] is False


@pytest.mark.parametrize("value", ["-1", "40000"])
def test_a_senseless_budget_is_wrong_usage(cli: Cli, thinking_model: Path, value: str) -> None:
    done = cli.run("ask", "Hi", "--model", thinking_model, "--max-think", value)
    assert done.status == 2
    assert "--max-think" in done.err


def test_an_answer_that_repeats_itself_is_stopped_and_says_so(cli: Cli, circling_model: Path) -> None:
    done = cli.run("ask", "Hi", "--model", circling_model)
    assert done.status == 0
    assert "repeating itself" in done.err
    assert done.out.startswith("Well, so it goes so it goes")
    found = cli.run("ask", "Hi", "--model", circling_model, "--json").json
    assert (found["finish_reason"], found["think_cut"]) == ("loop", True)


def test_loops_are_left_alone_where_the_settings_say_so(cli: Cli, circling_model: Path) -> None:
    values = {"threads": 1, "context_length": 2048, "stop_loops": False}
    (cli.data_dir / "settings.json").write_text(json.dumps(values))
    found = cli.run("ask", "Hi", "--model", circling_model, "--max-tokens", "900", "--json").json
    assert (found["finish_reason"], found["think_cut"]) == ("length", False)


def test_a_chat_beyond_the_context_goes_on_and_says_what_is_forgotten(cli: Cli, speaking_model: Path) -> None:
    (cli.data_dir / "settings.json").write_text(json.dumps({"threads": 1, "context_length": 1024}))
    questions = "".join(f"Question {number}: {'x' * 150}\n" for number in range(6)).encode()
    out = cli.ok("chat", "--model", speaking_model, "--no-system", stdin=questions)
    assert out.count(ANSWER) == 6
    assert out.count("no longer sees the first") >= 1
    [conversation] = cli.run("conversations", "list", "--json").json
    messages = cli.run("conversations", "show", conversation["id"], "--json").json["messages"]
    left_out = [m["generation"]["left_out"]["turns"] for m in messages if m["generation"]]
    assert left_out[0] == 0
    assert left_out == sorted(left_out)
    assert left_out[-1] >= 4
