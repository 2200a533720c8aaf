"""The rows of one section of an answer, kept in step with its growing text.

Owns the reuse of rows while text comes in, and the widths that the pieces of a table share. Where rows stand, and
which sections are shown, is the message's matter.
"""

from __future__ import annotations

from finr1_desk.markup.markdown import Markdown, Run
from finr1_desk.ui.pane.blocks import Table
from finr1_desk.ui.pane.look import Tone
from finr1_desk.ui.pane.rows import Insets, Page, Section, TextRow
from finr1_desk.ui.pane.stream import BlockStream
from finr1_desk.ui.pane.tables import TableWidths


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

    def update(self, text: str, page: Page, *, finished: bool, first_gap: float) -> None:
        was_finished = self.stream.is_finished
        changed = self.stream.update(text, finished=finished)
        blocks = self.stream.blocks
        del self.rows[len(blocks) :]
        if self.rows:
            self.rows[0].gap = first_gap
        for index in range(changed, len(blocks)):
            gap = page.look.gap(blocks[index - 1], blocks[index]) if index else first_gap
            if index < len(self.rows):  # its height is the best guess of what it will be
                self.rows[index].show_block(blocks[index], gap)
            else:
                row = TextRow(self.section, index, blocks[index], self._tone, self._read, self._insets, gap)
                row.estimate(page)
                self.rows.append(row)
            self._share_widths(self.rows[index], page)
        if finished and not was_finished and self.stream.env.get("references"):
            for row in self.rows:  # links may have been defined below the text that uses them
                row.forget_layout()

    def measure_tables(self, page: Page) -> None:
        """The fonts changed."""
        self._widths.clear()
        for row in self.rows:
            self._share_widths(row, page)

    def _share_widths(self, row: TextRow, page: Page) -> None:
        block = row.block
        if not isinstance(block, Table):
            return
        widths = row.widths = self._widths.setdefault(block.block, TableWidths())
        if widths.add(block, page.look):
            for other in self.rows:
                if isinstance(other.block, Table) and other.block.block == block.block:
                    other.rendered = None
                    other.measured = False

    def _read(self, text: str) -> list[Run]:
        return self._markdown.runs(text, self.stream.env)
