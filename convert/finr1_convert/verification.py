"""Verifying a quantised model against the float one it was made of: what the quantisation cost.

Owns the order of the work, which happens in a process of its own (``verification_worker.py``), and the record that
comes of it: on the screen, as JSON, and as the file that lies beside the model (``verification_sidecar.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from .calibration_text import evaluation_file
from .errors import ConvertError, OtherVocabularyError
from .gguf_header import ArrayOf
from .inspection import Inspection, inspect
from .progress import Meter, OnProgress
from .verification_sidecar import fingerprint
from .verification_statistics import Estimate, Figures
from .worker_process import Message, run_worker_process

FORMAT, VERSION = "finr1-verification", 1
DEFAULT_CONTEXT, MIN_CONTEXT = 512, 16


@dataclass(frozen=True, slots=True)
class Subject:
    """One of the two models; ``file`` is its name without folders.

    ``tokens_per_second`` is its speed over the text: prompt processing, not writing.
    """

    file: str
    name: str
    file_type: str
    parameters: int
    bytes: int
    fingerprint: str
    tokens_per_second: float


@dataclass(frozen=True, slots=True)
class Verification:
    """``chunks`` chunks of ``context`` tokens of the text were computed; the figures are over the second halves."""

    model: Subject
    reference: Subject
    text: str
    text_sha256: str
    context: int
    chunks: int
    figures: Figures

    def as_json(self) -> dict[str, Any]:
        """The record as JSON values; without folders, since it travels with the model."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "made_by": {name: _version(name) for name in ("finr1-desk", "llama-cpp-python")},
            "model": asdict(self.model),
            "reference": asdict(self.reference),
            "text": {"file": self.text, "sha256": self.text_sha256},
            "context": self.context,
            "chunks": self.chunks,
            "figures": asdict(self.figures),
        }


def verify(
    model: Path,
    reference: Path,
    text: Path | None = None,
    *,
    context: int = DEFAULT_CONTEXT,
    chunks: int = 0,
    threads: int = 0,
    on_progress: OnProgress | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Verification:
    """Compute a text with both models and compare what they predict.

    ``text`` is by default the one that comes with this program. It is cut into chunks of ``context`` tokens, of which
    ``chunks`` are used (0: all). ``on_progress`` receives the stage "verify", counted in tokens. Raises ConvertError,
    and CancelledError where ``cancelled`` says so.
    """
    if context < MIN_CONTEXT:
        raise ConvertError(
            f"chunks of {context} tokens are too short to compare anything", f"the shortest are {MIN_CONTEXT}"
        )
    text = text or evaluation_file()
    inspections = inspect(model), inspect(reference)
    _require_equal_sizes(*inspections)
    digest = _sha256(text)
    run = _Run(on_progress)
    arguments = [str(model), str(reference), str(text), str(context), str(chunks), str(threads)]
    run_worker_process("verification_worker", arguments, "verifying", run.on_message, cancelled)
    tested, base = (
        _subject(inspection, run.result[key])
        for inspection, key in zip(inspections, ("tokens_per_second", "reference_tokens_per_second"), strict=True)
    )
    return Verification(tested, base, _file_name(text), digest, context, run.chunks, _figures(run.result["figures"]))


class _Run:
    """What the child has told."""

    def __init__(self, on_progress: OnProgress | None) -> None:
        self._on_progress = on_progress
        self._meter: Meter | None = None
        self.chunks = 0
        self.result: Message = {}

    def on_message(self, message: Message) -> None:
        if "tokens" in message:
            self.chunks = message["chunks"]
            self._meter = Meter("verify", message["tokens"], self._on_progress)
        elif "done" in message and self._meter is not None:
            self._meter.advance_to(message["done"])
        self.result = message.get("result", self.result)


def _require_equal_sizes(model: Inspection, reference: Inspection) -> None:
    """Refuse the commonest mistake before gigabytes are read. Whether the tokens are the same, the child looks."""
    sizes = []
    for inspection in (model, reference):
        tokens = inspection.header.keys.get("tokenizer.ggml.tokens")
        if not isinstance(tokens, ArrayOf):
            raise ConvertError(
                f"{inspection.path.name} has no vocabulary", "both files must be language models for llama.cpp"
            )
        sizes.append(tokens.length)
    if sizes[0] != sizes[1]:
        raise OtherVocabularyError(f"{sizes[0]:,} and {sizes[1]:,} tokens")


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ConvertError(f"the text {path} cannot be read: {error.strerror or error}") from None


def _subject(inspection: Inspection, tokens_per_second: float) -> Subject:
    name = inspection.header.keys.get("general.name")
    return Subject(
        file=_file_name(inspection.path),
        name=name if isinstance(name, str) else _file_name(inspection.path),
        file_type=inspection.file_type,
        parameters=inspection.parameters,
        bytes=inspection.header.nbytes,
        fingerprint=fingerprint(inspection.path),
        tokens_per_second=tokens_per_second,
    )


def _file_name(path: Path) -> str:
    """The name as text that can be written anywhere: a file's name may hold bytes that are not UTF-8."""
    return path.name.encode("utf-8", "replace").decode("utf-8")


def _figures(values: dict[str, Any]) -> Figures:
    fields: dict[str, Any] = {
        name: Estimate(**value) if isinstance(value, dict) else value for name, value in values.items()
    }
    return Figures(**fields)


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
