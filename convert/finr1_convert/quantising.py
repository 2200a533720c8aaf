"""Quantising a float GGUF through llama.cpp, in a process of its own.

Owns the child process: llama.cpp aborts its process on a failed assertion and cannot be stopped from within,
and a conversion must survive the one and be able to do the other. The child's side is ``quantise_worker.py``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from .errors import CancelledError, ConvertError
from .file_types import FileType
from .progress import Meter, OnProgress

_POLL_SECONDS = 0.2


def quantise(
    source: Path,
    target: Path,
    kind: FileType,
    tensor_bytes: dict[str, int],
    threads: int,
    on_progress: OnProgress | None,
    cancelled: Callable[[], bool],
) -> None:
    """Write ``source`` as type ``kind`` to ``target`` and force it to the disk.

    ``tensor_bytes`` gives the size of each tensor in ``source``, for the progress. Raises ConvertError when
    llama.cpp refuses or dies, CancelledError when ``cancelled`` says so; the child is gone in every case.
    """
    total = sum(tensor_bytes.values())
    meter = Meter("quantise", total, on_progress)
    messages: Queue[dict[str, Any] | None] = Queue()
    child = _start(source, target, kind, threads)
    reader = threading.Thread(target=_read, args=(child, messages), name="quantise-output", daemon=True)
    reader.start()
    try:
        reason = _follow(messages, meter, tensor_bytes, cancelled)
        code = child.wait()
    finally:
        child.kill()
        child.wait()
        reader.join()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()
    if code != 0:
        raise _failure(code, reason, kind)
    with target.open("rb+") as file:
        os.fsync(file.fileno())
    meter.advance_to(total)


def _start(source: Path, target: Path, kind: FileType, threads: int) -> subprocess.Popen[bytes]:
    """The child. It watches its input: when this process dies, however it dies, the pipe closes and the child ends."""
    # -P: a numpy.py in the folder where someone converts is not what the child shall import.
    program = [sys.executable, "-P", "-m", "finr1_convert.quantise_worker"]
    return subprocess.Popen(
        [*program, str(source), str(target), str(kind.number), str(threads)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    )


def _environment() -> dict[str, str]:
    """The environment in which the child finds this package where this process found it."""
    package_root = str(Path(__file__).parent.parent)
    paths = [package_root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def _read(child: subprocess.Popen[bytes], messages: Queue[dict[str, Any] | None]) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        messages.put(json.loads(line))
    messages.put(None)


def _follow(
    messages: Queue[dict[str, Any] | None],
    meter: Meter,
    tensor_bytes: dict[str, int],
    cancelled: Callable[[], bool],
) -> str:
    """Report progress until the child closes its output; the last error that llama.cpp logged."""
    reason = ""
    done = 0
    while True:
        if cancelled():
            raise CancelledError("the conversion was cancelled")
        try:
            message = messages.get(timeout=_POLL_SECONDS)
        except Empty:
            continue
        if message is None:
            return reason
        if "tensor" in message:
            meter.advance_to(done)
            done += tensor_bytes.get(message["tensor"], 0)
        reason = message.get("error", reason)


def _failure(code: int, reason: str, kind: FileType) -> ConvertError:
    if code < 0:
        hint = "there may be too little memory" if code == -9 else "please report this with the model's name"
        return ConvertError(f"llama.cpp ended with signal {-code} while quantising to {kind.name}", hint)
    if "iostream" in reason:
        return ConvertError("the quantised file could not be written", "is the disk full?")
    return ConvertError(
        f"llama.cpp could not quantise to {kind.name}: {reason or f'it ended with code {code}'}",
        "is the disk full?",
    )
