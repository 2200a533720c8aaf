"""The chips that narrow a search: what they stand for, when they are there, and that a search follows them."""

from __future__ import annotations

import datetime as dt

import pytest
from PySide6.QtCore import QDate
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from finr1_desk.core.conversation import Role
from finr1_desk.core.keeping import EVERYTHING, Place, SearchFilter
from finr1_desk.store.search import SearchHit
from finr1_desk.ui.sidebar.filters import Chip, FilterChips, Period, start_of
from finr1_desk.ui.sidebar.sidebar import SearchField
from finr1_desk.ui.window import Window


@pytest.fixture
def chips(qtbot: QtBot) -> FilterChips:
    chips = FilterChips()
    qtbot.addWidget(chips)
    chips.set_known(["Annual & interim", "利率"], ["Fin-R1 Q4_K_M", "Other Q8_0"])
    return chips


def _choose(chips: FilterChips, number: int, entry: str) -> None:
    """Takes an entry of a chip's menu."""
    chip = chips.findChildren(Chip)[number]
    chip.menu().aboutToShow.emit()
    next(action for action in chip.menu().actions() if action.text() == entry).trigger()


def test_each_chip_narrows_by_its_own(chips: FilterChips) -> None:
    assert chips.filter() == EVERYTHING
    _choose(chips, 1, "Annual && interim")
    _choose(chips, 2, "Other Q8_0")
    _choose(chips, 3, "Reasoning")
    assert chips.filter() == SearchFilter(folder="Annual & interim", model="Other Q8_0", place=Place.THINKING)
    _choose(chips, 0, "Today")
    after = chips.filter().after
    assert after is not None
    assert dt.datetime.fromtimestamp(after).time() == dt.time()
    chips.reset()
    assert chips.filter() == EVERYTHING


def test_own_dates_include_their_last_day(chips: FilterChips) -> None:
    chips.set_period(QDate(2025, 3, 1), QDate(2025, 3, 31))
    expected = SearchFilter(dt.datetime(2025, 3, 1).timestamp(), dt.datetime(2025, 4, 1).timestamp())
    assert chips.filter() == expected


@pytest.mark.parametrize(
    ("period", "start"),
    [
        (Period.ANY, None),
        (Period.TODAY, dt.datetime(2025, 6, 18)),
        (Period.WEEK, dt.datetime(2025, 6, 11)),
        (Period.MONTH, dt.datetime(2025, 5, 19)),
        (Period.YEAR, dt.datetime(2025, 1, 1)),
    ],
)
def test_periods_begin_at_local_midnight(period: Period, start: dt.datetime | None) -> None:
    began = start_of(period, dt.datetime(2025, 6, 18, 15, 30))
    assert began == (start.timestamp() if start is not None else None)


def test_a_chip_with_nothing_to_choose_is_not_there(chips: FilterChips, qtbot: QtBot) -> None:
    when, folder, model, place = chips.findChildren(Chip)
    assert not any(chip.isHidden() for chip in (when, folder, model, place))
    _choose(chips, 1, "利率")
    with qtbot.waitSignal(chips.changed):
        chips.set_known([], ["Fin-R1 Q4_K_M"])
    assert [chip.isHidden() for chip in (when, folder, model, place)] == [False, True, True, False]
    assert chips.filter() == EVERYTHING  # the folder is gone


def test_a_search_follows_the_chips_and_says_when_they_leave_nothing(window: Window, qtbot: QtBot) -> None:
    sidebar = window.sidebar
    wanted: list[tuple[str, SearchFilter]] = []
    sidebar.searchRequested.connect(lambda query, narrowed: wanted.append((query, narrowed)))
    field = window.findChild(SearchField)
    assert isinstance(field, SearchField)
    assert not sidebar.chips.isVisible()
    field.setText("利")
    sidebar.show_results("利", [SearchHit("c", "m", "t", Role.USER, 0.0, "利", ((0, 1),))])
    assert sidebar.chips.isVisible()
    _choose(sidebar.chips, 3, "Questions")
    assert wanted[-1] == ("利", SearchFilter(place=Place.QUESTION))
    sidebar.show_results("利", [])
    clear = sidebar.chips.findChild(QToolButton, "chipClear")
    assert isinstance(clear, QToolButton)
    clear.click()
    assert wanted[-1] == ("利", EVERYTHING)
    field.clear()
    qtbot.waitUntil(lambda: not sidebar.chips.isVisible(), timeout=30_000)


def test_the_chips_go_on_in_the_next_line_where_there_is_little_room(chips: FilterChips, qtbot: QtBot) -> None:
    with qtbot.waitExposed(chips):
        chips.show()
    heights = {}
    for width in (800, 130):
        chips.resize(width, 10)
        qtbot.waitUntil(lambda width=width: chips.width() == width, timeout=30_000)
        shown = [chip for chip in chips.findChildren(QToolButton) if chip.isVisible()]
        assert all(chips.rect().contains(chip.geometry()) for chip in shown)
        heights[width] = chips.height()
    assert heights[130] > 3 * heights[800]
