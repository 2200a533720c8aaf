"""A model from a drive: looked at, compared with the catalogue, and copied into the application's own folder.

Owns the copying, which hashes what it copies, and the check of a model against what is known of it. It converts
nothing and downloads nothing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.library.catalogue import Catalogue, Conversion
from finr1_desk.library.discovery import FoundModel, inspect_model
from finr1_desk.library.download.job import free_name
from finr1_desk.library.download.origins import Origin, Origins
from finr1_desk.library.hashing import HashCache, HashingCancelledError
from finr1_desk.library.identity import Identity, identify

_CHUNK: Final = 4 << 20
_ROOM: Final = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Checked:
    """A model whose whole file was hashed.

    Attributes:
        conversion: the one of the catalogue that it is, if any.
        origin: where it came from, if that was recorded.
    """

    model: FoundModel
    sha256: str
    identity: Identity
    conversion: Conversion | None
    origin: Origin | None = None

    @property
    def is_as_recorded(self) -> bool | None:
        """Whether it is still what was verified when it came; None where nothing was recorded."""
        return self.origin.sha256 == self.sha256 if self.origin is not None and self.origin.sha256 else None


def check(
    path: Path,
    models: Path,
    catalogue: Catalogue,
    hashes: HashCache,
    cancelled: Callable[[], bool] = lambda: False,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> Checked:
    """Reads the file whole and says what it is.

    Raises:
        UserError: as `inspect_model`.
        HashingCancelledError: `cancelled` said so.
    """
    model = inspect_model(path)
    try:
        sha256 = _hash(path, cancelled, on_bytes)
    except OSError as error:
        raise UserError(ErrorCode.MODEL_UNREADABLE, path=str(path), reason=error.strerror or str(error)) from error
    hashes.remember(path, sha256)
    origin = Origins(models).of(path.name) if path.parent == models else None
    identity = identify(model.header, sha256, catalogue.hashes())
    return Checked(model, sha256, identity, catalogue.by_hash(sha256), origin)


def _hash(path: Path, cancelled: Callable[[], bool], on_bytes: Callable[[int], None]) -> str:
    """Always reads: what is remembered of a file is just what is doubted."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_CHUNK):
            digest.update(piece)
            on_bytes(len(piece))
            if cancelled():
                raise HashingCancelledError
    return digest.hexdigest()


def copy_in(
    path: Path,
    models: Path,
    catalogue: Catalogue,
    hashes: HashCache,
    cancelled: Callable[[], bool] = lambda: False,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> Checked:
    """Copies a model into the own folder, whole or not at all, and says what it is.

    Raises:
        UserError: as `inspect_model`; `DOWNLOAD_NO_ROOM`, `DOWNLOAD_UNWRITABLE`.
        HashingCancelledError: `cancelled` said so; nothing is left behind.
    """
    header = inspect_model(path).header
    free = shutil.disk_usage(models).free
    if header.file_bytes + _ROOM > free:
        needed = header.file_bytes + _ROOM
        raise UserError(ErrorCode.DOWNLOAD_NO_ROOM, path=str(models), needed_bytes=needed, free_bytes=free)
    temporary = models / f".{path.name}.part"
    try:
        sha256 = _copy(path, temporary, cancelled, on_bytes)
        target = free_name(models / path.name, header.file_bytes, sha256, hashes)
        temporary.replace(target)
    except OSError as error:
        raise UserError(ErrorCode.DOWNLOAD_UNWRITABLE, path=str(models), reason=error.strerror or "") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    hashes.remember(target, sha256)
    Origins(models).put(target.name, Origin("drive", "", "", path.name, sha256))
    model = inspect_model(target)
    return Checked(model, sha256, identify(model.header, sha256, catalogue.hashes()), catalogue.by_hash(sha256), None)


def _copy(path: Path, target: Path, cancelled: Callable[[], bool], on_bytes: Callable[[int], None]) -> str:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as source, target.open("wb") as file:
        while piece := source.read(_CHUNK):
            digest.update(piece)
            file.write(piece)
            on_bytes(len(piece))
            if cancelled():
                raise HashingCancelledError
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def remove(path: Path, models: Path) -> None:
    """Removes a model, and what lies beside it about it, from the application's own folder; nowhere else.

    Raises:
        UserError: `MODEL_NOT_OWN`, `MODEL_NOT_FOUND`, `FILE_UNWRITABLE`.
    """
    from finr1_desk.library.verification import sidecar_path

    if path.parent.resolve() != models.resolve() or path.name.startswith("."):
        raise UserError(ErrorCode.MODEL_NOT_OWN, path=str(path))
    if not path.is_file():
        raise UserError(ErrorCode.MODEL_NOT_FOUND, path=str(path))
    try:
        path.unlink()
        sidecar_path(path).unlink(missing_ok=True)
    except OSError as error:
        raise UserError(ErrorCode.FILE_UNWRITABLE, path=str(path), reason=error.strerror or "") from error
    Origins(models).drop(path.name)
