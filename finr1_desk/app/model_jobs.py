"""What takes its time with models: fetching, converting, copying from a drive. One at a time.

Owns the running job and its process, which outlives every dialog and ends with the application; what has been fetched
is on the disk, so a download goes on after a pause, a crash or a restart. Nothing is contacted before it is asked for.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from finr1_desk.app.background import MainThread, Pool
from finr1_desk.app.model_work import (
    checkpoint_wish,
    discard_download,
    free_target,
    hub_of,
    make_counsel,
    record_converted,
    size_of,
    token_of,
    unfinished_downloads,
)
from finr1_desk.app.settings import SettingsController
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.store.paths import DataPaths
from finr1_desk.store.secrets import Secrets

if TYPE_CHECKING:
    from finr1_desk.library.catalogue import Conversion
    from finr1_desk.library.download.job import Wish
    from finr1_desk.library.download.journal import Download, Unfinished
    from finr1_desk.library.importing import Checked

_END_MS: Final = 4000  # for a converter to tidy up
_LEAVE_MS: Final = 1500
_TOLD_BYTES: Final = 64 << 20


class JobKind(StrEnum):
    DOWNLOAD = "download"
    CONVERT = "convert"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Job:
    """What is running.

    Attributes:
        phase: of a download, as `library.download.progress` names them; of a conversion its stage.
        wait_s: how long a download waits, and `reason` for what.
    """

    kind: JobKind
    name: str
    phase: str = ""
    done: int = 0
    total: int = 0
    bytes_per_s: float = 0.0
    left_s: float | None = None
    wait_s: float = 0.0
    reason: str = ""


class ModelJobs(QObject):
    changed = Signal(object)  # Job | None
    unfinished = Signal(list)  # list[Unfinished]
    advised = Signal(object)  # Counsel
    arrived = Signal(list)  # list[Path], models that are ready to be used
    checked = Signal(object)  # Checked, of a model that was copied
    failed = Signal(object)  # UserError

    def __init__(
        self,
        paths: DataPaths,
        settings: SettingsController,
        main: MainThread,
        pool: Pool,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._paths = paths
        self._settings = settings
        self._main = main
        self._pool = pool
        self._process: QProcess | None = None
        self._convert_to = ""
        self._outcome: UserError | list[Path] | None = None
        self._errors = ""
        self._starting = False
        self._stopping = False
        self._cancelled = threading.Event()
        self._again: Callable[[], None] | None = None
        self.job: Job | None = None
        self.left: list[Unfinished] = []

    # -- asking

    @property
    def busy(self) -> bool:
        return self.job is not None

    def look(self) -> None:
        """Lists the downloads that were begun and not ended; `unfinished` tells."""
        self._pool.run(lambda: unfinished_downloads(self._paths.models), self._on_unfinished)

    def advise(self) -> None:
        """Looks at this machine and says what suits it; `advised` tells."""
        self._pool.run(make_counsel, self.advised.emit, self.failed.emit)

    def download(self, conversion: Conversion) -> None:
        """Fetches a conversion from the hub of the settings."""
        from finr1_desk.library.download.job import Wish

        def wish() -> Wish:
            file, kind = conversion.file, conversion.quantisation
            return Wish(hub_of(self._settings.value.hub), conversion.repository, file=file, quantisation=kind)

        self._again = lambda: self.download(conversion)
        self._fetch(conversion.file or f"{conversion.repository} {conversion.quantisation}", wish)

    def download_checkpoint(self, quantisation: str, *, model_scope: bool) -> None:
        """Fetches the model as it was published, and converts it."""

        def wish() -> Wish:
            return checkpoint_wish(self._settings.value.hub, quantisation, model_scope=model_scope)

        self._again = lambda: self.download_checkpoint(quantisation, model_scope=model_scope)
        self._fetch("Fin-R1", wish, convert_to=quantisation)

    def resume(self, unfinished: Unfinished) -> None:
        """Goes on with what was begun."""
        from finr1_desk.library.download.journal import Kind

        self._again = None
        download = unfinished.download
        convert_to = download.quantisation if download.kind is Kind.CHECKPOINT else ""
        done, total = unfinished.done_bytes, download.total_bytes
        self._fetch(download.name, None, resume=download, convert_to=convert_to, done=done, total=total)

    def may_try_mirror(self, error: UserError) -> bool:
        """Whether the last download failed for want of its hub, and there is a mirror that was not asked."""
        absent = error.code in (ErrorCode.DOWNLOAD_UNREACHABLE, ErrorCode.DOWNLOAD_BUSY)
        return absent and self._again is not None and self._settings.value.hub != "mirror"

    def try_mirror(self) -> None:
        """Asks the mirror from now on, and for what could not be had; what has been fetched is kept."""
        self._settings.set(hub="mirror")
        if self._again is not None:
            self._again()

    def discard(self, unfinished: Unfinished) -> None:
        """Throws away what was begun, with what has been fetched."""
        id = unfinished.download.id
        self._pool.run(lambda: discard_download(self._paths.models, id), lambda _: self.look())

    def convert(self, checkpoint: Path, quantisation: str) -> None:
        """Converts a checkpoint's folder into the models folder."""
        if not self.busy:
            self._start_converting(checkpoint, quantisation)

    def copy_in(self, path: Path) -> None:
        """Copies a model from a drive, hashing it; `checked` tells what it is."""
        if self.busy:
            return
        self._cancelled.clear()
        self._set_job(Job(JobKind.COPY, path.name))
        self._pool.run(lambda: self._copy(path), self._on_copied, self._on_failed)

    def pause(self) -> None:
        """Ends the running job: a download keeps what it has, a conversion and a copy leave nothing behind."""
        self._stopping = True
        self._cancelled.set()
        process = self._process
        if process is None:
            return
        if self.job is not None and self.job.kind is JobKind.DOWNLOAD:
            process.closeWriteChannel()
        else:
            process.terminate()
        QTimer.singleShot(_END_MS, process, process.kill)

    def keep_token(self, host: str, secret: str) -> None:
        """Keeps the access key for a hub, or forgets it where it is empty."""
        secrets = Secrets(self._paths)
        work = (lambda: secrets.set("hub", host, secret)) if secret else (lambda: secrets.delete("hub", host))
        self._pool.run(work, None, self.failed.emit)

    def close(self) -> None:
        """Ends the job with the application, within moments."""
        self._cancelled.set()
        process, self._process = self._process, None
        if process is not None:
            process.blockSignals(True)
            process.closeWriteChannel()
            if self.job is not None and self.job.kind is JobKind.CONVERT:
                process.terminate()
            if not process.waitForFinished(_LEAVE_MS):
                process.kill()
                process.waitForFinished(_LEAVE_MS)

    # -- downloads

    def _fetch(
        self,
        name: str,
        wish: Callable[[], Wish] | None,
        *,
        resume: Download | None = None,
        convert_to: str = "",
        done: int = 0,
        total: int = 0,
    ) -> None:
        if self.busy:
            return
        self._convert_to = convert_to
        self._stopping = False
        self._set_job(Job(JobKind.DOWNLOAD, name, "asking", done, total))

        def prepare() -> bytes:
            from finr1_desk.app.download_process import request_for

            wanted = wish() if wish is not None else None
            hub = wanted.hub if wanted is not None else resume.repository.hub if resume is not None else None
            token = token_of(self._paths, hub.host) if hub is not None else None
            id = resume.id if resume is not None else ""
            return request_for(self._paths.models, self._paths.hashes, wish=wanted, resume=id, token=token)

        self._pool.run(prepare, self._start_fetching, self._on_failed)

    def _start_fetching(self, request: bytes) -> None:
        if self._stopping:
            self._set_job(None)
            return
        process = self._run("finr1_desk.app.download_process")
        process.write(request)

    # -- conversions

    def _start_converting(self, checkpoint: Path, quantisation: str) -> None:
        self._stopping = False
        target = free_target(self._paths.models, checkpoint.name, quantisation)
        self._set_job(Job(JobKind.CONVERT, target.name))
        words = (str(checkpoint), str(target), "--type", quantisation, "--progress-lines")
        self._outcome = [target]
        self._run("finr1_convert", *words)

    # -- the process

    def _run(self, module: str, *words: str) -> QProcess:
        process = self._process = QProcess(self)
        self._errors = ""
        process.readyReadStandardOutput.connect(lambda: self._read(process, QProcess.ProcessChannel.StandardOutput))
        process.readyReadStandardError.connect(lambda: self._read(process, QProcess.ProcessChannel.StandardError))
        process.finished.connect(lambda code, _status: self._on_ended(process, code))
        process.errorOccurred.connect(lambda error: self._on_process_error(process, error))
        process.start(sys.executable, ["-P", "-m", module, *words])
        return process

    def _read(self, process: QProcess, channel: QProcess.ProcessChannel) -> None:
        process.setReadChannel(channel)
        while process.canReadLine():
            line = bytes(process.readLine().data()).decode("utf-8", "replace")
            values = _object(line)
            if values is None:
                self._errors += line
            elif self.job is not None:
                self._take(values, self.job)

    def _take(self, values: dict[str, Any], job: Job) -> None:
        if "stage" in values:  # of the converter
            seconds, done, total = float(values["seconds"]), int(values["done"]), int(values["total"])
            speed = done / seconds if seconds > 0 else 0.0
            left = (total - done) / speed if speed else None
            self._set_job(Job(job.kind, job.name, str(values["stage"]), done, total, speed, left))
        elif "error" in values:
            self._outcome = UserError.from_json(values["error"])
        elif "done" in values:
            self._outcome = [Path(path) for path in values["done"]]
        elif "progress" in values:
            told = values["progress"]
            total = told["total"] or job.total
            self._set_job(
                replace(
                    job,
                    name=told["file"].rpartition("/")[2] or job.name,
                    phase=told["phase"],
                    done=told["done"] if told["total"] else job.done,
                    total=total,
                    bytes_per_s=told["bytes_per_s"],
                    left_s=told["left_s"],
                    wait_s=told["wait_s"],
                    reason=told["reason"],
                )
            )

    def _on_process_error(self, process: QProcess, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._on_ended(process, -1)

    def _on_ended(self, process: QProcess, code: int) -> None:
        if process is not self._process:
            return
        self._read(process, QProcess.ProcessChannel.StandardOutput)
        self._read(process, QProcess.ProcessChannel.StandardError)
        job, self._process = self.job, None
        process.deleteLater()
        outcome, self._outcome = self._outcome, None
        stopped, self._stopping = self._stopping, False
        self._set_job(None)
        if job is None or (stopped and code != 0):
            self.look()
        elif job.kind is JobKind.DOWNLOAD:
            self._on_fetched(code, outcome)
        elif code == 0 and isinstance(outcome, list):
            self._on_converted(outcome[0])
        else:
            self.failed.emit(UserError(ErrorCode.CONVERSION_FAILED, reason=_told_error(self._errors, code)))

    def _on_fetched(self, code: int, outcome: UserError | list[Path] | None) -> None:
        self.look()
        if isinstance(outcome, list):  # they are in their places, however the process ended
            if self._convert_to:
                self._start_converting(outcome[0], self._convert_to)
            else:
                self.arrived.emit(outcome)
        elif isinstance(outcome, UserError):
            self.failed.emit(outcome)
        else:
            self.failed.emit(UserError(ErrorCode.DOWNLOAD_CRASHED, status=str(code)))

    def _on_converted(self, path: Path) -> None:
        """The file is hashed once more from the disk, so that it can be verified later."""
        self._pool.run(lambda: record_converted(self._paths, path), lambda _: None, self.failed.emit)
        self.arrived.emit([path])

    def _on_failed(self, error: UserError) -> None:
        self._set_job(None)
        self.failed.emit(error)

    # -- copies

    def _copy(self, path: Path) -> Checked | None:
        from finr1_desk.library.catalogue import load_catalogue
        from finr1_desk.library.hashing import HashCache, HashingCancelledError
        from finr1_desk.library.importing import copy_in

        total, done, told = size_of(path), 0, 0

        def count(piece: int) -> None:
            nonlocal done, told
            done += piece
            if done - told >= _TOLD_BYTES or done == total:
                told = done
                job = Job(JobKind.COPY, path.name, "copying", done, total)
                self._main.post(lambda: self._set_job(job) if self.job is not None else None)

        def cancelled() -> bool:
            return self._cancelled.is_set() or self._pool.closing

        try:
            models, hashes = self._paths.models, HashCache(self._paths.hashes)
            return copy_in(path, models, load_catalogue(), hashes, cancelled, count)
        except HashingCancelledError:
            return None

    def _on_copied(self, checked: Checked | None) -> None:
        self._set_job(None)
        if checked is not None:
            self.checked.emit(checked)
            self.arrived.emit([checked.model.path])

    # -- state

    def _set_job(self, job: Job | None) -> None:
        self.job = job
        self.changed.emit(job)

    def _on_unfinished(self, left: list[Unfinished]) -> None:
        self.left = left
        self.unfinished.emit(left)


def _object(line: str) -> dict[str, Any] | None:
    try:
        values = json.loads(line)
    except ValueError:
        return None
    return values if isinstance(values, dict) else None


def _told_error(text: str, code: int) -> str:
    """What the converter said, without its label."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = [line.removeprefix("error:").strip() for line in lines if line.startswith("error:")]
    return said[0] if said else (lines[-1] if lines else str(code))
