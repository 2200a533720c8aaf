"""One conversion from checkpoint to named file: the steps in their order.

Owns the sequence (read everything small, check everything that can be checked, claim the target, write,
quantise, rename), and the public call that the command line and the window use. The steps themselves are in
their modules.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .checkpoint import open_checkpoint
from .errors import CancelledError, ConvertError
from .file_types import AUTOMATIC, FileType, file_type, stored_type
from .gguf_header import read_header
from .metadata import Description, read_description
from .output import Output, claim_output, disk_error, require_space
from .progress import Meter, OnProgress
from .quantise_plan import first_rows
from .quantising import quantise
from .qwen2 import ModelTensor, Qwen2Config, model_tensors, read_config
from .tokeniser import Vocabulary, read_vocabulary
from .writer import target_bytes, write_gguf

Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything about a checkpoint except its weights, checked and ready to be written."""

    checkpoint: Path
    config: Qwen2Config
    vocabulary: Vocabulary
    description: Description
    tensors: tuple[ModelTensor, ...]

    @property
    def parameters(self) -> int:
        return sum(tensor.source.values for tensor in self.tensors)

    @property
    def nbytes(self) -> int:
        """The bytes of the tensors in the checkpoint."""
        return sum(tensor.source.nbytes for tensor in self.tensors)

    @property
    def stored_type(self) -> FileType:
        """The float type that keeps the checkpoint's weight matrices as they are."""
        return stored_type({tensor.source.dtype for tensor in self.tensors if not tensor.always_f32})


@dataclass(frozen=True, slots=True)
class Result:
    """What was made: ``bytes`` of file, ``seconds`` it took, and sentences about what is not as one might
    expect.
    """

    output: Path
    type: str
    name: str
    tensors: int
    parameters: int
    bytes: int
    seconds: float
    warnings: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "output": str(self.output), "warnings": list(self.warnings)}


def examine(directory: Path) -> Plan:
    """Read and check a checkpoint without touching its weights. Raises ConvertError when it cannot be
    converted.
    """
    checkpoint = open_checkpoint(directory)
    config = read_config(checkpoint.config)
    tensors = model_tensors(checkpoint, config)
    vocabulary = read_vocabulary(checkpoint.directory, checkpoint.config, config.vocabulary)
    parameters = sum(tensor.source.values for tensor in tensors)
    description = read_description(checkpoint.directory, parameters)
    return Plan(checkpoint.directory, config, vocabulary, description, tensors)


def convert(
    directory: Path,
    target: Path,
    type_name: str = AUTOMATIC,
    *,
    imatrix: Path | None = None,
    threads: int = 0,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
) -> Result:
    """Convert the checkpoint in ``directory`` to the GGUF ``target``.

    ``type_name`` is a float type, a quantised type, or "auto" for the type the checkpoint is stored in. ``imatrix`` is
    the file of an importance matrix of this model, for a quantised type. ``threads`` are for quantising, 0 for all
    cores. ``on_progress`` is called from this thread a few times a second; ``cancelled`` is asked as often, and once it
    says True the call raises CancelledError.

    Raises ConvertError when anything is wrong with the checkpoint, the target or the disk. Whatever is raised
    (KeyboardInterrupt included), nothing is left under the target's name or beside it.
    """
    started = time.monotonic()
    plan = examine(directory)
    kind = plan.stored_type if type_name.lower() == AUTOMATIC else file_type(type_name)
    _check_imatrix(kind, imatrix)
    with claim_output(target, overwrite) as output:
        try:
            size = _write(plan, kind, output, imatrix, threads, on_progress, cancelled or (lambda: False))
        except OSError as error:
            raise disk_error(error, output.target) from error
    return Result(
        output=output.target,
        type=kind.name,
        name=plan.description.metadata.name or "",
        tensors=len(plan.tensors),
        parameters=plan.parameters,
        bytes=size,
        seconds=round(time.monotonic() - started, 2),
        warnings=plan.config.warnings + plan.description.warnings,
    )


def _check_imatrix(kind: FileType, imatrix: Path | None) -> None:
    if imatrix is None and kind.needs_imatrix:
        raise ConvertError(
            f"{kind.name} is useless without an importance matrix",
            "make one with `finr1-convert imatrix` and give it with --imatrix; Q2_K and IQ3_S do without",
        )
    if imatrix is not None and kind.is_float:
        raise ConvertError(
            f"an importance matrix changes nothing in {kind.name}", "it helps quantised types: --type Q4_K_M, say"
        )


def _write(
    plan: Plan,
    kind: FileType,
    output: Output,
    imatrix: Path | None,
    threads: int,
    on_progress: OnProgress | None,
    cancelled: Cancelled,
) -> int:
    """Write, publish and return the size of the file."""
    if kind.is_float:
        part = _write_float(plan, kind, output, on_progress, cancelled)
    else:
        question = output.part("question")
        asked = first_rows(plan.tensors)
        write_gguf(question, plan.stored_type, plan.config, plan.vocabulary, plan.description.metadata, asked)
        part = quantise(plan.checkpoint, question, output, kind, plan.nbytes, imatrix, threads, on_progress, cancelled)
    header = read_header(part)
    shapes = {tensor.name: tensor.shape for tensor in header.tensors}
    if shapes != {tensor.name: tensor.source.shape for tensor in plan.tensors}:
        raise ConvertError("the file that was written does not hold the model's tensors; it has been removed")
    output.publish(part)
    return header.nbytes


def _write_float(
    plan: Plan, kind: FileType, output: Output, on_progress: OnProgress | None, cancelled: Cancelled
) -> Path:
    total = sum(target_bytes(tensor, kind) for tensor in plan.tensors)
    require_space(output.target.parent, total)
    meter = Meter("write", total, on_progress)

    def on_bytes(written: int) -> None:
        if cancelled():
            raise CancelledError("the conversion was cancelled")
        meter.advance_to(written)

    part = output.part("model")
    write_gguf(part, kind, plan.config, plan.vocabulary, plan.description.metadata, plan.tensors, on_bytes)
    return part
