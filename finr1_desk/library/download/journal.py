"""What a download is, written down, so that it goes on after a crash: which files, of which record, and where to.

Owns the folder of a download inside the models folder and the small file in it. How far each file has come is not
written there: it is the length of its `.part`, which is always true.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from finr1_desk.library.hashing import replace_text
from finr1_desk.library.hub.address import Hub, HubKind, is_safe_path
from finr1_desk.library.hub.record import RemoteFile, Repository

FOLDER: Final = ".downloads"  # a name that the search for models does not enter
_FORMAT: Final = "finr1-download"
_VERSION: Final = 1
_RECORD: Final = "download.json"
_MAX_BYTES: Final = 1 << 20
PART: Final = ".part"


class Kind(StrEnum):
    CONVERSION = "conversion"  # a GGUF, in one part or several
    CHECKPOINT = "checkpoint"  # to be converted afterwards


@dataclass(frozen=True, slots=True)
class Download:
    """One download.

    Attributes:
        id: the name of its folder.
        quantisation: of the conversion; for a checkpoint, what it is to be converted to.
        error: code and parameters of what it ended with last, as `UserError.to_json` writes them.
    """

    id: str
    kind: Kind
    repository: Repository
    files: tuple[RemoteFile, ...]
    quantisation: str = ""
    error: str = ""

    @property
    def total_bytes(self) -> int:
        return sum(file.bytes for file in self.files)

    @property
    def name(self) -> str:
        """What is fetched, in a word: the file, or the repository."""
        if self.kind is Kind.CONVERSION:
            return self.files[0].path.rpartition("/")[2]
        return self.repository.name


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A download that was begun, and how many of its bytes are on the disk."""

    download: Download
    done_bytes: int


class Journal:
    """The downloads of one models folder."""

    def __init__(self, models: Path) -> None:
        self.models = models
        self._root = models / FOLDER

    def folder(self, id: str) -> Path:
        return self._root / id

    def part(self, download: Download, file: RemoteFile) -> Path:
        return self.folder(download.id) / f"{file.path}{PART}"

    def finished(self, download: Download, file: RemoteFile) -> Path:
        """Where a file lies that was fetched and verified, until all of them are."""
        return self.folder(download.id) / file.path

    def lock(self, id: str) -> Path:
        return self._root / f"{id}.lock"

    def write(self, download: Download) -> None:
        """
        Raises:
            OSError: the folder cannot be written.
        """
        folder = self.folder(download.id)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_text(folder / _RECORD, json.dumps(_to_json(download), ensure_ascii=False, indent=1))

    def note(self, download: Download, error: str) -> None:
        """Keeps what it ended with; of no consequence where that cannot be written."""
        try:
            self.write(replace(download, error=error))
        except OSError:
            return

    def read(self, id: str) -> Download | None:
        """None where there is none, or its record is damaged."""
        try:
            with (self.folder(id) / _RECORD).open("rb") as file:
                return _from_json(id, json.loads(file.read(_MAX_BYTES)))
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return None

    def unfinished(self) -> Iterator[Unfinished]:
        """What was begun and not ended, in a fixed order."""
        try:
            names = sorted(entry.name for entry in os.scandir(self._root) if entry.is_dir(follow_symlinks=False))
        except OSError:
            return
        for name in names:
            download = self.read(name)
            if download is not None:
                yield Unfinished(download, self.done_bytes(download))

    def done_bytes(self, download: Download) -> int:
        return sum(self._done(download, file) for file in download.files)

    def _done(self, download: Download, file: RemoteFile) -> int:
        for path in (self.finished(download, file), self.part(download, file)):
            try:
                return min(path.stat().st_size, file.bytes)
            except OSError:
                continue
        return 0

    def remove(self, id: str) -> None:
        """Throws the download away, with what was fetched."""
        shutil.rmtree(self.folder(id), ignore_errors=True)
        try:
            self.lock(id).unlink(missing_ok=True)
        except OSError:  # Windows: held
            return


def id_for(repository: Repository, files: tuple[RemoteFile, ...], kind: Kind) -> str:
    """The same for the same files of the same hub, so that asking again goes on."""
    what = files[0].path if kind is Kind.CONVERSION else "checkpoint"
    text = f"{repository.hub.kind.value}-{repository.name}-{what}"
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text)[:150].strip(".")


def _to_json(download: Download) -> dict[str, Any]:
    repository = download.repository
    return {
        "format": _FORMAT,
        "version": _VERSION,
        "kind": download.kind.value,
        "hub": repository.hub.kind.value,
        "endpoint": repository.hub.endpoint,
        "repository": repository.name,
        "revision": repository.revision,
        "files": [asdict(file) for file in download.files],
        "quantisation": download.quantisation,
        "error": download.error,
    }


def _from_json(id: str, values: Any) -> Download:
    if values["format"] != _FORMAT or values["version"] != _VERSION:
        raise ValueError
    files = tuple(
        RemoteFile(str(file["path"]), int(file["bytes"]), str(file["sha256"]), str(file["sha1"]))
        for file in values["files"]
    )
    if not files or not all(is_safe_path(file.path) and file.bytes >= 0 for file in files):
        raise ValueError
    hub = Hub(HubKind(values["hub"]), str(values["endpoint"]))
    repository = Repository(hub, str(values["repository"]), str(values["revision"]), files)
    return Download(id, Kind(values["kind"]), repository, files, str(values["quantisation"]), str(values["error"]))
