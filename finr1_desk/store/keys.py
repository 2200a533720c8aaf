"""The store's key: 32 random bytes, in the operating system's keychain or in a file only the user can read.

Owns making the key once and finding it again. It never makes a second key for a store that exists, since that could
only lock the user out, and never waits on a keychain without end. A key that lies in a file stays there.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol, TypeVar

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.store.atomic_file import replace_file
from finr1_desk.store.connection import KEY_BYTES
from finr1_desk.store.file_lock import locked
from finr1_desk.store.paths import DataPaths

SERVICE: Final = "finr1-desk"
# A locked keychain asks the user for a password: time to type it, and an end where nobody does.
TIMEOUT_S: Final = 30.0
_HEX: Final = re.compile(rf"[0-9a-f]{{{2 * KEY_BYTES}}}")

T = TypeVar("T")


class KeychainBackend(Protocol):
    """The part of `keyring.backend.KeyringBackend` that is used."""

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...


@dataclass(frozen=True, slots=True)
class StoreKey:
    """The key and where it is kept.

    `note` says why it is not in the keychain: `no_keychain`, `locked`, `timeout` or `failed`; empty where it is, or
    where the file was there already.
    """

    key: bytes
    place: Literal["keychain", "file"]
    note: str = ""

    def __repr__(self) -> str:  # the key must not reach a log by way of a traceback
        return f"StoreKey(place={self.place!r}, note={self.note!r})"


def subkey(key: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose, from which neither the store's key nor that of another purpose follows."""
    from cryptography.hazmat.primitives.hashes import SHA256  # slow to import, and not needed to open the store
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), KEY_BYTES, None, f"{SERVICE} {purpose}".encode()).derive(key)


class _UnavailableError(Exception):
    """The keychain gives nothing; the argument is the note."""


def obtain_key(
    paths: DataPaths, keyring_backend: KeychainBackend | None = None, *, timeout_s: float = TIMEOUT_S
) -> StoreKey:
    """The key of this data folder's store; made if there is neither a key nor a store.

    Args:
        keyring_backend: None for the keychain of this system.

    Raises:
        UserError: `KEY_UNAVAILABLE` (reason: a note as in `StoreKey`, `missing` or `file_damaged`) where there is a
            store but no key; `DATA_DIR_UNWRITABLE` where a key could not be kept.
    """
    try:
        # Of two processes at a first start the second waits, and finds what the first has made.
        with locked(paths.key_lock, timeout_s * 3):
            return _obtain(paths, keyring_backend, timeout_s)
    except TimeoutError:
        raise UserError(ErrorCode.KEY_UNAVAILABLE, reason="timeout") from None
    except OSError as error:
        reason = error.strerror or ""
        raise UserError(ErrorCode.DATA_DIR_UNWRITABLE, path=str(paths.root), reason=reason) from None


def _obtain(paths: DataPaths, backend: KeychainBackend | None, timeout_s: float) -> StoreKey:
    if paths.key_file.exists():
        return StoreKey(_read_key_file(paths.key_file), "file")
    store_exists = paths.database.exists() and paths.database.stat().st_size > 0
    name = _key_name(paths, create=not store_exists)
    keychain = _Keychain(backend, name, timeout_s)
    try:
        found = keychain.read() if name else None
        if found is not None:
            return StoreKey(found, "keychain")
        if store_exists:
            raise UserError(ErrorCode.KEY_UNAVAILABLE, reason="missing")
        key = secrets.token_bytes(KEY_BYTES)
        keychain.write(key)
        return StoreKey(key, "keychain")
    except _UnavailableError as unavailable:
        note = str(unavailable)
    if store_exists:
        raise UserError(ErrorCode.KEY_UNAVAILABLE, reason=note)
    # A new one: the keychain may have kept the other, and would give it back some day.
    key = secrets.token_bytes(KEY_BYTES)
    replace_file(paths.key_file, key.hex().encode() + b"\n")
    return StoreKey(key, "file", note)


def _key_name(paths: DataPaths, *, create: bool) -> str:
    """The name of the keychain's entry. It lies in the data folder, so the folder can be moved."""
    if create and not paths.key_name.exists():
        replace_file(paths.key_name, f"store-{secrets.token_hex(8)}\n".encode())
    return paths.key_name.read_text("ascii", "replace").strip() if paths.key_name.exists() else ""


def _read_key_file(path: Path) -> bytes:
    content = path.read_bytes().decode("ascii", "replace").strip()
    if not _HEX.fullmatch(content):
        raise UserError(ErrorCode.KEY_UNAVAILABLE, reason="file_damaged")
    return bytes.fromhex(content)


class _Keychain:
    """One entry of the keychain. Every call ends in time, and with `_UnavailableError` if it did not work."""

    def __init__(self, backend: KeychainBackend | None, name: str, timeout_s: float) -> None:
        self._backend = backend
        self._name = name
        self._timeout_s = timeout_s

    def read(self) -> bytes | None:
        content = self._bounded(lambda backend: backend.get_password(SERVICE, self._name))
        if content is None:
            return None
        if not _HEX.fullmatch(content):
            raise _UnavailableError("failed")
        return bytes.fromhex(content)

    def write(self, key: bytes) -> None:
        def work(backend: KeychainBackend) -> str | None:
            backend.set_password(SERVICE, self._name, key.hex())
            return backend.get_password(SERVICE, self._name)  # some accept everything and keep nothing

        if self._bounded(work) != key.hex():
            raise _UnavailableError("failed")

    def _bounded(self, work: Callable[[KeychainBackend], T]) -> T:
        outcome: Future[T] = Future()

        def run() -> None:
            try:
                outcome.set_result(work(self._backend or _system_backend()))
            except BaseException as error:
                outcome.set_exception(error)

        # A daemon: a keychain that hangs for good must not keep the application from ending.
        threading.Thread(target=run, name="keychain", daemon=True).start()
        try:
            return outcome.result(self._timeout_s)
        except TimeoutError:
            raise _UnavailableError("timeout") from None
        except _UnavailableError:
            raise
        except Exception as error:
            raise _UnavailableError(_note_of(error)) from None


def _system_backend() -> KeychainBackend:
    import keyring  # slow to import, and only on this thread

    backend: KeychainBackend = keyring.get_keyring()
    if type(backend).__module__.startswith(("keyrings.alt", "keyring.backends.null")):
        raise _UnavailableError("no_keychain")  # files, in the clear: no better than ours
    return backend


def _note_of(error: Exception) -> str:
    """By name, since the classes live in a module that is imported only where a keychain is asked."""
    names = {kind.__name__ for kind in type(error).__mro__}
    if "NoKeyringError" in names:
        return "no_keychain"
    if names & {"InitError", "KeyringLocked"}:
        return "locked"
    return "failed"
