"""Where every row is: the truth about scrolling.

Owns the order of the messages and the anchor, (message, row, offset), that stands at the upper edge of the pane. The
scroll bar is derived from it. Rows are measured when they come into view; heights outside are estimates, and a better
one never moves what is on the screen.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.pane.message_view import MessageView
from finr1_desk.ui.pane.rows import Row, Section, TextRow
from finr1_desk.ui.pane.versions import Versions

HEAD: Final = GRID * 2  # above the first message
FOOT: Final = GRID * 3  # below the last one
END_TOLERANCE: Final = 2  # pixels

Measure = Callable[[Row], None]
Spot = tuple[int, int]  # message and row


@dataclass(slots=True)
class Anchor:
    """The row at the upper edge, and how many pixels of its extent (gap included) are above the edge."""

    view: int = 0
    row: int = 0
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Placed:
    """A row with its position: `top` is its upper edge (below the gap) from the upper edge of the pane."""

    view_index: int
    row_index: int
    view: MessageView
    row: Row
    top: float

    @property
    def bottom(self) -> float:
        return self.top + self.row.height


class Flow:
    """The messages from top to bottom.

    Args:
        measure: makes the height of a row known.
    """

    def __init__(self, measure: Measure) -> None:
        self._measure = measure
        self.views: list[MessageView] = []
        self.anchor = Anchor()
        self.following = True  # the end stays in view
        self.height = 0.0  # of the pane
        self.head = float(HEAD)  # what is above the first message
        self._heights: list[float] = []
        self._stale: set[int] = set()

    # -- messages

    def set_views(self, views: list[MessageView]) -> None:
        self.views = views
        self._heights = [view.height for view in views]
        self._stale.clear()
        self.anchor = Anchor()

    def add(self, view: MessageView) -> None:
        self.views.append(view)
        self._heights.append(view.height)

    def remove(self, index: int) -> None:
        del self.views[index], self._heights[index]
        self._stale = {i - (i > index) for i in self._stale if i != index}
        if self.anchor.view > index:
            self.anchor.view -= 1
        elif self.anchor.view == index:
            self.anchor = Anchor(max(min(index, len(self.views) - 1), 0))

    def mark_below(self, message_id: str | None) -> bool:
        """Marks one message as the last that the model does not see, or none; returns whether that is new."""
        changed = [i for i, view in enumerate(self.views) if view.set_last_forgotten(view.message.id == message_id)]
        self._stale.update(changed)
        return bool(changed)

    def mark_versions(self, versions: Mapping[str, Versions]) -> bool:
        """Tells each message where it stands among its versions; returns whether any of that is new."""
        changed = [i for i, view in enumerate(self.views) if view.set_versions(versions.get(view.message.id))]
        self._stale.update(changed)
        return bool(changed)

    def touch(self, index: int) -> None:
        """The rows of a message, or their heights, changed."""
        self._stale.add(index)

    def touch_all(self) -> None:
        self._stale.update(range(len(self.views)))

    # -- numbers for the scroll bar

    @property
    def total(self) -> float:
        self._refresh_heights()
        return self.head + sum(self._heights) + FOOT

    @property
    def value(self) -> float:
        """How much is above the upper edge."""
        if not self.views:
            return 0
        return self.top_of(self.anchor.view, self.anchor.row) + self.anchor.offset

    @property
    def maximum(self) -> float:
        return max(self.total - self.height, 0)

    @property
    def is_at_end(self) -> bool:
        return self.value >= self.maximum - END_TOLERANCE

    def top_of(self, view_index: int, row_index: int) -> float:
        """Where the extent of a row begins, from the top of everything."""
        self._refresh_heights()
        top = sum(self._heights[:view_index])
        if row_index:
            top += self.views[view_index].tops[row_index]
        return top + (self.head if view_index or row_index else 0)

    def gap_above(self, view_index: int, row_index: int) -> float:
        """The distance between the upper edge of a row's extent and the row."""
        gap = self.views[view_index].rows[row_index].gap
        return gap + (self.head if view_index == row_index == 0 else 0)

    def top_in_pane(self, view_index: int, row_index: int) -> float:
        """The upper edge of a row from the upper edge of the pane, be it in view or not."""
        return self.top_of(view_index, row_index) - self.value + self.gap_above(view_index, row_index)

    def _refresh_heights(self) -> None:
        for index in self._stale:
            if index < len(self.views):
                self.views[index].forget_tops()
                self._heights[index] = self.views[index].height
        self._stale.clear()

    # -- moving

    def scroll_by(self, pixels: float) -> None:
        self.following = False
        self.anchor.offset += pixels
        self.settle()
        self.following = self.is_at_end

    def scroll_to(self, value: float) -> None:
        """Puts what is `value` pixels from the top at the upper edge."""
        self.following = False
        self._refresh_heights()
        rest = value
        for index, height in enumerate(self._heights):
            extent = height + (self.head if index == 0 else 0)
            if rest < extent or index == len(self._heights) - 1:
                self.anchor = self._anchor_within(index, max(rest, 0))
                break
            rest -= extent
        self.settle()
        self.following = self.is_at_end

    def _anchor_within(self, index: int, rest: float) -> Anchor:
        """The anchor `rest` pixels below the upper edge of a message, as far as the heights of its rows are known."""
        self.views[index].rows  # noqa: B018 - made now, so that they are counted
        self.touch(index)
        self._refresh_heights()
        below_head = rest - (self.head if index == 0 else 0)
        row = max(bisect_right(self.views[index].tops, below_head) - 1, 0)
        row = min(row, max(len(self.views[index].rows) - 1, 0))
        if row == 0:
            return Anchor(index, 0, rest)
        return Anchor(index, row, below_head - self.views[index].tops[row])

    def scroll_to_row(self, view_index: int, row_index: int, margin: float) -> None:
        """Puts a row `margin` pixels below the upper edge."""
        self.following = False
        self.anchor = Anchor(view_index, row_index, self.gap_above(view_index, row_index) - margin)
        self.settle()
        self.following = self.is_at_end

    def settle(self) -> None:
        """Measures what is in view and puts the anchor right: at the end where it is followed, never beyond."""
        if not self.views:
            self.anchor = Anchor()
            return
        if self.following:
            self._anchor_to_end()
            return
        self.anchor.offset = float(round(self.anchor.offset))
        self._normalise()
        y = -self.anchor.offset
        spot: Spot | None = (self.anchor.view, self.anchor.row)
        while spot is not None and y < self.height:
            y += self._measured_extent(spot)
            spot = self._after(spot)
        if spot is None and y + FOOT < self.height:
            self._anchor_to_end()

    def prepare(self, screens: float) -> bool:
        """Measures the next row that is not yet, up to so many screens away; False when there is none."""
        if not self.views:
            return False
        for step in (self._after, self._before):
            spot: Spot | None = (self.anchor.view, self.anchor.row)
            y, limit = 0.0, self.height * (screens + (1 if step == self._after else 0))
            while spot is not None and y < limit:
                row = self._row(spot)
                if not row.measured:
                    self._measured_extent(spot)
                    return True
                y += self._extent(spot)
                spot = step(spot)
        return False

    def placed(self) -> Iterator[Placed]:
        """The rows in view, from top to bottom."""
        if not self.views:
            return
        y = -self.anchor.offset
        spot: Spot | None = (self.anchor.view, self.anchor.row)
        while spot is not None and y < self.height:
            row = self._row(spot)
            extent = self._extent(spot)
            yield Placed(spot[0], spot[1], self.views[spot[0]], row, y + extent - row.height)
            y += extent
            spot = self._after(spot)

    def shows(self, view_index: int, section: Section) -> bool:
        """Whether something of a section of a message is in view."""
        return any(
            placed.view_index == view_index and isinstance(placed.row, TextRow) and placed.row.section is section
            for placed in self.placed()
        )

    def view_top(self, placed: Placed) -> float:
        """The upper edge of a message, its first gap included, from the upper edge of the pane."""
        self._refresh_heights()
        return placed.top - placed.row.gap - placed.view.tops[placed.row_index]

    # -- steps

    def _row(self, spot: Spot) -> Row:
        return self.views[spot[0]].rows[spot[1]]

    def _extent(self, spot: Spot) -> float:
        return self._row(spot).extent + (self.head if spot == (0, 0) else 0)

    def _measured_extent(self, spot: Spot) -> float:
        row = self._row(spot)
        if not row.measured:
            self._measure(row)
            self._stale.add(spot[0])
        return self._extent(spot)

    def _after(self, spot: Spot) -> Spot | None:
        view, row = spot
        if row + 1 < len(self.views[view].rows):
            return view, row + 1
        return self._first_row(range(view + 1, len(self.views)), last=False)

    def _before(self, spot: Spot) -> Spot | None:
        view, row = spot
        if row > 0:
            return view, row - 1
        return self._first_row(range(view - 1, -1, -1), last=True)

    def _first_row(self, views: range, *, last: bool) -> Spot | None:
        for view in views:
            had_rows = self.views[view].has_rows
            rows = self.views[view].rows
            if not had_rows:
                self._stale.add(view)
            if rows:
                return view, len(rows) - 1 if last else 0
        return None

    def _normalise(self) -> None:
        """Moves the anchor to the row that really is at the upper edge."""
        anchor = self.anchor
        anchor.view = min(anchor.view, len(self.views) - 1)
        if not self.views[anchor.view].has_rows:
            self._stale.add(anchor.view)
        if not self.views[anchor.view].rows:
            spot = self._after((anchor.view, 0)) or self._before((anchor.view, 0))
            if spot is None:
                return
            anchor.view, anchor.row = spot
        anchor.row = min(anchor.row, len(self.views[anchor.view].rows) - 1)
        spot = anchor.view, anchor.row
        extent = self._measured_extent(spot)
        while anchor.offset < 0:
            before = self._before(spot)
            if before is None:
                anchor.offset = 0
                break
            spot = before
            extent = self._measured_extent(spot)
            anchor.offset += extent
        while anchor.offset >= extent:
            after = self._after(spot)
            if after is None:
                break
            anchor.offset -= extent
            spot = after
            extent = self._measured_extent(spot)
        anchor.view, anchor.row = spot

    def _anchor_to_end(self) -> None:
        y = self.height - FOOT
        spot = self._first_row(range(len(self.views) - 1, -1, -1), last=True)
        while spot is not None:
            y -= self._measured_extent(spot)
            if y <= 0:
                self.anchor = Anchor(*spot, -y)
                return
            spot = self._before(spot)
        self.anchor = Anchor()
