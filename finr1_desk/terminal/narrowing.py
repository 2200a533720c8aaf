"""What `finr1-desk conversations search` is narrowed to.

Owns the way from what was typed to the store's filter, and a model's name of which only a part was given.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.keeping import Place, SearchFilter

if TYPE_CHECKING:
    from finr1_desk.store.database import SearchHit, Store


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What the command line narrows a search to, as it was typed; `model` is a part of a model's name."""

    folder: str | None = None
    after: str | None = None
    before: str | None = None
    model: str | None = None
    place: str | None = None

    def search(self, store: Store, query: str, limit: int) -> list[SearchHit]:
        """
        Raises:
            UserError: `FOLDER_NOT_FOUND`; `BAD_VALUE`: a date that is none.
        """
        narrowed = SearchFilter(
            after=_start_of_day("--after", self.after),
            before=_start_of_day("--before", self.before),
            folder=None if self.folder is None else store.folders.called(self.folder),
            place=None if self.place is None else Place(self.place),
        )
        if self.model is None:
            return store.search(query, limit, narrowed)
        wanted = self.model.casefold()
        models = [model for model in store.models() if wanted in model.casefold()]
        hits: list[SearchHit] = []
        for model in models:
            one = SearchFilter(narrowed.after, narrowed.before, narrowed.folder, model, narrowed.place)
            hits += store.search(query, limit, one)
        return hits[:limit]


def _start_of_day(option: str, typed: str | None) -> float | None:
    """The first moment of a day in local time, as seconds since the epoch."""
    if typed is None:
        return None
    try:
        day = date.fromisoformat(typed)
        return datetime(day.year, day.month, day.day).timestamp()
    except (ValueError, OverflowError, OSError):
        raise UserError(ErrorCode.BAD_VALUE, name=option, value=typed) from None
