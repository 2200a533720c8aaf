"""The rows of one section of an answer, kept in step with its growing text.

Owns the reuse of rows while text comes in; and of tables, which come in pieces, the widths and the order of their
lines. Where rows stand, and which sections are shown, is the message's matter.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from finr1_desk.core.boxed import plain
from finr1_desk.core.tables import TextTable, sorted_order
from finr1_desk.markup.footnotes import NOTES
from finr1_desk.markup.markdown import Markdown, Run, RunKind
from finr1_desk.ui.pane import levels
from finr1_desk.ui.pane.blocks import Code, Table
from finr1_desk.ui.pane.code_controls import make_code_controls, place_code_controls
from finr1_desk.ui.pane.look import NOTE_SCHEME, Tone
from finr1_desk.ui.pane.rows import Insets, Page, Section, TextRow
from finr1_desk.ui.pane.stream import BlockStream
from finr1_desk.ui.pane.table_controls import make_controls, place_controls
from finr1_desk.ui.pane.tables import TableWidths

_MARKUP: Final = re.compile(r"[\\*_`~\[<&!$]")  # without any of these, a cell says what it is written as
STEP: Final = 6_000  # characters that are read at once
READING_S: Final = 0.03  # then the window has its turn
SLICE_S: Final = 0.01  # of reading cells


@dataclass(frozen=True, slots=True)
class Sort:
    """By which column a table is sorted."""

    column: int
    descending: bool


class SectionRows:
    """The rows of one section of an answer, kept in step with its growing text."""

    def __init__(self, section: Section, tone: Tone, insets: Insets, markdown: Markdown) -> None:
        self.section = section
        self.rows: list[TextRow] = []
        self.stream = BlockStream(markdown)
        self._tone = tone
        self._insets = insets
        self._markdown = markdown
        self._widths: dict[int, TableWidths] = {}
        self._sorts: dict[int, Sort] = {}
        self._plain_cells: dict[str, str] = {}  # what cells with markup say
        self._reach = 0  # characters of the text that were read
        self._length = 0  # of the text

    def update(self, text: str, page: Page, *, finished: bool, first_gap: float) -> None:
        """Shows the text so far. One that takes long to read is shown as far as it was read; `update` again goes on."""
        self._reach = min(self._reach, len(text))
        self._length = len(text)
        deadline = time.perf_counter() + READING_S
        while True:
            # What is open is read again, so the steps grow with it.
            reach = _line_end(text, self._reach + max(STEP, self.stream.open_length))
            is_all = reach == len(text)
            self._show(text if is_all else text[:reach], page, finished=finished and is_all, first_gap=first_gap)
            self._reach = reach
            if is_all or time.perf_counter() > deadline:
                return

    @property
    def has_more(self) -> bool:
        """Whether there is text that was not read yet."""
        return self._reach < self._length

    def _show(self, text: str, page: Page, *, finished: bool, first_gap: float) -> None:
        was_finished = self.stream.is_finished
        changed = self.stream.update(text, finished=finished)
        if changed < len(self.stream.blocks):
            self._plain_cells.clear()
        blocks = self.stream.blocks
        del self.rows[len(blocks) :]
        if self.rows:
            self.rows[0].gap = first_gap
        known = len(self.rows)
        for index in range(changed, len(blocks)):
            gap = levels.gap(blocks[index - 1], blocks[index], page.look) if index else first_gap
            if index < len(self.rows):  # its height is the best guess of what it will be
                self.rows[index].show_block(blocks[index], gap)
            else:
                row = TextRow(self.section, index, blocks[index], self._tone, self._read, self._insets, gap)
                self.rows.append(row)
            self.rows[index].take_levels(self._insets, page.look)
            if index >= known:
                self.rows[index].estimate(page)
            self._share_widths(self.rows[index], page)
        self._settle(changed, finished=finished)
        if finished and not was_finished and any(map(self.stream.env.get, ("references", NOTES))):
            for row in self.rows:  # links and notes may have been defined below the text that uses them
                row.forget_layout()

    # -- code

    def code(self, block: int) -> tuple[str, str]:
        """Language and text of the code that begins at an offset of the source."""
        rows = [row for row in self.rows if isinstance(row.block, Code) and row.block.block == block]
        pieces = [row.block for row in rows if isinstance(row.block, Code)]
        if not pieces:
            return "", ""
        # Read once more, with the quotes and items around it: lines that are too long to be laid out are cut in pieces.
        first = rows[0].index
        while any(level.continued for level in self.rows[first].block.levels):
            first -= 1
        tokens = self._markdown.blocks(self.stream.source[self.rows[first].block.start : pieces[-1].end], {})
        found = [token.content for token in tokens if token.type in ("fence", "code_block")]
        text = found[-1] if found else "\n".join(piece.text for piece in pieces)
        return pieces[0].language, text.removesuffix("\n")

    # -- tables

    def table(self, block: int) -> TextTable:
        """The cells of the table that begins at an offset of the source, in the order in which they are shown."""
        rows = self._rows_of(block)
        header = rows[0].block.header if rows and isinstance(rows[0].block, Table) else ()
        body = [cells for row in rows if isinstance(row.block, Table) for cells in row.block.rows]
        return TextTable(self._plain(header), tuple(map(self._plain, body)))

    def read_cells(self, block: int, column: int = -1) -> Iterator[None]:
        """Reads the cells of a table, or of one column, for `table` and `sort`, which then take no time.

        Yields at the end of every slice of time; not at all where there is little to read.
        """
        deadline = time.perf_counter() + SLICE_S
        for row in self._rows_of(block):
            lines = (row.block.header, *row.block.rows) if isinstance(row.block, Table) else ()
            for cells in lines:
                for cell in cells if column < 0 else cells[column : column + 1]:
                    self._plain_cell(cell)
            if time.perf_counter() > deadline:
                yield
                deadline = time.perf_counter() + SLICE_S

    def sort(self, block: int, column: int) -> None:
        """Sorts a table by a column: upwards, then downwards, then as it was written."""
        before = self._sorts.pop(block, None)
        if before is None or before.column != column:
            self._sorts[block] = Sort(column, descending=False)
        elif not before.descending:
            self._sorts[block] = Sort(column, descending=True)
        self._show_in_order(block)

    def _settle(self, changed: int, *, finished: bool) -> None:
        """Gives finished tables and code their controls, and tables that are sorted their order again."""
        blocks = self.stream.blocks
        growing = blocks[-1].block if blocks and not finished and isinstance(blocks[-1], Code | Table) else -1
        for index in range(changed, len(blocks)):
            block = blocks[index]
            if isinstance(block, Table) and block.block in self._sorts:
                self._show_in_order(block.block)
        for row in self.rows[max(changed - 1, 0) :] if not finished else self.rows:
            block = row.block
            if isinstance(block, Code | Table) and block.first and block.block != growing and not row.has_controls:
                self._furnish(row, block)

    def _furnish(self, row: TextRow, table: Code | Table) -> None:
        """Gives a table or code, of which this is the first piece, its controls."""
        if isinstance(table, Code):
            row.furnish(lambda: make_code_controls(row))
            row.place_controls = place_code_controls
        else:
            row.furnish(lambda: make_controls(row))
            row.place_controls = place_controls
        row.measured = False
        if isinstance(table, Table) and table.block in self._sorts:
            self._mark_sorted(row, self._sorts[table.block])

    @staticmethod
    def _mark_sorted(row: TextRow, sort: Sort | None) -> None:
        columns = [control for control in row.controls if control.over_text]
        for number, control in enumerate(columns):
            control.descending = sort.descending if sort is not None and sort.column == number else None

    def _show_in_order(self, block: int) -> None:
        rows = self._rows_of(block)
        pieces = [piece for row in rows if isinstance(piece := self.stream.blocks[row.index], Table)]
        written = [cells for piece in pieces for cells in piece.rows]
        sort = self._sorts.get(block)
        order = list(range(len(written)))
        if sort is not None:
            column = [self._plain_cell(cells[sort.column]) for cells in written]
            order = sorted_order(column, descending=sort.descending)
        begin = 0
        for row, piece in zip(rows, pieces, strict=True):
            behind = begin + len(piece.rows)
            row.block = replace(piece, rows=tuple(written[index] for index in order[begin:behind]))
            row.rendered = None
            row.measured = False
            begin = behind
            self._mark_sorted(row, sort)

    def _rows_of(self, block: int) -> list[TextRow]:
        """The pieces of a table."""
        return [row for row in self.rows if isinstance(row.block, Table) and row.block.block == block]

    def _plain(self, cells: Sequence[str]) -> tuple[str, ...]:
        return tuple(map(self._plain_cell, cells))

    def _plain_cell(self, cell: str) -> str:
        if not _MARKUP.search(cell):
            return cell.strip()
        if cell not in self._plain_cells:
            self._plain_cells[cell] = plain_cell(self._read(cell))
        return self._plain_cells[cell]

    def measure_tables(self, page: Page) -> None:
        """The fonts or the language changed."""
        for widths in self._widths.values():
            widths.measure_again(page.look)
        for row in self.rows:
            row.take_levels(self._insets, page.look)
            if row.has_controls and isinstance(row.block, Code | Table):
                self._furnish(row, row.block)

    def _share_widths(self, row: TextRow, page: Page) -> None:
        block = row.block
        if not isinstance(block, Table):
            return
        widths = row.widths = self._widths.setdefault(block.block, TableWidths())
        if widths.add(block, page.look):
            for other in (*self._beside(row.index, block.block, -1), row, *self._beside(row.index, block.block, 1)):
                other.rendered = None
                other.measured = False

    def _beside(self, index: int, table: int, step: int) -> Iterator[TextRow]:
        """The pieces of a table on one side of the row at `index`; they stand next to each other."""
        index += step
        while 0 <= index < len(self.rows):
            row = self.rows[index]
            if not isinstance(row.block, Table) or row.block.block != table:
                return
            yield row
            index += step

    def _read(self, text: str) -> list[Run]:
        runs = self._markdown.runs(text, self.stream.env)
        notes = self.stream.env.get(NOTES, {})
        if not notes:
            return runs
        return [
            replace(run, href=NOTE_SCHEME + run.text) if run.kind is RunKind.NOTE and run.text in notes else run
            for run in runs
        ]


def plain_cell(runs: Sequence[Run]) -> str:
    """What a cell says, without markup: also a figure that was written as a formula."""
    return "".join(plain(run.text.strip("$")) if run.kind is RunKind.MATHS else run.text for run in runs).strip()


def _line_end(text: str, position: int) -> int:
    """Where the line ends in which a position lies; the next line begins there."""
    end = text.find("\n", position)
    return len(text) if end < 0 else end + 1
