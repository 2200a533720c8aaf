"""What counts as a figure, what it is worth, and how rows are put in order by it."""

from __future__ import annotations

import pytest

from finr1_desk.core.figures import are_figures, read_figure
from finr1_desk.core.tables import TextTable, sorted_order


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("1,234.5", 1234.5),
        ("1，234", 1234),
        ("12 345", 12345),
        (".5", 0.5),
        ("(123)", -123),
        ("（1,200.50）", -1200.5),
        ("($1,200)", -1200),
        ("-5%", -0.05),
        ("−5 ％", -0.05),
        ("-$950", -950),
        ("$-950", -950),
        ("+3.2", 3.2),
        ("US$5", 5),
        ("¥12.3亿元", 12.3e8),
        ("1,204.5亿", 1204.5e8),
        ("3.5万亿元", 3.5e12),
        ("25 bps", 0.0025),
        ("2‰", 0.002),
        ("1.5x", 1.5),
        ("$2.3bn", 2.3e9),
        ("4.1 million", 4.1e6),
        ("约15.1%", 0.151),
        ("~7", 7),
        ("2022年", 2022),
        ("0.00", 0),
        ("RMB 5,000", 5000),
        ("1.2个百分点", 0.012),
    ],
)
def test_figures_have_their_value(text: str, value: float) -> None:
    figure = read_figure(text)
    assert figure is not None
    assert figure.value == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "n/a",
        "000001",
        "600519.SH",
        "1,23",
        "12,3456",
        "(5",
        "5)",
        "1-2",
        "2023Q1",
        "2023-01-15",
        "about 5",
        "5 and 6",
        "12345678901234567",
        "%",
        "亿",
        "=1+1",
        "--5",
        "٣",
        "1" + " " * 100_000 + "y",  # is not tried in every way
        "9" * 100_000,
    ],
)
def test_what_only_looks_like_a_figure_is_none(text: str) -> None:
    assert read_figure(text) is None


def test_a_figure_says_how_it_was_written() -> None:
    figure = read_figure("¥1,234.50亿元")
    assert figure is not None
    assert (figure.number, figure.decimals, figure.grouped) == (1234.5, 2, True)
    assert (figure.prefix, figure.suffix, figure.is_percent) == ("¥", "亿元", False)
    percent = read_figure("-5.0%")
    assert percent is not None
    assert percent.is_percent
    assert percent.decimals == 1


def test_a_column_of_figures_may_have_empty_cells_but_not_only_those() -> None:
    assert are_figures(["1", "-", " 2% ", "不适用"])
    assert not are_figures(["-", ""])
    assert not are_figures(["1", "one"])


def test_figures_are_ordered_by_value_and_empty_cells_come_last() -> None:
    column = ["9亿", "-", "1,200万", "(3)", "10亿"]
    assert sorted_order(column, descending=False) == [3, 2, 0, 4, 1]
    assert sorted_order(column, descending=True) == [4, 0, 2, 3, 1]


def test_other_cells_are_ordered_by_words_and_the_numbers_in_them() -> None:
    column = ["Item 10", "item 9", "", "Item 1"]
    assert sorted_order(column, descending=False) == [3, 1, 0, 2]
    assert sorted_order(column, descending=True) == [0, 1, 3, 2]


def test_equal_cells_stay_in_their_order() -> None:
    assert sorted_order(["b", "a", "b", "a"], descending=False) == [1, 3, 0, 2]
    assert sorted_order(["1", "1.0", "0"], descending=True) == [0, 1, 2]


def test_a_table_gives_its_columns() -> None:
    table = TextTable(("a", "b"), (("x", "2"), ("y", "1")))
    assert table.column(1) == ("2", "1")
    assert table.is_figures(1)
    assert not table.is_figures(0)
    assert [figure.value for figure in table.figures(1) if figure is not None] == [2, 1]
