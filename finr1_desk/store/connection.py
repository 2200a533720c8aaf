"""One connection to one encrypted database file.

Owns how the file is opened, keyed and locked, and what an error of SQLite means for a user. It knows no tables:
those are `migrations` and `database`. A connection belongs to the thread that opened it.
"""

from __future__ import annotations

import errno
import hmac
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from sqlcipher3 import dbapi2 as sqlcipher

from finr1_desk.core.errors import ErrorCode, UserError

KEY_BYTES: Final = 32
PAGE_BYTES: Final = 4096
BUSY_TIMEOUT_S: Final = 5.0
_SALT_BYTES: Final = 16
_PLAIN_HEADER: Final = b"SQLite format 3\0"
_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

# SQLite's primary result codes, as in its public header.
_PERMISSION: Final = 3
_BUSY: Final = 5
_LOCKED: Final = 6
_INTERRUPTED: Final = 9
_READ_ONLY: Final = 8
_IO: Final = 10
_CORRUPT: Final = 11
_FULL: Final = 13
_CANNOT_OPEN: Final = 14
_NOT_A_DATABASE: Final = 26
# Failed reads (READ, SHORT_READ, DATA, CORRUPTFS): the file is damaged, or the disk that holds it.
_IO_READ: Final = frozenset({266, 522, 8202, 8458})

# Steps of SQLite's virtual machine between two questions whether to go on.
_STEPS_BETWEEN: Final = 2000

Row = tuple[Any, ...]


class AbandonedError(Exception):
    """What was being read is not wanted any more."""


class Connection:
    """A keyed connection. Every method raises `UserError` for what a user can act on; anything else is a bug."""

    def __init__(self, path: Path, handle: Any) -> None:
        self.path = path
        self._handle = handle

    @staticmethod
    def open(path: Path, key: bytes) -> Connection:
        """Opens the file, creating it if it is not there; only its owner may read it.

        Raises:
            UserError: `STORE_WRONG_KEY`, `STORE_DAMAGED`, `STORE_FULL`, `STORE_UNWRITABLE`, `STORE_BUSY`.
        """
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        salt = _salt_for(key)
        _create_private(path)
        marked = _is_marked(path, salt)
        with _translated(path):
            handle = sqlcipher.connect(str(path), timeout=BUSY_TIMEOUT_S, isolation_level=None)
        connection = Connection(path, handle)
        try:
            connection._set_up(key, salt, marked)
        except BaseException:
            handle.close()
            raise
        return connection

    def close(self) -> None:
        self._handle.close()

    # -- statements

    def rows(self, sql: str, *params: Any) -> list[Row]:
        with _translated(self.path):
            found: list[Row] = self._handle.execute(sql, params).fetchall()
        return found

    def row(self, sql: str, *params: Any) -> Row | None:
        found = self.rows(sql, *params)
        return found[0] if found else None

    def run(self, sql: str, *params: Any) -> int:
        """Executes one statement and returns how many rows it changed."""
        with _translated(self.path):
            changed: int = self._handle.execute(sql, params).rowcount
        return changed

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction that is on disk when it ends, or has not happened."""
        self.run("BEGIN IMMEDIATE")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    @contextmanager
    def abandonable(self, abandoned: Callable[[], bool] | None) -> Iterator[None]:
        """Statements that end early once `abandoned` says so, which is asked every millisecond or so.

        Raises:
            AbandonedError: it was said.
        """
        if abandoned is None:
            yield
            return
        self._handle.set_progress_handler(abandoned, _STEPS_BETWEEN)
        try:
            yield
        except sqlcipher.OperationalError as error:
            if getattr(error, "sqlite_errorcode", None) == _INTERRUPTED:
                raise AbandonedError from None
            raise
        finally:
            self._handle.set_progress_handler(None, _STEPS_BETWEEN)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Several statements that see one state."""
        self.run("BEGIN")
        try:
            yield
        finally:
            self._roll_back()

    def _roll_back(self) -> None:
        if self._handle.in_transaction:  # SQLite has rolled back by itself after some errors
            with suppress(sqlcipher.Error):
                self._handle.execute("ROLLBACK")

    # -- opening

    def _set_up(self, key: bytes, salt: bytes, marked: bool) -> None:
        # SQLCipher writes failed checks to standard error otherwise; they are reported as errors anyway.
        self.run("PRAGMA cipher_log_level = NONE")
        # A raw key: random already, so nothing is gained by deriving it slowly at each start.
        self.run(f"PRAGMA key = \"x'{key.hex()}{salt.hex()}'\"")
        # cipher_memory_security stays off: it wipes and locks SQLite's own memory at a cost on every allocation, while
        # the same text lives in this process as Python strings, which nothing wipes.
        try:
            self.rows("SELECT count(*) FROM sqlite_master")
        except UserError as error:
            if error.code is ErrorCode.STORE_DAMAGED and not marked:
                raise UserError(ErrorCode.STORE_WRONG_KEY, path=str(self.path)) from None
            raise
        deadline = time.monotonic() + BUSY_TIMEOUT_S
        while True:
            try:
                # The change to WAL does not wait for other processes by itself, and two may create the file at once.
                self.run("PRAGMA journal_mode = WAL")
                break
            except UserError as error:
                if error.code is not ErrorCode.STORE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
        self.run("PRAGMA synchronous = FULL")  # a commit is on disk when it returns
        self.run("PRAGMA foreign_keys = ON")
        self.run("PRAGMA temp_store = MEMORY")  # temporary files would not be encrypted
        # Deleted text is overwritten: whoever gets at the key later (it may lie in a file) finds none of it.
        self.run("PRAGMA secure_delete = ON")
        self.run("PRAGMA trusted_schema = OFF")


def _salt_for(key: bytes) -> bytes:
    """SQLCipher's salt, which opens the file in the clear: made from the key, so it tells a wrong key from damage."""
    return hmac.digest(key, b"finr1-desk store salt", "sha256")[:_SALT_BYTES]


def _create_private(path: Path) -> None:
    """Creates the file empty, or takes rights away from others; SQLite gives its side files the same rights."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        if os.name == "posix" and path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise os_failure(path, error) from None


def _is_marked(path: Path, salt: bytes) -> bool:
    """Whether the file is new or was made with this key.

    Raises:
        UserError: `STORE_DAMAGED` for what cannot be a store under any key.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        header = file.read(_SALT_BYTES)
    if size == 0:
        # SQLite would take the file for new and throw away a log that still holds everything.
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size > 0:
            raise UserError(ErrorCode.STORE_DAMAGED, path=str(path), reason="empty")
        return True
    if header == _PLAIN_HEADER:
        raise UserError(ErrorCode.STORE_DAMAGED, path=str(path), reason="not_encrypted")
    if header == salt:
        return True
    if size % PAGE_BYTES:
        raise UserError(ErrorCode.STORE_DAMAGED, path=str(path), reason="not_a_store")
    return False


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turns SQLite's errors into those of the user; none of SQLite's messages contains stored text."""
    try:
        yield
    except sqlcipher.Error as error:
        known = _known(path, error)
        if known is None:
            raise
        raise known from error


def _known(path: Path, error: Any) -> UserError | None:
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    reason = str(getattr(error, "sqlite_errorname", code))
    where = str(path)
    match code & 0xFF:
        case primary if primary in (_BUSY, _LOCKED):
            return UserError(ErrorCode.STORE_BUSY, path=where)
        case primary if primary == _FULL:
            return UserError(ErrorCode.STORE_FULL, path=where)
        case primary if primary in (_CORRUPT, _NOT_A_DATABASE):
            return UserError(ErrorCode.STORE_DAMAGED, path=where, reason=reason)
        case primary if primary in (_READ_ONLY, _PERMISSION):
            return UserError(ErrorCode.STORE_UNWRITABLE, path=where, reason=reason)
        case primary if primary in (_IO, _CANNOT_OPEN):
            if code in _IO_READ:
                return UserError(ErrorCode.STORE_DAMAGED, path=where, reason=reason)
            return _write_failure(path, reason)
    return None


def _write_failure(path: Path, reason: str) -> UserError:
    """SQLite does not say why a write failed; the same folder is asked with a write of our own."""
    try:
        with tempfile.TemporaryFile(dir=path.parent) as probe:
            probe.write(bytes(16 * PAGE_BYTES))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        return os_failure(path, error)
    return UserError(ErrorCode.STORE_UNWRITABLE, path=str(path), reason=reason)


def os_failure(path: Path, error: OSError) -> UserError:
    """What an error of the operating system, met while writing near `path`, means for a user."""
    if error.errno in _NO_SPACE:
        return UserError(ErrorCode.STORE_FULL, path=str(path))
    return UserError(ErrorCode.STORE_UNWRITABLE, path=str(path), reason=error.strerror or "")
