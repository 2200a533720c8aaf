"""The parent's half of a process that works with llama.cpp: starting it, following it, ending it.

Owns the child: llama.cpp aborts its process on a failed assertion and cannot be stopped from within, and a caller must
survive the one and be able to do the other. The child's half is ``worker.py``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from .errors import CancelledError, ConvertError

_POLL_SECONDS = 0.2

Message = dict[str, Any]


def run_worker_process(
    module: str,
    arguments: Sequence[str],
    doing: str,
    on_message: Callable[[Message], None],
    cancelled: Callable[[], bool],
) -> None:
    """Run ``finr1_convert.<module>`` in a process of its own until it has done its work.

    ``on_message`` is called in this thread with each message of the child but its failures; ``doing`` completes the
    sentence "llama.cpp ended with signal 6 while …". Raises ConvertError with what the child told, or when it died, and
    CancelledError when ``cancelled`` says so. The child is gone in every case, KeyboardInterrupt included.
    """
    failure: ConvertError | None = None
    with _child(module, arguments) as (child, messages):
        while True:
            if cancelled():
                raise CancelledError("the work was cancelled")
            try:
                message = messages.get(timeout=_POLL_SECONDS)
            except Empty:
                continue
            if message is None:
                break
            if "error" in message:
                failure = ConvertError(message["error"], message.get("hint", ""))
            else:
                on_message(message)
        code = child.wait()
    if code != 0:
        raise failure or _death(code, doing)


@contextmanager
def _child(module: str, arguments: Sequence[str]) -> Iterator[tuple[subprocess.Popen[bytes], Queue[Message | None]]]:
    """The child and its messages, None at their end. Killed on leaving.

    It watches its input: when this process dies, however it dies, the pipe closes and the child ends.
    """
    # -P: a numpy.py in the folder where someone works is not what the child shall import.
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", f"finr1_convert.{module}", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    )
    messages: Queue[Message | None] = Queue()
    reader = threading.Thread(target=_read, args=(child, messages), name=f"{module}-output", daemon=True)
    reader.start()
    try:
        yield child, messages
    finally:
        child.kill()
        child.wait()
        reader.join()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()


def _environment() -> dict[str, str]:
    """The environment in which the child finds this package where this process found it."""
    package_root = str(Path(__file__).parent.parent)
    paths = [package_root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def _read(child: subprocess.Popen[bytes], messages: Queue[Message | None]) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        messages.put(json.loads(line))
    messages.put(None)


def _death(code: int, doing: str) -> ConvertError:
    """Why a child that told nothing has ended."""
    if code < 0:
        hint = "there may be too little memory" if code == -9 else "please report this with the model's name"
        return ConvertError(f"llama.cpp ended with signal {-code} while {doing}", hint)
    return ConvertError(f"the process that was {doing} ended with code {code}", "please report this")
