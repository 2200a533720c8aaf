"""The file beside a model that says how it was verified: ``MODEL.verify.json``.

Owns its place, its writing (whole or not at all) and the fingerprint that ties it to the very file it speaks of. The
application reads it with code of its own; both must agree on what stands here.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from .errors import ConvertError

# Few enough to be read in milliseconds, and spread over the whole file: another quantisation, another training run or
# another importance matrix changes nearly every block of weights.
_PIECES, _PIECE_BYTES = 64, 4096


def sidecar_path(model: Path) -> Path:
    """Where the verification of ``model`` lies."""
    stem = model.stem if model.suffix.lower() == ".gguf" else model.name
    return model.with_name(f"{stem}.verify.json")


def fingerprint(path: Path) -> str:
    """What ties a sidecar to its model, 64 hexadecimal digits; a modification time would not survive a download.

    The sha256 of the file's size (8 bytes, little-endian) followed by 64 pieces of 4096 bytes of it, piece ``i`` at
    ``i * (size - 4096) // 63``; or by the whole file where it is no larger than these together. Raises ConvertError.
    """
    try:
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            digest = hashlib.sha256(size.to_bytes(8, "little"))
            if size <= _PIECES * _PIECE_BYTES:
                digest.update(file.read())
                return digest.hexdigest()
            for piece in range(_PIECES):
                file.seek(piece * (size - _PIECE_BYTES) // (_PIECES - 1))
                digest.update(file.read(_PIECE_BYTES))
            return digest.hexdigest()
    except OSError as error:
        raise ConvertError(f"{path} cannot be read: {error.strerror or error}") from None


def require_writable(target: Path) -> None:
    """Raise ConvertError now where ``write_sidecar`` would fail after the work is done."""
    try:
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except OSError as error:
        raise _unwritable(target, error) from None


def write_sidecar(record: dict[str, Any], target: Path) -> None:
    """Write ``record`` to ``target``, replacing what was there. Raises ConvertError."""
    text = json.dumps(record, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    try:
        descriptor, part = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            # Readable like the model beside it, not for this user alone as temporary files are.
            Path(part).chmod(0o644)
            Path(part).replace(target)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unwritable(target, error) from None


def _unwritable(target: Path, error: OSError) -> ConvertError:
    return ConvertError(
        f"{target} cannot be written: {error.strerror or error}",
        "give another place with --to FILE, or --no-sidecar to write none",
    )
