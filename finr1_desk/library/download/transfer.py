"""One file from a hub to the disk: resumed where it broke off, hashed while it arrives, verified before it is used.

Owns the loop over attempts and the `.part` file, whose length is how far the download has come. Bytes are written as
they come and never asked for twice, unless what came is not what the hub recorded.
"""

from __future__ import annotations

import errno
import hashlib
import os
import random
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import httpx2

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.library.download.progress import Meter, Phase
from finr1_desk.library.hub.record import RemoteFile
from finr1_desk.library.hub.session import ConnectionLostError, RetryLaterError, Session

_CHUNK: Final = 4 << 20  # when what is there is read again
_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_FULL: Final = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})


class StoppedError(Exception):
    """The user paused the download; what has come is kept."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long is waited for a server or a network.

    Attributes:
        attempts: in a row, without a single byte, until the download ends with an error.
        first_s, longest_s: the pause after the first failure, doubled each time up to the longest.
        told_s: the longest pause that a server may ask for.
    """

    attempts: int = 10
    first_s: float = 1.0
    longest_s: float = 60.0
    told_s: float = 900.0

    def pause(self, failures: int) -> float:
        doubled: float = self.first_s * 2 ** (failures - 1)
        return min(self.longest_s, doubled) * random.uniform(0.8, 1.2)


class Transfer:
    """Fetches files of one download, one after the other.

    Args:
        wait: sleeps for so many seconds; raises `StoppedError` where the user pauses meanwhile.
        stopped: whether the user has paused; asked with every piece that comes.
    """

    def __init__(
        self,
        session: Session,
        meter: Meter,
        wait: Callable[[float], None],
        stopped: Callable[[], bool],
        patience: Patience,
    ) -> None:
        self._session = session
        self._meter = meter
        self._wait = wait
        self._stopped = stopped
        self._patience = patience

    def fetch(self, address: str, file: RemoteFile, part: Path) -> str:
        """Brings the file into `part`, whole and verified; returns its sha256.

        Raises:
            UserError: any of the download codes.
            StoppedError: paused.
        """
        part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for last_try in (False, True):
            with _Part(part, file, self._meter, self._stopped) as target:
                self._fill(address, target)
                if target.is_right():
                    target.flush()
                    return target.sha256()
            # What came is wrong: another version, or damaged on its way. Once from the beginning, then no more.
            self._meter.lose(file.bytes)
            part.unlink(missing_ok=True)
            if last_try:
                break
        raise UserError(ErrorCode.DOWNLOAD_DAMAGED, what=file.path)

    def _fill(self, address: str, target: _Part) -> None:
        failures = 0
        self._meter.start(Phase.FETCHING, target.file.path)
        while not target.is_full():
            before = target.length
            try:
                self._attempt(address, target)
            except (ConnectionLostError, RetryLaterError) as error:
                failures = 1 if target.length > before else failures + 1
                self.recover(error, failures)
                self._meter.start(Phase.FETCHING, target.file.path)

    def recover(self, error: ConnectionLostError | RetryLaterError, failures: int) -> None:
        """Waits until it is worth another try.

        Raises:
            UserError: it is not any more.
            StoppedError: paused meanwhile.
        """
        if failures >= self._patience.attempts:
            raise given_up(error) from error
        pause = self._patience.pause(failures)
        if isinstance(error, RetryLaterError):
            if error.after_s is not None and error.after_s > self._patience.told_s:
                raise given_up(error) from error
            pause = max(pause, error.after_s or 0.0)
        self._meter.wait(pause, str(error))
        self._wait(pause)

    def _attempt(self, address: str, target: _Part) -> None:
        headers = {"Range": f"bytes={target.length}-"} if target.length else None
        with self._session.open(address, headers) as response:
            _check_body(response, target)
            for piece in response.iter_raw():
                target.write(piece)
                self._meter.fetched(len(piece))
                if self._stopped():
                    raise StoppedError
        if not target.is_full():
            raise ConnectionLostError(response.url.host, "the connection was closed early")


def given_up(error: ConnectionLostError | RetryLaterError) -> UserError:
    """What is told where waiting did not help."""
    if isinstance(error, RetryLaterError):
        return UserError(ErrorCode.DOWNLOAD_BUSY, host=error.host, status=str(error.status))
    return UserError(ErrorCode.DOWNLOAD_UNREACHABLE, host=error.host, reason=error.reason)


def _check_body(response: httpx2.Response, target: _Part) -> None:
    """Looks whether the body is what was asked for, and begins anew where the server cannot go on in the middle."""
    if response.status_code == 200 and target.length:
        target.restart()
        return
    if response.status_code == 206:
        match = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        total = match[3] if match else ""
        if not match or int(match[1]) != target.length or total not in ("*", str(target.file.bytes)):
            target.restart()
            raise ConnectionLostError(response.url.host, "another range than the one asked for")


class _Part:
    """The file that grows, and the hash of what it holds."""

    def __init__(self, path: Path, file: RemoteFile, meter: Meter, stopped: Callable[[], bool]) -> None:
        self.file = file
        self._path = path
        self._meter = meter
        self._stopped = stopped
        self._handle: BinaryIO
        self.length = 0
        self._sha256 = hashlib.sha256()
        self._sha1: Any = self._new_sha1()

    def __enter__(self) -> _Part:
        try:
            self._handle = self._path.open("r+b" if self._path.exists() else "x+b", buffering=0)
        except OSError as error:
            raise _disk_error(self._path, error, 0) from error
        try:
            self._read_again()
        except BaseException:
            self._handle.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.close()

    def _new_sha1(self) -> Any:
        """Git's hash of a blob, where that is all that is recorded."""
        if not self.file.sha1:
            return None
        return hashlib.sha1(b"blob %d\0" % self.file.bytes, usedforsecurity=False)

    def _read_again(self) -> None:
        size = os.fstat(self._handle.fileno()).st_size
        if size > self.file.bytes:
            self._handle.truncate(0)
            return
        if size:
            self._meter.start(Phase.CHECKING, self.file.path)
        buffer = memoryview(bytearray(_CHUNK if size else 0))
        while size and (count := self._handle.readinto(buffer)):  # type: ignore[attr-defined]
            self._hash(buffer[:count])
            self._meter.have(count)
            if self._stopped():
                raise StoppedError

    def _hash(self, piece: Any) -> None:
        self._sha256.update(piece)
        if self._sha1 is not None:
            self._sha1.update(piece)
        self.length += len(piece)

    def write(self, piece: bytes) -> None:
        if self.length + len(piece) > self.file.bytes:
            self.restart()
            raise ConnectionLostError("", "more bytes than the file has")
        view = memoryview(piece)
        try:
            while view:
                written = self._handle.write(view)
                self._hash(view[:written])
                view = view[written:]
        except OSError as error:
            raise _disk_error(self._path, error, self.file.bytes - self.length) from error

    def restart(self) -> None:
        """From the first byte."""
        self._meter.lose(self.length)
        self._handle.seek(0)
        self._handle.truncate(0)
        self.length = 0
        self._sha256, self._sha1 = hashlib.sha256(), self._new_sha1()

    def is_full(self) -> bool:
        return self.length == self.file.bytes

    def is_right(self) -> bool:
        if self.file.sha256:
            return self.sha256() == self.file.sha256
        return self._sha1 is not None and str(self._sha1.hexdigest()) == self.file.sha1

    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def flush(self) -> None:
        try:
            os.fsync(self._handle.fileno())
        except OSError as error:
            raise _disk_error(self._path, error, 0) from error


def _disk_error(path: Path, error: OSError, missing: int) -> UserError:
    if error.errno in _FULL:
        free = _free_bytes(path.parent)
        return UserError(ErrorCode.DOWNLOAD_NO_ROOM, path=str(path.parent), needed_bytes=missing, free_bytes=free)
    return UserError(ErrorCode.DOWNLOAD_UNWRITABLE, path=str(path), reason=error.strerror or str(error))


def _free_bytes(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0
