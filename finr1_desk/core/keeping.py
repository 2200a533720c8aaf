"""How conversations are kept in order: folders, the trash, and what a search is narrowed to.

Owns these value types and their rules. It stores nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from finr1_desk.core.text import well_formed

TRASH_DAYS: Final = 30
TRASH_S: Final = TRASH_DAYS * 86400.0
LONGEST_FOLDER_NAME: Final = 80


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder by its name, which no other has, and how many conversations lie in it."""

    name: str
    count: int = 0


class Place(StrEnum):
    """Where something was found."""

    QUESTION = "question"
    ANSWER = "answer"
    THINKING = "thinking"


@dataclass(frozen=True, slots=True)
class SearchFilter:
    """What a search is narrowed to; None everywhere: everything.

    `after` and `before` are seconds since the epoch, the first included, the second not: when a message was written.
    `model` is a model as it is called above its answers, name and quantisation.
    """

    after: float | None = None
    before: float | None = None
    folder: str | None = None
    model: str | None = None
    place: Place | None = None


EVERYTHING: Final = SearchFilter()


def folder_name(typed: str) -> str:
    """The name as it is kept: on one line, without blanks at its ends, of `LONGEST_FOLDER_NAME` characters at most."""
    return " ".join(well_formed(typed).replace("\0", " ").split())[:LONGEST_FOLDER_NAME].rstrip()


def days_left(deleted_at: float, now: float) -> int:
    """How many days something stays in the trash, begun ones counted."""
    return max(0, math.ceil((deleted_at + TRASH_S - now) / 86400.0))
