"""What was read from models' headers, kept so that the next listing need not read them again.

Owns a JSON file that maps a path, with its size, modification time and inode, to the header, or to the fact that it
is none. It is a cache: a damaged or unwritable file costs a second reading, never an error.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final

from finr1_desk.core.errors import UserError
from finr1_desk.library.gguf_format import KnownArrays
from finr1_desk.library.gguf_header import GgufHeader, read_header
from finr1_desk.library.hashing import identity_of, replace_text
from finr1_desk.library.verification import fingerprint

VERSION: Final = 1  # raised when a header says more, or something else, than before
_MAX_ENTRIES: Final = 2000
_NAMES: Final = frozenset(declared.name for declared in fields(GgufHeader)) - {"path"}


class HeaderCache:
    """Headers by file. One listing loads it, asks it, and saves it; nothing is shared between threads.

    Args:
        cache_file: None to keep nothing.
    """

    def __init__(self, cache_file: Path | None = None) -> None:
        self._cache_file = cache_file
        self._entries = _load(cache_file) if cache_file is not None else {}
        self._used: dict[str, dict[str, Any]] = {}
        self._changed = False
        self._arrays = KnownArrays()

    def header(self, path: Path) -> GgufHeader | None:
        """The header of the file at `path`; None for one that cannot be read, is cut off, or is no GGUF file."""
        try:
            entry = self._entry(path)
        except OSError:
            return None
        if "header" not in entry:
            entry["header"] = _to_json(path, self._arrays)
            self._changed = True
        return _from_json(path, entry["header"])

    def fingerprint(self, path: Path) -> str:
        """The file's fingerprint, which reads 256 KiB of it once; empty where it cannot be read."""
        try:
            entry = self._entry(path)
            if not isinstance(entry.get("fingerprint"), str):
                entry["fingerprint"] = fingerprint(path)
                self._changed = True
        except OSError:
            return ""
        return str(entry["fingerprint"])

    def save(self) -> None:
        """Keeps what was asked for since the cache was made; what is gone from the disk goes from the cache too."""
        gone = len(self._entries) != len(self._used)
        if self._cache_file is None or not (self._changed or gone):
            return
        kept = dict(list(self._used.items())[-_MAX_ENTRIES:])
        with suppress(OSError):
            replace_text(self._cache_file, json.dumps({"version": VERSION, "files": kept}, ensure_ascii=False))
        self._changed = False

    def _entry(self, path: Path) -> dict[str, Any]:
        key = os.path.abspath(path)  # noqa: PTH100 - resolve() would follow the caches' symbolic links
        used = self._used.get(key)
        if used is not None:
            return used
        identity = identity_of(path)
        entry = self._entries.get(key)
        if not isinstance(entry, dict) or entry.get("identity") != identity:
            entry = {"identity": identity}
        self._used[key] = entry
        return entry


def _load(cache_file: Path) -> dict[str, Any]:
    try:
        content = json.loads(cache_file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(content, dict) or content.get("version") != VERSION:
        return {}
    files = content.get("files")
    return files if isinstance(files, dict) else {}


def _to_json(path: Path, arrays: KnownArrays) -> dict[str, Any] | None:
    try:
        header = asdict(read_header(path, arrays))
    except UserError:
        return None
    return {name: header[name] for name in _NAMES}


def _from_json(path: Path, values: Any) -> GgufHeader | None:
    if not isinstance(values, Mapping) or set(values) != _NAMES:
        return None
    known = dict(values)
    known["origins"] = tuple(known["origins"])
    return GgufHeader(path=path, **known)
