"""Small private files, written so that a reader sees the old content or the new, never a part.

Owns the order of write, flush and rename. It knows no formats.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Writes the file, in place of one that is there; only its owner may read it.

    Raises:
        OSError: it could not be written; what was there is untouched.
    """
    temporary = _written_beside(path, content)
    try:
        temporary.replace(path)
    except OSError:
        _remove(temporary)
        raise
    _sync_folder(path.parent)


def _written_beside(path: Path, content: bytes) -> Path:
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        _remove(temporary)
        raise
    return temporary


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _sync_folder(folder: Path) -> None:
    """Without this the new name may be lost in a power failure; Windows has no such call."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
