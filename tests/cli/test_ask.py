"""`ask`: the answer comes as it is written, in the right place, and is kept when it should be."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from finr1_desk.core.conversation import Role
from finr1_desk.store.database import Store
from finr1_desk.store.keys import obtain_key
from finr1_desk.store.paths import resolve_data_dir
from tests.cli.conftest import ANSWER, PATIENCE_S, THINK, Cli

SAMPLING_NAMES = {"temperature", "top_k", "top_p", "min_p", "repetition_penalty", "max_tokens"}


def test_the_answer_goes_to_standard_output_and_the_reasoning_nowhere(cli: Cli, speaking_model: Path) -> None:
    done = cli.run("ask", "What happened?", "--model", speaking_model)
    assert (done.status, done.out, done.err) == (0, ANSWER + "\n", "")


def test_think_prints_the_reasoning_as_well(cli: Cli, speaking_model: Path) -> None:
    assert cli.ok("ask", "What happened?", "--model", speaking_model, "--think") == f"{THINK}\n\n{ANSWER}\n"


def test_json_is_one_object_with_all_the_facts(cli: Cli, speaking_model: Path) -> None:
    done = cli.run("ask", "What happened?", "--model", speaking_model, "--json", "--seed", "7", "--top-p", "0.5")
    assert (done.status, done.err) == (0, "")
    found = done.json
    assert list(found) == [
        "think", "answer", "boxed", "finish_reason", "usage", "timing", "model", "seed", "sampling",
        "think_cut", "left_out",
    ]  # fmt: skip
    assert (found["think"], found["answer"], found["boxed"]) == (THINK, ANSWER, "-15%")
    assert found["finish_reason"] == "stop"
    assert set(found["usage"]) == {"prompt_tokens", "cached_tokens", "completion_tokens"}
    assert found["usage"]["prompt_tokens"] > 0
    assert found["usage"]["completion_tokens"] > 0
    assert set(found["timing"]) == {"load_s", "prefill_s", "decode_s", "tokens_per_s"}
    assert found["timing"]["load_s"] > 0
    assert set(found["model"]) == {"name", "path", "server", "sha256", "quantisation"}
    assert found["model"]["path"] == str(speaking_model)
    assert found["model"]["sha256"] == hashlib.sha256(speaking_model.read_bytes()).hexdigest()
    assert found["seed"] == 7
    assert set(found["sampling"]) == SAMPLING_NAMES
    assert found["sampling"]["top_p"] == 0.5


def test_the_system_prompt_is_the_official_one_unless_it_is_replaced(cli: Cli, speaking_model: Path) -> None:
    def tokens(*options: str) -> int:
        found = cli.run("ask", "Hi", "--model", speaking_model, "--json", *options).json
        return int(found["usage"]["prompt_tokens"])

    official, own, none = tokens(), tokens("--system", "Be brief."), tokens("--no-system")
    assert official > own > none


def test_values_of_the_settings_are_the_defaults(cli: Cli, speaking_model: Path) -> None:
    (cli.data_dir / "settings.json").write_text(
        '{"threads": 1, "context_length": 2048, "sampling_of_model": false, "temperature": 0.2, "max_tokens": 77,'
        f' "model_path": "{speaking_model}"}}'
    )
    sampling = cli.run("ask", "Hi", "--json", "--temperature", "0.3").json["sampling"]
    assert (sampling["temperature"], sampling["max_tokens"]) == (0.3, 77)


def test_the_answer_comes_while_it_is_written(cli: Cli, endless_model: Path) -> None:
    process = cli.start("ask", "Hi", "--model", endless_model, "--max-tokens", "1500")
    assert process.stdout is not None
    first = os.read(process.stdout.fileno(), 100)
    assert process.poll() is None
    rest = process.stdout.read()
    assert process.wait(PATIENCE_S) == 0
    assert first.startswith(b"word000")
    assert len(rest) > 5000


def test_an_answer_at_the_token_limit_says_so(cli: Cli, endless_model: Path) -> None:
    done = cli.run("ask", "Hi", "--model", endless_model, "--max-tokens", "20")
    assert done.status == 0
    assert "limit of 20 tokens" in done.err
    assert (
        cli.run("ask", "Hi", "--model", endless_model, "--max-tokens", "20", "--json").json["finish_reason"] == "length"
    )


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_keeps_what_is_there(cli: Cli, endless_model: Path) -> None:
    (cli.data_dir / "settings.json").write_text('{"threads": 1, "context_length": 4096}')
    process = cli.start("ask", "Hi", "--model", endless_model, "--save", "--max-tokens", "4000")
    assert process.stdout is not None
    text = os.read(process.stdout.fileno(), 1000)
    process.send_signal(signal.SIGINT)
    rest, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert b"stopped" in err
    shown = (text + rest).decode().strip()
    [conversation] = cli.run("conversations", "list", "--json").json
    messages = cli.run("conversations", "show", conversation["id"], "--json").json["messages"]
    assert messages[1]["state"] == "stopped"
    assert messages[1]["answer"] == shown


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_json_of_an_interrupted_answer_is_whole(cli: Cli, thinking_model: Path) -> None:
    (cli.data_dir / "settings.json").write_text('{"threads": 1, "context_length": 4096}')
    process = cli.start("ask", "Hi", "--model", thinking_model, "--json", "--save", "--max-tokens", "4000")
    wait_for_text(cli)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    found = json.loads(out)
    assert found["finish_reason"] == "cancelled"
    assert found["think"].startswith("word000")


def wait_for_text(cli: Cli) -> str:
    """Waits until an answer in the store has text, as another process sees it; returns the text."""
    deadline = time.monotonic() + PATIENCE_S
    paths = resolve_data_dir(cli.data_dir)
    while not paths.database.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    store = Store.open(paths.database, obtain_key(paths).key, writer="")
    try:
        while time.monotonic() < deadline:
            messages = [m for conversation in store.conversations() for m in store.messages(conversation.id)]
            raw = next((m.raw for m in messages if m.role is Role.ASSISTANT and m.raw), "")
            if raw:
                return raw
            time.sleep(0.01)
    finally:
        store.close()
    raise AssertionError("no text was kept")


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_saved_answer_survives_the_death_of_its_process(cli: Cli, endless_model: Path) -> None:
    (cli.data_dir / "settings.json").write_text('{"threads": 1, "context_length": 4096}')
    process = cli.start("ask", "利益冲突是什么？", "--model", endless_model, "--save", "--max-tokens", "4000")
    seen = wait_for_text(cli)
    process.kill()
    process.wait(PATIENCE_S)
    [hit, *_] = cli.run("conversations", "search", "利益冲突", "--json").json
    shown = cli.run("conversations", "show", hit["conversation_id"], "--json").json
    question, answer = shown["messages"]
    assert question["answer"] == "利益冲突是什么？"
    assert answer["state"] == "interrupted"
    assert answer["answer"].startswith(seen.strip()[:100])


@pytest.mark.skipif(os.name != "posix", reason="pipes")
def test_a_reader_that_leaves_is_no_error(cli: Cli, endless_model: Path) -> None:
    process = cli.start("ask", "Hi", "--model", endless_model, "--max-tokens", "1500")
    assert process.stdout is not None
    assert process.stderr is not None
    os.read(process.stdout.fileno(), 10)
    process.stdout.close()
    assert process.wait(PATIENCE_S) == 141
    assert process.stderr.read() == b""


def test_save_keeps_question_answer_and_circumstances(cli: Cli, speaking_model: Path) -> None:
    done = cli.run("ask", "What happened?", "--model", speaking_model, "--save", "--json")
    shown = cli.run("conversations", "show", done.json["conversation"], "--json").json
    assert shown["title"] == "What happened?"
    question, answer = shown["messages"]
    assert (question["role"], question["answer"]) == ("user", "What happened?")
    assert (answer["state"], answer["think"], answer["answer"]) == ("complete", THINK, ANSWER)
    assert answer["generation"]["seed"] == done.json["seed"]
    assert answer["generation"]["model"]["sha256"] == done.json["model"]["sha256"]
    assert shown["head_id"] == answer["id"]


def test_the_question_can_come_from_standard_input(cli: Cli, speaking_model: Path) -> None:
    question = "什么是净利润？\nExplain."
    cli.ok("ask", "-", "--model", speaking_model, "--save", stdin=b"\xef\xbb\xbf" + question.encode())
    [conversation] = cli.run("conversations", "list", "--json").json
    [asked, _] = cli.run("conversations", "show", conversation["id"], "--json").json["messages"]
    assert asked["answer"] == question


@pytest.mark.parametrize("stdin", [b"", b" \n\t", b"\xef\xbb\xbf"])
def test_an_empty_question_is_refused(cli: Cli, speaking_model: Path, stdin: bytes) -> None:
    done = cli.run("ask", "-", "--model", speaking_model, stdin=stdin)
    assert (done.status, done.out) == (1, "")
    assert done.err == "error: The question is empty.\nhint: Write a question first.\n"


def test_bytes_that_are_no_utf8_are_refused(cli: Cli, speaking_model: Path) -> None:
    done = cli.run("ask", "-", "--model", speaking_model, stdin="净利润".encode("gbk"))
    assert (done.status, done.out) == (1, "")
    assert "UTF-8" in done.err


def test_a_question_longer_than_the_context_is_refused_with_the_numbers(cli: Cli, speaking_model: Path) -> None:
    done = cli.run("ask", "-", "--model", speaking_model, "--ctx", "512", stdin=b"word " * 4000)
    assert (done.status, done.out) == (1, "")
    assert "512" in done.err
    assert "hint:" in done.err


def test_files_that_are_no_models_are_refused(cli: Cli, speaking_model: Path, tmp_path: Path) -> None:
    (tmp_path / "text.gguf").write_text("not a model")
    (tmp_path / "cut.gguf").write_bytes(speaking_model.read_bytes()[:-1000])
    for path, word in (
        (tmp_path / "none.gguf", "no model file"),
        (tmp_path / "text.gguf", "not a GGUF"),
        (tmp_path / "cut.gguf", "incomplete"),
        (tmp_path, "not a GGUF"),
    ):
        done = cli.run("ask", "Hi", "--model", path)
        assert (done.status, done.out) == (1, "")
        assert word in done.err
        assert done.err.count("error: ") == done.err.count("hint: ") == 1


def test_a_killed_engine_is_an_error_and_what_came_is_kept(cli: Cli, endless_model: Path) -> None:
    (cli.data_dir / "settings.json").write_text('{"threads": 1, "context_length": 4096}')
    process = cli.start("ask", "Hi", "--model", endless_model, "--save", "--max-tokens", "4000")
    assert process.stdout is not None
    os.read(process.stdout.fileno(), 100)
    for child in psutil.Process(process.pid).children():
        child.kill()
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert b"error: The engine ended unexpectedly while it wrote the answer." in err
    [conversation] = cli.run("conversations", "list", "--json").json
    answer = cli.run("conversations", "show", conversation["id"], "--json").json["messages"][1]
    assert answer["state"] == "interrupted"
    assert answer["answer"]


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals")
def test_on_a_terminal_the_reasoning_is_dimmed(cli: Cli, speaking_model: Path) -> None:
    outer, inner = os.openpty()
    command = cli.command("ask", "Hi", "--model", speaking_model)
    with subprocess.Popen(
        command, stdout=inner, stderr=subprocess.PIPE, env=cli.full_environment({"TERM": "xterm"})
    ) as p:
        os.close(inner)
        text = read_all(outer)
        assert p.wait(PATIENCE_S) == 0
    plain = text.replace("\x1b[2m", "").replace("\x1b[0m", "")
    assert plain == f"{THINK}\r\n\r\n{ANSWER}\r\n"
    before_answer = text[: text.index("净")]
    assert before_answer.startswith("\x1b[2mCosts")
    assert before_answer.rstrip().endswith("\x1b[0m")


def read_all(descriptor: int) -> str:
    """What a pseudo-terminal gives until its other end is closed."""
    content = b""
    try:
        while piece := os.read(descriptor, 4096):
            content += piece
    except OSError:
        pass  # how Linux says that the other end is closed
    finally:
        os.close(descriptor)
    return content.decode()
