"""Where a conversion writes, and how the result gets its name.

Owns the part files beside the target (hidden, never ``*.gguf``), the lock that keeps two conversions from the
same target, the removal of what a killed run left behind, the check of free space and the final rename. A
reader of the folder sees either no model under the target's name or a complete one.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from .errors import ConvertError, OutputExistsError

# A process that was killed while it started another holds its lock until that one runs a program of its own.
LOCK_PATIENCE_SECONDS = 1.0
# Room for the header, for rounding to blocks and for whatever else writes to the disk meanwhile.
SPARE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Output:
    """The claimed target. ``part`` gives names to write to, ``publish`` turns one of them into the target."""

    target: Path
    overwrite: bool

    def part(self, purpose: str) -> Path:
        """A hidden path beside the target, unique for this target and purpose."""
        return self.target.with_name(f".{self.target.name}.{purpose}.part")

    def publish(self, part: Path) -> None:
        """Give the finished file its name. Raises OutputExistsError when the target appeared meanwhile."""
        if not self.overwrite and self.target.exists():
            raise _exists(self.target)
        part.replace(self.target)
        if sys.platform != "win32":
            folder = os.open(self.target.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def require_space(folder: Path, nbytes: int) -> None:
    """Raises ConvertError unless ``nbytes`` and some spare fit on the folder's disk."""
    free = shutil.disk_usage(folder).free
    if free < nbytes + SPARE_BYTES:
        raise ConvertError(
            f"the conversion needs {_gigabytes(nbytes + SPARE_BYTES)} in {folder}, where {_gigabytes(free)} are free",
            "make room, or choose a target on another disk",
        )


def disk_error(error: OSError, target: Path) -> ConvertError:
    """The sentence for a file that could not be read or written on the way to ``target``."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return ConvertError(
            f"the disk of {target.parent} is full; what was written has been removed",
            "make room, or choose a target on another disk",
        )
    return ConvertError(f"{error.filename or target} could not be read or written: {error.strerror or error}")


@contextmanager
def claim_output(target: Path, overwrite: bool, ending: str | None = ".gguf") -> Iterator[Output]:
    """Reserve ``target`` for this process; on leaving, for whatever reason, every part file is gone.

    Its name must have the ``ending``, None for any. Raises OutputExistsError when it exists and may not be replaced,
    and ConvertError when it is no usable name or another conversion is writing to it.
    """
    target = target.absolute()
    if ending is not None and target.suffix.lower() != ending:
        raise ConvertError(
            f"the output {target.name} does not end in {ending}", "model files are recognised by that ending"
        )
    if not target.parent.is_dir():
        raise ConvertError(f"the folder {target.parent} does not exist", "make it first")
    if target.is_dir():
        raise ConvertError(f"the output {target} is a folder", "give the name of a file in it")
    if target.exists() and not overwrite:
        raise _exists(target)
    output = Output(target, overwrite)
    lock_path = output.part("lock")
    try:
        lock = _lock(lock_path)
    except OSError as error:
        raise ConvertError(f"{target.parent} cannot be written to: {error.strerror or error}") from None
    try:
        _remove_parts(output)
        yield output
    finally:
        _remove_parts(output)
        _unlock(lock, lock_path)


def _exists(target: Path) -> OutputExistsError:
    return OutputExistsError(f"{target} exists already", "choose another name, or give --force to replace it")


def _remove_parts(output: Output) -> None:
    for purpose in ("model", "question", "answer", "imatrix"):
        output.part(purpose).unlink(missing_ok=True)


def _lock(path: Path) -> BinaryIO:
    """An open file that no other process can lock until this one closes it or dies."""
    give_up_at = time.monotonic() + LOCK_PATIENCE_SECONDS
    while True:
        file = path.open("ab")
        try:
            _lock_file(file)
        except OSError:
            file.close()
            if time.monotonic() < give_up_at:
                time.sleep(0.05)
                continue
            raise ConvertError(
                "another conversion is writing to this output", "wait for it, or choose another name"
            ) from None
        # Whoever held it before may have removed the name that was opened here.
        try:
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        except FileNotFoundError:
            pass
        file.close()


if sys.platform == "win32":
    import msvcrt

    def _lock_file(file: BinaryIO) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

    def _unlock(file: BinaryIO, path: Path) -> None:
        # An open file cannot be removed here; the name stays for a moment and is harmless.
        file.close()
        path.unlink(missing_ok=True)

else:
    import fcntl

    def _lock_file(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(file: BinaryIO, path: Path) -> None:
        path.unlink(missing_ok=True)
        file.close()


def _gigabytes(nbytes: int) -> str:
    return f"{nbytes / 1e9:.2f} GB"
