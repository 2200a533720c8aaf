"""The process that quantises a checkpoint: it asks llama.cpp for the plan, then streams the weights through GGML.

Owns the call of ``llama_model_quantize`` and the order of the steps. Tells its parent ``{"done": bytes}``, the bytes of
the checkpoint that are finished. Run by ``quantising.py`` only.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import llama_cpp

from .checkpoint import open_checkpoint
from .errors import ConvertError
from .file_types import FileType, file_type
from .ggml_rows import Floats
from .imatrix_file import read_imatrix
from .importance import Importance, importance_of
from .importance_parameters import ImportanceParameters
from .output import disk_error, require_space
from .progress import Meter
from .quantise_plan import QuantisationPlan, read_plan
from .quantise_stream import write_quantised
from .qwen2 import ModelTensor, model_tensors, read_config
from .worker import Parent, run_worker

_LEVEL_ERROR = 4
_REPORT_SECONDS = 0.05


def work(parent: Parent, arguments: Sequence[str]) -> None:
    """``checkpoint question answer target type imatrix threads``: see ``quantising.quantise``."""
    checkpoint, question, answer, target = map(Path, arguments[:4])
    kind, imatrix, threads = file_type(arguments[4]), arguments[5], int(arguments[6])
    try:
        found = open_checkpoint(checkpoint)
        tensors = model_tensors(found, read_config(found.config))
        importance = _importance(imatrix, tensors) if imatrix else None
        ask_llama_cpp(question, answer, kind, importance)
        plan = read_plan(answer, tensors)
        require_space(target.parent, plan.nbytes)
        _write(target, plan, importance.weights if importance else {}, threads or _cores(), parent)
    except OSError as error:
        raise disk_error(error, target) from error


def _importance(imatrix: str, tensors: Iterable[ModelTensor]) -> Importance:
    return importance_of(read_imatrix(Path(imatrix)), imatrix, {tensor.name: tensor.source.shape for tensor in tensors})


def ask_llama_cpp(question: Path, answer: Path, kind: FileType, importance: Importance | None = None) -> None:
    """Have llama.cpp quantise the file ``question`` to ``answer``. Raises ConvertError with the reason it gives."""
    reasons: list[str] = []

    @llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
    def on_log(level: int, text: bytes, _: ctypes.c_void_p) -> None:
        line = text.decode("utf-8", errors="replace").strip(" =\n")
        if level == _LEVEL_ERROR and line:
            reasons.append(line.rpartition("failed to quantize: ")[2])

    llama_cpp.llama_log_set(on_log, ctypes.c_void_p(0))
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = kind.number
    arrays = ImportanceParameters(importance) if importance else None
    if arrays:
        arrays.put_into(parameters)
    try:
        failed = llama_cpp.llama_model_quantize(os.fsencode(question), os.fsencode(answer), ctypes.byref(parameters))
    finally:
        llama_cpp.llama_log_set(_silent, ctypes.c_void_p(0))
    if not failed:
        return
    reason = reasons[-1] if reasons else "it gave no reason"
    if "iostream" in reason:
        raise ConvertError(f"{answer.parent} could not be written to", "is the disk full?")
    raise ConvertError(f"llama.cpp could not quantise to {kind.name}: {reason}")


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _silent(level: int, text: bytes, _: ctypes.c_void_p) -> None:
    """llama.cpp keeps the callback that it was given; this one outlives every call."""


def _write(
    target: Path, plan: QuantisationPlan, importance: Mapping[str, Floats], threads: int, parent: Parent
) -> None:
    total = sum(tensor.source.nbytes for tensor in plan.tensors)
    meter = Meter("quantise", total, lambda progress: parent.tell(done=progress.done), _REPORT_SECONDS)
    with target.open("wb") as file:
        write_quantised(file, plan, importance, threads, meter.advance_to)
        file.flush()
        os.fsync(file.fileno())


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    run_worker(work)
