"""Tables for spreadsheets: tab-separated text for the clipboard, CSV and XLSX files.

Owns these forms, and that no cell of a model's answer becomes a formula in them. openpyxl is imported when an XLSX
file is written.
"""

from __future__ import annotations

import csv
import io
import re
import secrets
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.figures import EMPTY, Figure, read_figure
from finr1_desk.core.tables import TextTable

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

# What spreadsheets take for the beginning of a formula; the full-width forms in East Asian settings.
_FORMULA: Final = re.compile(r"\s*[=+\-@\t\r＝＋－＠]")
_PLAIN_NUMBER: Final = re.compile(r"[+\-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?\s?%?")
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BREAKS: Final = re.compile(r"[\t\r\n]+")
WIDEST: Final = 60  # characters of a column of an XLSX file
SHEET: Final = "Table"


def as_tsv(table: TextTable) -> str:
    """The table for the clipboard: cells separated by tabs, rows by line ends."""
    lines = (table.header, *table.rows)
    return "\n".join("\t".join(_BREAKS.sub(" ", defused(cell)) for cell in cells) for cells in lines)


def as_html(table: TextTable) -> str:
    """The table as HTML for the clipboard, which spreadsheets and word processors take before plain text."""
    flush = ["text-align:right" if table.is_figures(index) else "" for index in range(len(table.header))]

    def line(tag: str, cells: tuple[str, ...]) -> str:
        return "<tr>" + "".join(_html_cell(tag, *cell) for cell in zip(cells, flush, strict=True)) + "</tr>"

    body = "".join(line("td", cells) for cells in table.rows)
    return f'<table border="1" style="border-collapse:collapse">{line("th", table.header)}{body}</table>'


def _html_cell(tag: str, text: str, align: str) -> str:
    # Spreadsheets calculate formulas in pasted HTML too; this format says that the cell is text.
    text_format = r"mso-number-format:'\@'" if defused(text) != text or _is_code(text) else ""
    style = ";".join(filter(None, (align, text_format)))
    attribute = f' style="{style}"' if style else ""
    return f"<{tag}{attribute}>{escape(text)}</{tag}>".replace("\n", "<br>")


def _is_code(text: str) -> bool:
    """Digits that are no number, such as a stock code with leading zeros."""
    return text.strip().isdigit() and read_figure(text) is None


def defused(cell: str) -> str:
    """The cell with an apostrophe before it where a spreadsheet would take it for a formula; numbers stay."""
    if cell.strip() not in EMPTY and _FORMULA.match(cell) and not _PLAIN_NUMBER.fullmatch(cell.strip()):
        return "'" + cell
    return cell


def write_csv(table: TextTable, path: Path) -> None:
    """Writes CSV in UTF-8 with a mark at its beginning, without which spreadsheets misread Chinese.

    Raises:
        UserError: `FILE_UNWRITABLE` where the file cannot be written.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for cells in (table.header, *table.rows):
        writer.writerow([_CONTROLS.sub("\ufffd", defused(cell)) for cell in cells])
    _write(path, lambda target: target.write_bytes(text.getvalue().encode("utf-8-sig")))


def write_xlsx(table: TextTable, path: Path) -> None:
    """Writes a workbook with one sheet: figures as numbers in the format they were written in, the rest as text.

    Raises:
        UserError: `FILE_UNWRITABLE` where the file cannot be written.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = SHEET
    for row, cells in enumerate((table.header, *table.rows), start=1):
        for column, text in enumerate(cells, start=1):
            cell = sheet.cell(row, column)
            figure = read_figure(text) if row > 1 else None
            if figure is None:
                _put_text(cell, text)
            else:
                cell.value = figure.number / 100 if figure.is_percent else figure.number
                cell.number_format = number_format(figure)
            if row == 1:
                cell.font = Font(bold=True)
                if table.is_figures(column - 1):
                    cell.alignment = Alignment(horizontal="right")
    sheet.freeze_panes = "A2"
    _fit(sheet, table)
    _write(path, lambda target: book.save(target))


def number_format(figure: Figure) -> str:
    """The number format of a spreadsheet that shows the figure as it was written."""
    digits = ("#,##0" if figure.grouped else "0") + ("." + "0" * figure.decimals if figure.decimals else "")
    if figure.is_percent:
        digits += "%"
    elif figure.suffix:
        digits += f'"{figure.suffix}"'
    if figure.prefix:
        digits = f'"{figure.prefix}"{digits}'
    return f"{digits}_);({digits})" if figure.bracketed else digits


def _put_text(cell: Cell | Any, text: str) -> None:
    cell.value = _CONTROLS.sub("\ufffd", text)
    if cell.value is not None:
        cell.data_type = "s"  # also where it begins with «=»
        cell.quotePrefix = True


def _fit(sheet: Worksheet, table: TextTable) -> None:
    from openpyxl.utils import get_column_letter

    for index in range(len(table.header)):
        cells = (table.header[index], *table.column(index))
        # A Chinese character takes the room of two letters.
        width = max(sum(2 if ord(char) > 0x2E7F else 1 for char in line) for cell in cells for line in cell.split("\n"))
        sheet.column_dimensions[get_column_letter(index + 1)].width = min(width + 3, WIDEST)


def _write(path: Path, write: Callable[[Path], object]) -> None:
    """Writes beside the target and puts the file in its place when it is whole; one of that name is replaced."""
    temporary = path.with_name(f".{secrets.token_hex(8)}{path.suffix}")
    try:
        try:
            write(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(ErrorCode.FILE_UNWRITABLE, path=str(path), reason=error.strerror) from None
