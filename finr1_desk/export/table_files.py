"""Tables of results as CSV and XLSX files, of any length, their cells typed by who wrote them.

Owns both formats row by row and the whole file or none. `tables` writes those of an answer, whose figures it reads from
their text; here a text stays a text, and a spreadsheet runs nothing of it.
"""

from __future__ import annotations

import csv
import io
import os
import re
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.text import well_formed
from finr1_desk.export.tables import defused

Cell = str | int | float | None
CSV: Final = ".csv"
XLSX: Final = ".xlsx"
ENDINGS: Final = (CSV, XLSX)
_NOT_IN_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_CELL_LIMIT: Final = 32_767  # characters in a cell of a spreadsheet
_ROW_LIMIT: Final = 1_048_576


def write_table(path: Path, rows: Iterable[Sequence[Cell]]) -> None:
    """Writes a table, the headings its first row; the ending of the path says in which format.

    Raises:
        UserError: `FILE_UNWRITABLE`; what was there is untouched.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            file.write(xlsx_bytes(rows) if path.suffix.lower() == XLSX else csv_bytes(rows))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise UserError(ErrorCode.FILE_UNWRITABLE, path=str(path), reason=error.strerror or str(error)) from None


def csv_bytes(rows: Iterable[Sequence[Cell]]) -> bytes:
    """UTF-8 with the mark by which spreadsheets know it, and line ends as the format has them."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([defused(well_formed(cell)) if isinstance(cell, str) else cell for cell in row])
    return out.getvalue().encode("utf-8-sig")


def xlsx_bytes(rows: Iterable[Sequence[Cell]]) -> bytes:
    """One sheet, its first row held in place. A text that is too long for a cell ends with an ellipsis."""
    from openpyxl import Workbook  # a tenth of a second, for those who want it only
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.freeze_panes = "A2"
    for number, row in enumerate(rows):
        if number == _ROW_LIMIT:
            raise OSError(None, "a sheet holds 1,048,576 rows")
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value=_sheet_text(value) if isinstance(value, str) else value)
            if isinstance(value, str):
                cell.data_type = "s"  # whatever it looks like, it is text
            cells.append(cell)
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet_text(text: str) -> str:
    text = _NOT_IN_XML.sub("\ufffd", well_formed(text))
    return text if len(text) <= _CELL_LIMIT else text[: _CELL_LIMIT - 1] + "…"
