"""Cells from the clipboard become tables; everything else stays what it is."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from finr1_desk.core.spreadsheet import MOST_CELLS, rows_from_html, rows_from_text, to_markdown

FIGURES = "Item\t2023\t2024\nRevenue\t1,000\t$1,250.5\n净利润\t(12)\t15%\n"
CELLS = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), max_size=12)


def grids(cells: st.SearchStrategy[str]) -> st.SearchStrategy[list[list[str]]]:
    sizes = st.tuples(st.integers(2, 5), st.integers(2, 5))
    return sizes.flatmap(
        lambda size: st.lists(st.lists(cells, min_size=size[0], max_size=size[0]), min_size=size[1], max_size=size[1])
    )


def test_cells_become_a_table_with_figures_at_the_right() -> None:
    rows = rows_from_text(FIGURES, expected=False)
    assert to_markdown(rows).splitlines() == [
        "| Item | 2023 | 2024 |",
        "| --- | ---: | ---: |",
        "| Revenue | 1,000 | $1,250.5 |",
        "| 净利润 | (12) | 15% |",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no tabs\nat all",
        "one\ttab in a line",
        "a\tb\nc",
        "\tindented\n\tcode",
        "a\t\nb\t\n",
        "if x:\n\treturn 1\n\treturn 2",
    ],
)
def test_other_text_is_no_table(text: str) -> None:
    assert rows_from_text(text, expected=False) == ()


def test_a_cell_with_line_breaks_is_one_cell_on_one_line() -> None:
    rows = rows_from_text('a\tb\n"two\nlines ""quoted"""\tc|d\n', expected=False)
    assert rows == (("a", "b"), ('two\nlines "quoted"', "c|d"))
    assert to_markdown(rows).splitlines()[-1] == '| two lines "quoted" | c\\|d |'


def test_an_html_table_is_read_with_its_spans_and_without_its_styles() -> None:
    html = (
        "<html><head><style>td {color: red}</style></head><body><table><tr><th colspan=2>Q1</th><th>Q2</th></tr>"
        "<tr><td>a&amp;b</td><td>&nbsp;1<br>2</td><td><b>3</b></td></tr></table></body></html>"
    )
    assert rows_from_html(html) == (("Q1", "", "Q2"), ("a&b", "1 2", "3"))


@pytest.mark.parametrize(
    "html",
    ["", "<p>text</p>", "text<table><tr><td>a<td>b<tr><td>c<td>d</table>", "<table><tr><td>a</td></tr></table>",
     "<table><tr><td>a<td>b<tr><td>c<td>d</table><table></table>"],
)  # fmt: skip
def test_html_that_is_more_or_less_than_a_table_is_none(html: str) -> None:
    assert rows_from_html(html) == ()


@given(grids(CELLS))
def test_any_cells_give_a_table_of_their_shape(rows: list[list[str]]) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(to_markdown(rows))
    inline = [token.content for token in tokens if token.type == "inline"]
    assert tokens[0].type == "table_open"
    assert len(inline) == len(rows) * len(rows[0])
    if not any("\\" in cell for row in rows for cell in row):
        assert inline == [" ".join(cell.split()) for row in rows for cell in row]


@given(grids(CELLS.filter(lambda cell: bool(cell.strip()))))
def test_what_a_spreadsheet_writes_is_read_back(rows: list[list[str]]) -> None:
    written = io.StringIO()
    csv.writer(written, dialect="excel-tab", lineterminator="\n").writerows(rows)
    read = rows_from_text(written.getvalue(), expected=False)
    assert [[cell.replace('"', "").strip() for cell in row] for row in read] == [
        [cell.replace('"', "").strip() for cell in row] for row in rows
    ]


@given(grids(CELLS.filter(lambda cell: bool(cell.strip()) and "-" not in cell)))
def test_what_is_written_as_markdown_is_read_back(rows: list[list[str]]) -> None:
    expected = tuple(tuple(" ".join(cell.split()) for cell in row) for row in rows)
    assert rows_from_text(to_markdown(rows), expected=True) == expected


def test_more_cells_than_a_question_holds_stay_text() -> None:
    assert rows_from_text("a\tb\n" * (MOST_CELLS // 2 + 1), expected=False) == ()


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a\tb\n1\t2\n", (("a", "b"), ("1", "2"))),
        ('a\t"two\nlines"\r\n1\t2', (("a", "two\nlines"), ("1", "2"))),
        ('5"\tb\n1\t2', (('5"', "b"), ("1", "2"))),
        ("| a | b |\n|---|---|\n| 1 | 2 |", (("a", "b"), ("1", "2"))),
        ("a,b\n1,2", (("a", "b"), ("1", "2"))),
        ("one, two\nthree", (("one, two",), ("three",))),
        ('"a"\t""\n\n\t \n1\t2\t3', (("a", ""), ("1", "2", "3"))),
        ('Revenue,"1,250"\nCosts,(12)', (("Revenue", "1,250"), ("Costs", "(12)"))),
        ("| a \\| b |\n| c |", (("a | b",), ("c",))),
        ("\tx", (("", "x"),)),
        ("", ()),
    ],
)
def test_where_a_table_is_expected_any_text_is_cells(text: str, rows: tuple[tuple[str, ...], ...]) -> None:
    assert rows_from_text(text, expected=True) == rows


@given(st.text(st.sampled_from('a\t\n"|<>/tabledr '), max_size=80))
def test_no_text_is_too_odd(text: str) -> None:
    for rows in (rows_from_text(text, expected=False), rows_from_html(text)):
        assert len({len(row) for row in rows}) <= 1
    assert all(any(row) for row in rows_from_text(text, expected=True))
