"""One importance matrix from model and text to named file.

Owns the sequence (check the model, claim the target, gather in a worker process, rename) and the public call that the
command line uses. What is gathered, and how, is in ``imatrix_worker.py``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .calibration_text import CALIBRATION, calibration_file
from .errors import ConvertError
from .gguf_header import Header, read_header
from .imatrix_file import read_imatrix
from .output import claim_output
from .progress import Meter, OnProgress
from .worker_process import Message, run_worker_process

CONTEXT = 512


@dataclass(frozen=True, slots=True)
class ImatrixResult:
    """What was made: ``entries`` matrices from ``chunks`` chunks of ``context`` tokens, in ``seconds``."""

    output: Path
    text: str
    entries: int
    chunks: int
    context: int
    seconds: float

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "output": str(self.output)}


def make_imatrix(
    model: Path,
    target: Path,
    text: Path | None = None,
    *,
    context: int = CONTEXT,
    chunks: int = 0,
    threads: int = 0,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ImatrixResult:
    """Gather the importance matrix of the GGUF ``model`` over ``text`` and write it to ``target``.

    ``text`` is a UTF-8 file, None for the calibration text that comes with this program. It is cut into chunks of
    ``context`` tokens, of which the first ``chunks`` are evaluated, 0 for all, with ``threads`` threads, 0 for all
    cores. ``on_progress`` is called from this thread with tokens done, ``cancelled`` is asked a few times a second.

    Raises ConvertError when anything is wrong with the model, the text, the target or the disk. Whatever is raised
    (KeyboardInterrupt included), nothing is left under the target's name or beside it.
    """
    started = time.monotonic()
    _refuse_experts(model, read_header(model))
    meter: Meter | None = None

    def on_message(message: Message) -> None:
        nonlocal meter
        meter = meter or Meter("imatrix", message["total"], on_progress)
        meter.advance_to(message["done"])

    name, file = (CALIBRATION, calibration_file()) if text is None else (str(text), text)
    if target.exists() and target.samefile(model):
        raise ConvertError(f"the output {target} is the model itself", "give the importance matrix another name")
    with claim_output(target, overwrite, ending=None) as output:
        part = output.part("imatrix")
        arguments = [str(model), str(part), str(context), str(chunks), str(threads), name, str(file)]
        doing = "gathering the importance matrix"
        run_worker_process("imatrix_worker", arguments, doing, on_message, cancelled or (lambda: False))
        made = read_imatrix(part)
        output.publish(part)
    seconds = round(time.monotonic() - started, 2)
    return ImatrixResult(output.target, name, len(made.entries), made.chunks, context, seconds)


def _refuse_experts(model: Path, header: Header) -> None:
    if any(key.endswith(".expert_count") and value for key, value in header.keys.items()):
        raise ConvertError(
            f"{model.name} is a mixture of experts, for which no importance matrix can be made here",
            "dense Qwen2 models are supported: Fin-R1, Qwen2.5, DeepSeek-R1-Distill-Qwen",
        )
