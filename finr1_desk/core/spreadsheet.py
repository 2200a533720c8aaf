"""Cells copied from a spreadsheet or a web page, as rows, and rows as a Markdown table.

Owns telling cells from ordinary text, and the table's written form. It knows the forms in which cells stand on the
clipboard, lines with tabs and an HTML table, and those that people paste beside them, Markdown and comma separated
values; it touches no clipboard.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from itertools import zip_longest
from typing import Final

from finr1_desk.core.figures import are_figures

Rows = tuple[tuple[str, ...], ...]

MOST_CELLS: Final = 200_000  # beyond, a question could not hold them anyway
_LONGEST: Final = 2_000_000  # characters; more is no table that anybody puts into a form
_PIPE: Final = re.compile(r"(\\*)\|")
_ESCAPED_PIPE: Final = re.compile(r"(\\+)\|")
_DIVIDING_PIPE: Final = re.compile(r"(?<!\\)\|")
_RULE: Final = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*")
_BREAKS: Final = re.compile(r"\r\n|\r|\v|\f|\x85|\u2028|\u2029")
_ENDS: Final = {"\t": re.compile(r"[\t\n]"), ",": re.compile(r"[,\n]")}  # of a cell, by what divides them


def rows_from_text(text: str, *, expected: bool) -> Rows:
    """The cells of a text, without the white space around them; none where it holds no table.

    Args:
        expected: The text goes where nothing but cells can go. Then lines with tabs, comma separated values and a
            Markdown table are all taken apart, of any shape; any other text is one cell a line, and empty rows fall
            away. Otherwise the text may be anything, and only what is certainly cells is taken for them: at least two
            lines with the same number of tabs, not all of them indented.
    """
    text = _BREAKS.sub("\n", text).strip("\n")
    return _any_rows(text[:_LONGEST]) if expected else _certain_rows(text)


def rows_from_html(html: str) -> Rows:
    """The cells of the one table that a piece of HTML consists of; none where it is anything else."""
    reader = _TableReader()
    reader.feed(html)
    reader.close()
    rows = reader.rows
    if reader.tables != 1 or reader.outside or reader.too_large or len(rows) < 2:
        return ()
    width = max(map(len, rows))
    return _trimmed([row + [""] * (width - len(row)) for row in rows]) if width >= 2 else ()


def to_markdown(rows: Sequence[Sequence[str]]) -> str:
    """A table whose first row is the header; columns of figures are aligned at the right."""
    header, *body = [[_cell(text) for text in row] for row in rows]
    columns = list(zip_longest(*body, fillvalue="")) if body else [()] * len(header)
    rule = ["---:" if are_figures(column) else "---" for column in columns]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rule, *body))


def _certain_rows(text: str) -> Rows:
    if "\t" not in text:
        return ()
    rows = _split(text, "\t", always_quoted=False)
    width = len(rows[0])
    if len(rows) < 2 or width < 2 or any(len(row) != width for row in rows) or len(rows) * width > MOST_CELLS:
        return ()
    if not any(row[0] for row in rows):  # indented, such as code
        return ()
    return _trimmed(rows)


def _any_rows(text: str) -> Rows:
    if "\t" in text:
        return _filled(_split(text, "\t", always_quoted=True))
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if lines and all(line.startswith("|") and line.count("|") > 1 for line in lines):
        return _filled([_markdown_cells(line) for line in lines if not _RULE.fullmatch(line)])
    if "," in text:
        rows = _filled(_split(text, ",", always_quoted=True))
        if len(rows) > 1 and len(rows[0]) > 1 and len(set(map(len, rows))) == 1:
            return rows
    return tuple((line,) for line in lines)


def _split(text: str, divider: str, *, always_quoted: bool) -> list[list[str]]:
    """Lines and cells, minding the quotation marks around a cell; what is too much ends with the cell that is.

    Args:
        always_quoted: Marks around a cell are none of its text. Otherwise they are where nothing in it needs them, as
            spreadsheets write the cells they copy.
    """
    rows: list[list[str]] = [[]]
    position = 0
    for _ in range(MOST_CELLS + 1):
        cell, position = _next_cell(text, position, divider, always_quoted=always_quoted)
        rows[-1].append(cell.strip())
        if position >= len(text):
            break
        if text[position] == "\n":
            rows.append([])
        position += 1
    return rows


def _next_cell(text: str, start: int, divider: str, *, always_quoted: bool) -> tuple[str, int]:
    """The cell that begins at `start`, and where its divider, line end or the text's end stands."""
    if text.startswith('"', start):
        end = start + 1
        while (end := text.find('"', end)) >= 0 and text.startswith('"', end + 1):
            end += 2
        if end >= 0 and text[end + 1 : end + 2] in ("", divider, "\n"):
            quoted = text[start + 1 : end]
            if always_quoted or any(mark in quoted for mark in ("\n", divider, '""')):
                return quoted.replace('""', '"'), end + 1
    found = _ENDS[divider].search(text, start)
    end = found.start() if found is not None else len(text)
    return text[start:end], end


def _markdown_cells(line: str) -> list[str]:
    inner = line.removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    cells = _DIVIDING_PIPE.split(inner)
    return [_ESCAPED_PIPE.sub(lambda found: found[1][: len(found[1]) // 2] + "|", cell).strip() for cell in cells]


def _filled(rows: list[list[str]]) -> Rows:
    """The rows that hold anything."""
    return tuple(tuple(row) for row in rows if any(row))


def _trimmed(rows: list[list[str]]) -> Rows:
    """Without the empty rows and columns behind the cells."""
    while rows and not any(cell.strip() for cell in rows[-1]):
        rows = rows[:-1]
    while rows and rows[0] and not any(row[-1].strip() for row in rows):
        rows = [row[:-1] for row in rows]
    return tuple(map(tuple, rows)) if len(rows) >= 2 and len(rows[0]) >= 2 else ()


def _cell(text: str) -> str:
    """A cell as it stands in a table: on one line, without what would end it."""
    return _PIPE.sub(lambda found: found[1] * 2 + "\\|", " ".join(text.split()))


class _TableReader(HTMLParser):
    """Collects the cells of a table; nested tags are text, spans leave empty cells."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []
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
