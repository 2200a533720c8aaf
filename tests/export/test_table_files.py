"""Tables of inputs read from anybody's file, and tables of results written so that nothing runs in them."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.export.table_files import csv_bytes, write_table, xlsx_bytes
from finr1_desk.export.table_reading import decoded, delimiter_of, read_table

CELLS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_whatever_the_encoding_and_the_delimiter(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = f"编号{delimiter}描述\r\n1{delimiter}如何隐瞒利益冲突？\r\n\r\n2{delimiter}净利润\r\n"
    table = read_table(written(tmp_path / "a.csv", text.encode(encoding)))
    assert table.header == ("编号", "描述")
    assert table.rows == (("1", "如何隐瞒利益冲突？"), ("2", "净利润"))


def test_one_column_is_not_cut_at_its_commas(tmp_path: Path) -> None:
    table = read_table(written(tmp_path / "a.csv", b"text\nprofit fell, sales did not\nup, down, up\n"))
    assert table.rows == (("profit fell, sales did not",), ("up, down, up",))


def test_ragged_rows_and_headings_that_come_twice(tmp_path: Path) -> None:
    table = read_table(written(tmp_path / "a.csv", b'a,a,\n1\n1,2,3,"x\ny"\n'))
    assert table.header == ("a", "a (2)", "column 3", "column 4")
    assert table.rows == (("1", "", "", ""), ("1", "2", "3", "x\ny"))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"\n \n", "empty"),
        ("a.csv", b"text\n", "no_rows"),
        ("a.csv", b"text\n\xff\xff\xff\n", "encoding"),
        ("a.xlsx", b"no workbook", "damaged"),
        ("a.xlsx", b"PK\x03\x04 cut off", "damaged"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    with pytest.raises(UserError) as raised:
        read_table(written(tmp_path / name, content))
    assert (raised.value.code, raised.value.params["reason"]) == (ErrorCode.TABLE_UNREADABLE, reason)


def test_cells_of_a_workbook_come_as_they_would_be_typed(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["n", "day", "share", "text"])
    sheet.append([12.0, datetime(2024, 3, 1), 0.25, None])
    book.save(tmp_path / "a.xlsx")
    assert read_table(tmp_path / "a.xlsx").rows == (("12", "2024-03-01", "0.25", ""),)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=5))
def test_csv_goes_there_and_back(rows: list[list[str]]) -> None:
    text = decoded(csv_bytes(rows))
    assert text is not None
    again = list(csv.reader(io.StringIO(text, newline="")))
    assert [[cell.removeprefix("'") for cell in row] for row in again] == [
        [cell.removeprefix("'") for cell in row] for row in rows
    ]


@given(st.text(max_size=200))
def test_any_text_has_a_delimiter(text: str) -> None:
    assert len(delimiter_of(text)) == 1


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x")', "+1+cmd|x", "@SUM(A1)", "-2+3", "\t=1"])
def test_no_cell_becomes_a_formula(tmp_path: Path, text: str) -> None:
    write_table(tmp_path / "a.csv", [["h"], [text]])
    [_, [cell]] = list(csv.reader(io.StringIO((tmp_path / "a.csv").read_text("utf-8-sig"), newline="")))
    assert cell == f"'{text}"
    book = load_workbook(io.BytesIO(xlsx_bytes([["h"], [text]])))
    sheet = book.active
    assert sheet is not None
    assert sheet["A2"].data_type == "s"
    assert sheet["A2"].value == text


def test_numbers_stay_numbers_and_long_texts_fit(tmp_path: Path) -> None:
    write_table(tmp_path / "a.xlsx", [["a", "b", "c", "d"], [1, 0.5, "x" * 40_000, "a\x00b\ud800"]])
    sheet = load_workbook(tmp_path / "a.xlsx").active
    assert sheet is not None
    assert [sheet["A2"].value, sheet["B2"].value] == [1, 0.5]
    assert len(sheet["C2"].value) == 32_767
    assert sheet["D2"].value == "a\ufffdb\ufffd"


def test_a_table_that_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "folder.csv"
    target.mkdir()
    with pytest.raises(UserError) as raised:
        write_table(target, [["a"]])
    assert raised.value.code is ErrorCode.FILE_UNWRITABLE
    assert list(tmp_path.iterdir()) == [target]
