"""The thread that a store lives on.

Owns that thread and the order of the work on it. SQLite's connection belongs to one thread, and a commit waits for
the disk: nothing that must stay quick touches the store directly.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from finr1_desk.store.database import Store

T = TypeVar("T")


class StoreThread:
    """Runs functions on the store, one after the other, in the order in which they were submitted.

    Args:
        open_store: called on the thread; what it raises becomes the outcome of every submitted function.
    """

    def __init__(self, open_store: Callable[[], Store]) -> None:
        self._open_store = open_store
        self._jobs: SimpleQueue[tuple[Future[Any], Callable[[Store], Any]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self._opened: Future[None] = Future()
        self._lock = threading.Lock()
        self._closed = False

    def start(self) -> Future[None]:
        """Starts the thread. The future ends when the store is open, or with the reason why it is not."""
        self._thread.start()
        return self._opened

    def submit(self, fn: Callable[[Store], T]) -> Future[T]:
        """The outcome of `fn`; what it wrote is on disk when the future ends.

        Raises:
            RuntimeError: the thread was closed.
        """
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("the store was closed")
            self._jobs.put((future, fn))
        return future

    def close(self) -> None:
        """Finishes what was submitted, closes the store and ends the thread. May be called again."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        try:
            store = self._open_store()
        except BaseException as error:
            self._opened.set_exception(error)
            self._refuse_all(error)
            return
        self._opened.set_result(None)
        try:
            while (job := self._jobs.get()) is not None:
                _perform(store, *job)
                del job  # a result may be large, and the next job may be long in coming
        finally:
            store.close()

    def _refuse_all(self, error: BaseException) -> None:
        while (job := self._jobs.get()) is not None:
            if job[0].set_running_or_notify_cancel():
                job[0].set_exception(error)


def _perform(store: Store, future: Future[Any], fn: Callable[[Store], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = fn(store)
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)
