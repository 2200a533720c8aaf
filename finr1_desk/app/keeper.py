"""Puts answers on disk while they are written, and again and again where the disk does not take them.

Owns the promise that text is on disk at most a second after it was shown, and that the end of an answer is kept
sooner or later. What an answer is, and what happens once it is kept, is not its business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from finr1_desk.app.store_access import StoreAccess
from finr1_desk.app.writing import Writing
from finr1_desk.core.conversation import Conversation, Message
from finr1_desk.core.errors import UserError

if TYPE_CHECKING:
    from finr1_desk.store.database import Store

SAVE_MS: Final = 500  # half of the promised second, so that a slow disk still keeps the promise
RETRY_MS: Final = 5000

OnKept = Callable[[Message, Conversation], None]


class Keeper(QObject):
    """Keeps the answers that `writings` names.

    Args:
        writings: the answers that are being written at the moment.
    """

    failed = Signal(object)  # UserError

    def __init__(
        self, store: StoreAccess, writings: Callable[[], Iterable[Writing]], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._writings = writings
        self._waiting: list[tuple[Message, OnKept]] = []  # ended, but the disk did not take it yet
        self._save = QTimer(self, interval=SAVE_MS)
        self._save.timeout.connect(self.save)
        self._retry = QTimer(self, singleShot=True, interval=RETRY_MS)
        self._retry.timeout.connect(self.try_again)

    @property
    def unkept(self) -> list[Message]:
        """Answers that have ended and that the disk has not taken."""
        return [message for message, _ in self._waiting]

    def run(self, on: bool) -> None:
        """Saves from time to time, or does not."""
        if on != self._save.isActive():
            self._save.start() if on else self._save.stop()

    def stop(self) -> None:
        self._save.stop()
        self._retry.stop()

    def save(self) -> None:
        """Keeps what has come since it was saved last."""
        for writing in self._writings():
            if writing.unsaved and not writing.saving and writing.end is None:
                self._write(writing)

    def _write(self, writing: Writing) -> None:
        writing.unsaved, writing.saving = False, True
        message = writing.message

        def saved(_: None) -> None:
            writing.saving = False

        def not_saved(error: UserError) -> None:
            writing.saving, writing.unsaved = False, True
            if not writing.complained:
                writing.complained = True
                self.failed.emit(error)

        self._store.run(lambda store: store.write_answer(message.id, message.parts), saved, not_saved)

    def finish(self, message: Message, on_kept: OnKept) -> None:
        """Keeps the whole answer; `on_kept` is called once it is on disk, however long that takes."""

        def work(store: Store) -> tuple[Message, Conversation]:
            on_disk = store.finish_answer(message.id, message.parts, message.state, message.generation)
            return on_disk, store.conversation(message.conversation_id)

        def not_kept(error: UserError) -> None:
            """The disk is full, say: the text stays in memory and is offered to the disk again."""
            if not self._waiting:
                self.failed.emit(error)
            self._waiting.append((message, on_kept))
            self._retry.start()

        self._store.run(work, lambda pair: on_kept(*pair), not_kept)

    def try_again(self) -> None:
        again, self._waiting = self._waiting, []
        for message, on_kept in again:
            self.finish(message, on_kept)
