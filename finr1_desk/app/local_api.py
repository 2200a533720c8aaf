"""The local API beside the window: a process of its own, as long as the settings want it and the window is open.

Owns that process and how it stands. What it serves and for whom is the process's own (`finr1-desk serve`); its key
comes from the keychain and goes to it through a pipe, which also ends it when the window has gone.
"""

from __future__ import annotations

import json
import logging
import secrets
import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from finr1_desk.app.background import Pool
from finr1_desk.app.models import Models
from finr1_desk.app.settings import SettingsController
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.store.paths import DataPaths
from finr1_desk.store.secrets import Secrets

HOST: Final = "127.0.0.1"
_OWN_KEY: Final = ("desk", "local")
_KEY_BYTES: Final = 32
_LEAVE_MS: Final = 4000

log = logging.getLogger(__name__)


class ApiPhase(StrEnum):
    OFF = "off"
    STARTING = "starting"
    ON = "on"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ApiStatus:
    """How it stands; `address` and `key` are what programs need, `error` why it failed."""

    phase: ApiPhase = ApiPhase.OFF
    address: str = ""
    key: str = ""
    error: UserError | None = None


class LocalApi(QObject):
    """For the main thread."""

    changed = Signal(object)  # ApiStatus

    def __init__(
        self,
        paths: DataPaths,
        settings: SettingsController,
        models: Models,
        pool: Pool,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._paths = paths
        self._settings = settings
        self._models = models
        self._pool = pool
        self._process: QProcess | None = None
        self._running: tuple[str, ...] = ()  # what the process was started with
        self._closed = False
        self._is_ending = False
        self._fetching = False
        self._key = ""
        self.status = ApiStatus()
        settings.changed.connect(lambda _: self.apply())
        models.chosen.connect(lambda _: self.apply())

    def apply(self) -> None:
        """Brings the process into step with the settings and the chosen model."""
        wanted = self._wanted()
        if wanted == self._running:
            return
        if not wanted:
            self._say(ApiStatus())
        elif self.status.phase is not ApiPhase.STARTING:
            self._say(ApiStatus(ApiPhase.STARTING))
        if self._process is not None:
            self._ask_to_end(self._process)  # and what is wanted then begins when it has
        elif wanted and not self._key:
            self._fetch_key()
        elif wanted:
            self._start(wanted)
        else:
            self._running = ()

    def retry(self) -> None:
        """Once more, after it has failed."""
        if self._process is None:
            self._running = ()
            self.apply()

    def close(self) -> None:
        """The window closes: ends the process, and waits for it a moment."""
        self._closed = True
        process, self._process = self._process, None
        if process is None:
            return
        process.closeWriteChannel()
        if not process.waitForFinished(_LEAVE_MS):
            process.kill()
            process.waitForFinished(_LEAVE_MS)

    def _wanted(self) -> tuple[str, ...]:
        values, model = self._settings.value, self._models.choice
        if self._closed or not values.serve or model is None:
            return ()
        return (
            *("-P", "-m", "finr1_desk", "--data-dir", str(self._paths.root), "serve", "--attached"),
            *("--model", str(model.path), "--port", str(values.serve_port), "--reasoning", values.serve_reasoning),
        )

    # -- the key

    def _fetch_key(self) -> None:
        if self._fetching:
            return
        self._fetching = True
        self._pool.run(lambda: _kept_key(self._paths), self._on_key, self._on_no_key)

    def _on_key(self, key: str) -> None:
        self._fetching = False
        self._key = key
        self.apply()

    def _on_no_key(self, error: UserError) -> None:
        """It cannot be kept: then it is another one the next time."""
        log.warning("the local API's key is not kept: %s", error)
        self._on_key(secrets.token_hex(_KEY_BYTES))

    # -- the process

    def _start(self, wanted: tuple[str, ...]) -> None:
        process = self._process = QProcess(self)
        self._running = wanted
        process.setProgram(sys.executable)
        process.setArguments(list(wanted))
        process.readyReadStandardOutput.connect(lambda: self._on_output(process))
        process.finished.connect(lambda *_: self._on_finished(process))
        process.errorOccurred.connect(lambda _: self._on_finished(process))
        process.start()
        process.write(f"{self._key}\n".encode())

    def _on_output(self, process: QProcess) -> None:
        while process is self._process and not self._is_ending and process.canReadLine():
            try:
                said = json.loads(bytes(process.readLine().data()))
            except ValueError:
                continue
            if said.get("ready"):
                self._say(ApiStatus(ApiPhase.ON, f"http://{HOST}:{said['ready']}/v1", self._key))
            elif said.get("error"):
                error = UserError.from_json(json.dumps(said["error"]))
                self._say(ApiStatus(ApiPhase.FAILED, error=error or _unknown()))

    def _on_finished(self, process: QProcess) -> None:
        if process is not self._process or process.state() is not QProcess.ProcessState.NotRunning:
            return
        self._on_output(process)
        self._process = None
        process.deleteLater()
        if self._is_ending:
            self._is_ending, self._running = False, ()
            self.apply()
            return
        said = bytes(process.readAllStandardError().data()).decode("utf-8", "replace")
        log.warning("the local API ended: %s", said[-500:])
        # What it was started with stays: the same is not tried again by itself.
        if self.status.phase is not ApiPhase.FAILED:
            self._say(ApiStatus(ApiPhase.FAILED, error=_unknown()))

    def _ask_to_end(self, process: QProcess) -> None:
        if self._is_ending:
            return
        self._is_ending = True
        process.closeWriteChannel()
        QTimer.singleShot(_LEAVE_MS, process, process.kill)

    def _say(self, status: ApiStatus) -> None:
        if status != self.status:
            self.status = status
            self.changed.emit(status)


def _kept_key(paths: DataPaths) -> str:
    """The key of this data folder, made at its first use.

    Raises:
        UserError: `FILE_UNWRITABLE`.
    """
    kept = Secrets(paths)
    key = kept.get(*_OWN_KEY)
    if not key:
        key = secrets.token_hex(_KEY_BYTES)
        kept.set(*_OWN_KEY, key)
    return key


def _unknown() -> UserError:
    return UserError(ErrorCode.API_ENDED)
