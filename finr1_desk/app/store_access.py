"""The window's way to the store: opens it behind the first paint, runs work on its thread, notices other processes.

Owns the store's thread and its state. It knows nothing of what is read or written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from finr1_desk.app.background import MainThread
from finr1_desk.core.errors import UserError
from finr1_desk.store.paths import DataPaths
from finr1_desk.store.thread import StoreThread

if TYPE_CHECKING:
    from finr1_desk.store.database import Store

T = TypeVar("T")

SOON_MS = 100  # after the database's file was written to; what was written at once is looked at once
WATCH_MS = 15_000  # for folders on a network, of whose files the system tells nothing


@dataclass(frozen=True, slots=True)
class Opening:
    """The keychain and the store are being opened."""


@dataclass(frozen=True, slots=True)
class Open:
    """The store is open; `place` says where its key is kept."""

    place: Literal["keychain", "file"]


@dataclass(frozen=True, slots=True)
class Failed:
    """The store could not be opened."""

    error: UserError


StoreStatus = Opening | Open | Failed


class StoreAccess(QObject):
    changed = Signal(object)  # StoreStatus
    changedElsewhere = Signal()  # another process wrote to the store

    def __init__(self, paths: DataPaths, main: MainThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._paths = paths
        self._main = main
        self._thread = StoreThread(self._open_store)
        self._place: Literal["keychain", "file"] = "file"
        self.status: StoreStatus = Opening()
        self._watch = QTimer(self, interval=WATCH_MS)
        self._watch.timeout.connect(self._on_watch)
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self._on_watch)
        self._files = QFileSystemWatcher(self)
        self._files.fileChanged.connect(self._on_written)
        self._watching = False

    def open(self) -> None:
        """Starts opening; `changed` tells how it went. Work handed to `run` before that waits."""
        self._thread.start()
        self._main.then(self._thread.submit(lambda store: store.recover()), self._on_open, self._on_failed)

    def run(
        self,
        work: Callable[[Store], T],
        on_result: Callable[[T], None] | None = None,
        on_error: Callable[[UserError], None] | None = None,
    ) -> None:
        """Runs `work` on the store's thread and delivers what it returns on the main thread."""
        self._main.then(self._thread.submit(work), on_result, on_error)

    def wait(self, work: Callable[[Store], T], timeout: float) -> T:
        """Runs `work` and waits for it: only for leaving, when there is no event loop any more to come back to."""
        return self._thread.submit(work).result(timeout)

    def close(self) -> None:
        self._files.blockSignals(True)
        self._watch.stop()
        self._soon.stop()
        self._thread.close()

    def _open_store(self) -> Store:
        # Imported here, on the store's thread: the cipher, the keychain and psutil are not waited for by the window.
        from finr1_desk.store.database import Store
        from finr1_desk.store.keys import obtain_key
        from finr1_desk.store.writers import this_writer

        key = obtain_key(self._paths)
        self._place = key.place
        return Store.open(self._paths.database, key.key, writer=this_writer())

    def _on_open(self, _recovered: object) -> None:
        self.status = Open(self._place)
        self.changed.emit(self.status)
        self._watch.start()
        self._on_watch()

    def _on_failed(self, error: UserError) -> None:
        self.status = Failed(error)
        self.changed.emit(self.status)

    def _on_written(self, _path: str) -> None:
        if not self._soon.isActive():
            self._soon.start()

    def _on_watch(self) -> None:
        """Looks whether another process has written; our own writing brings us here too, and is told from it."""
        if self._watching:
            self._soon.start()
            return
        self._watching = True
        if not self._files.files():  # not there yet, or made anew
            self._files.addPath(f"{self._paths.database}-wal")
        self.run(lambda store: store.changed_elsewhere(), self._on_watched, self._on_watch_failed)

    def _on_watched(self, moved: bool) -> None:
        self._watching = False
        if moved:
            self.changedElsewhere.emit()

    def _on_watch_failed(self, _error: UserError) -> None:
        self._watching = False
