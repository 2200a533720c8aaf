"""Finding text in the messages shown: every place where it stands, in order, and the one that is gone to.

Owns the search, which goes through the messages a few milliseconds at a time, so that a long conversation can be
searched while one types. What is marked on the screen is looked up in the text that is laid out there. It scrolls
nothing: the pane goes where it says.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QTextDocument

from finr1_desk.ui.pane.blocks import Table
from finr1_desk.ui.pane.message_view import MessageView
from finr1_desk.ui.pane.revealing import reveal_row
from finr1_desk.ui.pane.rows import Section, TextRow
from finr1_desk.ui.pane.textmap import OBJECT, source_at

if TYPE_CHECKING:
    from finr1_desk.ui.pane.pane import ChatPane

SLICE_S: Final = 0.005
TELL_S: Final = 0.1
STALE_MS: Final = 400  # an answer that is being written is searched again so often
LONGEST: Final = 1000  # characters that are looked for
_BESIDES: Final = re.compile(r"[\W_]+")
_SPACES: Final = "[ \u00a0\u2028]+"
_CHANGED_BY_MARKUP: Final = ("\\", "&", "$")


@dataclass(frozen=True, slots=True, order=True)
class Match:
    """The place `ordinal`, counted from 0, of a block of a message where the text stands."""

    view: int
    section: Section
    block: int
    ordinal: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What is said beside the field: the number of the current place, counted from 1, of how many; 0 where none is."""

    number: int
    count: int
    is_searching: bool


class Finding(QObject):
    """The search in one pane."""

    changed = Signal()

    def __init__(self, pane: ChatPane) -> None:
        super().__init__(pane)
        self._pane = pane
        self._pattern: re.Pattern[str] | None = None
        self._condensed = ""
        self._found: dict[str, list[tuple[Section, int, int]]] = {}  # by message: section, block, how many
        self._waiting: list[str] = []  # ids of messages
        self._told_at = 0.0
        self._at_work: Iterator[None] | None = None
        self._stale: set[str] = set()
        self._begin_at: tuple[int, Section, int] | None = None  # where the first place is wanted
        self._ranges: dict[TextRow, tuple[object, list[tuple[int, int]]]] = {}
        self.current: Match | None = None
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(STALE_MS)
        self._again.timeout.connect(self._on_again)

    # -- what is looked for

    @property
    def is_active(self) -> bool:
        return self._pattern is not None

    def look_for(self, needle: str, *, match_case: bool) -> None:
        """Begins anew, at the first place from the top of what is on the screen on; an empty text ends it."""
        self._forget()
        words = needle[:LONGEST].strip("\n")
        if words.strip():
            pattern = _SPACES.join(map(re.escape, re.split(_SPACES, words)))
            self._pattern = re.compile(pattern, 0 if match_case else re.IGNORECASE)
            self._condensed = _condensed(words)
            self._begin_at = self._top()
            self._waiting = self._in_search_order()
            self._pane.work_when_idle()
        self.changed.emit()

    def _forget(self) -> None:
        self._pattern = None
        self._found.clear()
        self._waiting.clear()
        self._stale.clear()
        self._ranges.clear()
        self._at_work = self._begin_at = self.current = None

    def restart(self) -> None:
        """Other messages are shown."""
        if self._pattern is not None:
            pattern, condensed = self._pattern, self._condensed
            self._forget()
            self._pattern, self._condensed = pattern, condensed
            self._begin_at = (0, Section.THINKING, 0)
            self._waiting = self._in_search_order()
            self._pane.work_when_idle()
            self.changed.emit()

    def outdated(self, message_id: str) -> None:
        """A message came, or its text changed."""
        if self._pattern is not None:
            self._stale.add(message_id)
            if not self._again.isActive():
                self._again.start()

    def _on_again(self) -> None:
        self._waiting += [id for id in self._stale if id not in self._waiting]
        self._stale.clear()
        self._pane.work_when_idle()

    def _top(self) -> tuple[int, Section, int]:
        for placed in self._pane.flow.placed():
            if isinstance(placed.row, TextRow) and placed.bottom > 0:
                return placed.view_index, placed.row.section, placed.row.index
        return 0, Section.THINKING, 0

    def _in_search_order(self) -> list[str]:
        """From the top of the screen to the end, then from the beginning."""
        ids = [view.message.id for view in self._pane.flow.views]
        first = self._top()[0]
        return [*ids[first:], *ids[:first]]

    # -- the search

    def work(self) -> bool:
        """Searches for a slice of time; False where there is nothing to search."""
        if self._pattern is None or not (self._waiting or self._at_work):
            return False
        deadline = time.perf_counter() + SLICE_S
        while time.perf_counter() < deadline and (self._waiting or self._at_work):
            if self._at_work is None:
                index = self._pane.index_of(self._waiting.pop(0))
                if index is None:
                    continue
                self._at_work = self._search(self._pane.flow.views[index])
            if next(self._at_work, _DONE) is _DONE:
                self._at_work = None
        self._choose_first()
        is_done = not (self._waiting or self._at_work)
        if is_done or time.monotonic() - self._told_at > TELL_S:
            self._told_at = time.monotonic()
            self.changed.emit()
        return True

    def _search(self, view: MessageView) -> Iterator[None]:
        """Looks through one message, row by row."""
        pattern = self._pattern
        message_id = view.message.id
        found: list[tuple[Section, int, int]] = []
        if pattern is not None and self._may_hold(view.message.raw):
            had_rows = view.has_rows
            rows = view.searchable_rows()
            if not had_rows and (index := self._pane.index_of(message_id)) is not None:
                self._pane.flow.touch(index)
            yield
            for row in rows:
                if self._may_hold(_source(view, row)) and (count := len(self._ranges_in(row, pattern))):
                    found.append((row.section, row.index, count))
                yield
        if pattern is self._pattern:
            self._found[message_id] = found

    def _may_hold(self, source: str) -> bool:
        """Whether the text may stand in what this is shown as; markup between its letters does not matter."""
        if any(sign in source for sign in _CHANGED_BY_MARKUP):
            return True
        return self._condensed in _condensed(source)

    def _ranges_in(self, row: TextRow, pattern: re.Pattern[str]) -> list[tuple[int, int]]:
        """Where the text stands in a row, in positions of its document as it is laid out now."""
        kept = self._ranges.get(row)
        if kept is not None and row.rendered is not None and kept[0] is row.rendered:
            return kept[1]
        was_laid_out = row.rendered is not None
        rendered = row.document_for(self._pane.page)
        ranges = _found_in(rendered.document, pattern)
        if was_laid_out:
            self._ranges[row] = rendered, ranges
        else:
            row.rendered = None
        return ranges

    def _choose_first(self) -> None:
        """Takes the first place from where the search began on, as soon as nothing before it can come any more."""
        begin = self._begin_at
        if begin is None or self.current is not None:
            return
        searched_all = not self._waiting and self._at_work is None
        runs = self._runs()
        below = next((run for run in runs if run[:3] >= begin), None)
        chosen = below or (runs[0] if searched_all and runs else None)
        if chosen is not None:
            self._begin_at = None
            self._go_to(Match(*chosen[:3], 0))

    # -- places

    def _runs(self) -> list[tuple[int, Section, int, int]]:
        """The blocks in which there are places, from top to bottom: message, section, block, how many."""
        return [
            (index, section, block, count)
            for index, view in enumerate(self._pane.flow.views)
            for section, block, count in self._found.get(view.message.id, ())
        ]

    def standing(self) -> Standing:
        runs, at = self._runs(), self.current
        number = 0
        if at is not None:
            here = (at.view, at.section, at.block)
            number = at.ordinal + 1 + sum(run[3] for run in runs if run[:3] < here)
        return Standing(number, sum(run[3] for run in runs), bool(self._waiting or self._at_work))

    def step(self, forward: bool) -> None:
        """Goes to the next or the previous place, and round from the last to the first."""
        runs, at = self._runs(), self.current
        if not runs:
            return
        if at is None:
            index, ordinal = (0, 0) if forward else (len(runs) - 1, -1)
        else:
            here = (at.view, at.section, at.block)
            index = bisect_left(runs, here, key=lambda run: run[:3])
            is_there = index < len(runs) and runs[index][:3] == here
            ordinal = at.ordinal + (1 if forward else -1)
            if forward and (not is_there or ordinal >= runs[index][3]):
                index, ordinal = index + is_there, 0
            elif not forward and (not is_there or ordinal < 0):
                index, ordinal = index - 1, -1
        view, section, block, count = runs[index % len(runs)]
        self._begin_at = None
        self._go_to(Match(view, section, block, count - 1 if ordinal < 0 else min(ordinal, count - 1)))
        self.changed.emit()

    def _go_to(self, match: Match) -> None:
        self.current = match
        pattern = self._pattern
        row = reveal_row(self._pane, match.view, match.section, match.block)
        ranges = self._ranges_in(row, pattern) if row is not None and pattern is not None else []
        if ranges:
            self._pane.reveal(match.view, match.section, match.block, *ranges[min(match.ordinal, len(ranges) - 1)])

    def select_current(self) -> None:
        """Leaves the current place selected, when the search ends."""
        match, pattern = self.current, self._pattern
        if match is None or pattern is None or match.view >= len(self._pane.flow.views):
            return
        row = self._pane.flow.views[match.view].text_row(match.section, match.block)
        ranges = self._ranges_in(row, pattern) if row is not None else []
        if row is not None and ranges:
            self._pane.selection.take(match.view, row, *ranges[min(match.ordinal, len(ranges) - 1)])

    # -- painting

    def marks_in(self, view_index: int, row: TextRow) -> list[tuple[int, int, str]]:
        """The ranges of a row that are marked, each with the name of its colour."""
        if self._pattern is None or row.section is Section.BOXED:
            return []
        ranges = self._ranges_in(row, self._pattern)
        at = self.current
        here = at is not None and (at.view, at.section, at.block) == (view_index, row.section, row.index)
        ordinal = at.ordinal if at is not None and here else -1
        return [
            (start, end, "match_current" if number == ordinal else "match")
            for number, (start, end) in enumerate(ranges)
        ]


_DONE: Final = object()


def _source(view: MessageView, row: TextRow) -> str:
    """What a row shows, as it was written; of a table, whose lines may be sorted, the cells."""
    block = row.block
    if isinstance(block, Table):
        return "\n".join(cell for cells in (block.header, *block.rows) for cell in cells)
    return view.source(row.section)[block.start : block.end]


def _condensed(text: str) -> str:
    """Letters and digits alone, small: what markup and spaces between them do not change."""
    return _BESIDES.sub("", text).casefold()


def _found_in(document: QTextDocument, pattern: re.Pattern[str]) -> list[tuple[int, int]]:
    """Where the pattern stands, in positions of the document; formulas are searched in their source."""
    text = document.toRawText()
    if OBJECT not in text and (text.isascii() or max(text) <= "\uffff"):
        return [match.span() for match in pattern.finditer(text) if match.end() > match.start()]
    shown: list[str] = []
    places: list[tuple[int, int]] = []  # of each character of what is searched
    position = 0
    for char in text:
        behind = position + (2 if char > "\uffff" else 1)
        source = source_at(document, position) if char == OBJECT else char
        shown.append(source)
        places += [(position, behind)] * len(source)
        position = behind
    spans = [match.span() for match in pattern.finditer("".join(shown))]
    return [(places[start][0], places[end - 1][1]) for start, end in spans if end > start]
