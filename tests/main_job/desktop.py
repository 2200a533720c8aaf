"""The real application in a real window on a virtual screen, driven by keys, watched from other processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import psutil

from finr1_desk.store.paths import resolve_data_dir

T = TypeVar("T")
PATIENCE_S = 120.0
HOLD_CLIPBOARD = """
import sys
from PySide6.QtGui import QGuiApplication
application = QGuiApplication([])
application.clipboard().setText(sys.argv[1])
print("held", flush=True)
application.exec()
"""


def wait_for(what: Callable[[], T | None], why: str) -> T:
    """Asks again until there is something; the processes asked about are not ours, so there is no signal to wait on."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited in vain: {why}")


class Desktop:
    """One data folder, its window (at most one), and the commands that look into it from outside."""

    def __init__(self, data: Path, environment: Mapping[str, str]) -> None:
        self.data = data
        # One thread of llama.cpp's: two in lockstep are slow where others compute beside them.
        own = {"QT_QPA_PLATFORM": "xcb", "OMP_THREAD_LIMIT": "1"}
        self._environment = {**os.environ, **environment, **own}
        self._window: subprocess.Popen[bytes] | None = None

    # -- the window

    def open(self, model: Path | None = None) -> None:
        arguments = ["--model", str(model)] if model is not None else []
        self._window = subprocess.Popen(self._command("open", *arguments), env=self._environment)
        self._xdotool("search", "--sync", "--onlyvisible", "--name", "Fin-R1 Desk")
        wait_for(lambda: (self.data / "conversations.db").exists(), "the store")

    def kill(self) -> None:
        """`kill -9`."""
        window = self._running()
        os.kill(window.pid, signal.SIGKILL)
        window.wait(PATIENCE_S)
        self._window = None

    def close(self) -> None:
        if self._window is not None:
            self._window.terminate()
            assert self._window.wait(PATIENCE_S) == 0
            self._window = None

    def is_alive(self) -> bool:
        return self._running().poll() is None

    def worker(self) -> psutil.Process:
        """The process that llama.cpp runs in."""

        runtime = str(resolve_data_dir(self.data).runtime)

        def find() -> psutil.Process | None:
            for process in psutil.process_iter(["cmdline"]):
                line = process.info["cmdline"] or []
                if "finr1_desk.engine.worker" in line and runtime in line:
                    return process
            return None

        return wait_for(find, "the worker")

    def geometry(self) -> tuple[int, int, int, int]:
        """Where the window stands on the screen: x, y, width, height."""
        window = self._xdotool("search", "--sync", "--onlyvisible", "--name", "Fin-R1 Desk").split()[0]
        at = dict(line.split("=") for line in self._xdotool("getwindowgeometry", "--shell", window).split())
        return int(at["X"]), int(at["Y"]), int(at["WIDTH"]), int(at["HEIGHT"])

    def type(self, text: str) -> None:
        window = self._xdotool("search", "--sync", "--onlyvisible", "--name", "Fin-R1 Desk").split()[0]
        self._xdotool("windowfocus", "--sync", window)
        self._xdotool("type", "--delay", "30", text)

    def ask(self, text: str) -> None:
        """Puts a question into the composer by way of the clipboard, sends it, and waits until it is on disk.

        Not typed: xdotool maps keys for Chinese characters one by one and loses some on a busy machine.
        """
        command = [sys.executable, "-c", HOLD_CLIPBOARD, text]
        with subprocess.Popen(command, env=self._environment, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout is not None
            holder.stdout.readline()
            self.type(" ")
            self.press("ctrl+a")
            self.press("ctrl+v")
            self.press("Return")
            wait_for(self.messages, "the question on disk")  # the clipboard's owner has to live until it was read
            holder.kill()

    def press(self, key: str) -> None:
        self._xdotool("key", key)

    # -- what other processes see

    def messages(self) -> list[dict[str, Any]]:
        """The messages of the newest conversation, oldest first; empty before there is one."""
        listed = self.run("conversations", "list", "--json")
        if not listed:
            return []
        messages: list[dict[str, Any]] = self.run("conversations", "show", listed[0]["id"], "--json")["messages"]
        return messages

    def answer(self, *states: str) -> dict[str, Any]:
        """The newest answer, once it is in one of these states."""

        def find() -> dict[str, Any] | None:
            messages = self.messages()
            last = messages[-1] if messages else {"role": "none"}
            return last if last["role"] == "assistant" and last["state"] in states else None

        return wait_for(find, f"an answer that is {' or '.join(states)}")

    def answer_with_text(self, characters: int) -> dict[str, Any]:
        """The newest answer, once this much of it is on disk while it is being written."""

        def find() -> dict[str, Any] | None:
            messages = self.messages()
            last = messages[-1] if messages else {"role": "none"}
            return last if last["role"] == "assistant" and len(text_of(last)) >= characters else None

        return wait_for(find, f"{characters} characters on disk")

    def run(self, *arguments: str) -> Any:
        """A command of the application in a process of its own; what it prints as JSON, if it does."""
        done = subprocess.run(
            self._command(*arguments), env=self._environment, capture_output=True, text=True, encoding="utf-8"
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if "--json" in arguments else done.stdout

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "finr1_desk", "--data-dir", str(self.data), *arguments]

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._window is not None, "no window is open"
        return self._window

    def _xdotool(self, *arguments: str) -> str:
        command = ["xdotool", *arguments]
        return subprocess.run(
            command, env=self._environment, capture_output=True, text=True, check=True, timeout=PATIENCE_S
        ).stdout


def text_of(message: Mapping[str, Any]) -> str:
    return "".join(part["text"] for part in message["parts"])
