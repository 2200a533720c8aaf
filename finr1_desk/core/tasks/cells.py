"""Cells as a spreadsheet or a web page puts them on the clipboard, as rows.

Owns that reading only: lines of cells divided by tabs, a cell with a line break in quotation marks. Lines of a
Markdown table and of comma separated values are understood too, because people paste those.
"""

from __future__ import annotations

import csv
import io
import re
from typing import Final

_RULE: Final = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*")
_LONGEST: Final = 2_000_000  # characters; more is no table that anybody pastes

Rows = tuple[tuple[str, ...], ...]


def rows_from_text(text: str) -> Rows:
    """The rows of a pasted table; a text that is none is one cell a line. Empty lines fall away."""
    text = text[:_LONGEST].replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    lines = [line for line in text.split("\n") if line.strip()]
    if "\t" in text:
        return _divided(text, "\t")
    if lines and all(line.strip().startswith("|") and line.count("|") > 1 for line in lines):
        return tuple(_markdown_cells(line) for line in lines if not _RULE.fullmatch(line))
    if len(lines) > 1 and (counts := {line.count(",") for line in lines}) and min(counts) > 0 and len(counts) == 1:
        return _divided(text, ",")
    return tuple((line.strip(),) for line in lines)


def _divided(text: str, delimiter: str) -> Rows:
    """`csv` reads quoted cells; where the quotation marks are no quotation, each line is cut as it is."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        rows = [line.split(delimiter) for line in text.split("\n")]
    return tuple(tuple(cell.strip() for cell in row) for row in rows if any(cell.strip() for cell in row))


def _markdown_cells(line: str) -> tuple[str, ...]:
    inner = line.strip().removeprefix("|").removesuffix("|")
    return tuple(cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", inner))
