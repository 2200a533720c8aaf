"""The tree of a conversation changed by hand: several answers at once, and branches taken away and brought back.

Owns what a deleted branch is: marked, not shown, not found, and for 30 days there to be restored. Which branch is
shown after that follows from what stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from finr1_desk.core.conversation import Message, Role, below, newest_end
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.keeping import TRASH_S
from finr1_desk.store import imports, index
from finr1_desk.store.connection import Connection

if TYPE_CHECKING:
    from finr1_desk.store.database import Store


class Branches:
    """The branches of the conversations of one store.

    Args:
        writing: the store's transaction.
    """

    def __init__(
        self,
        store: Store,
        connection: Connection,
        writing: Callable[[], AbstractContextManager[None]],
        clock: Callable[[], float],
        new_id: Callable[[], str],
        writer: str,
    ) -> None:
        self._store = store
        self._db = connection
        self._writing = writing
        self._clock = clock
        self._new_id = new_id
        self._writer = writer

    def begin(self, question_id: str, count: int) -> list[Message]:
        """Opens several answers to a question, to be written side by side; the first is the one that is shown.

        Raises:
            UserError: `MESSAGE_DELETED`, and those of `Store.begin_answer`.
        """
        self.require(question_id)
        first = self._store.begin_answer(question_id)
        others = [replace(first, id=self._new_id(), created_at=self._clock()) for _ in range(count - 1)]
        with self._writing():
            for other in others:
                imports.insert_message(self._db, other, self._writer)
        return [first, *others]

    def resume(self, answer_id: str) -> Message:
        """Opens an answer again that ended before it was complete.

        Raises:
            UserError: `MESSAGE_DELETED`, and those of `Store.resume_answer`.
        """
        self.require(answer_id)
        return self._store.resume_answer(answer_id)

    def take_back(self, question_id: str) -> bool:
        """Removes a question for good, unless it was answered; whether it is gone."""
        with suppress(ValueError):
            self._store.remove_question(question_id)
            return True
        return False

    def require(self, message_id: str) -> None:
        """
        Raises:
            UserError: `MESSAGE_DELETED`: nothing can follow this message as long as it is not restored.
        """
        if self._db.row("SELECT 1 FROM messages WHERE id = ? AND deleted_at IS NOT NULL", message_id):
            raise UserError(ErrorCode.MESSAGE_DELETED)

    def choose(self, chosen_id: str, first_id: str) -> None:
        """Shows this answer in place of the first one, unless the user has moved on; questions that wait follow it."""
        with self._writing():
            chosen = self._store.message(chosen_id)
            waiting = self._db.rows(
                "SELECT id FROM messages WHERE parent_id = ? AND deleted_at IS NULL AND NOT EXISTS "
                "(SELECT 1 FROM messages AS answers WHERE answers.parent_id = messages.id AND role = ?)",
                first_id,
                Role.ASSISTANT,
            )
            for (id,) in waiting:
                self._db.run("UPDATE messages SET parent_id = ? WHERE id = ?", chosen_id, id)
            self._db.run(
                "UPDATE conversations SET head_id = ? WHERE id = ? AND head_id = ?",
                chosen_id,
                chosen.conversation_id,
                first_id,
            )

    def delete(self, message_id: str) -> None:
        """Takes a message and all that follows it out of the conversation; `restore` brings them back.

        Raises:
            UserError: `CONVERSATION_NOT_FOUND`: it is gone already.
        """
        with self._writing():
            root = self._store.message(message_id)
            messages = self._store.messages(root.conversation_id)
            gone = below(messages, message_id)
            now = self._clock()
            for message in messages:
                if message.id in gone:
                    index.remove(self._db, message)
                    self._db.run(
                        "UPDATE messages SET deleted_at = ?, deleted_with = ? WHERE id = ?", now, message_id, message.id
                    )
            conversation = self._store.conversation(root.conversation_id)
            if conversation.head_id in gone:
                left = [message for message in messages if message.id not in gone]
                self._db.run(
                    "UPDATE conversations SET head_id = ? WHERE id = ?",
                    _next_head(root, messages, left),
                    conversation.id,
                )

    def restore(self, message_id: str) -> None:
        """Brings back what was deleted together with this message, and shows it.

        Raises:
            UserError: `CONVERSATION_NOT_FOUND`: it is gone for good.
        """
        with self._writing():
            root: Message | None = self._store.message(message_id)
            while root is not None:  # what it follows may have been deleted after it
                self._bring_back(root.id)
                root = self._store.message(root.parent_id) if root.parent_id is not None else None
            found = self._store.message(message_id)
            head = newest_end(self._store.messages(found.conversation_id), message_id)
            self._db.run("UPDATE conversations SET head_id = ? WHERE id = ?", head, found.conversation_id)

    def _bring_back(self, id: str) -> None:
        for (message_id,) in self._db.rows(
            "SELECT id FROM messages WHERE deleted_with = (SELECT deleted_with FROM messages WHERE id = ?)", id
        ):
            self._db.run("UPDATE messages SET deleted_at = NULL, deleted_with = NULL WHERE id = ?", message_id)
            index.add(self._db, self._store.message(message_id))

    def purge(self) -> None:
        """Removes for good what was deleted more than 30 days ago. It stands in no index any more."""
        due = self._clock() - TRASH_S
        if not self._db.row("SELECT 1 FROM messages WHERE deleted_at < ? LIMIT 1", due):
            return
        with suppress(UserError), self._writing():  # on a full disk the rest can still be read
            self._db.run(
                """
                WITH RECURSIVE needed (id) AS (
                    SELECT parent_id FROM messages WHERE deleted_at IS NULL OR deleted_at >= ?
                    UNION SELECT parent_id FROM messages JOIN needed USING (id)
                )
                DELETE FROM messages WHERE deleted_at < ? AND id NOT IN (SELECT id FROM needed WHERE id IS NOT NULL)
                """,
                due,
                due,
            )


def _next_head(root: Message, messages: Sequence[Message], left: Sequence[Message]) -> str | None:
    """What is shown once `root` is gone: the version before it, else the one after it, else what it followed."""
    beside = [message for message in messages if message.parent_id == root.parent_id and message.role is root.role]
    place = next(number for number, message in enumerate(beside) if message.id == root.id)
    neighbours = [*reversed(beside[:place]), *beside[place + 1 :]]
    return newest_end(left, neighbours[0].id) if neighbours else root.parent_id
