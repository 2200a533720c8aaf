"""Rows for conversations and messages that exist already as values.

Owns inserting them, and giving a conversation from elsewhere new ids. It opens no transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from finr1_desk.core.conversation import Conversation, Message, MessageState
from finr1_desk.core.text import well_formed
from finr1_desk.store import rows
from finr1_desk.store.connection import Connection


def insert_conversation(connection: Connection, conversation: Conversation, folder_number: int | None = None) -> None:
    """Adds a conversation that is not deleted, into the folder of this number."""
    connection.run(
        """
        INSERT INTO conversations
            (id, title, system_prompt, head_id, created_at, updated_at, title_is_own, folder_number, pinned, choices)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        conversation.id,
        conversation.title,
        conversation.system_prompt,
        conversation.head_id,
        conversation.created_at,
        conversation.updated_at,
        int(conversation.title_is_own),
        folder_number,
        int(conversation.pinned),
        rows.choices_column(conversation.choices),
    )


def insert_message(connection: Connection, message: Message, writer: str | None) -> None:
    connection.run(
        f"INSERT INTO messages ({rows.MESSAGE}, writer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        message.id,
        message.conversation_id,
        message.parent_id,
        message.role,
        rows.parts_column(message.parts),
        message.state,
        message.created_at,
        rows.generation_column(message.generation),
        None if message.thinking_open is None else int(message.thinking_open),
        writer,
    )


def renumbered(
    conversation: Conversation, messages: Sequence[Message], new_id: Callable[[], str]
) -> tuple[Conversation, list[Message]]:
    """A copy with new ids, its text fit to be stored; an answer that was being written elsewhere is interrupted here.

    Raises:
        ValueError: ids repeat, a parent or the head is missing, or parents form a cycle.
    """
    ids = {message.id: new_id() for message in messages}
    if len(ids) != len(messages):
        raise ValueError("two messages have the same id")
    if conversation.head_id is not None and conversation.head_id not in ids:
        raise ValueError("the head is missing")
    _check_tree(messages)
    conversation_id = new_id()
    copies = [
        replace(
            message,
            id=ids[message.id],
            conversation_id=conversation_id,
            parent_id=None if message.parent_id is None else ids[message.parent_id],
            parts=tuple(replace(part, text=well_formed(part.text)) for part in message.parts),
            state=MessageState.INTERRUPTED if message.state is MessageState.WRITING else message.state,
        )
        for message in messages
    ]
    prompt = conversation.system_prompt
    copy = replace(
        conversation,
        id=conversation_id,
        title=well_formed(conversation.title),
        system_prompt=None if prompt is None else well_formed(prompt),
        head_id=None if conversation.head_id is None else ids[conversation.head_id],
    )
    return copy, copies


def _check_tree(messages: Sequence[Message]) -> None:
    children: dict[str | None, list[str]] = {}
    for message in messages:
        children.setdefault(message.parent_id, []).append(message.id)
    reached = 0
    waiting = list(children.get(None, ()))
    while waiting:
        reached += 1
        waiting += children.get(waiting.pop(), ())
    if reached != len(messages):
        raise ValueError("a parent is missing, or parents form a cycle")
