"""What the user types, line by line, while the program waits and while it writes.

Owns standard input of the terminal chat. On a terminal lines are edited with readline where Python has it; from a
pipe they are taken as they come.
"""

from __future__ import annotations

import contextlib
import os
import queue
import select
import sys
import threading
from typing import Protocol

_CONTINUES = "\\"


class Lines(Protocol):
    def next(self, prompt: str) -> str | None:
        """The next line, without its end; None when there will be no more."""
        ...

    def poll(self) -> str | None:
        """A line that was typed meanwhile; None where there is none."""
        ...


class TypedLines:
    """Lines typed on a terminal. A line that ends with a backslash goes on in the next one."""

    def __init__(self) -> None:
        with contextlib.suppress(ImportError):  # Windows has none, and edits lines by itself
            import readline  # noqa: F401 - importing it makes input() edit lines

    def next(self, prompt: str) -> str | None:
        lines: list[str] = []
        try:
            while True:
                line = input(prompt if not lines else "… ")
                if not line.endswith(_CONTINUES):
                    return "\n".join([*lines, line])
                lines.append(line.removesuffix(_CONTINUES))
        except EOFError:
            return "\n".join(lines) if lines else None

    def poll(self) -> str | None:
        if sys.platform == "win32":  # select() knows only sockets there; Ctrl-C stops an answer
            return None
        if not select.select([sys.stdin], [], [], 0)[0]:
            return None
        # Not readline(): what Python would read ahead, input() would never see. A terminal gives one line at a time.
        return os.read(sys.stdin.fileno(), 4096).decode("utf-8", "replace").rstrip("\n") or None


class PipedLines:
    """Lines from a pipe or file, read ahead so that commands in them can reach an answer that is being written."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        # A daemon: nothing ends a read from a pipe whose writer keeps it open.
        threading.Thread(target=self._read, name="standard input", daemon=True).start()

    def next(self, prompt: str) -> str | None:
        return self._lines.get()

    def poll(self) -> str | None:
        try:
            line = self._lines.get_nowait()
        except queue.Empty:
            return None
        if line is None:  # the end stays where `next` will find it
            self._lines.put(None)
        return line

    def _read(self) -> None:
        # Bytes that are no UTF-8 become question marks: a question with one is better than no chat.
        with open(0, encoding="utf-8-sig", errors="replace", closefd=False) as source:
            for line in source:
                self._lines.put(line.rstrip("\r\n"))
        self._lines.put(None)


def standard_input() -> Lines:
    return TypedLines() if sys.stdin.isatty() and sys.stdout.isatty() else PipedLines()
