"""The folder where the engine keeps conversations as it has computed them, encrypted, so that they open at once.

Owns the files' names, the key that the engine is given for them, and that they go with what they were made of: a
conversation that is deleted takes its file along. The engine reads and writes them; nothing is read here. A file that
cannot be deleted is no reason for anything else to fail, and what is left over goes when the store is next opened.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Final

from finr1_desk.core.events import SnapshotPlace
from finr1_desk.store.keys import subkey

_SUFFIX: Final = ".kv"
_PURPOSE: Final = "conversation snapshots"


class SnapshotFolder:
    """The snapshots beside one store.

    Args:
        folder: need not exist.
        key: the store's.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key
        self._subkey = b""

    def place(self, conversation_id: str, budget_bytes: int, model_sha256: str = "") -> SnapshotPlace:
        """What the engine needs to know for keeping a conversation; `budget_bytes` is for all of them."""
        if not self._subkey:
            self._subkey = subkey(self._key, _PURPOSE)
        return SnapshotPlace(str(self._path(conversation_id)), self._subkey.hex(), budget_bytes, model_sha256)

    def remove(self, conversation_id: str) -> None:
        with suppress(OSError):
            self._path(conversation_id).unlink()

    def remove_all(self) -> None:
        self._remove_but(())

    def sweep(self, living: Callable[[], Collection[str]]) -> None:
        """Removes what belongs to none of these conversations, which are asked for only if there is anything."""
        if self._folder.is_dir():
            self._remove_but({self._path(id).name for id in living()})

    def _remove_but(self, kept: Collection[str]) -> None:
        with suppress(OSError):  # no folder, no snapshots
            for file in self._folder.iterdir():
                # What ends otherwise is being written, unless nothing at all is to stay.
                if file.name not in kept and (file.suffix == _SUFFIX or not kept):
                    with suppress(OSError):
                        file.unlink()

    def _path(self, conversation_id: str) -> Path:
        return self._folder / f"{conversation_id}{_SUFFIX}"
