"""Cells from the clipboard become tables; everything else stays what it is."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from finr1_desk.core.spreadsheet import from_html, from_tabs, to_markdown

FIGURES = "Item\t2023\t2024\nRevenue\t1,000\t$1,250.5\n净利润\t(12)\t15%\n"
CELLS = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), max_size=12)


def grids(cells: st.SearchStrategy[str]) -> st.SearchStrategy[list[list[str]]]:
    sizes = st.tuples(st.integers(2, 5), st.integers(2, 5))
    return sizes.flatmap(
        lambda size: st.lists(st.lists(cells, min_size=size[0], max_size=size[0]), min_size=size[1], max_size=size[1])
    )


def test_cells_become_a_table_with_figures_at_the_right() -> None:
    rows = from_tabs(FIGURES)
    assert rows is not None
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
    assert from_tabs(text) is None


def test_a_cell_with_line_breaks_is_one_cell_on_one_line() -> None:
    rows = from_tabs('a\tb\n"two\nlines ""quoted"""\tc|d\n')
    assert rows == [["a", "b"], ['two\nlines "quoted"', "c|d"]]
    assert to_markdown(rows).splitlines()[-1] == '| two lines "quoted" | c\\|d |'


def test_an_html_table_is_read_with_its_spans_and_without_its_styles() -> None:
    html = (
        "<html><head><style>td {color: red}</style></head><body><table><tr><th colspan=2>Q1</th><th>Q2</th></tr>"
        "<tr><td>a&amp;b</td><td>&nbsp;1<br>2</td><td><b>3</b></td></tr></table></body></html>"
    )
    assert from_html(html) == [["Q1", "", "Q2"], ["a&b", "1 2", "3"]]


@pytest.mark.parametrize(
    "html",
    ["", "<p>text</p>", "text<table><tr><td>a<td>b<tr><td>c<td>d</table>", "<table><tr><td>a</td></tr></table>",
     "<table><tr><td>a<td>b<tr><td>c<td>d</table><table></table>"],
)  # fmt: skip
def test_html_that_is_more_or_less_than_a_table_is_none(html: str) -> None:
    assert from_html(html) is None


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
    read = from_tabs(written.getvalue())
    assert read is not None
    assert [[cell.replace('"', "") for cell in row] for row in read] == [
        [cell.replace('"', "") for cell in row] for row in rows
    ]


@given(st.text(st.sampled_from('a\t\n"|<>/tabledr '), max_size=80))
def test_no_text_is_too_odd(text: str) -> None:
    for rows in (from_tabs(text), from_html(text)):
        assert rows is None or len({len(row) for row in rows}) == 1
