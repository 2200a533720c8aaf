"""Tables as spreadsheets read them: cells, formats, and no formulas."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from openpyxl import load_workbook

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.tables import TextTable
from finr1_desk.export.tables import as_html, as_tsv, defused, write_csv, write_xlsx

TABLE = TextTable(
    ("项目", "2023", "Change", "Code"),
    (
        ("营业收入", "¥1,386.20", "15.1%", "000001"),
        ("costs", "(1,204)", "-5%", "600519"),
        ('=HYPERLINK("http://x","y")', "12.3亿元", "-", "@SUM(A1)"),
    ),
)


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|x", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "-a", "=5"])
def test_what_would_be_a_formula_is_defused(cell: str) -> None:
    assert defused(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["-5", "+5", "-5%", "-1,234.50", "text", "", "5-3", "a=b", "(5)", "-"])
def test_numbers_and_text_stay_as_they_are(cell: str) -> None:
    assert defused(cell) == cell


def test_tab_separated_text_has_one_line_a_row() -> None:
    table = TextTable(("a", "b"), (("x\ny", "1"), ("=1", "2\t3")))
    assert as_tsv(table) == "a\tb\nx y\t1\n'=1\t2 3"


def test_html_says_what_is_text() -> None:
    html = as_html(TextTable(("a", "n"), (("<b>", "1"), ("=1", "2"), ("000001", "3"))))
    assert "&lt;b&gt;" in html
    assert """<td style="mso-number-format:'\\@'">=1</td>""" in html
    assert """<td style="mso-number-format:'\\@'">000001</td>""" in html
    assert '<td style="text-align:right">3</td>' in html


def test_csv_can_be_read_back(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    write_csv(TABLE, path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == list(TABLE.header)
    assert rows[1] == list(TABLE.rows[0])
    assert rows[3] == ["'" + TABLE.rows[2][0], "12.3亿元", "-", "'@SUM(A1)"]
    assert not any(cell.startswith(("=", "@")) for row in rows for cell in row)


def test_xlsx_holds_numbers_with_their_formats(tmp_path: Path) -> None:
    path = tmp_path / "table.xlsx"
    write_xlsx(TABLE, path)
    sheet = load_workbook(path).active
    assert sheet is not None
    cells = [[(cell.value, cell.number_format) for cell in row] for row in sheet.iter_rows()]
    assert cells[1][1] == (1386.2, '"¥"#,##0.00')
    assert cells[1][2] == (0.151, "0.0%")
    assert cells[2][1] == (-1204, "#,##0_);(#,##0)")
    assert cells[2][2] == (-0.05, "0%")
    assert cells[3][1] == (12.3, '0.0"亿元"')
    assert cells[1][3][0] == "000001"
    assert sheet["A4"].data_type == "s"
    assert sheet["A4"].value == TABLE.rows[2][0]
    assert sheet["D4"].data_type == "s"
    assert sheet.freeze_panes == "A2"


def test_a_cell_may_hold_anything(tmp_path: Path) -> None:
    strange = TextTable(("a",), (("\x00\x1f\ud800" + "x" * 40_000,), ("",)))
    write_csv(strange, tmp_path / "t.csv")
    write_xlsx(strange, tmp_path / "t.xlsx")
    value = load_workbook(tmp_path / "t.xlsx").active["A2"].value
    assert value.startswith("\ufffd\ufffd\ufffdxxx")


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_what_cannot_be_written_is_told_and_leaves_nothing(tmp_path: Path, write: object) -> None:
    assert callable(write)
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "inside").touch()
    with pytest.raises(UserError) as caught:
        write(TABLE, taken)
    assert caught.value.code is ErrorCode.FILE_UNWRITABLE
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
