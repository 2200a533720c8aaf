"""Puts messages and titles into the search index, and takes them out.

Owns writing to the index. The index keeps no text, so a row is deleted by giving it the very tokens it was made of:
whoever changes a message's parts or a title takes it out first. All of it happens in the caller's transaction.
"""

from __future__ import annotations

from finr1_desk.core.conversation import Message, PartKind, text_of
from finr1_desk.store.connection import Connection
from finr1_desk.store.search_text import index_text


def add(connection: Connection, message: Message) -> None:
    [(number,)] = connection.rows("SELECT number FROM messages WHERE id = ?", message.id)
    connection.run(
        "INSERT INTO search_index (rowid, title, body, thinking) VALUES (?, '', ?, ?)", number, *_tokens(message)
    )
    connection.run("UPDATE messages SET indexed = 1 WHERE number = ?", number)


def remove(connection: Connection, message: Message) -> None:
    """Takes out a message as it is stored now; nothing happens if it is not in."""
    [(number, indexed)] = connection.rows("SELECT number, indexed FROM messages WHERE id = ?", message.id)
    if indexed:
        connection.run(
            "INSERT INTO search_index (search_index, rowid, title, body, thinking) VALUES ('delete', ?, '', ?, ?)",
            number,
            *_tokens(message),
        )
        connection.run("UPDATE messages SET indexed = 0 WHERE number = ?", number)


def add_title(connection: Connection, conversation_id: str) -> None:
    number, tokens = _title(connection, conversation_id)
    if tokens:
        connection.run("INSERT INTO search_index (rowid, title, body, thinking) VALUES (?, ?, '', '')", -number, tokens)


def remove_title(connection: Connection, conversation_id: str) -> None:
    """Takes out the title as it is stored now."""
    number, tokens = _title(connection, conversation_id)
    if tokens:
        connection.run(
            "INSERT INTO search_index (search_index, rowid, title, body, thinking) VALUES ('delete', ?, ?, '', '')",
            -number,
            tokens,
        )


def _title(connection: Connection, conversation_id: str) -> tuple[int, str]:
    [(number, title)] = connection.rows("SELECT number, title FROM conversations WHERE id = ?", conversation_id)
    return number, index_text(title)


def _tokens(message: Message) -> tuple[str, str]:
    return (
        index_text(text_of(message.parts, PartKind.TEXT, PartKind.ANSWER)),
        index_text(text_of(message.parts, PartKind.THINK)),
    )
