"""The one way from other threads back to the main thread.

Owns the crossing; it starts no threads. Work runs in the store's thread, in the engine client's thread or in a
pool; what it leads to is called on the main thread, in order.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

from finr1_desk.core.errors import UserError

T = TypeVar("T")
log = logging.getLogger(__name__)


class MainThread(QObject):
    """Calls functions on the thread it was made on. `post` may be called from any thread."""

    _posted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open = True
        self._posted.connect(self._on_posted, Qt.ConnectionType.QueuedConnection)

    def post(self, call: Callable[[], None]) -> None:
        if self._open:
            self._posted.emit(call)

    def close(self) -> None:
        """From now on nothing is delivered: the objects that would be called are about to go."""
        self._open = False

    @Slot(object)
    def _on_posted(self, call: Callable[[], None]) -> None:
        if self._open:
            call()

    def then(
        self,
        future: Future[T],
        on_result: Callable[[T], None] | None,
        on_error: Callable[[UserError], None] | None = None,
    ) -> None:
        """Delivers a future's result, or its `UserError`; any other exception is raised as the bug it is."""

        def deliver() -> None:
            try:
                result = future.result()
            except CancelledError:
                return
            except UserError as error:
                if on_error is None:
                    log.warning("unhandled: %s", error.code)
                else:
                    on_error(error)
                return
            if on_result is not None:
                on_result(result)

        future.add_done_callback(lambda _: self.post(deliver))


class Pool:
    """A few threads for reading files; results come back through `MainThread`."""

    def __init__(self, main: MainThread, workers: int = 2) -> None:
        self._main = main
        self._closing = threading.Event()
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="background")

    def run(
        self,
        work: Callable[[], T],
        on_result: Callable[[T], None] | None = None,
        on_error: Callable[[UserError], None] | None = None,
    ) -> None:
        self._main.then(self._executor.submit(work), on_result, on_error)

    @property
    def closing(self) -> bool:
        """Whether the application is leaving; long work asks now and then."""
        return self._closing.is_set()

    def close(self) -> None:
        self._closing.set()
        self._executor.shutdown(wait=True, cancel_futures=True)
