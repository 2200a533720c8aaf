"""The child's half of a process that works with llama.cpp: what every such process does around its work.

Owns the line of JSON objects to the parent (``Parent``), the end of this process when the parent dies, and the way a
failure travels: a ConvertError becomes ``{"error": …, "hint": …}`` and exit code 1. What the work is, the workers say
(``imatrix_worker.py`` and others); the parent's half is ``worker_process.py``. Must not import llama.cpp.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from .errors import ConvertError


class Parent:
    """The way back to the process that started this one."""

    def __init__(self) -> None:
        # A copy of its own: llama.cpp's callers redirect file descriptor 1 at times.
        self._output = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)

    def tell(self, **message: Any) -> None:
        """Send one message. The keys "error" and "hint" are kept for failures."""
        self._output.write(json.dumps(message) + "\n")


Work = Callable[[Parent, Sequence[str]], None]


def run_worker(work: Work) -> NoReturn:
    """Do ``work`` with this process's arguments and end the process: exit code 0, or 1 where a ConvertError was told.

    Ends at once when the standard input closes, which is how it learns that its parent died.
    """
    # The terminal sends Ctrl-C to the whole group; the parent decides what happens then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = Parent()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    status = 0
    try:
        work(parent, sys.argv[1:])
    except ConvertError as error:
        parent.tell(error=error.message, hint=error.hint)
        status = 1
    # Past the interpreter's shutdown, which would destroy callbacks while llama.cpp still holds them.
    os._exit(status)


def _end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(3)
