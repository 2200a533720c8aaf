"""Keeping conversations in order: folders, pins, the trash, and what a search can be narrowed to.

Owns what of it is done on the store's thread and what is told when it is done. The list itself is `conversations`'.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from finr1_desk.app.conversations import Conversations
from finr1_desk.app.store_access import StoreAccess
from finr1_desk.core.conversation import Conversation

if TYPE_CHECKING:
    from finr1_desk.store.database import Store

FOLDED = "folded_folders"


class Keeping(QObject):
    deleted = Signal(list)  # conversation ids; `restore` brings them back
    folderDeleted = Signal(str, list)  # name, ids of what lay in it; `restore_folder` brings it back
    folderRenamed = Signal(str, str)
    trashListed = Signal(list)  # list[Conversation]
    modelsListed = Signal(list)  # list[str]: who has written something
    foldedRead = Signal(list)  # list[str]: the folders that were left closed
    failed = Signal(object)  # UserError

    def __init__(self, store: StoreAccess, conversations: Conversations, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._conversations = conversations
        conversations.listed.connect(self._on_listed)

    # -- the trash

    def delete(self, ids: list[str]) -> None:
        """Puts conversations into the trash; `restore` brings them back for 30 days."""

        def done(_: None) -> None:
            if self._conversations.current in ids:
                self._conversations.start_new()
            self.deleted.emit(ids)
            self._conversations.refresh()

        self._store.run(lambda store: store.trash.put(ids), done, self.failed.emit)

    def restore(self, ids: list[str]) -> None:
        """Brings conversations back, and opens it where it is one."""

        def done(_: None) -> None:
            self._conversations.refresh()
            self.list_trash()
            if len(ids) == 1:
                self._conversations.open(ids[0])

        self._store.run(lambda store: store.trash.restore(ids), done, self.failed.emit)

    def remove(self, ids: list[str]) -> None:
        """Removes what is in the trash for good: the caller has asked."""
        self._store.run(lambda store: store.trash.remove(ids), lambda _: self.list_trash(), self.failed.emit)

    def list_trash(self) -> None:
        self._store.run(lambda store: store.trash.all(), self.trashListed.emit, self.failed.emit)

    # -- folders and pins

    def pin(self, ids: list[str], pinned: bool) -> None:
        self._change(lambda store: store.pin(ids, pinned))

    def move(self, ids: list[str], folder: str | None) -> None:
        """Into a folder, or out of all of them."""
        self._change(lambda store: store.folders.move(ids, folder))

    def create_folder(self, name: str, ids: list[str]) -> None:
        """Makes a folder with these conversations in it."""

        def work(store: Store) -> None:
            store.folders.move(ids, store.folders.create(name))

        self._change(work)

    def rename_folder(self, name: str, new: str) -> None:
        def done(kept: str) -> None:
            self.folderRenamed.emit(name, kept)
            self._conversations.refresh()

        self._store.run(lambda store: store.folders.rename(name, new), done, self._on_failed)

    def delete_folder(self, name: str) -> None:
        """Removes a folder; what lay in it stays outside of it."""

        def done(ids: list[str]) -> None:
            self.folderDeleted.emit(name, ids)
            self._conversations.refresh()

        self._store.run(lambda store: store.folders.delete(name), done, self._on_failed)

    def restore_folder(self, name: str, ids: list[str]) -> None:
        """Takes the removal of a folder back."""
        self.create_folder(name, ids)

    # -- how the list was left

    def read_folded(self) -> None:
        def read(store: Store) -> list[str]:
            try:
                names = json.loads(store.get_state(FOLDED) or "[]")
            except ValueError:
                return []
            return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []

        self._store.run(read, self.foldedRead.emit, self.failed.emit)

    def keep_folded(self, names: list[str]) -> None:
        value = json.dumps(names, ensure_ascii=False)
        self._store.run(lambda store: store.set_state(FOLDED, value), None, self.failed.emit)

    # -- inside

    def _change(self, work: Callable[[Store], None]) -> None:
        self._store.run(work, lambda _: self._conversations.refresh(), self._on_failed)

    def _on_failed(self, error: object) -> None:
        """What the window shows may be older than the store: it is read again."""
        self.failed.emit(error)
        self._conversations.refresh()

    def _on_listed(self, _conversations: list[Conversation], _folders: list[object]) -> None:
        self._store.run(lambda store: store.models(), self.modelsListed.emit, self.failed.emit)
