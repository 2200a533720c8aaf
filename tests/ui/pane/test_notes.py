"""A click on a footnote's number goes to the footnote, and one on the number before it back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAccessible
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


# -- by keyboard


def _begin(pane: ChatPane, text: str) -> None:
    pane.set_messages([answer(text)], {})
    pane.verticalScrollBar().setValue(0)
    pane.setFocus()
    pane.grab()


def _tab(pane: ChatPane) -> str:
    """Presses Tab; returns which control has the focus then."""
    QTest.keyClick(pane, Qt.Key.Key_Tab)
    return pane.controls.focused.action if pane.controls.focused is not None else ""


def _tab_to_link(pane: ChatPane) -> None:
    for _ in range(40):
        if _tab(pane).startswith("link:"):
            return
    raise AssertionError("Tab leads to no link")


def _shows_focus(pane: ChatPane) -> bool:
    shown = pane.grab().toImage()
    focused, pane.controls.focused = pane.controls.focused, None
    without = pane.grab().toImage()
    pane.controls.focused = focused
    return shown != without


@pytest.mark.parametrize("text", [SHORT, LONG], ids=["short", "in rows of its own"])
def test_the_keyboard_goes_to_the_note_and_back(pane: ChatPane, text: str) -> None:
    _begin(pane, text)
    _tab_to_link(pane)
    reference = pane.controls.focused
    assert _shows_focus(pane)
    QTest.keyClick(pane, Qt.Key.Key_Return)
    row, _ = _origin(pane, "The first")
    assert pane.selection.range_in(0, row) is not None
    assert pane.controls.focused is not None
    assert pane.controls.focused.action.endswith(":-1")
    assert _shows_focus(pane)
    QTest.keyClick(pane, Qt.Key.Key_Space)
    row, _ = _origin(pane, "One")
    assert pane.selection.range_in(0, row) == (3, 4)
    assert pane.controls.focused == reference


def test_the_keyboard_opens_links_in_their_order_and_each_once(pane: ChatPane) -> None:
    _begin(
        pane,
        "See [the **annual** report](https://a.example/1) and <https://b.example/2>.\n\n"
        "| [x](https://c.example/3) |\n|---|\n| 1 |\n",
    )
    opened: list[str] = []
    pane.linkActivated.connect(opened.append)
    seen = []
    for _ in range(12):
        action = _tab(pane)
        if action.startswith("link:"):
            seen.append(action)
            QTest.keyClick(pane, Qt.Key.Key_Return)
    assert len(set(seen)) == len(seen)
    assert opened == ["https://a.example/1", "https://b.example/2", "https://c.example/3"]


def test_a_link_below_the_screen_is_reached_and_shown(pane: ChatPane) -> None:
    lines = "\n\n".join(f"Line {number}." for number in range(18))
    pane.resize(pane.width(), 200)
    _begin(pane, f"[Here](https://a.example/0)\n\n{lines}\n\nThen [there](https://a.example/1).")
    _tab_to_link(pane)
    _tab_to_link(pane)
    pane.grab()
    places = [
        placed.top + control.rect.top()
        for placed in pane.flow.placed()
        for control in pane.controls.of(placed.row)
        if control.action.startswith("link:")
    ]
    assert len(places) == 1
    assert 0 <= places[0] <= 180


def test_a_screen_reader_hears_links_as_such(pane: ChatPane) -> None:
    _begin(pane, "See [the report](https://a.example/1) and one[^1].\n\n[^1]: The note.\n")
    message = QAccessible.queryAccessibleInterface(pane).child(0)
    children = filter(None, (message.child(number) for number in range(message.childCount())))
    links = [child for child in children if child.role() is QAccessible.Role.Link]
    said = {link.text(QAccessible.Text.Name) for link in links}
    assert said == {"the report", "1: To the footnote", "[1]: Back to the text"}
