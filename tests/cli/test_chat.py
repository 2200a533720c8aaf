"""`chat`: through a pipe and on a terminal; what is said is kept like the window's conversations."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.cli.conftest import ANSWER, PATIENCE_S, THINK, Cli

POSIX = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals and signals")


def messages(cli: Cli) -> list[dict[str, str]]:
    """The messages of the newest conversation."""
    newest = cli.run("conversations", "list", "--json").json[0]
    found: list[dict[str, str]] = cli.run("conversations", "show", newest["id"], "--json").json["messages"]
    return found


def test_questions_from_a_pipe_are_answered_in_turn(cli: Cli, speaking_model: Path) -> None:
    out = cli.ok("chat", "--model", speaking_model, stdin="第一\n\nSecond\n".encode())
    assert out.count(ANSWER) == 2
    assert THINK not in out
    kept = messages(cli)
    assert [m["answer"] for m in kept] == ["第一", ANSWER, "Second", ANSWER]
    assert [m["parent_id"] for m in kept] == [None, *(m["id"] for m in kept[:3])]


def test_later_questions_carry_the_earlier_ones(cli: Cli, speaking_model: Path) -> None:
    cli.ok("chat", "--model", speaking_model, stdin=b"One\nTwo\n/new\nTwo\n")
    first, second = cli.run("conversations", "list", "--json").json
    long = cli.run("conversations", "show", second["id"], "--json").json["messages"]
    short = cli.run("conversations", "show", first["id"], "--json").json["messages"]
    assert (len(long), len(short)) == (4, 2)

    def tokens(message: dict[str, dict[str, dict[str, int]]]) -> int:
        return message["generation"]["usage"]["prompt_tokens"]

    assert tokens(long[3]) > tokens(long[1])
    assert tokens(long[3]) > tokens(short[1])  # the same question, with and without what came before


def test_a_conversation_can_be_taken_up_again(cli: Cli, speaking_model: Path) -> None:
    cli.ok("chat", "--model", speaking_model, stdin=b"One\n")
    [conversation] = cli.run("conversations", "list", "--json").json
    cli.ok("chat", "--model", speaking_model, "--resume", conversation["id"][:6], stdin=b"Two\n")
    assert [m["answer"] for m in messages(cli)] == ["One", ANSWER, "Two", ANSWER]
    assert cli.run("chat", "--model", speaking_model, "--resume", "zzz").status == 1


def test_commands_are_obeyed(cli: Cli, speaking_model: Path, tmp_path: Path) -> None:
    lines = [
        "/help", "/stop", "/nonsense", "//slash", "/think", "Again", f"/save {tmp_path}", "/quit", "Never asked",
    ]  # fmt: skip
    out = cli.ok("chat", "--model", speaking_model, stdin="\n".join(lines).encode())
    assert "/answer" in out
    assert "No answer is being written." in out
    assert "no command /nonsense" in out
    assert THINK in out
    assert [m["answer"] for m in messages(cli)] == ["/slash", ANSWER, "Again", ANSWER]
    [saved] = tmp_path.glob("*.md")
    assert str(saved) in out
    assert ANSWER in saved.read_text("utf-8")


def test_nothing_to_save_is_said(cli: Cli, speaking_model: Path) -> None:
    assert "nothing to save" in cli.ok("chat", "--model", speaking_model, stdin=b"/save\n")


def test_answer_ends_the_thinking(cli: Cli, thinking_model: Path) -> None:
    process = cli.start("chat", "--model", thinking_model, "--think", "--max-tokens", "1500")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"Hi\n")
    process.stdin.flush()
    read_until(process.stdout.fileno(), "word")
    process.stdin.write(b"/answer\n")
    process.stdin.flush()
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    question, answer = messages(cli)
    assert question["answer"] == "Hi"
    assert answer["think"]
    assert answer["answer"]
    assert "".join(part["text"] for part in answer["parts"]).count("</think>") == 1  # type: ignore[index]


def test_stop_ends_the_answer_and_the_chat_goes_on(cli: Cli, endless_model: Path) -> None:
    process = cli.start("chat", "--model", endless_model, "--max-tokens", "1500")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"Hi\n")
    process.stdin.flush()
    read_until(process.stdout.fileno(), "word")
    process.stdin.write(b"/stop\n/think\n")
    process.stdin.flush()
    out, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert b"stopped" in out
    assert b"The reasoning is" in out
    assert messages(cli)[1]["state"] == "stopped"


def test_an_engine_that_dies_is_reported_and_the_next_question_answered(cli: Cli, endless_model: Path) -> None:
    process = cli.start("chat", "--model", endless_model, "--max-tokens", "60")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"First\n")
    process.stdin.flush()
    read_until(process.stdout.fileno(), "tokens/s")
    for child in psutil.Process(process.pid).children():
        child.kill()
        child.wait(PATIENCE_S)
    process.communicate(b"Second\n", timeout=PATIENCE_S)
    assert process.returncode == 0
    states = [m["state"] for m in messages(cli)]
    assert states[1] == "length"
    assert states[3] in ("length", "interrupted")  # as the death was noticed before the question or by it


def read_until(descriptor: int, text: str) -> str:
    content = b""
    while text.encode() not in content:
        ready, _, _ = select.select([descriptor], [], [], PATIENCE_S)
        assert ready, content
        piece = os.read(descriptor, 4096)
        assert piece, content
        content += piece
    return content.decode("utf-8", "replace")


class Screen:
    """A pseudo-terminal with a chat on it."""

    def __init__(self, cli: Cli, *words: str | Path) -> None:
        self.shown = b""
        self.outer, inner = os.openpty()
        environment = cli.full_environment({"TERM": "xterm"})
        self.process = subprocess.Popen(
            cli.command("chat", *words),
            stdin=inner,
            stdout=inner,
            stderr=inner,
            env=environment,
            start_new_session=True,
            preexec_fn=lambda: take_terminal(inner),
        )
        cli.processes.append(self.process)
        os.close(inner)

    def type(self, text: str) -> None:
        os.write(self.outer, text.encode())

    def interrupt_until_it_ends(self) -> int:
        """Ctrl-C, again where readline was not listening yet: between its prompt and its waiting it loses a signal."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            self.type("\x03")
            with suppress(subprocess.TimeoutExpired):
                return self.process.wait(2)
        raise AssertionError("it does not end")

    def until(self, text: str) -> str:
        """What is shown up to this text; what comes after it is left for the next call."""
        wanted = text.encode()
        while wanted not in self.shown:
            ready, _, _ = select.select([self.outer], [], [], PATIENCE_S)
            assert ready, self.shown
            self.shown += os.read(self.outer, 4096)
        before, _, self.shown = self.shown.partition(wanted)
        return before.decode("utf-8", "replace") + text


def take_terminal(descriptor: int) -> None:
    import fcntl
    import termios

    fcntl.ioctl(descriptor, termios.TIOCSCTTY, 0)


@pytest.fixture
def screens() -> Iterator[list[Screen]]:
    opened: list[Screen] = []
    yield opened
    for screen in opened:
        if screen.process.poll() is None:
            screen.process.send_signal(signal.SIGKILL)
        screen.process.wait(PATIENCE_S)
        os.close(screen.outer)


@POSIX
def test_on_a_terminal_thinking_is_dim_and_ctrl_d_leaves(cli: Cli, speaking_model: Path, screens: list[Screen]) -> None:
    screen = Screen(cli, "--model", speaking_model)
    screens.append(screen)
    screen.until("> ")
    screen.type("Hi\r")
    text = screen.until("tokens/s")
    assert "\x1b[2m" in text
    assert text.index("Costs") < text.index("净利润")
    screen.until("> ")
    screen.type("\x04")
    assert screen.process.wait(PATIENCE_S) == 0


@POSIX
def test_ctrl_c_stops_the_answer_and_then_leaves(cli: Cli, endless_model: Path, screens: list[Screen]) -> None:
    screen = Screen(cli, "--model", endless_model, "--max-tokens", "1500")
    screens.append(screen)
    screen.until("> ")
    screen.type("Hi\r")
    screen.until("word")
    screen.type("\x03")
    screen.until("stopped")
    screen.until("> ")
    assert screen.interrupt_until_it_ends() == 130
    assert messages(cli)[1]["state"] == "stopped"


@POSIX
def test_lines_typed_meanwhile_reach_the_answer_or_wait(cli: Cli, endless_model: Path, screens: list[Screen]) -> None:
    screen = Screen(cli, "--model", endless_model, "--max-tokens", "1500")
    screens.append(screen)
    screen.until("> ")
    screen.type("Hi\r")
    screen.until("word")
    screen.type("/nonsense\n")
    screen.type("/stop\n")
    screen.until("stopped")
    screen.until("There is no command")
    screen.until("> ")
    screen.type("/quit\r")
    assert screen.process.wait(PATIENCE_S) == 0
