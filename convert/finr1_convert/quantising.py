"""Quantising a checkpoint, in a process of its own.

Owns what the process is given and how its progress is counted. The process is there because GGML aborts on a failed
assertion and cannot be stopped from within; starting, following and ending it is in ``worker_process.py``, the work in
``quantise_worker.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .file_types import FileType
from .output import Output
from .progress import Meter, OnProgress
from .worker_process import Message, run_worker_process


def quantise(
    checkpoint: Path,
    question: Path,
    output: Output,
    kind: FileType,
    nbytes: int,
    imatrix: Path | None,
    threads: int,
    on_progress: OnProgress | None,
    cancelled: Callable[[], bool],
) -> Path:
    """Quantise the folder ``checkpoint`` to ``kind`` and force the result to the disk; the path of its part file.

    ``question`` is the float GGUF with the first rows of each tensor (``quantise_plan.py``), ``nbytes`` the size of the
    checkpoint's tensors, ``imatrix`` the file of an importance matrix, ``threads`` 0 for all cores. Raises ConvertError
    when the matrix is of another model, when llama.cpp refuses or dies or the disk is too small, CancelledError when
    ``cancelled`` says so; the process is gone in every case.
    """
    meter = Meter("quantise", nbytes, on_progress)

    def on_message(message: Message) -> None:
        meter.advance_to(message["done"])

    answer, target = output.part("answer"), output.part("model")
    arguments = [str(path.absolute()) for path in (checkpoint, question, answer, target)]
    # The name of the matrix stands in the result as it was given, so it goes as it is.
    arguments += [kind.name, str(imatrix or ""), str(threads)]
    run_worker_process("quantise_worker", arguments, f"quantising to {kind.name}", on_message, cancelled)
    return target
