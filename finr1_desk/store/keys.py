"""The store's key: 32 random bytes, in the operating system's keychain or in a file only the user can read.

Owns making the key once and finding it again. It never makes a second key for a store that exists, since that could
only lock the user out, and never waits on a keychain without end. A key that lies in a file stays there.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.store.atomic_file import replace_file
from finr1_desk.store.connection import KEY_BYTES
from finr1_desk.store.file_lock import locked
from finr1_desk.store.keychain import SERVICE, TIMEOUT_S, Keychain, KeychainBackend, KeychainUnavailableError
from finr1_desk.store.paths import DataPaths

_HEX: Final = re.compile(rf"[0-9a-f]{{{2 * KEY_BYTES}}}")


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
    keychain = Keychain(backend, timeout_s)
    try:
        found = keychain.read(name) if name else None
        if found is not None:
            if not _HEX.fullmatch(found):
                raise KeychainUnavailableError("failed")
            return StoreKey(bytes.fromhex(found), "keychain")
        if store_exists:
            raise UserError(ErrorCode.KEY_UNAVAILABLE, reason="missing")
        key = secrets.token_bytes(KEY_BYTES)
        keychain.write(name, key.hex())
        return StoreKey(key, "keychain")
    except KeychainUnavailableError as unavailable:
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
