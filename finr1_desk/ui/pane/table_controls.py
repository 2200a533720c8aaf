"""The controls of a table: its header cells, which sort it, and what can be done with it as a whole.

Owns their names and where they stand: over the header cells, and in a strip above them. Painting is `chrome`'s, and
what they do the pane's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPolygonF, QTextDocument, QTextTable

from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.pane import decorations, wording
from finr1_desk.ui.pane.blocks import Table
from finr1_desk.ui.pane.look import Look
from finr1_desk.ui.pane.rows import TABLE_STRIP, Control, Page, Section, TextRow
from finr1_desk.ui.pane.tables import CELL_PADDING

VERBS: Final = ("copy", "csv", "xlsx", "plot")
SORT: Final = "sort"
_PREFIX: Final = "table"
_ARROW: Final = 6.0  # pixels


@dataclass(frozen=True, slots=True)
class TableAction:
    """What is to be done with which table; `column` counts from 0, and is -1 where no column is meant."""

    verb: str
    section: Section
    block: int
    column: int = -1

    @property
    def name(self) -> str:
        return f"{_PREFIX}:{self.verb}:{self.section.value}:{self.block}:{self.column}"

    @classmethod
    def named(cls, name: str) -> Self | None:
        """The action of this name; None for a control of something else."""
        prefix, *rest = name.split(":")
        if prefix != _PREFIX or len(rest) != 4:
            return None
        verb, section, block, column = rest
        return cls(verb, Section(int(section)), int(block), int(column))


def make_controls(row: TextRow) -> list[Control]:
    """The controls of the table that begins with a row: the whole table's first, then those of its columns."""
    block = row.block
    assert isinstance(block, Table)
    names = [TableAction(verb, row.section, block.block).name for verb in VERBS]
    controls = [
        Control(name, wording.table_control(verb), QRectF(), follows=verb != VERBS[0])
        for name, verb in zip(names, VERBS, strict=True)
    ]
    for column, title in enumerate(block.header):
        words = wording.sort_by("".join(run.text for run in row.read(title)).strip())
        action = TableAction(SORT, row.section, block.block, column)
        controls.append(Control(action.name, words, QRectF(), over_text=True, follows=True))
    return controls


def place_controls(row: TextRow, page: Page) -> None:
    """Puts the controls of a table where they belong, after it was laid out or shifted."""
    rendered = row.rendered
    if rendered is None or not rendered.tables:
        return
    metrics = page.look.small_metrics
    verbs = [control for control in row.controls if not control.over_text]
    shown = row.text_width(page)
    left = row.insets.left
    table = rendered.tables[0][0]
    width = min(_width(table), shown)
    widths = [round(metrics.horizontalAdvance(control.text)) + 2.0 * GRID for control in verbs]
    x = max(left + width - sum(widths), left - GRID)
    for control, own in zip(verbs, widths, strict=True):
        control.rect = QRectF(x, 0, own, TABLE_STRIP)
        x += own
    window = QRectF(left, 0, shown, row.height)
    corner = row.text_origin(page) - QPointF(page.x, 0)
    cells = [control for control in row.controls if control.over_text]
    for control, cell in zip(cells, _header_cells(rendered.document, table), strict=False):
        control.rect = cell.translated(corner).intersected(window)


def _width(table: QTextTable) -> float:
    return sum(length.rawValue() for length in table.format().columnWidthConstraints())


def _header_cells(document: QTextDocument, table: QTextTable) -> list[QRectF]:
    """The rectangles of the cells in the first row, from the document's top left corner."""
    layout = document.documentLayout()  # not by way of the table, see `decorations`
    corner = layout.blockBoundingRect(table.cellAt(0, 0).firstCursorPosition().block()).topLeft()
    top = corner.y() - CELL_PADDING
    if table.rows() > 1:
        below = layout.blockBoundingRect(table.cellAt(1, 0).firstCursorPosition().block()).top() - CELL_PADDING
    else:
        below = top + layout.frameBoundingRect(table).height()
    x = corner.x() - CELL_PADDING
    cells = []
    for length in table.format().columnWidthConstraints():
        cells.append(QRectF(x, top, length.rawValue(), below - top))
        x += length.rawValue()
    return cells


def paint_header_control(painter: QPainter, look: Look, area: QRectF, state: str, descending: bool | None) -> None:
    """An arrow at the end of a header cell: which way the rows are sorted by it, or would be; a ring with the focus."""
    if state == "focus":
        decorations.paint_ring(painter, area.adjusted(1, 1, -1, -1), look.color("accent"))
    if descending is None and not state:
        return
    right, middle = area.right() - GRID / 2, area.center().y() + look.lift
    tip, base = (middle + _ARROW / 3, middle - _ARROW / 3) if descending else (middle - _ARROW / 3, middle + _ARROW / 3)
    shape = QPolygonF([QPointF(right - _ARROW, base), QPointF(right, base), QPointF(right - _ARROW / 2, tip)])
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.color("accent" if descending is not None else "muted"))
    painter.drawPolygon(shape)
    painter.restore()
