"""The store: conversations and their messages, kept encrypted.

Owns ids, timestamps and what is on disk when. Every method is one transaction and durable when it returns. A store
belongs to the thread that opened it; other processes may have the same file open. No text of a message reaches a log
or an error.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from finr1_desk.core.choices import UNCHOSEN, Choices
from finr1_desk.core.conversation import (
    Conversation,
    Generation,
    Message,
    MessageState,
    Part,
    PartKind,
    Role,
    deepest_head,
)
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.keeping import EVERYTHING, SearchFilter, folder_name
from finr1_desk.core.text import well_formed
from finr1_desk.store import imports, index, rows
from finr1_desk.store.branches import Branches
from finr1_desk.store.connection import AbandonedError, Connection, Row
from finr1_desk.store.drafts import Drafts
from finr1_desk.store.folders import Folders
from finr1_desk.store.migrations import MIGRATIONS, Migration, migrate, version_of
from finr1_desk.store.recovery import recovered
from finr1_desk.store.search import SearchHit, find, models
from finr1_desk.store.snapshots import SnapshotFolder
from finr1_desk.store.trash import Trash

if TYPE_CHECKING:
    from finr1_desk.core.tasks.note import TaskNote

__all__ = ["SearchHit", "Store"]


class Store:
    """The conversations in one file; `snapshots` are what the engine keeps of them beside it."""

    def __init__(
        self,
        connection: Connection,
        writer: str,
        clock: Callable[[], float],
        version: int,
        snapshots: SnapshotFolder,
    ) -> None:
        self.snapshots = snapshots
        self._db = connection
        self._writer = writer
        self._clock = clock
        self._version = version
        self._seen = self._data_version()
        self.folders = Folders(connection, self._writing, clock)
        self.trash = Trash(connection, self._writing, clock, self.messages, snapshots)
        self.drafts = Drafts(connection, self._writing)
        self.branches = Branches(self, connection, self._writing, clock, _new_id, writer)

    @staticmethod
    def open(
        path: Path,
        key: bytes,
        *,
        writer: str,
        clock: Callable[[], float] = time.time,
        migrations: Sequence[Migration] = MIGRATIONS,
    ) -> Store:
        """Opens the file, makes it if it is not there, brings it to the newest version and purges what is due.

        Args:
            path: the database; backups made before a migration go into `backups` beside it, snapshots into `snapshots`.
            key: 32 random bytes.
            writer: the name under which answers of this process are recorded, see `writers.this_writer`.

        Raises:
            UserError: `STORE_WRONG_KEY`, `STORE_NEWER`, `STORE_DAMAGED`, `STORE_FULL`, `STORE_UNWRITABLE`,
                `STORE_BUSY`.
        """
        connection = Connection.open(path, key)
        try:
            migrate(connection, migrations, path.parent / "backups")
            store = Store(connection, writer, clock, len(migrations), SnapshotFolder(path.parent / "snapshots", key))
            store.trash.purge()
            store.branches.purge()
            store.snapshots.sweep(store._living)
        except BaseException:
            connection.close()
            raise
        return store

    def close(self) -> None:
        self._db.close()

    def changed_elsewhere(self) -> bool:
        """Whether another connection has committed something since the last call (the first: since opening)."""
        before, self._seen = self._seen, self._data_version()
        return before != self._seen

    # -- conversations

    def create_conversation(self, prompt: str | None, title: str = "", choices: Choices = UNCHOSEN) -> Conversation:
        """A new conversation without messages. An empty title is derived from the first question later."""
        now = self._clock()
        title = well_formed(title)
        prompt = None if prompt is None else well_formed(prompt)
        conversation = Conversation(_new_id(), title, prompt, None, now, now, title_is_own=bool(title), choices=choices)
        with self._writing():
            imports.insert_conversation(self._db, conversation)
            index.add_title(self._db, conversation.id)
        return conversation

    def conversation(self, id: str) -> Conversation:
        """
        Raises:
            UserError: `CONVERSATION_NOT_FOUND`, also for a deleted one.
        """
        sql = f"SELECT {rows.CONVERSATION} FROM conversations WHERE id = ? AND deleted_at IS NULL"
        row = self._db.row(sql, id)
        if row is None:
            raise _not_found(id)
        return rows.conversation_from(row)

    def conversations(self, limit: int | None = None, offset: int = 0) -> list[Conversation]:
        """The conversations that are not deleted, the last updated first."""
        found = self._db.rows(
            f"SELECT {rows.CONVERSATION} FROM conversations WHERE deleted_at IS NULL "
            "ORDER BY updated_at DESC, number DESC LIMIT ? OFFSET ?",
            -1 if limit is None else limit,
            offset,
        )
        return [rows.conversation_from(row) for row in found]

    def rename(self, id: str, title: str) -> Conversation:
        """Gives a title that no derived one replaces; an empty title is derived again."""
        with self._writing():
            self.conversation(id)
            own = bool(title.strip())
            self._set_title(id, well_formed(title) if own else self._derived_title(id), own)
            return self.conversation(id)

    def pin(self, ids: Sequence[str], pinned: bool) -> None:
        """Marks conversations as pinned, or takes the mark away.

        Raises:
            UserError: `CONVERSATION_NOT_FOUND`: none of them is there.
        """
        with self._writing():
            changed = 0
            for id in ids:
                changed += self._db.run("UPDATE conversations SET pinned = ? WHERE id = ?", int(pinned), id)
            if ids and not changed:
                raise _not_found(ids[0])

    def set_head(self, conversation_id: str, message_id: str) -> Conversation:
        """Chooses the branch that is shown; `message_id` is its last message."""
        with self._writing():
            if self.message(message_id).conversation_id != conversation_id:
                raise ValueError("the head is a message of another conversation")
            self.branches.require(message_id)
            self._db.run("UPDATE conversations SET head_id = ? WHERE id = ?", message_id, conversation_id)
            return self.conversation(conversation_id)

    def set_choices(self, id: str, system_prompt: str | None, choices: Choices) -> Conversation:
        """Changes how a conversation is answered from now on."""
        prompt = None if system_prompt is None else well_formed(system_prompt)
        with self._writing():
            self.conversation(id)
            chosen = rows.choices_column(choices)
            self._db.run("UPDATE conversations SET system_prompt = ?, choices = ? WHERE id = ?", prompt, chosen, id)
            return self.conversation(id)

    # -- messages

    def messages(self, conversation_id: str) -> list[Message]:
        """All messages of the conversation's tree that are not deleted, oldest first."""
        found = self._db.rows(
            f"SELECT {rows.MESSAGE} FROM messages WHERE conversation_id = ? AND deleted_at IS NULL ORDER BY number",
            conversation_id,
        )
        return [self._message_from(row) for row in found]

    def message(self, id: str) -> Message:
        """
        Raises:
            UserError: `CONVERSATION_NOT_FOUND`: it went with its conversation.
        """
        row = self._db.row(f"SELECT {rows.MESSAGE} FROM messages WHERE id = ?", id)
        if row is None:
            raise _not_found(id)
        return self._message_from(row)

    def add_question(self, to: str, parent_id: str | None, text: str, task: TaskNote | None = None) -> Message:
        """Adds a question to a conversation, whose head it becomes; it can be found at once.

        Lone surrogates become U+FFFD; every other character, NUL included, stays.
        """
        now = self._clock()
        parts = (Part(PartKind.TEXT, well_formed(text), task),)
        question = Message(_new_id(), to, parent_id, Role.USER, parts, MessageState.COMPLETE, now)
        with self._writing():
            conversation = self.conversation(to)
            if parent_id is not None and self.message(parent_id).conversation_id != to:
                raise ValueError("the parent is a message of another conversation")
            imports.insert_message(self._db, question, None)
            index.add(self._db, question)
            self._touch(to, head_id=question.id)
            if not conversation.title and not conversation.title_is_own:
                self._set_title(to, question.title, own=False)
        return question

    def remove_question(self, id: str) -> None:
        """Takes back a question that has no answer; questions that queue behind it take its place."""
        with self._writing():
            question = self.message(id)
            roles = {role for (role,) in self._db.rows("SELECT role FROM messages WHERE parent_id = ?", id)}
            if question.role is not Role.USER or Role.ASSISTANT in roles:
                raise ValueError("only a question without an answer is taken back")
            index.remove(self._db, question)
            self._db.run("UPDATE messages SET parent_id = ? WHERE parent_id = ?", question.parent_id, id)
            self._db.run("DELETE FROM messages WHERE id = ?", id)
            conversation_id = question.conversation_id
            head_id = question.parent_id or deepest_head(self.messages(conversation_id))
            self._db.run("UPDATE conversations SET head_id = ? WHERE head_id = ?", head_id, id)
            [(title, own)] = self._db.rows(
                "SELECT title, title_is_own FROM conversations WHERE id = ?", conversation_id
            )
            if not own and (derived := self._derived_title(conversation_id)) != title:
                self._set_title(conversation_id, derived, own=False)

    def begin_answer(self, question_id: str, generation: Generation | None = None) -> Message:
        """Opens an answer to a question. Questions that queue behind the question now follow the answer.

        The answer becomes the head, unless the head is one of those queued questions, or on another branch.
        """
        now = self._clock()
        with self._writing():
            question = self.message(question_id)
            conversation = self.conversation(question.conversation_id)
            takes_head = self._shown_from(conversation.head_id, question_id)
            answer = Message(
                _new_id(), conversation.id, question_id, Role.ASSISTANT, (), MessageState.WRITING, now, generation
            )
            imports.insert_message(self._db, answer, self._writer)
            self._db.run(
                "UPDATE messages SET parent_id = ? WHERE parent_id = ? AND role = ?", answer.id, question_id, Role.USER
            )
            self._touch(conversation.id, head_id=answer.id if takes_head else conversation.head_id)
        return answer

    def resume_answer(self, message_id: str) -> Message:
        """Opens an answer again that ended before it was complete; it is written to its end by this process."""
        with self._writing():
            answer = self._answer(message_id)
            index.remove(self._db, answer)
            self._db.run(
                "UPDATE messages SET state = ?, writer = ? WHERE id = ?",
                MessageState.WRITING,
                self._writer,
                message_id,
            )
            self._touch(answer.conversation_id)
        return replace(answer, state=MessageState.WRITING)

    def write_answer(self, message_id: str, parts: Sequence[Part]) -> None:
        """Keeps what was written so far of an answer that is being written."""
        with self._writing():
            answer = self._answer(message_id)
            if answer.state is MessageState.INTERRUPTED:  # taken for abandoned, which it is not
                index.remove(self._db, answer)
            elif answer.state is not MessageState.WRITING:
                raise ValueError("the answer is not being written")
            self._db.run(
                "UPDATE messages SET parts = ?, state = ?, writer = ? WHERE id = ?",
                rows.parts_column(parts),
                MessageState.WRITING,
                self._writer,
                message_id,
            )

    def finish_answer(
        self, message_id: str, parts: Sequence[Part], state: MessageState, generation: Generation | None
    ) -> Message:
        """Keeps the whole answer and how it ended; from now on it is found by searches."""
        if state is MessageState.WRITING:
            raise ValueError("a finished answer is not being written")
        with self._writing():
            index.remove(self._db, self._answer(message_id))
            self._db.run(
                "UPDATE messages SET parts = ?, state = ?, generation = ?, writer = NULL WHERE id = ?",
                rows.parts_column(parts),
                state,
                rows.generation_column(generation),
                message_id,
            )
            answer = self.message(message_id)
            index.add(self._db, answer)
            self._touch(answer.conversation_id)
        return answer

    def set_thinking_open(self, message_id: str, open_: bool) -> None:
        with self._writing():
            if not self._db.run("UPDATE messages SET thinking_open = ? WHERE id = ?", int(open_), message_id):
                raise _not_found(message_id)

    def set_model_hash(self, message_id: str, sha256: str) -> None:
        """Adds the hash of the model's file, which is known later than the answer."""
        with self._writing():
            generation = self.message(message_id).generation
            if generation is not None:
                known = replace(generation, model=replace(generation.model, sha256=sha256))
                self._db.run(
                    "UPDATE messages SET generation = ? WHERE id = ?", rows.generation_column(known), message_id
                )

    def recover(self) -> list[Message]:
        """Marks answers whose writer lives no more as interrupted, with the text they have; returns them."""
        return recovered(self._db, self._writing, self.message)

    # -- everything else

    def search(
        self,
        query: str,
        limit: int = 100,
        narrowed: SearchFilter = EVERYTHING,
        abandoned: Callable[[], bool] | None = None,
    ) -> list[SearchHit]:
        """What holds all words of a query, and all runs of Chinese in it; nothing a user types is an operator.

        `abandoned` is asked now and then, on this thread: once it is so, nothing is found.
        """
        try:
            with self._db.abandonable(abandoned):
                return find(self._db, query, limit, narrowed)
        except AbandonedError:
            return []

    def models(self) -> list[str]:
        """The models that have written something, as they are called above their answers."""
        return models(self._db)

    def import_conversation(self, conversation: Conversation, messages: Sequence[Message]) -> Conversation:
        """Adds a copy under new ids: the same tree, texts, states, dates and folder, which is made if need be.

        Raises:
            ValueError: the messages are no tree of this conversation.
        """
        copy, copies = imports.renumbered(conversation, messages, _new_id)
        with self._writing():
            number = self.folders.number_for(folder) if (folder := folder_name(copy.folder or "")) else None
            imports.insert_conversation(self._db, replace(copy, head_id=None, deleted_at=None), number)
            index.add_title(self._db, copy.id)
            for message in copies:
                imports.insert_message(self._db, message, None)
                index.add(self._db, message)
            self._db.run("UPDATE conversations SET head_id = ? WHERE id = ?", copy.head_id, copy.id)
        return copy

    def get_state(self, key: str) -> str | None:
        """A value that the application remembers between starts; None where there is none."""
        row = self._db.row("SELECT value FROM states WHERE key = ?", key)
        return None if row is None else str(row[0])

    def set_state(self, key: str, value: str) -> None:
        with self._writing():
            self._db.run("INSERT OR REPLACE INTO states (key, value) VALUES (?, ?)", key, well_formed(value))

    # -- inside

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._db.writing():
            version = version_of(self._db)
            if version != self._version:  # a newer application has migrated the file meanwhile
                raise UserError(
                    ErrorCode.STORE_NEWER, path=str(self._db.path), version=version, supported=self._version
                )
            yield

    def _data_version(self) -> int:
        row = self._db.row("PRAGMA data_version")
        return int(row[0]) if row else 0

    def _message_from(self, row: Row) -> Message:
        try:
            return rows.message_from(row)
        except (ValueError, RecursionError):  # not chained: the error may quote what it read
            raise UserError(ErrorCode.STORE_DAMAGED, path=str(self._db.path), reason="message") from None

    def _answer(self, message_id: str) -> Message:
        answer = self.message(message_id)
        if answer.role is not Role.ASSISTANT:
            raise ValueError("this message is no answer")
        return answer

    def _touch(self, conversation_id: str, head_id: str | None = None) -> None:
        self._db.run(
            "UPDATE conversations SET updated_at = ?, head_id = coalesce(?, head_id) WHERE id = ?",
            self._clock(),
            head_id,
            conversation_id,
        )

    def _set_title(self, conversation_id: str, title: str, own: bool) -> None:
        index.remove_title(self._db, conversation_id)
        self._db.run(
            "UPDATE conversations SET title = ?, title_is_own = ? WHERE id = ?", title, int(own), conversation_id
        )
        index.add_title(self._db, conversation_id)

    def _derived_title(self, conversation_id: str) -> str:
        row = self._db.row(
            "SELECT id FROM messages WHERE conversation_id = ? AND role = ? ORDER BY number LIMIT 1",
            conversation_id,
            Role.USER,
        )
        return "" if row is None else self.message(row[0]).title

    def _shown_from(self, head_id: str | None, question_id: str) -> bool:
        """Whether the shown branch ends at the question or goes on from it with one of its answers."""
        current = head_id
        while current is not None and current != question_id:
            [(parent_id, role)] = self._db.rows("SELECT parent_id, role FROM messages WHERE id = ?", current)
            if parent_id == question_id:
                return bool(role == Role.ASSISTANT)
            current = parent_id
        return current == question_id or head_id is None

    def _living(self) -> list[str]:
        return [id for (id,) in self._db.rows("SELECT id FROM conversations WHERE deleted_at IS NULL")]


def _new_id() -> str:
    return secrets.token_hex(8)


def _not_found(id: str) -> UserError:
    return UserError(ErrorCode.CONVERSATION_NOT_FOUND, id=id)
