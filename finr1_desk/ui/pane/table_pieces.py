"""Which cells of a piece of a table may need the most room.

Owns the guesses that spare measuring every cell, and which columns hold figures. Nothing here is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from finr1_desk.core.figures import EMPTY, read_figure
from finr1_desk.markup.dollars import formula_end
from finr1_desk.ui.pane.blocks import Table

CANDIDATES: Final = 3  # cells of a column that are measured
_WIDE: Final = b"0123456789mwMW%"  # a little wider than other letters
_LINK: Final = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_FORMULA_OPENER: Final = re.compile(r"(?<!\\)\$|\\\(")
_TEX_STRUCTURE: Final = re.compile(r"\\(?:(?:text\w*|math\w+|[dt]?frac|left|right|sqrt)(?![A-Za-z])|[,;:!])")
_TEX_SYMBOL: Final = re.compile(r"\\[A-Za-z]+")
_TEX_MARKS: Final = str.maketrans("", "", "{}^_$\\ ")


@dataclass(frozen=True, slots=True)
class ColumnNeeds:
    """What may need the most room in a column of a piece, the header's text among it; measuring all would take long.

    `is_numeric` says that it holds nothing but figures.
    """

    cells: tuple[str, ...]
    words: tuple[str, ...]
    is_numeric: bool


def column_needs(piece: Table) -> list[ColumnNeeds]:
    """The needs of each column of a piece."""
    lines = (piece.header, *piece.rows) if piece.header else piece.rows
    columns = [tuple(map(_shown, column)) for column in zip(*lines, strict=True)] or [("",)] * len(piece.aligns)
    numeric = list(map(_is_numeric, zip(*piece.rows, strict=True))) if piece.rows else [True] * len(piece.aligns)
    headed = bool(piece.header)
    return [
        ColumnNeeds(
            _widest(column, column[:headed]),
            _widest([word for cell in column for word in _words(cell)], _words(column[0]) if headed else ()),
            is_numeric,
        )
        for column, is_numeric in zip(columns, numeric, strict=True)
    ]


def _shown(cell: str) -> str:
    """About what is seen of a cell: no markers of emphasis, no addresses."""
    if "](" in cell:
        cell = _LINK.sub(r"\1", cell)
    if "$" in cell or "\\(" in cell:
        cell = _with_stand_ins(cell)
    return cell.replace("**", "").replace("`", "")


def _with_stand_ins(cell: str) -> str:
    """The cell with one word about as wide in the place of each formula."""
    shown = ""
    position = 0
    for opener in _FORMULA_OPENER.finditer(cell):
        if opener.start() < position:
            continue
        end = formula_end(cell, opener.start(), len(cell)) if opener.group() == "$" else cell.find("\\)", opener.end())
        if end is None or end < 0:
            continue
        formula = _TEX_SYMBOL.sub("x", _TEX_STRUCTURE.sub("", cell[opener.end() : end])).translate(_TEX_MARKS)
        shown += cell[position : opener.start()] + formula
        position = end if opener.group() == "$" else end + 2
    return shown + cell[position:]


def _widest(texts: Sequence[str], header: Sequence[str]) -> tuple[str, ...]:
    """What may need the most room; the header always, since it is bold and its letters tell too little."""
    return tuple(dict.fromkeys((*header, *sorted(set(texts), key=_room)[-CANDIDATES:])))


def _room(text: str) -> int:
    """About how wide a text is: a Chinese character has three bytes and the width of two letters; digits are wide."""
    encoded = text.encode("utf-8", "replace")
    return 5 * len(encoded) - len(encoded.translate(None, _WIDE))


def _words(text: str) -> list[str]:
    return text.split() if text.isascii() else re.split(r"\s+|(?<=[\u2e80-\uffef])", text)


def _is_numeric(column: Sequence[str]) -> bool:
    cells = [cell.strip("* ") for cell in column]
    return all(cell in EMPTY or read_figure(cell) is not None for cell in cells)
