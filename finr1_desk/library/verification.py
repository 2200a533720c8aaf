"""What a model's quantisation cost, as `finr1-convert verify` measured it and wrote it beside the model.

Owns the reading of `MODEL.verify.json`. The file may come from anywhere and is worth nothing by itself: one that is
damaged, or speaks of another file than the model beside it, is no verification, never an error.
"""

from __future__ import annotations

import hashlib
import json
import math
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FORMAT: Final = "finr1-verification"
VERSION: Final = 1
_MAX_BYTES: Final = 64 * 1024
_MAX_LABEL: Final = 24  # characters of a quantisation's name
_PIECES: Final = 64
_PIECE_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Verification:
    """How a model compares with its reference on the same text.

    Attributes:
        reference: the quantisation of the model it was compared with (`F16`).
        tokens: how many predictions were compared.
        same_first_choice: the share of them, 0 to 1, for which both models' most likely token is the same.
        divergence: the mean Kullback-Leibler divergence from the reference, in nats.
    """

    reference: str
    tokens: int
    same_first_choice: float
    divergence: float


def sidecar_path(model: Path) -> Path:
    """Where the verification of this model lies, if it has one."""
    stem = model.stem if model.suffix.lower() == ".gguf" else model.name
    return model.with_name(f"{stem}.verify.json")


def read_verification(model: Path) -> Verification | None:
    """The verification of the file at `model`; None where there is none that speaks of this very file.

    Reads the sidecar and at most 256 KiB of the model: milliseconds, but of a disk.
    """
    try:
        record = _record(sidecar_path(model))
        if record is None or record["format"] != FORMAT or record["version"] != VERSION:
            return None
        about = record["model"]
        if about["bytes"] != model.stat().st_size or about["fingerprint"] != fingerprint(model):
            return None
        return _verification(record)
    except (OSError, LookupError, TypeError, ValueError, OverflowError, RecursionError):
        return None


def fingerprint(path: Path) -> str:
    """A sha256, in hexadecimal, that tells a model from any other although it reads 256 KiB of it only.

    It is taken over the file's size (8 bytes, little-endian) and 64 pieces of 4096 bytes, the first at the file's
    start, the last at its end, the others evenly between (piece `i` at `i * (size - 4096) // 63`); over size and
    contents where the file is no larger than these. Unlike a modification time it survives copying and downloading.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb", buffering=0) as file:
        size = file.seek(0, 2)
        digest = hashlib.sha256(size.to_bytes(8, "little"))
        whole = size <= _PIECES * _PIECE_BYTES
        for piece in range(1 if whole else _PIECES):
            file.seek(piece * (size - _PIECE_BYTES) // (_PIECES - 1))
            digest.update(file.read(size if whole else _PIECE_BYTES))
    return digest.hexdigest()


def _record(path: Path) -> dict[str, Any] | None:
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe would block
        return None
    with path.open("rb") as file:
        content = file.read(_MAX_BYTES + 1)
    record = json.loads(content) if len(content) <= _MAX_BYTES else None
    return record if isinstance(record, dict) else None


def _verification(record: dict[str, Any]) -> Verification:
    """Raises LookupError, TypeError, ValueError or OverflowError for a record that does not say what it should."""
    figures = record["figures"]
    reference, tokens = record["reference"]["file_type"], figures["tokens"]
    share, divergence = float(figures["same_first_choice"]["value"]), float(figures["divergence"]["value"])
    if not isinstance(reference, str) or not isinstance(tokens, int) or tokens < 1:
        raise TypeError
    if not 0 <= share <= 1 or not math.isfinite(divergence):
        raise ValueError
    return Verification("".join(filter(str.isprintable, reference))[:_MAX_LABEL], tokens, share, divergence)
