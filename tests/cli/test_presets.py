"""`ask --preset` and `chat --preset`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Cli


def test_a_preset_sets_the_sampling_and_what_is_said_besides_wins(cli: Cli, speaking_model: Path) -> None:
    words = ("ask", "Hello", "--model", speaking_model, "--json", "--preset", "deterministic")
    found = cli.run(*words).json
    assert (found["sampling"]["temperature"], found["sampling"]["max_tokens"], found["seed"]) == (0.0, 4000, 0)
    other = cli.run(*words, "--temperature", "0.3", "--seed", "5").json
    assert (other["sampling"]["temperature"], other["seed"]) == (0.3, 5)


def test_a_preset_is_kept_with_the_conversation_and_holds_when_it_is_taken_up_again(
    cli: Cli, speaking_model: Path
) -> None:
    cli.ok("chat", "--model", speaking_model, "--preset", "evaluation", stdin=b"one\n")
    [conversation] = cli.run("conversations", "list", "--json").json
    cli.ok("chat", "--model", speaking_model, "--resume", conversation["id"], stdin=b"two\n")
    messages = cli.run("conversations", "show", conversation["id"], "--json").json["messages"]
    answers = [message["generation"]["sampling"] for message in messages if message["role"] == "assistant"]
    assert [answer["temperature"] for answer in answers] == [0.6, 0.6]
