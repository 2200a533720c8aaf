"""Which laid-out documents are kept.

Owns the cache: rows whose documents were not in use for longest lose them, and build them again when they come back
into view. Heights are the rows' own and stay.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from finr1_desk.ui.pane.rows import TextRow

CAPACITY: Final = 300


class Documents:
    """The rows that have a document, in the order in which they were last used."""

    def __init__(self) -> None:
        self._rows: OrderedDict[TextRow, None] = OrderedDict()

    def keep(self, row: TextRow) -> None:
        """Notes that the document of a row is in use, and drops the oldest where there are too many."""
        self._rows[row] = None
        self._rows.move_to_end(row)
        while len(self._rows) > CAPACITY:
            oldest, _ = self._rows.popitem(last=False)
            oldest.rendered = None

    def awaiting(self, sources: set[str]) -> list[TextRow]:
        """The rows that show the source of one of these formulas."""
        return [row for row in self._rows if row.rendered is not None and row.rendered.awaited & sources]

    def clear(self) -> None:
        self._rows.clear()
