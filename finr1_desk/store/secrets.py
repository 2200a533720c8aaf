"""Keys for other machines (a team server, a model hub) and to this one: in the keychain, or in a file of the user's.

Owns their names, one for each purpose and host, so that a key is never given to another host than its own. The
store's own key is not among them.
"""

from __future__ import annotations

import json
import secrets as random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.store.atomic_file import replace_file
from finr1_desk.store.file_lock import locked
from finr1_desk.store.keychain import TIMEOUT_S, Keychain, KeychainBackend, KeychainUnavailableError
from finr1_desk.store.paths import DataPaths

Purpose = Literal["server", "hub", "desk"]
Place = Literal["keychain", "file"]
_FOLDER: Final = " folder"  # of the file's entries: how this data folder's entries are called in the keychain


@dataclass(frozen=True, slots=True)
class Secrets:
    """The keys of one data folder. Calls may wait for the keychain: not on the main thread.

    Every method raises `UserError` (`FILE_UNWRITABLE`) where the file could not be written.
    """

    paths: DataPaths
    backend: KeychainBackend | None = None
    timeout_s: float = TIMEOUT_S

    def get(self, purpose: Purpose, host: str) -> str | None:
        """The key for this host; None where there is none, or the keychain does not give it."""
        kept = self._file()
        if (name := _name(purpose, host)) in kept:
            return kept[name]
        if _FOLDER not in kept:
            return None
        try:
            return self._keychain.read(f"{kept[_FOLDER]} {name}")
        except KeychainUnavailableError:
            return None

    def set(self, purpose: Purpose, host: str, key: str) -> Place:
        """Keeps a key; says where."""
        with self._changing() as kept:
            name = _name(purpose, host)
            folder = kept.setdefault(_FOLDER, f"data-{random.token_hex(8)}")
            try:
                self._keychain.write(f"{folder} {name}", key)
            except KeychainUnavailableError:
                kept[name] = key
                return "file"
            kept.pop(name, None)
            return "keychain"

    def delete(self, purpose: Purpose, host: str) -> None:
        """Forgets a key; one that is not there is no error."""
        with self._changing() as kept:
            name = _name(purpose, host)
            kept.pop(name, None)
            if _FOLDER in kept:
                try:
                    self._keychain.delete(f"{kept[_FOLDER]} {name}")
                except KeychainUnavailableError:
                    return

    @property
    def _keychain(self) -> Keychain:
        return Keychain(self.backend, self.timeout_s)

    def _file(self) -> dict[str, str]:
        try:
            values = json.loads(self.paths.secrets.read_bytes())
        except (OSError, ValueError):
            return {}
        return {k: v for k, v in values.items() if isinstance(v, str)} if isinstance(values, dict) else {}

    @contextmanager
    def _changing(self) -> Iterator[dict[str, str]]:
        """The file's entries, written when the block ends if it changed them; other processes wait meanwhile."""
        try:
            with locked(self.paths.secrets.with_suffix(".lock"), self.timeout_s * 3):
                kept = self._file()
                before = dict(kept)
                yield kept
                if kept != before:
                    replace_file(self.paths.secrets, json.dumps(kept, indent=2, sort_keys=True).encode() + b"\n")
        except (OSError, TimeoutError) as error:
            reason = error.strerror if isinstance(error, OSError) else "timeout"
            raise UserError(ErrorCode.FILE_UNWRITABLE, path=str(self.paths.secrets), reason=reason or "") from None


def _name(purpose: Purpose, host: str) -> str:
    return f"{purpose} {host.lower()}"
