"""Answers that nobody writes any more: their process ended without saying so.

Owns finding and marking them. What they had come to stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from finr1_desk.core.conversation import Message, MessageState
from finr1_desk.store import index
from finr1_desk.store.connection import Connection
from finr1_desk.store.writers import is_alive


def recovered(
    connection: Connection, writing: Callable[[], AbstractContextManager[None]], message: Callable[[str], Message]
) -> list[Message]:
    """Marks answers whose writer lives no more as interrupted, with the text they have; returns them.

    Args:
        writing: the store's transaction.
        message: reads a message.
    """
    if not _abandoned(connection):  # nothing to write is the rule, so no lock is taken for it
        return []
    with writing():
        found = []
        for id in _abandoned(connection):
            connection.run("UPDATE messages SET state = ?, writer = NULL WHERE id = ?", MessageState.INTERRUPTED, id)
            found.append(message(id))
            index.add(connection, found[-1])
    return found


def _abandoned(connection: Connection) -> list[str]:
    written = connection.rows("SELECT id, writer FROM messages WHERE state = 'writing' ORDER BY number")
    return [id for id, writer in written if writer is None or not is_alive(writer)]
