"""Where the files in the application's own models folder came from.

Owns a small record beside them: hub, repository, commit, and the hash each file was verified against. It says what a
file was, never what it is now.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from finr1_desk.library.hashing import replace_text

_NAME: Final = ".origins.json"


@dataclass(frozen=True, slots=True)
class Origin:
    """`source` is the hub's kind, `drive` for a file that was copied here, or `converted`."""

    source: str
    repository: str
    revision: str
    path: str
    sha256: str


class Origins:
    """The origins of the files in one models folder."""

    def __init__(self, models: Path) -> None:
        self._file = models / _NAME

    def of(self, name: str) -> Origin | None:
        """The origin of the file of this name; None where none is recorded."""
        entry = self._read().get(name)
        try:
            return Origin(**entry) if isinstance(entry, dict) else None
        except TypeError:
            return None

    def put(self, name: str, origin: Origin) -> None:
        """Remembers it; of no consequence where that cannot be written."""
        self._write({**self._read(), name: asdict(origin)})

    def drop(self, name: str) -> None:
        self._write({key: value for key, value in self._read().items() if key != name})

    def _read(self) -> Mapping[str, Any]:
        try:
            content = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return content if isinstance(content, dict) else {}

    def _write(self, content: Mapping[str, Any]) -> None:
        with suppress(OSError):
            replace_text(self._file, json.dumps(content, ensure_ascii=False, indent=1))
