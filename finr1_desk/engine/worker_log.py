"""The worker's log file: what happened, never what was said.

Owns standard error of the worker's process, which is the log file: Python's messages, llama.cpp's warnings and what a
failed assertion of GGML prints all end up there. The file is bounded; its older half goes when it is full.
"""

from __future__ import annotations

import os
import threading
import time
import traceback
from typing import Final

_LIMIT: Final = 1 << 20
_LINE_LIMIT: Final = 2000


class WorkerLog:
    """Writes lines to a file descriptor, standard error unless told otherwise. Thread-safe."""

    def __init__(self, descriptor: int = 2, limit: int = _LIMIT) -> None:
        self._descriptor = descriptor
        self._limit = limit
        self._lock = threading.Lock()

    def write(self, line: str) -> None:
        stamp = time.strftime("%Y-%m-%d %H:%M:%S")
        raw = f"{stamp} {line[:_LINE_LIMIT]}\n".encode("utf-8", "replace")
        with self._lock:
            try:
                os.write(self._descriptor, raw)
                if os.fstat(self._descriptor).st_size > self._limit:
                    self._shorten()
            except OSError:  # a full disk must not stop an answer
                return

    def write_error(self, where: str, error: BaseException) -> None:
        """A bug's place. Not its message, which might quote a conversation."""
        frames = traceback.extract_tb(error.__traceback__)
        places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
        self.write(f"{where}: {type(error).__name__} at {places}")

    def _shorten(self) -> None:
        """Keeps the newer half. The file was opened for appending, so every writer goes on at its end."""
        size = os.fstat(self._descriptor).st_size
        path = f"/proc/self/fd/{self._descriptor}"
        kept = b""
        if os.path.exists(path):  # noqa: PTH110 - a descriptor, not a path of ours
            with open(path, "rb") as file:  # noqa: PTH123
                file.seek(size - self._limit // 2)
                file.readline()
                kept = file.read()
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, kept)
