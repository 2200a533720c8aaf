"""Finds messages and titles, ranks them and cuts the snippets that are shown.

Owns reading from the search index. Where a query is found decides first: titles, then questions and answers, then
thinking, of which there is the most and which says the least. Within the texts the newest `_CANDIDATES` hits are
ranked by BM25: ranking all of them takes a time that grows with the store, and nobody reads beyond the first hundred.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Final

from finr1_desk.core.conversation import PartKind, Role, text_of
from finr1_desk.core.records import parts_from_json
from finr1_desk.store.connection import Connection
from finr1_desk.store.search_text import WORD_CHAR, Piece, fold, query_pieces

_CANDIDATES: Final = 500
_BEFORE: Final = 40  # characters of a snippet before its first match
_SNIPPET: Final = 160


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A message that was found, or a conversation by its title: then `message_id` and `role` are None.

    `matches` are the ranges of `snippet` to highlight, as (start, end).
    """

    conversation_id: str
    message_id: str | None
    title: str
    role: Role | None
    created_at: float
    snippet: str
    matches: tuple[tuple[int, int], ...]


def find(connection: Connection, query: str, limit: int) -> list[SearchHit]:
    """The hits of a query as a user types it, best first; empty where it holds nothing to search for."""
    pieces = query_pieces(query)
    if not pieces or limit < 1:
        return []
    expression = " AND ".join(piece.expression for piece in pieces)
    with connection.reading():
        texts = _message_hits(connection, f"body : ({expression})", pieces, limit, set())
        seen = {hit.message_id for hit in texts}
        thinking = []
        if len(texts) < limit:
            thinking = _message_hits(
                connection, f"{{body thinking}} : ({expression})", pieces, limit - len(texts), seen
            )
        # A title is most often the beginning of a question: where that was found, the title says nothing new.
        found = {hit.conversation_id for hit in texts}
        titles = [hit for hit in _title_hits(connection, expression, pieces, limit) if hit.conversation_id not in found]
    return (titles + texts + thinking)[:limit]


def _title_hits(connection: Connection, expression: str, pieces: Sequence[Piece], limit: int) -> list[SearchHit]:
    rows = connection.rows(
        """
        SELECT c.id, c.title, c.updated_at FROM (
            SELECT rowid AS number, bm25(search_index) AS score FROM search_index
            WHERE search_index MATCH ? ORDER BY rowid LIMIT ?
        ) AS hit JOIN conversations AS c ON c.number = -hit.number
        WHERE c.deleted_at IS NULL ORDER BY hit.score, c.updated_at DESC LIMIT ?
        """,
        f"title : ({expression})",
        _CANDIDATES,
        limit,
    )
    hits = []
    for conversation_id, title, updated_at in rows:
        snippet, matches = excerpt(title, pieces)
        hits.append(SearchHit(conversation_id, None, title, None, updated_at, snippet, matches))
    return hits


def _message_hits(
    connection: Connection, match: str, pieces: Sequence[Piece], limit: int, seen: Set[str | None]
) -> list[SearchHit]:
    ranked = connection.rows(
        """
        SELECT m.number, m.id FROM (
            SELECT rowid AS number, bm25(search_index, 0.0, 4.0, 1.0) AS score FROM search_index
            WHERE search_index MATCH ? ORDER BY rowid DESC LIMIT ?
        ) AS hit JOIN messages AS m ON m.number = hit.number JOIN conversations AS c ON c.id = m.conversation_id
        WHERE c.deleted_at IS NULL ORDER BY hit.score, m.number DESC LIMIT ?
        """,
        match,
        _CANDIDATES,
        limit + len(seen),
    )
    chosen = [number for number, id in ranked if id not in seen][:limit]
    return [_message_hit(connection, number, pieces) for number in chosen]


def _message_hit(connection: Connection, number: int, pieces: Sequence[Piece]) -> SearchHit:
    # The parts are read for the chosen few only: they are by far the largest column.
    [(id, conversation_id, title, role, created_at, raw_parts)] = connection.rows(
        """
        SELECT m.id, m.conversation_id, c.title, m.role, m.created_at, m.parts
        FROM messages AS m JOIN conversations AS c ON c.id = m.conversation_id WHERE m.number = ?
        """,
        number,
    )
    parts = parts_from_json(json.loads(raw_parts))
    snippet, matches = excerpt(text_of(parts, PartKind.TEXT, PartKind.ANSWER), pieces)
    if not matches and (think := text_of(parts, PartKind.THINK)):
        of_thinking = excerpt(think, pieces)
        if of_thinking[1] or not snippet:
            snippet, matches = of_thinking
    return SearchHit(conversation_id, id, title, Role(role), created_at, snippet, matches)


# -- snippets


def excerpt(text: str, pieces: Sequence[Piece]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """A stretch of the text around the first match, on one line, and the ranges in it that match."""
    pattern = _pattern(pieces)
    match = pattern.search(text)
    if match is None and not text.isascii():
        match = pattern.search(_aligned_fold(text))
    start = 0 if match is None else max(0, match.start() - _BEFORE)
    cut = " ".join(text[start : start + _SNIPPET].split())
    snippet = ("…" if start else "") + cut + ("…" if start + _SNIPPET < len(text) else "")
    return snippet, tuple(found.span() for found in pattern.finditer(_aligned_fold(snippet)))


def _pattern(pieces: Sequence[Piece]) -> re.Pattern[str]:
    alternatives = []
    for piece in pieces:
        words = r"[\W_]+".join(map(re.escape, piece.words))
        if piece.is_run:
            alternatives.append(words)
        else:  # without case for the words alone: it takes 20 ms to compile for a class as large as WORD_CHAR
            end = "" if piece.is_prefix else f"(?!{WORD_CHAR})"
            alternatives.append(f"(?<!{WORD_CHAR})(?i:{words}){end}")
    return re.compile("|".join(alternatives))


def _aligned_fold(text: str) -> str:
    """The text folded so that each character keeps its place: for finding where in the original a match is."""
    if text.isascii():
        return text
    return "".join(folded if len(folded := fold(char)) == 1 else char for char in text)
