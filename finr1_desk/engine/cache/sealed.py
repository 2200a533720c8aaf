"""A file of parts that only who has the key can read, and that nobody can change unnoticed.

Owns the format: AES-256-GCM in chunks, under a key of the file's own. It knows nothing of what the parts are, and
imports nothing of llama.cpp's.

    magic (8 bytes) · salt (16) · length of the first part (4, little endian) · chunks, each with its tag (16)

A chunk's nonce is its number and whether it is the last one, so that chunks cannot be left out, repeated, put in
another order or cut off at the end; what stands before them, and the name that the file was written under, are
authenticated with each. A file takes its name when all of it is on the disk: whatever happens before that leaves a file
of another ending, which is never read.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

Part = bytes | bytearray | memoryview

MAGIC: Final = b"FINR1KV\x01"
CHUNK: Final = 2**20
UNFINISHED: Final = ".part"

_SALT: Final = 16
_TAG: Final = 16
_LENGTH: Final = struct.Struct("<I")
_LONGEST_FIRST: Final = 2**16
_KEY_BYTES: Final = 32
_PURPOSE: Final = b"finr1-desk sealed file"


class SealBrokenError(Exception):
    """The file is not what was written under this name with this key."""


class StoppedError(Exception):
    """Whoever asked for it does not want it any more."""


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), _KEY_BYTES, salt, _PURPOSE).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _chunks(parts: Sequence[Part]) -> Iterator[memoryview]:
    """Each part in pieces; an empty one is one empty piece."""
    for part in parts:
        view = memoryview(part).cast("B")
        for start in range(0, max(1, len(view)), CHUNK):
            yield view[start : start + CHUNK]


def sealed_size(lengths: Sequence[int]) -> int:
    """Bytes of a file with parts of these lengths."""
    chunks = sum(max(1, -(-length // CHUNK)) for length in lengths)
    return len(MAGIC) + _SALT + _LENGTH.size + sum(lengths) + chunks * _TAG


def write_sealed(
    path: Path, key: bytes, name: str, parts: Sequence[Part], is_stopped: Callable[[], bool] = lambda: False
) -> None:
    """Writes the file, in place of one that is there; only its owner may read it.

    Args:
        name: what the file is of; it has to be given again for reading.
        parts: the first of at most 64 KiB.
        is_stopped: asked between chunks.

    Raises:
        OSError: it could not be written; what was there is untouched.
        StoppedError: `is_stopped` said so; what was there is untouched.
    """
    salt = secrets.token_bytes(_SALT)
    cipher = _cipher(key, salt)
    head = MAGIC + salt + _LENGTH.pack(memoryview(parts[0]).nbytes)
    chunks = list(_chunks(parts))
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}{UNFINISHED}")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(head)
            for number, chunk in enumerate(chunks):
                if is_stopped():
                    raise StoppedError
                file.write(cipher.encrypt(_nonce(number, last=number == len(chunks) - 1), chunk, head + name.encode()))
            file.flush()
            os.fsync(file.fileno())
        if is_stopped():
            raise StoppedError
        unfinished.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Without this the new name may be lost in a power failure; Windows has no such call."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


class SealedFile:
    """A sealed file being read, part after part; to be used as a context.

    Args:
        key, name: as it was written.

    Raises:
        OSError: it cannot be read.
        SealBrokenError: it is no such file. Every other method raises it too, for what was changed.
    """

    def __init__(self, path: Path, key: bytes, name: str) -> None:
        self._file: IO[bytes] = path.open("rb")
        try:
            head = self._file.read(len(MAGIC) + _SALT + _LENGTH.size)
            if len(head) != len(MAGIC) + _SALT + _LENGTH.size or not head.startswith(MAGIC):
                raise SealBrokenError("no head")
            self._cipher = _cipher(key, head[len(MAGIC) : len(MAGIC) + _SALT])
            self._authenticated = head + name.encode()
            self._number = 0
            [self._first] = _LENGTH.unpack(head[-_LENGTH.size :])
            if self._first > _LONGEST_FIRST:
                raise SealBrokenError("no first part")
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._file.close()

    def first(self) -> bytes:
        """The first part, which says how long the others are."""
        return bytes(self.part(self._first))

    def part(self, length: int, *, last: bool = False, is_stopped: Callable[[], bool] = lambda: False) -> bytearray:
        """The next part, of this many bytes; `last` if none is to follow.

        Raises:
            StoppedError: `is_stopped`, asked between chunks, said so.
        """
        found = bytearray(length)
        for start in range(0, max(1, length), CHUNK):
            if is_stopped():
                raise StoppedError
            size = min(CHUNK, length - start)
            found[start : start + size] = self._chunk(size, last=last and start + CHUNK >= length)
        if last and self._file.read(1):
            raise SealBrokenError("there is more")
        return found

    def _chunk(self, size: int, *, last: bool) -> bytes:
        sealed = self._file.read(size + _TAG)
        nonce = _nonce(self._number, last=last)
        self._number += 1
        try:
            return self._cipher.decrypt(nonce, sealed, self._authenticated)
        except (InvalidTag, ValueError) as error:
            raise SealBrokenError(f"chunk {self._number - 1}") from error
