"""Tables that somebody else wrote: CSV in whatever encoding and with whatever delimiter, or the first sheet of XLSX.

Owns the reading and its bounds. Every cell comes as text; what it means is the caller's.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.export.table_files import XLSX

LARGEST: Final = 200_000_000  # bytes of a file
_LARGEST_UNPACKED: Final = 2_000_000_000
_LONGEST_CELL: Final = 10_000_000  # characters; Python's own limit is 131,072, which reports exceed
_MOST_ROWS: Final = 1_048_576
_DELIMITERS: Final = ",;\t|"
_NONE: Final = "\x1f"
_SAMPLE: Final = 64_000  # characters by which the delimiter is told


@dataclass(frozen=True, slots=True)
class Table:
    """A table as read: `header` without doubles, `rows` all as long as it; `sha256` of the file's bytes."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sha256: str


def read_table(path: Path) -> Table:
    """Reads a CSV or XLSX file whose first row holds the headings. Rows without any text are left out.

    Raises:
        UserError: `FILE_UNREADABLE`, `TABLE_UNREADABLE`.
    """
    rows, content = _read(path)
    if len(rows) == 1:
        raise _unreadable(path, "no_rows")
    return Table(_header(rows[0]), tuple(rows[1:]), hashlib.sha256(content).hexdigest())


def read_rows(path: Path) -> list[tuple[str, ...]]:
    """The cells of a CSV or XLSX file as they stand there, one length for all rows that hold any text.

    Raises:
        UserError: `FILE_UNREADABLE`, `TABLE_UNREADABLE`.
    """
    return _read(path)[0]


def _read(path: Path) -> tuple[list[tuple[str, ...]], bytes]:
    try:
        if path.stat().st_size > LARGEST:
            raise _unreadable(path, "too_large")
        content = path.read_bytes()
    except OSError as error:
        raise UserError(ErrorCode.FILE_UNREADABLE, path=str(path), reason=error.strerror or str(error)) from None
    if path.suffix.lower() == XLSX or content.startswith(b"PK\x03\x04"):
        rows = _sheet_rows(path, content)
    else:
        rows = _csv_rows(path, content)
    kept = [tuple(row) for row in rows if any(cell.strip() for cell in row)]
    if not kept:
        raise _unreadable(path, "empty")
    width = max(map(len, kept))
    return [row + ("",) * (width - len(row)) for row in kept], content


def decoded(content: bytes) -> str | None:
    """The text of a file: UTF-8 or UTF-16 by its mark, else UTF-8, else GB18030; None where it is none of them."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def delimiter_of(text: str) -> str:
    """The delimiter of a CSV text: the one that divides its first lines into most cells, evenly.

    Where none divides the headings, each line is one cell: `_NONE` stands in no text that people write.
    """
    sample = text[:_SAMPLE]

    def merit(delimiter: str) -> tuple[bool, int]:
        rows = [row for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if row]
        if len(text) > len(sample):
            rows = rows[:-1] or rows  # the last one is cut off
        counts = {len(row) for row in rows[:50]}
        return len(counts) == 1 and counts != {1}, len(rows[0]) if rows else 0

    best = max(_DELIMITERS, key=merit)
    return best if merit(best)[1] > 1 else _NONE


def _csv_rows(path: Path, content: bytes) -> list[list[str]]:
    text = decoded(content)
    if text is None:
        raise _unreadable(path, "encoding")
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text)))
    except csv.Error:
        raise _unreadable(path, "damaged") from None
    finally:
        csv.field_size_limit(before)
    if len(rows) > _MOST_ROWS:
        raise _unreadable(path, "too_large")
    return rows


def _sheet_rows(path: Path, content: bytes) -> list[list[str]]:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST_UNPACKED:
                raise _unreadable(path, "too_large")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what the file says of its size need not be so
            return [[_text(cell) for cell in row] for row in _at_most(sheet.iter_rows(values_only=True), path)]
        finally:
            book.close()
    except UserError:
        raise
    except Exception:  # openpyxl raises whatever its parts raise over a file that is none
        raise _unreadable(path, "damaged") from None


def _at_most(rows: Iterable[Sequence[object]], path: Path) -> Iterable[Sequence[object]]:
    for number, row in enumerate(rows):
        if number > _MOST_ROWS:
            raise _unreadable(path, "too_large")
        yield row


def _text(value: object) -> str:
    """A cell as it would be typed: 12 and not 12.0, a date without a midnight."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time().isoformat() == "00:00:00" else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _header(cells: Sequence[str]) -> tuple[str, ...]:
    """The headings, each once: one without a name gets its number, one that was there before gets one behind it."""
    names: list[str] = []
    for number, cell in enumerate(cells, 1):
        name = base = " ".join(cell.split()) or f"column {number}"
        again = 2
        while name in names:
            name, again = f"{base} ({again})", again + 1
        names.append(name)
    return tuple(names)


def _unreadable(path: Path, reason: str) -> UserError:
    return UserError(ErrorCode.TABLE_UNREADABLE, path=str(path), reason=reason)
