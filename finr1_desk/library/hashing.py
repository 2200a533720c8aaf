"""The sha256 of model files, computed once, in the background.

Owns the cache: a small JSON file that maps a path, size, modification time and inode to a hash, so that a file that
was replaced is never given the old hash. It delays nothing: the thread that reads has the lowest priority the
system offers, and a hash that is not known yet is None.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

_CHUNK: Final = 4 << 20
_MAX_ENTRIES: Final = 200


class HashingCancelledError(Exception):
    """The caller did not want the hash any more."""


class HashCache:
    """Hashes known so far, in `cache_file`; any number of threads and processes may share it.

    A damaged or unwritable cache file costs a second computation, never an error.
    """

    def __init__(self, cache_file: Path) -> None:
        self._cache_file = cache_file

    def known(self, path: Path) -> str | None:
        """The hash in hexadecimal, if this very file was hashed before."""
        return self.known_of([path]).get(path)

    def known_of(self, paths: Iterable[Path]) -> dict[Path, str]:
        """The hashes of those of the files that were hashed before; the cache is read once."""
        entries = self._entries()
        found: dict[Path, str] = {}
        for path in paths:
            entry = entries.get(str(_absolute(path)))
            with suppress(OSError):
                if (
                    isinstance(entry, dict)
                    and isinstance(entry.get("sha256"), str)
                    and entry.get("identity") == identity_of(path)
                ):
                    found[path] = entry["sha256"]
        return found

    def remember(self, path: Path, sha256: str) -> None:
        """Keeps a hash that was computed elsewhere, while the file was written."""
        with suppress(OSError):
            self._remember(path, identity_of(path), sha256)

    def compute(self, path: Path, cancelled: Callable[[], bool] = lambda: False) -> str:
        """Hashes the file and remembers it; seconds for a large one, so not for a thread that has to answer.

        Raises:
            OSError: the file cannot be read, or changed while it was.
            HashingCancelledError: `cancelled`, asked every few milliseconds, said so.
        """
        known = self.known(path)
        if known is not None:
            return known
        with ThreadPoolExecutor(1, "sha256", initializer=_lower_priority) as reader:
            identity, sha256 = reader.submit(_hash, path, cancelled).result()
        self._remember(path, identity, sha256)
        return sha256

    def _entries(self) -> dict[str, Any]:
        try:
            content = json.loads(self._cache_file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def _remember(self, path: Path, identity: list[int], sha256: str) -> None:
        entries = self._entries()
        entries.pop(str(_absolute(path)), None)
        entries[str(_absolute(path))] = {"identity": identity, "sha256": sha256}
        kept = dict(list(entries.items())[-_MAX_ENTRIES:])
        with suppress(OSError):
            replace_text(self._cache_file, json.dumps(kept, ensure_ascii=False, indent=1))


def _hash(path: Path, cancelled: Callable[[], bool]) -> tuple[list[int], str]:
    identity = identity_of(path)
    digest = hashlib.sha256()
    buffer = bytearray(_CHUNK)
    view = memoryview(buffer)
    left = identity[0]
    with path.open("rb", buffering=0) as file:
        while left >= 0 and (count := file.readinto(buffer)):
            left -= count  # below zero the file grows while it is read, perhaps as fast
            digest.update(view[:count])
            if cancelled():
                raise HashingCancelledError
    if identity_of(path) != identity:
        raise OSError(errno.ESTALE, "changed while it was read", str(path))
    return identity, digest.hexdigest()


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow the cache's symbolic links


def identity_of(path: Path) -> list[int]:
    """What tells a file from the one that replaced it: size, modification time in nanoseconds, inode."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ino]


def replace_text(path: Path, text: str) -> None:
    """Writes the whole file or nothing."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _lower_priority() -> None:
    """Linux keeps a niceness for each thread; elsewhere it is the process's, which must not change."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
