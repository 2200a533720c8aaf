"""Cells copied from a spreadsheet, as a Markdown table.

Owns telling cells from ordinary text, and the table's written form. It knows the two forms in which spreadsheets put
cells on the clipboard, lines with tabs and an HTML table, and touches no clipboard.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from itertools import zip_longest
from typing import Final

from finr1_desk.core.figures import are_figures

Rows = list[list[str]]

MOST_CELLS: Final = 200_000  # beyond, a question could not hold them anyway
_PIPE: Final = re.compile(r"(\\*)\|")
_BREAKS: Final = re.compile(r"\r\n|\r|\v|\f|\x85|\u2028|\u2029")


def from_tabs(text: str) -> Rows | None:
    """The cells of lines with tabs; None for text that only holds some tabs, such as code.

    Cells are lines of the same number of tabs, at least two of them; a line that begins with tabs only is indented
    text. A cell with line breaks or tabs stands in quotation marks.
    """
    text = _BREAKS.sub("\n", text)
    if "\t" not in text:
        return None
    rows = _split(text.removesuffix("\n"))
    if rows is None or len(rows) < 2 or sum(map(len, rows)) > MOST_CELLS:
        return None
    width = len(rows[0])
    if width < 2 or any(len(row) != width for row in rows):
        return None
    if all(not row[0].strip() for row in rows):  # indented, such as code
        return None
    return _trimmed(rows)


def from_html(html: str) -> Rows | None:
    """The cells of the one table that a piece of HTML consists of; None where it is anything else."""
    reader = _TableReader()
    reader.feed(html)
    reader.close()
    rows = reader.rows
    if reader.tables != 1 or reader.outside or reader.too_large or len(rows) < 2:
        return None
    width = max(map(len, rows))
    return _trimmed([row + [""] * (width - len(row)) for row in rows]) if width >= 2 else None


def to_markdown(rows: Sequence[Sequence[str]]) -> str:
    """A table whose first row is the header; columns of figures are aligned at the right."""
    header, *body = [[_cell(text) for text in row] for row in rows]
    columns = list(zip_longest(*body, fillvalue="")) if body else [()] * len(header)
    rule = ["---:" if are_figures(column) else "---" for column in columns]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rule, *body))


def _split(text: str) -> Rows | None:
    """Lines and cells, minding the quotation marks around a cell; None where there are too many."""
    rows: Rows = [[]]
    position = 0
    count = 0
    while True:
        cell, position = _next_cell(text, position)
        rows[-1].append(cell)
        count += 1
        if position >= len(text):
            return rows
        if count > MOST_CELLS:
            return None
        if text[position] == "\n":
            rows.append([])
        position += 1


def _next_cell(text: str, start: int) -> tuple[str, int]:
    """The cell that begins at `start`, and where its tab, line end or the text's end stands."""
    if text.startswith('"', start):
        end = start + 1
        while (end := text.find('"', end)) >= 0 and text.startswith('"', end + 1):
            end += 2
        if end >= 0 and text[end + 1 : end + 2] in ("", "\t", "\n"):
            quoted = text[start + 1 : end]
            if "\n" in quoted or "\t" in quoted or '""' in quoted:
                return quoted.replace('""', '"'), end + 1
    ends = [place for mark in "\t\n" if (place := text.find(mark, start)) >= 0]
    end = min(ends, default=len(text))
    return text[start:end], end


def _trimmed(rows: Rows) -> Rows | None:
    """Without the empty rows and columns around the cells."""
    while rows and not any(cell.strip() for cell in rows[-1]):
        rows = rows[:-1]
    while rows and rows[0] and not any(row[-1].strip() for row in rows):
        rows = [row[:-1] for row in rows]
    return rows if len(rows) >= 2 and len(rows[0]) >= 2 else None


def _cell(text: str) -> str:
    """A cell as it stands in a table: on one line, without what would end it."""
    return _PIPE.sub(lambda found: found[1] * 2 + "\\|", " ".join(text.split()))


class _TableReader(HTMLParser):
    """Collects the cells of a table; nested tags are text, spans leave empty cells."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: Rows = []
        self.tables = 0
        self.outside = False  # there is text beside the table
        self.too_large = False
        self._count = 0
        self._depth = 0
        self._silent = 0
        self._cell: list[str] | None = None
        self._span = 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("style", "script", "title", "head"):
            self._silent += tag != "head"
        elif tag == "table":
            self.tables += 1
            self._depth += 1
        elif tag == "tr" and self._depth:
            self._end_cell()
            self.rows.append([])
        elif tag in ("td", "th") and self._depth:
            self._end_cell()
            if not self.rows:
                self.rows.append([])
            self._cell, self._span = [], _span_of(attrs)
        elif tag in ("br", "p", "div") and self._cell:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script", "title"):
            self._silent = max(self._silent - 1, 0)
        elif tag in ("td", "th", "tr"):
            self._end_cell()
        elif tag == "table":
            self._end_cell()
            self._depth = max(self._depth - 1, 0)

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if self._cell is not None:
            self._cell.append(data)
        elif data.strip():
            self.outside = True

    def close(self) -> None:
        super().close()
        self._end_cell()

    def _end_cell(self) -> None:
        if self._cell is None:
            return
        text, self._cell = "".join(self._cell).replace("\xa0", " ").strip(), None
        self._count += self._span
        self.too_large |= self._count > MOST_CELLS
        if not self.too_large:
            self.rows[-1] += [text, *[""] * (self._span - 1)]


def _span_of(attrs: list[tuple[str, str | None]]) -> int:
    written = dict(attrs).get("colspan") or "1"
    return min(max(int(written), 1), 1000) if written.isascii() and written.isdigit() and len(written) < 5 else 1
