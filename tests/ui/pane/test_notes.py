"""A click on a footnote's number goes to the footnote, and one on the number before it back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from finr1_desk.ui.pane.pane import ChatPane
from finr1_desk.ui.pane.rows import TextRow
from finr1_desk.ui.pane.textmap import range_rects
from tests.ui.pane.samples import answer, question

FILLER = "\n\n".join(f"Paragraph {number}." for number in range(60))
SHORT = f"One[^1] and two[^b].\n\nTwo again[^b].\n\n{FILLER}\n\n[^1]: The first.\n[^b]: The second.\n"
LONG = f"One[^1].\n\n{FILLER}\n\n[^1]: The first:\n\n    ```\n    x = 1\n    ```\n"


def _click(pane: ChatPane, point: QPointF) -> None:
    QTest.mouseClick(pane.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point.toPoint())


def _origin(pane: ChatPane, text: str) -> tuple[TextRow, QPointF]:
    """The row in view whose text begins so, and where its document is."""
    for placed in pane.flow.placed():
        row = placed.row
        if isinstance(row, TextRow) and row.document_for(pane.page).document.toPlainText().startswith(text):
            return row, row.text_origin(pane.page) + QPointF(0, placed.top)
    raise AssertionError(f"{text!r} is not in view")


def _click_at(pane: ChatPane, text: str, position: int) -> None:
    row, origin = _origin(pane, text)
    (rect,) = range_rects(row.document_for(pane.page).document, position, position + 1)
    _click(pane, origin + rect.center())


def _click_before(pane: ChatPane, text: str) -> None:
    row, origin = _origin(pane, text)
    _click(pane, origin + QPointF(row.markers(pane.page)[0].right - 6, 12))


@pytest.mark.parametrize("text", [SHORT, LONG], ids=["short", "in rows of its own"])
def test_a_number_leads_to_its_note_and_back(pane: ChatPane, text: str) -> None:
    pane.set_messages([question("q"), answer(text)], {})
    pane.verticalScrollBar().setValue(0)
    pane.grab()
    _click_at(pane, "One", 3)
    row, _ = _origin(pane, "The first")
    assert pane.selection.range_in(1, row) is not None
    pane.selection.clear()
    _click_before(pane, "The first")
    row, _ = _origin(pane, "One")
    assert pane.selection.range_in(1, row) == (3, 4)


def test_the_way_back_leads_to_the_number_that_was_clicked(pane: ChatPane) -> None:
    pane.set_messages([answer(SHORT)], {})
    pane.verticalScrollBar().setValue(0)
    _click_at(pane, "Two again", 9)
    pane.selection.clear()
    _click_before(pane, "The second")
    row, _ = _origin(pane, "Two again")
    assert pane.selection.range_in(0, row) == (9, 10)


def test_a_number_without_a_note_leads_nowhere(pane: ChatPane) -> None:
    pane.set_messages([answer(f"One[^7].\n\n{FILLER}")], {})
    pane.verticalScrollBar().setValue(0)
    pane.grab()
    _click_at(pane, "One", 3)
    assert pane.verticalScrollBar().value() == 0
    assert pane.selection.ends is None
