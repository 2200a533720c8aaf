"""The trash: conversations that were deleted, until they come back or are removed for good.

Owns what being deleted means and how long it lasts. What was removed for good leaves nothing of itself in the file or
in the search index.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Final

from finr1_desk.core.conversation import Conversation, Message
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.keeping import TRASH_S
from finr1_desk.store import index, rows
from finr1_desk.store.connection import Connection
from finr1_desk.store.snapshots import SnapshotFolder

# What opening may spend on removing what is due; the rest waits for the next time.
_PURGE_S: Final = 0.25


class Trash:
    """The deleted conversations of one store.

    Args:
        writing: the store's transaction.
        messages: the messages of a conversation.
    """

    def __init__(
        self,
        connection: Connection,
        writing: Callable[[], AbstractContextManager[None]],
        clock: Callable[[], float],
        messages: Callable[[str], Sequence[Message]],
        snapshots: SnapshotFolder,
    ) -> None:
        self._db = connection
        self._writing = writing
        self._clock = clock
        self._messages = messages
        self._snapshots = snapshots

    def all(self) -> list[Conversation]:
        """What is in it, the last deleted first."""
        found = self._db.rows(
            f"SELECT {rows.CONVERSATION} FROM conversations WHERE deleted_at IS NOT NULL "
            "ORDER BY deleted_at DESC, number DESC"
        )
        return [rows.conversation_from(row) for row in found]

    def put(self, ids: Sequence[str]) -> None:
        """Marks conversations as deleted; for `TRASH_DAYS` days they can be restored.

        Raises:
            UserError: `CONVERSATION_NOT_FOUND`: none of them is there.
        """
        with self._writing():
            self._mark(ids, self._clock(), "deleted_at IS NULL")
        for id in ids:
            self._snapshots.remove(id)

    def restore(self, ids: Sequence[str]) -> None:
        """Brings conversations back to where they were. One that was not deleted stays as it is.

        Raises:
            UserError: `CONVERSATION_NOT_FOUND`: none of them is there any more.
        """
        with self._writing():
            self._mark(ids, None, "1")

    def remove(self, ids: Sequence[str]) -> int:
        """Removes for good those of these that are in the trash; returns how many."""
        removed = 0
        for id in ids:  # each by itself: a long one takes a tenth of a second, and others want to write
            with self._writing():
                if self._db.row("SELECT 1 FROM conversations WHERE id = ? AND deleted_at IS NOT NULL", id):
                    self._remove(id)
                    removed += 1
        return removed

    def purge(self) -> None:
        """Removes for good what has been here for its time, as far as that is quickly done."""
        started = time.monotonic()
        due = "SELECT id FROM conversations WHERE deleted_at < ? ORDER BY deleted_at"
        # With a full disk, a busy file or a damaged page the rest can still be read, which is what matters now.
        with suppress(UserError):
            for (id,) in self._db.rows(due, self._clock() - TRASH_S):
                with self._writing():
                    self._remove(id)
                if time.monotonic() - started > _PURGE_S:
                    break

    def _mark(self, ids: Sequence[str], deleted_at: float | None, condition: str) -> None:
        marked = 0
        for id in ids:
            marked += self._db.run(
                f"UPDATE conversations SET deleted_at = ? WHERE id = ? AND {condition}", deleted_at, id
            )
        if ids and not marked:
            raise UserError(ErrorCode.CONVERSATION_NOT_FOUND, id=ids[0])

    def _remove(self, id: str) -> None:
        index.remove_title(self._db, id)
        for message in self._messages(id):
            index.remove(self._db, message)
        self._db.run("UPDATE conversations SET head_id = NULL WHERE id = ?", id)
        self._db.run("DELETE FROM messages WHERE conversation_id = ?", id)
        self._db.run("DELETE FROM drafts WHERE place = ?", id)
        self._db.run("DELETE FROM conversations WHERE id = ?", id)
