"""Under which heading a conversation stands: pinned, in its folder, or by when it was last used.

Owns the periods, the headings' words and the order of the list. It knows no widgets.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import QCollator, QCoreApplication, QLocale, Qt

from finr1_desk.core.conversation import Conversation
from finr1_desk.core.keeping import Folder

_translate = QCoreApplication.translate


class Group(IntEnum):
    PINNED = 0
    FOLDERS = 1
    TODAY = 2
    YESTERDAY = 3
    WEEK = 4
    MONTH = 5  # the previous 30 days
    EARLIER = 6  # a month by its name


@dataclass(frozen=True, slots=True)
class Heading:
    """`year` and `month` are of a month that has a heading of its own, else 0."""

    group: Group
    year: int = 0
    month: int = 0

    def label(self) -> str:
        match self.group:
            case Group.PINNED:
                return _translate("ConversationModel", "Pinned")
            case Group.FOLDERS:
                return _translate("ConversationModel", "Folders")
            case Group.TODAY:
                return _translate("ConversationModel", "Today")
            case Group.YESTERDAY:
                return _translate("ConversationModel", "Yesterday")
            case Group.WEEK:
                return _translate("ConversationModel", "Previous 7 days")
            case Group.MONTH:
                return _translate("ConversationModel", "Previous 30 days")
            case Group.EARLIER:
                return month_name(self.year, self.month)


@dataclass(frozen=True, slots=True)
class FolderRow:
    """A folder's own row; `count` is how many conversations stand below it when it is open."""

    name: str
    count: int
    folded: bool


Row = Conversation | Heading | FolderRow


def month_name(year: int, month: int) -> str:
    """A month as a heading: its name alone within this year."""
    name = QLocale().standaloneMonthName(month)
    if year == dt.datetime.now().year:
        return name
    return _translate("ConversationModel", "{month} {year}").format(month=name, year=year)


def periods(now: dt.datetime, oldest: float) -> list[tuple[float, Heading]]:
    """The periods with their starts in local time, the newest first, down to the month that `oldest` is in."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    named = ((0, Group.TODAY), (1, Group.YESTERDAY), (7, Group.WEEK), (30, Group.MONTH))
    found = [((today - dt.timedelta(days=days)).timestamp(), Heading(group)) for days, group in named]
    first = (today - dt.timedelta(days=30)).replace(day=1)
    while True:
        found.append((first.timestamp(), Heading(Group.EARLIER, first.year, first.month)))
        if first.timestamp() <= oldest or first.year <= 1970:
            return found
        first = (first - dt.timedelta(days=1)).replace(day=1)


def arranged(
    conversations: Sequence[Conversation], folders: Sequence[Folder], folded: Collection[str], now: dt.datetime
) -> list[Row]:
    """The rows of the list; `conversations` come newest first. Each conversation has one row: pinned ones at the top,
    then folders with what is in them, then the others by when they were last used."""
    pinned = [item for item in conversations if item.pinned]
    rows: list[Row] = [Heading(Group.PINNED), *pinned] if pinned else []
    names = {folder.name for folder in folders}
    inside: dict[str, list[Conversation]] = {name: [] for name in names}
    others: list[Conversation] = []
    for item in conversations:
        if not item.pinned:
            (inside[item.folder] if item.folder in names else others).append(item)
    if folders:
        rows.append(Heading(Group.FOLDERS))
    for name in by_language(names):
        closed = name in folded
        rows.append(FolderRow(name, len(inside[name]), closed))
        if not closed:
            rows += inside[name]
    return rows + _by_period(others, now)


def by_language(names: Collection[str]) -> list[str]:
    """Names in the order that the language sorts them, figures by their value."""
    collator = QCollator(QLocale())
    collator.setNumericMode(True)
    collator.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    return sorted(names, key=collator.sortKey)


def _by_period(conversations: Sequence[Conversation], now: dt.datetime) -> list[Row]:
    if not conversations:
        return []
    found = periods(now, min(item.updated_at for item in conversations))
    starts = [-start for start, _ in found]  # rising, as a search for a place needs them
    rows: list[Row] = []
    shown = -1
    for item in conversations:
        place = min(bisect_left(starts, -item.updated_at), len(found) - 1)
        if place > shown:  # a clock that was turned back must not repeat a heading
            rows.append(found[place][1])
            shown = place
        rows.append(item)
    return rows
