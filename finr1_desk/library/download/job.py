"""A download from the question to the hub to the files in the models folder.

Owns the order: what the hub records, room on the disk, one file after the other, and only when all of them are
verified their places and names. Whoever runs a job holds its lock.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.library.catalogue import Catalogue
from finr1_desk.library.download.journal import Download, Journal, Kind, id_for
from finr1_desk.library.download.origins import Origin, Origins
from finr1_desk.library.download.progress import Meter, OnProgress, Phase, Progress
from finr1_desk.library.download.transfer import Patience, StoppedError, Transfer
from finr1_desk.library.hashing import HashCache
from finr1_desk.library.hub.address import HUGGING_FACE, Hub, checked_repository
from finr1_desk.library.hub.listing import (
    checkpoint_files,
    conversion_files,
    file_record,
    list_repository,
)
from finr1_desk.library.hub.record import RemoteFile, Repository
from finr1_desk.library.hub.session import ConnectionLostError, RetryLaterError, Session, Token

_ROOM: Final = 64 * 2**20  # left free beside the files
_CHECKPOINTS: Final = "checkpoints"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user wants to have.

    Attributes:
        file: in the repository; empty to take the one of `quantisation`.
        quantisation: for a checkpoint, what it will be converted to.
    """

    hub: Hub
    repository: str
    kind: Kind = Kind.CONVERSION
    file: str = ""
    quantisation: str = ""


class Stop:
    """Ends a download from outside: it stops at the next piece, and wakes where it waits."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    def is_set(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> None:
        """
        Raises:
            StoppedError: ended meanwhile.
        """
        if self._event.wait(seconds):
            raise StoppedError


class Downloader:
    """Runs downloads into one models folder.

    Args:
        lock: holds a lock file, or raises `TimeoutError` where another process does.
        hashes: told what was verified, so that it is not computed again.
    """

    def __init__(
        self,
        models: Path,
        hashes: HashCache,
        catalogue: Catalogue,
        lock: Callable[[Path], AbstractContextManager[None]],
        *,
        token: Token | None = None,
        on_progress: OnProgress = lambda _: None,
        stop: Stop | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.journal = Journal(models)
        self._models = models
        self._hashes = hashes
        self._catalogue = catalogue
        self._lock = lock
        self._token = token
        self._tell = on_progress
        self._stop = stop or Stop()
        self._patience = patience or Patience()

    def fetch(self, wish: Wish) -> list[Path]:
        """Fetches what is wanted, or goes on with it; the files in their places.

        Raises:
            UserError: any of the download codes, `BAD_VALUE` for a repository's name.
            StoppedError: paused; asking again goes on.
        """
        wish = replace(wish, repository=checked_repository(wish.repository))
        with Session(self._token) as session:
            self._tell(Progress(Phase.ASKING))
            return self._run(session, self._patiently(session, lambda: self._record(session, wish)))

    def resume(self, id: str) -> list[Path]:
        """Goes on with a download that was begun, at the commit at which it was.

        Raises:
            UserError: as `fetch`; `DOWNLOAD_NOT_FOUND` where there is none of this id.
            StoppedError: paused.
        """
        download = self.journal.read(id)
        if download is None:
            raise UserError(ErrorCode.DOWNLOAD_NOT_FOUND, what=id, host=str(self._models))
        with Session(self._token) as session:
            return self._run(session, download)

    def _patiently(self, session: Session, work: Callable[[], T]) -> T:
        transfer = self._transfer(session, Meter(self._tell, 0))
        failures = 0
        while True:
            try:
                return work()
            except (ConnectionLostError, RetryLaterError) as error:
                failures += 1
                transfer.recover(error, failures)

    def _transfer(self, session: Session, meter: Meter) -> Transfer:
        return Transfer(session, meter, self._stop.wait, self._stop.is_set, self._patience)

    # -- what is to be fetched

    def _record(self, session: Session, wish: Wish) -> Download:
        """What the hub records of the files that are wanted."""
        repository = list_repository(session, wish.hub, wish.repository)
        if wish.kind is Kind.CHECKPOINT:
            chosen = checkpoint_files(repository)
        else:
            known = self._catalogue.find(wish.repository, wish.quantisation)
            chosen = conversion_files(repository, wish.file or (known.file if known else ""), wish.quantisation)
        files = tuple(file_record(session, repository, file) for file in chosen)
        for file in files:
            self._check_record(repository, file)
        download = Download(id_for(repository, files, wish.kind), wish.kind, repository, files, wish.quantisation)
        return replace(download, repository=Repository(repository.hub, repository.name, repository.revision, files))

    def _check_record(self, repository: Repository, file: RemoteFile) -> None:
        """A file without a hash cannot be verified; one of another hash than a mirror should have is not wanted."""
        if not file.sha256 and not file.sha1:
            raise UserError(ErrorCode.DOWNLOAD_DAMAGED, what=file.path)
        known = next(
            (e for e in self._catalogue.conversions if e.repository == repository.name and e.file == file.path), None
        )
        at_home = repository.hub.endpoint == HUGGING_FACE
        if known is not None and known.sha256 and known.sha256 != file.sha256 and not at_home:
            raise UserError(ErrorCode.DOWNLOAD_DAMAGED, what=file.path)

    # -- fetching

    def _run(self, session: Session, download: Download) -> list[Path]:
        try:
            self.journal.folder(download.id).mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._lock(self.journal.lock(download.id)):
                return self._locked_run(session, download)
        except TimeoutError:
            raise UserError(ErrorCode.DOWNLOAD_RUNNING, what=download.name) from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise UserError(ErrorCode.DOWNLOAD_UNWRITABLE, path=str(self._models), reason=reason) from error

    def _locked_run(self, session: Session, download: Download) -> list[Path]:
        self._forget_other_versions(download)
        self.journal.write(download)
        try:
            hashes = self._fetch_all(session, download)
        except UserError as error:
            self.journal.note(download, error.to_json())
            raise
        self._tell(Progress(Phase.PLACING, download.total_bytes, download.total_bytes))
        placed = self._place(download, hashes)
        self.journal.remove(download.id)
        return placed

    def _forget_other_versions(self, download: Download) -> None:
        """Parts of files that the hub has replaced meanwhile are of no use."""
        before = self.journal.read(download.id)
        for file in before.files if before is not None else ():
            if file not in download.files:
                for path in (self.journal.part(download, file), self.journal.finished(download, file)):
                    path.unlink(missing_ok=True)

    def _fetch_all(self, session: Session, download: Download) -> dict[RemoteFile, str]:
        """Every file in the download's folder; their sha256, empty where it was verified in an earlier run."""
        self._check_room(download)
        meter = Meter(self._tell, download.total_bytes)
        transfer = self._transfer(session, meter)
        hashes: dict[RemoteFile, str] = {}
        for file in download.files:
            finished = self.journal.finished(download, file)
            if finished.is_file() and finished.stat().st_size == file.bytes:
                meter.have(file.bytes)
                hashes[file] = file.sha256
                continue
            part = self.journal.part(download, file)
            hashes[file] = transfer.fetch(download.repository.address(file), file, part)
            part.replace(finished)
        return hashes

    def _check_room(self, download: Download) -> None:
        missing = download.total_bytes - self.journal.done_bytes(download)
        free = shutil.disk_usage(self._models).free
        if missing and missing + _ROOM > free:
            path = str(self._models)
            raise UserError(ErrorCode.DOWNLOAD_NO_ROOM, path=path, needed_bytes=missing + _ROOM, free_bytes=free)

    # -- in their places

    def _place(self, download: Download, hashes: dict[RemoteFile, str]) -> list[Path]:
        if download.kind is Kind.CHECKPOINT:
            return [self._place_checkpoint(download)]
        placed = []
        for file in download.files:
            target = free_name(self._models / file.path.rpartition("/")[2], file.bytes, hashes[file], self._hashes)
            self.journal.finished(download, file).replace(target)
            if hashes[file]:
                self._hashes.remember(target, hashes[file])
            repository = download.repository
            kind = repository.hub.kind.value
            origin = Origin(kind, repository.name, repository.revision, file.path, hashes[file])
            Origins(self._models).put(target.name, origin)
            placed.append(target)
        return placed

    def _place_checkpoint(self, download: Download) -> Path:
        """The folder keeps the model's name, which the converter puts into the file."""
        target = checkpoint_folder(self._models, download.repository.name)
        shutil.rmtree(target, ignore_errors=True)
        for file in download.files:
            place = target / file.path
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.journal.finished(download, file).replace(place)
        return target


def checkpoint_folder(models: Path, repository: str) -> Path:
    """Where a checkpoint lies until it is converted."""
    return models / _CHECKPOINTS / repository.rpartition("/")[2]


def free_name(wanted: Path, size: int, sha256: str, hashes: HashCache) -> Path:
    """The name to put a file under: the one wanted, unless another file of that name is there already."""
    for number in range(1, 1000):
        path = wanted if number == 1 else wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
        if not os.path.lexists(path):
            return path
        if path.is_file() and path.stat().st_size == size and sha256 and hashes.compute(path) == sha256:
            return path
    raise OSError(f"no free name for {wanted.name}")
