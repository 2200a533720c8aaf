"""What a selection is as HTML: structure, tables for spreadsheets, parts as text."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from finr1_desk.ui.pane import rich_copy
from finr1_desk.ui.pane.pane import ChatPane
from finr1_desk.ui.pane.rich_copy import selection_html
from finr1_desk.ui.pane.rows import Section
from finr1_desk.ui.pane.selection import Place
from tests.ui.pane.samples import answer, question

TEXT = (
    "## Head\n\nA **bold** and *thin* `code` [link](https://example.org/?a=1&b=2) <b>.\n\n"
    "3. three\n4. four\n   - inner\n\n> said\n\n| a | n |\n|---|---|\n| =x | 1 |\n| y | 2 |\n\n"
    "```python\nif a < b:\n```\n"
)


def _html(pane: ChatPane) -> str:
    return selection_html(pane.selection, pane.flow.views, pane.page)


def test_whole_blocks_keep_their_structure(pane: ChatPane) -> None:
    pane.set_messages([question("What\nis <it>?"), answer(TEXT)], {})
    pane.select_all()
    html = _html(pane)
    for part in (
        "<p>What<br>is &lt;it&gt;?</p>",
        "<h2>Head</h2>",
        "A <b>bold</b> and <i>thin</i> <code>code</code>",
        '<a href="https://example.org/?a=1&amp;b=2">link</a> &lt;b&gt;.',
        '<ol start="3"><li>three</li><li><p>four</p><ul><li>inner</li></ul></li></ol>',
        "<blockquote>said</blockquote>",
        "<pre>if a &lt; b:</pre>",
    ):
        assert part in html
    assert html.count("<table") == 1
    assert "mso-number-format" in html


def test_the_clipboard_holds_the_source_and_the_html(pane: ChatPane) -> None:
    pane.set_messages([answer(TEXT)], {})
    pane.select_all()
    pane.copy()
    copied = QApplication.clipboard().mimeData()
    assert copied.text() == TEXT.strip()
    document = QTextDocument()
    document.setHtml(copied.html())
    assert "bold" in document.toPlainText()


def test_a_message_that_is_not_read_to_its_end_is_copied_as_plain_text(
    pane: ChatPane, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "A **word**.\n\n" * 10_000 + "The **end**."
    pane.set_messages([answer(text)], {})
    pane.select_all()
    assert pane.flow.views[0].has_more
    pane.copy()
    copied = QApplication.clipboard().mimeData()
    assert copied.text() == text
    assert not copied.hasHtml()
    qtbot.waitUntil(lambda: not pane.flow.views[0].has_more, timeout=30_000)
    monkeypatch.setattr(rich_copy, "LONGEST_S", 60.0)
    assert _html(pane).endswith("<p>The <b>end</b>.</p>")


def test_what_would_take_too_long_is_copied_as_plain_text_alone(
    pane: ChatPane, monkeypatch: pytest.MonkeyPatch
) -> None:
    pane.set_messages([answer(TEXT)], {})
    pane.select_all()
    monkeypatch.setattr(rich_copy, "LONGEST_S", -1.0)
    pane.copy()
    assert QApplication.clipboard().mimeData().text() == TEXT.strip()
    assert not QApplication.clipboard().mimeData().hasHtml()


def test_a_table_in_pieces_is_one_table(pane: ChatPane) -> None:
    pane.set_messages([answer("| a |\n|---|\n" + "".join(f"| {number} |\n" for number in range(50)))], {})
    pane.select_all()
    assert _html(pane).count("<table") == 1
    assert _html(pane).count("<tr>") == 51


def test_parts_of_blocks_are_their_text(pane: ChatPane) -> None:
    pane.set_messages(
        [answer("First **words** here.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\nLast words.")], {}
    )
    row, table, _ = pane.flow.views[0].text_rows()
    pane.selection.take(0, row, 6, 11)
    assert _html(pane) == "<p>words</p>"
    document = table.document_for(pane.page).document
    start = document.find("1").selectionStart()
    pane.selection.start_at(Place(0, Section.BODY, 1, start))
    pane.selection.extend_to(Place(0, Section.BODY, 1, document.find("4").selectionEnd()))
    html = _html(pane)
    assert html.count("<tr>") == 2
    assert ">1<" in html
    assert ">4<" in html


def test_nothing_selected_is_nothing(pane: ChatPane) -> None:
    pane.set_messages([answer("text")], {})
    assert _html(pane) == ""
