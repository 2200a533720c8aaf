r"""Rules in the arrays of formulas: `\begin{array}{c|c} … \hline … \cline{2-3}`.

Owns their way through latex2mathml, which loses half of them: `tex` puts a sign of its own in their place, which is
taken out of the tree again here; and their drawing, for which ziamath's tables have no means.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Final
from xml.etree import ElementTree

from finr1_desk.markup import tex

ROW_RULES: Final = "finr1-row-rules"  # how many rules stand above each row, and below the last
COLUMN_RULES: Final = "finr1-column-rules"  # and left of each column, and right of the last
PART_RULES: Final = "finr1-part-rules"  # of those below a part of a row: its number, and from which column to which
_WIDE: Final = "0.7em"  # between two rows or columns with a rule between them
_USUAL: Final = "0.3em"

_Placed = tuple[float, float, Any]  # x, y and the box of a cell


def take_rules(tree: ElementTree.Element) -> None:
    """Notes the rules of each table on it, in the place of the signs that stand for them."""
    for table in tree.iter("mtable"):
        above: list[int] = []
        left: dict[int, int] = {}
        parts: list[tuple[int, int, int]] = []
        for number, row in enumerate(list(table)):
            found = _signs(row)
            above.append(found.count(tex.ROW_RULE))
            for sign in map(ord, found):
                if sign >= tex.FIRST_END and parts:
                    parts[-1] = (number, parts[-1][1], sign - tex.FIRST_END)
                elif tex.FIRST_START <= sign < tex.FIRST_END:
                    parts.append((number, sign - tex.FIRST_START, 0))
                elif sign >= tex.FIRST_COLUMN:
                    left[sign - tex.FIRST_COLUMN] = left.get(sign - tex.FIRST_COLUMN, 0) + 1
            if found and len(row) == 1 and len(row[0]) == 0:  # nothing but the rules below the last row
                table.remove(row)
        if len(above) == len(table):
            above.append(0)
        if not any(above) and not left and not parts:
            continue
        columns = max(map(len, table), default=0)
        beside = [left.get(column, 0) for column in range(columns + 1)]
        table.set(ROW_RULES, " ".join(map(str, above)))
        table.set(COLUMN_RULES, " ".join(map(str, beside)))
        table.set(PART_RULES, " ".join(f"{row}:{first}:{last}" for row, first, last in parts))
        ruled = {number for number, count in enumerate(above) if count} | {row for row, _, _ in parts}
        table.set("rowspacing", " ".join(_WIDE if number in ruled else _USUAL for number in range(1, len(above))))
        table.set("columnspacing", " ".join(_WIDE if count else _USUAL for count in beside[1:]))


def _signs(row: ElementTree.Element) -> list[str]:
    """The signs at the beginning of a row, which are taken out of it."""
    found: list[str] = []
    while len(row) and len(row[0]) and (sign := row[0][0].text) and sign in tex.RULES:
        found.append(sign)
        row[0].remove(row[0][0])
    return found


@dataclass(frozen=True, slots=True)
class _Lines:
    """Where rules may stand: above each row and below the last, left of each column and right of the last."""

    ys: list[float]
    xs: list[float]


def _lines(cells: Sequence[Sequence[_Placed]], columns: int, room: float) -> _Lines:
    """Half-way between the cells, and `room` outside of the outer ones."""
    rows = [(min(y - box.ymax for _, y, box in row), max(y - box.ymin for _, y, box in row)) for row in cells]
    sides = []
    for number in range(columns):
        column = [row[number] for row in cells if number < len(row)]
        sides.append((min(x for x, _, _ in column), max(x + box.xmax for x, _, box in column)))
    return _Lines(
        [rows[0][0] - room, *((one[1] + other[0]) / 2 for one, other in pairwise(rows)), rows[-1][1] + room],
        [sides[0][0] - room, *((one[1] + other[0]) / 2 for one, other in pairwise(sides)), sides[-1][1] + room],
    )


def _offsets(count: int, thickness: float) -> Iterator[float]:
    """How far so many rules at one place are moved from it."""
    return ((number - (count - 1) / 2) * 3 * thickness for number in range(count))


@cache
def install() -> None:
    """Has ziamath draw the rules that are noted on a table."""
    from ziafont.fonttypes import BBox
    from ziamath import drawable
    from ziamath.nodes.mtable import Mtable

    class RuledTable(Mtable, tag="mtable"):
        def _setup(self, **kwargs: Any) -> None:
            super()._setup(**kwargs)
            if self.element.get(ROW_RULES) is None:
                return
            above = [int(count) for count in self.element.get(ROW_RULES, "").split()]
            beside = [int(count) for count in self.element.get(COLUMN_RULES, "").split()]
            parts = [[int(word) for word in part.split(":")] for part in self.element.get(PART_RULES, "").split()]
            ruled = {number for number, count in enumerate(above) if count} | {row for row, _, _ in parts}
            placed = iter([(x, y, node.bbox) for node, (x, y) in zip(self.nodes, self.nodexy, strict=True)])
            cells = [[next(placed) for _ in row] for row in self.element]
            lines = _lines(cells, len(beside) - 1, self.size_px(_WIDE) / 2)
            thickness = self.units_to_points(self.font.math.consts.radicalRuleThickness)
            left = lines.xs[0] if beside[0] else 0.0
            right = lines.xs[-1] if beside[-1] else self.bbox.xmax
            top = lines.ys[0] if 0 in ruled else -self.bbox.ymax
            bottom = lines.ys[-1] if len(above) - 1 in ruled else -self.bbox.ymin
            for row, first, last in parts:
                start = max(lines.xs[min(first, len(beside) - 1)], left)
                end = min(lines.xs[min(last, len(beside) - 1)], right)
                if end > start:
                    self.nodes.append(drawable.HLine(end - start, thickness, style=self.style, **kwargs))
                    self.nodexy.append((start, lines.ys[row]))
            for y, count in zip(lines.ys, above, strict=True):
                for offset in _offsets(count, thickness):
                    self.nodes.append(drawable.HLine(right - left, thickness, style=self.style, **kwargs))
                    self.nodexy.append((left, y + offset))
            for x, count in zip(lines.xs, beside, strict=True):
                for offset in _offsets(count, thickness):
                    self.nodes.append(drawable.VLine(bottom - top, thickness, style=self.style, **kwargs))
                    self.nodexy.append((x + offset, top))
            self.nodexy = [(x - left, y) for x, y in self.nodexy]
            self.bbox = BBox(0, right - left + thickness, -bottom - 2 * thickness, -top + 2 * thickness)
