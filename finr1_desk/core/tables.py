"""A table as plain cells: what is sorted, copied, saved and plotted.

Owns the value and the order of its rows. How it is written into a file or shown is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from finr1_desk.core.figures import EMPTY, Figure, are_figures, read_figure

_DIGITS: Final = re.compile(r"([0-9]+)")


@dataclass(frozen=True, slots=True)
class TextTable:
    """Cells as they are read, without any markup; every row has as many as the header."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, index: int) -> tuple[str, ...]:
        return tuple(row[index] for row in self.rows)

    def is_figures(self, index: int) -> bool:
        return are_figures(self.column(index))

    def figures(self, index: int) -> list[Figure | None]:
        """The figures of a column; None where a cell is empty or text."""
        return [read_figure(cell) for cell in self.column(index)]


def sorted_order(column: Sequence[str], *, descending: bool) -> list[int]:
    """The numbers of the rows in the order of one column's cells; equal ones stay as they are, empty ones come last.

    Figures are ordered by their value, units included; other text by its words, with numbers in it by their size.
    """
    told = [index for index, cell in enumerate(column) if cell.strip() not in EMPTY]
    empty = [index for index, cell in enumerate(column) if cell.strip() in EMPTY]
    if are_figures(column):
        figures = {index: read_figure(column[index]) for index in told}
        values = {index: figure.value for index, figure in figures.items() if figure is not None}
        return [*sorted(told, key=values.__getitem__, reverse=descending), *empty]
    return [*sorted(told, key=lambda index: _natural(column[index]), reverse=descending), *empty]


def _natural(text: str) -> list[tuple[int, int, str]]:
    pieces = _DIGITS.split(text.casefold())
    return [(0, int(piece), "") if number % 2 else (1, 0, piece) for number, piece in enumerate(pieces) if piece]
