"""Finds messages and titles, ranks them and cuts the snippets that are shown.

Owns reading from the search index. Where a query is found decides first: titles, then questions and answers, then
thinking, of which there is the most and which says the least. Within the texts the newest `_CANDIDATES` hits that a
filter lets through are ranked by BM25: ranking all of them takes a time that grows with the store, and nobody reads
beyond the first hundred. A filter is asked of an index that holds nothing else, never of a message itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Final

from finr1_desk.core.conversation import PartKind, Role, text_of
from finr1_desk.core.keeping import EVERYTHING, Place, SearchFilter, folder_name
from finr1_desk.core.records import parts_from_json
from finr1_desk.store.connection import Connection
from finr1_desk.store.search_text import WORD_CHAR, Piece, fold, query_pieces

_CANDIDATES: Final = 500
_FEW: Final = 20_000  # messages: so many numbers are read in 2 ms
_SMALL_FOLDER: Final = 300  # conversations
_BEFORE: Final = 40  # characters of a snippet before its first match
_SNIPPET: Final = 160


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A message that was found, or a conversation by its title: then `message_id` and `role` are None.

    `matches` are the ranges of `snippet` to highlight, as (start, end); `in_thinking` says that the snippet is of
    the model's reasoning.
    """

    conversation_id: str
    message_id: str | None
    title: str
    role: Role | None
    created_at: float
    snippet: str
    matches: tuple[tuple[int, int], ...]
    in_thinking: bool = False


def find(connection: Connection, query: str, limit: int, narrowed: SearchFilter = EVERYTHING) -> list[SearchHit]:
    """The hits of a query as a user types it, best first; empty where it holds nothing to search for."""
    pieces = query_pieces(query)
    if not pieces or limit < 1:
        return []
    expression = " AND ".join(piece.expression for piece in pieces)
    texts: list[SearchHit] = []
    thinking: list[SearchHit] = []
    with connection.reading():
        if narrowed.place is not Place.THINKING:
            texts = _message_hits(connection, f"body : ({expression})", pieces, limit, set(), narrowed)
        if narrowed.place in (None, Place.THINKING) and len(texts) < limit:
            columns = "thinking" if narrowed.place is Place.THINKING else "{body thinking}"
            seen = {hit.message_id for hit in texts}
            thinking = _message_hits(
                connection, f"{columns} : ({expression})", pieces, limit - len(texts), seen, narrowed
            )
        # A title is most often the beginning of a question: where that was found, the title says nothing new.
        found = {hit.conversation_id for hit in texts}
        titles = [
            hit
            for hit in _title_hits(connection, expression, pieces, limit, narrowed)
            if hit.conversation_id not in found
        ]
    return (titles + texts + thinking)[:limit]


def models(connection: Connection) -> list[str]:
    """The models that have written something, as they are called above their answers."""
    # The next one in the index after each: a hundred thousand answers are of a handful of models.
    found = connection.rows(
        """
        WITH RECURSIVE known(model) AS (
            SELECT min(model) FROM messages WHERE model IS NOT NULL
            UNION ALL
            SELECT (SELECT min(model) FROM messages WHERE model IS NOT NULL AND model > known.model)
            FROM known WHERE known.model IS NOT NULL
        )
        SELECT model FROM known WHERE model IS NOT NULL AND model != ''
        """
    )
    return [model for (model,) in found]


def _title_hits(
    connection: Connection, expression: str, pieces: Sequence[Piece], limit: int, narrowed: SearchFilter
) -> list[SearchHit]:
    if narrowed.place is not None or narrowed.model is not None:
        return []  # nobody wrote a title, and it stands nowhere
    conditions, values = ["c.deleted_at IS NULL"], []
    if narrowed.after is not None:
        conditions.append("c.updated_at >= ?")
        values.append(narrowed.after)
    if narrowed.before is not None:
        conditions.append("c.created_at < ?")
        values.append(narrowed.before)
    if narrowed.folder is not None:
        conditions.append(f"c.folder_number = {_folder(connection, narrowed.folder)}")
    rows = connection.rows(
        f"""
        SELECT c.id, c.title, c.updated_at FROM (
            SELECT s.rowid AS number, bm25(search_index) AS score
            FROM search_index AS s CROSS JOIN conversations AS c ON c.number = -s.rowid
            WHERE search_index MATCH ? AND {" AND ".join(conditions)} ORDER BY s.rowid LIMIT ?
        ) AS hit JOIN conversations AS c ON c.number = -hit.number
        ORDER BY hit.score, c.updated_at DESC LIMIT ?
        """,
        f"title : ({expression})",
        *values,
        _CANDIDATES,
        limit,
    )
    hits = []
    for conversation_id, title, updated_at in rows:
        snippet, matches = excerpt(title, pieces)
        hits.append(SearchHit(conversation_id, None, title, None, updated_at, snippet, matches))
    return hits


def _folder(connection: Connection, name: str) -> int:
    """The number of a folder; -1, which none has, where it is not there any more."""
    row = connection.row("SELECT number FROM folders WHERE key = ?", fold(folder_name(name)))
    return -1 if row is None else int(row[0])


def _message_hits(
    connection: Connection,
    match: str,
    pieces: Sequence[Piece],
    limit: int,
    seen: Set[str | None],
    narrowed: SearchFilter,
) -> list[SearchHit]:
    condition, values = _condition(connection, narrowed)
    # The index by its name: SQLite would rather read the message, which is found as quickly and takes its text along.
    ranked = connection.rows(
        f"""
        SELECT m.number, m.id FROM (
            SELECT s.rowid AS number, bm25(search_index, 0.0, 4.0, 1.0) AS score
            FROM search_index AS s CROSS JOIN messages AS f INDEXED BY messages_filtered ON f.number = s.rowid
            WHERE search_index MATCH ? AND {condition} ORDER BY s.rowid DESC LIMIT ?
        ) AS hit JOIN messages AS m ON m.number = hit.number
        ORDER BY hit.score, m.number DESC LIMIT ?
        """,
        match,
        *values,
        _CANDIDATES,
        limit + len(seen),
    )
    chosen = [number for number, id in ranked if id not in seen][:limit]
    thinking = narrowed.place is Place.THINKING
    return [_message_hit(connection, number, pieces, thinking_only=thinking) for number in chosen]


def _condition(connection: Connection, narrowed: SearchFilter) -> tuple[str, list[float | str | int]]:
    """What a filter asks of the columns of `messages_filtered`, and the values in it."""
    conditions: list[str] = []
    values: list[float | str | int] = []
    # Hits are read from the newest to the oldest: what is far back need not be waited for.
    newest = _newest(connection, narrowed)
    if newest is not None:
        conditions.append("s.rowid <= ?")
        values.append(newest)
    if narrowed.after is not None:
        conditions.append("f.created_at >= ?")
        values.append(narrowed.after)
    if narrowed.before is not None:
        conditions.append("f.created_at < ?")
        values.append(narrowed.before)
    if narrowed.model is not None:
        conditions.append("f.model = ?")
        values.append(narrowed.model)
    if narrowed.place is not None:
        conditions.append("f.role = ?")
        values.append(Role.USER if narrowed.place is Place.QUESTION else Role.ASSISTANT)
    # The plus: membership is looked up, where SQLite would try every conversation for each hit otherwise.
    if narrowed.folder is None:
        conditions.append("+f.conversation_id NOT IN (SELECT id FROM conversations WHERE deleted_at IS NOT NULL)")
    else:
        inside = "SELECT id FROM conversations WHERE folder_number = ? AND deleted_at IS NULL"
        conditions.append(f"+f.conversation_id IN ({inside})")
        values.append(_folder(connection, narrowed.folder))
    return " AND ".join(conditions), values


def _newest(connection: Connection, narrowed: SearchFilter) -> int | None:
    """A number beyond which no message fits the filter; None where looking for one takes longer than it saves."""
    bounds: list[int | None] = []
    if narrowed.before is not None:
        sql = "SELECT number FROM messages WHERE created_at < ? AND created_at >= ? LIMIT ?"
        found = connection.rows(sql, narrowed.before, narrowed.after or 0.0, _FEW + 1)
        if len(found) <= _FEW:
            bounds.append(max((number for (number,) in found), default=0))
    if narrowed.model is not None:
        bounds.append(_number(connection, "SELECT max(number) FROM messages WHERE model = ?", narrowed.model))
    if narrowed.folder is not None:
        folder = _folder(connection, narrowed.folder)
        inside = "FROM conversations WHERE folder_number = ? AND deleted_at IS NULL"
        if (_number(connection, f"SELECT count(*) {inside}", folder) or 0) <= _SMALL_FOLDER:
            sql = f"SELECT max(number) FROM messages WHERE conversation_id IN (SELECT id {inside})"
            bounds.append(_number(connection, sql, folder))
    return min((bound or 0 for bound in bounds), default=None)


def _number(connection: Connection, sql: str, value: str | int) -> int | None:
    [(number,)] = connection.rows(sql, value)
    return None if number is None else int(number)


def _message_hit(connection: Connection, number: int, pieces: Sequence[Piece], *, thinking_only: bool) -> SearchHit:
    # The parts are read for the chosen few only: they are by far the largest column.
    [(id, conversation_id, title, role, created_at, raw_parts)] = connection.rows(
        """
        SELECT m.id, m.conversation_id, c.title, m.role, m.created_at, m.parts
        FROM messages AS m JOIN conversations AS c ON c.id = m.conversation_id WHERE m.number = ?
        """,
        number,
    )
    parts = parts_from_json(json.loads(raw_parts))
    in_thinking = thinking_only
    snippet, matches = ("", ()) if thinking_only else excerpt(text_of(parts, PartKind.TEXT, PartKind.ANSWER), pieces)
    if not matches and (think := text_of(parts, PartKind.THINK)):
        of_thinking = excerpt(think, pieces)
        if of_thinking[1] or not snippet:
            (snippet, matches), in_thinking = of_thinking, True
    return SearchHit(conversation_id, id, title, Role(role), created_at, snippet, matches, in_thinking)


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
