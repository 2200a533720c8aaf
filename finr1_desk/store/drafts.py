"""Unsent questions on disk, one for each conversation and one for the next new one.

Owns their table. When they are written is the application's matter.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from finr1_desk.core.draft import Draft, draft_from_json
from finr1_desk.core.text import well_formed
from finr1_desk.store.connection import Connection

NEW: Final = ""  # the place of the draft that belongs to no conversation yet


class Drafts:
    """The drafts of one store.

    Args:
        writing: the store's transaction.
    """

    def __init__(self, connection: Connection, writing: Callable[[], AbstractContextManager[None]]) -> None:
        self._db = connection
        self._writing = writing

    def all(self) -> dict[str, Draft]:
        """The drafts by the ids of their conversations; one that cannot be read is left out."""
        found: dict[str, Draft] = {}
        for place, text in self._db.rows("SELECT place, draft FROM drafts"):
            try:
                found[place] = draft_from_json(json.loads(text))
            except (ValueError, RecursionError):
                continue
        return found

    def keep(self, place: str, draft: Draft) -> None:
        """Keeps a draft in place of the one before; an empty one is nothing to keep."""
        with self._writing():
            if draft.is_empty:
                self._db.run("DELETE FROM drafts WHERE place = ?", place)
                return
            written = well_formed(json.dumps(draft.to_json(), ensure_ascii=False))
            self._db.run("INSERT OR REPLACE INTO drafts (place, draft) VALUES (?, ?)", place, written)
