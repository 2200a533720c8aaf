"""Formulas in the pane: drawn elsewhere, set on the baseline, copied as TeX, and never waited for."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from PySide6.QtGui import QTextCursor
from pytestqt.qtbot import QtBot

from finr1_desk.app.live import LiveStatus, Phase
from finr1_desk.core.conversation import MessageState
from finr1_desk.ui.look.theme import DARK
from finr1_desk.ui.pane.formula_client import MOST_DEATHS, FormulaClient
from finr1_desk.ui.pane.formula_objects import KIND
from finr1_desk.ui.pane.pane import ChatPane
from finr1_desk.ui.pane.rows import TextRow
from finr1_desk.ui.pane.textmap import OBJECT, length, plain_text
from tests.ui.pane.samples import answer, question

WAIT_MS = 30_000
PARAGRAPH = "Margin \\( \\frac{NI}{R} \\) and $x^2$, for $1,000 to $2,000."
TEXT = PARAGRAPH + "\n\n\\[ \\text{毛利率} = 5\\% \\]\n\n| a |\n|---|\n| $y_1$ |"


def rows(pane: ChatPane) -> list[TextRow]:
    return [row for view in pane.flow.views for row in view.text_rows()]


def shown(pane: ChatPane) -> str:
    return "\n".join(row.document_for(pane.page).document.toPlainText() for row in rows(pane))


def objects(pane: ChatPane) -> int:
    return shown(pane).count(OBJECT)


def test_formulas_replace_their_source_when_they_are_drawn(pane: ChatPane, qtbot: QtBot) -> None:
    pane.set_messages([question("$x^2$"), answer(TEXT)], {})
    pane.grab()
    assert "\\frac{NI}{R}" in shown(pane)
    qtbot.waitUntil(lambda: objects(pane) == 5, timeout=WAIT_MS)
    text = shown(pane)
    assert "\\" not in text
    assert "$1,000 to $2,000" in text
    assert text.startswith(OBJECT)  # those of a question as well
    pane.grab()
    pane.set_theme(DARK)
    pane.grab()
    pane.set_text_scale(150)
    pane.grab()
    assert objects(pane) == 5  # what is drawn is there at once in any colour and size


def test_copying_gives_the_source(pane: ChatPane, qtbot: QtBot) -> None:
    pane.set_messages([answer(TEXT)], {})
    pane.grab()
    qtbot.waitUntil(lambda: objects(pane) == 4, timeout=WAIT_MS)
    document = rows(pane)[0].document_for(pane.page).document
    assert plain_text(document, 0, length(document), {}) == PARAGRAPH
    assert plain_text(document, 7, 12, {}) == "\\( \\frac{NI}{R} \\) and"
    assert plain_text(document, 0, 7, {}) == "Margin "
    pane.select_all()
    assert pane.selected_text() == TEXT
    interface = pane.flow.views[0].whole_text()
    assert interface == TEXT


def test_a_formula_stands_on_the_baseline(pane: ChatPane, qtbot: QtBot) -> None:
    pane.set_messages([answer("x $\\frac{a}{b}$ y")], {})
    pane.grab()
    qtbot.waitUntil(lambda: objects(pane) == 1, timeout=WAIT_MS)
    document = rows(pane)[0].document_for(pane.page).document
    line = document.firstBlock().layout().lineAt(0)
    cursor = QTextCursor(document)
    cursor.setPosition(3)
    form = cursor.charFormat()
    assert form.objectType() == KIND
    assert line.descent() >= form.doubleProperty(form.Property.UserProperty.value + 4) > 4


def test_what_cannot_be_drawn_stays_its_source(pane: ChatPane, qtbot: QtBot) -> None:
    pane.set_messages([answer("$\\foo{x}$ and $x^2$")], {})
    pane.grab()
    qtbot.waitUntil(lambda: objects(pane) == 1, timeout=WAIT_MS)
    assert "$\\foo{x}$" in shown(pane)


def test_a_formula_that_is_being_written_is_shown_as_source_and_not_asked_for(pane: ChatPane, qtbot: QtBot) -> None:
    live = LiveStatus(Phase.ANSWERING)
    pane.set_messages([answer("so $x^2", state=MessageState.WRITING)], {"a1": live})
    text = "so $x^2$ or \\( \\frac{a}{b} \\) and\n\n\\[ y = \\sqrt{x} \\]\n\nend"
    seen = []
    for end in range(7, len(text) + 1):
        pane.update_message(answer(text[:end], state=MessageState.WRITING), live)
        pane.grab()
        seen.append(shown(pane))
    assert not any("\\)" in so_far and "b} \\)" not in so_far for so_far in seen)
    pane.update_message(answer(text), None)
    qtbot.waitUntil(lambda: objects(pane) == 3, timeout=WAIT_MS)


def test_a_wide_formula_is_shifted_and_one_in_text_shrinks(pane: ChatPane, qtbot: QtBot) -> None:
    wide = " + ".join(f"x_{{{number}}}" for number in range(60))
    pane.set_messages([answer(f"\\[ {wide} \\]\n\nso ${wide}$")], {})
    pane.grab()
    qtbot.waitUntil(lambda: objects(pane) == 2, timeout=WAIT_MS)
    own, inline = rows(pane)
    pane.grab()
    assert own.most_pan(pane.page) > 100
    assert inline.most_pan(pane.page) == 0


def test_the_place_read_stays_when_formulas_come(pane: ChatPane, qtbot: QtBot) -> None:
    formulas = "\n\n".join(f"\\[ \\frac{{a_{{{number}}}}}{{\\frac{{b}}{{c}}}} \\]" for number in range(12))
    pane.set_messages([answer(formulas + "\n\nthe line that is read\n\n" + "text\n\n" * 40)], {})
    index = next(i for i, row in enumerate(rows(pane)) if "read" in getattr(row.block, "text", ""))
    pane.flow.scroll_to_row(0, index, 0)
    pane.scroll_by(0)
    before = pane.flow.top_in_pane(0, index)
    pane.scroll_by(-1)
    pane.scroll_by(1)
    for row in rows(pane):
        row.document_for(pane.page)
        pane.measure(row)
    pane.flow.touch(0)
    pane.scroll_by(0)
    qtbot.waitUntil(lambda: objects(pane) == 12, timeout=WAIT_MS)
    assert pane.flow.top_in_pane(0, index) == pytest.approx(before, abs=1)


# -- the process


@pytest.fixture
def client(qtbot: QtBot) -> Iterator[FormulaClient]:
    client = FormulaClient()
    yield client
    client.close()


def drawn(qtbot: QtBot, client: FormulaClient, source: str) -> bool:
    client.formula(source)
    qtbot.waitUntil(lambda: not client.is_awaited(source), timeout=WAIT_MS)
    return client.formula(source) is not None


def test_a_process_that_dies_is_started_again(qtbot: QtBot, client: FormulaClient) -> None:
    assert drawn(qtbot, client, "$x$")
    assert client._process is not None
    client._process.kill()
    qtbot.waitUntil(lambda: not client.is_running, timeout=WAIT_MS)
    assert client.formula("$x$") is not None
    assert drawn(qtbot, client, "$y$")
    assert not client.has_given_up


HANGING = "import sys, time\nfor line in sys.stdin: time.sleep(60)"
DYING = "import sys\nsys.exit(3)"


def test_a_formula_that_takes_too_long_is_given_up_and_the_others_are_not(qtbot: QtBot) -> None:
    client = FormulaClient([sys.executable, "-c", HANGING], limit_ms=50, start_ms=0)
    client.formula("$x$")
    qtbot.waitUntil(lambda: not client.is_awaited("$x$"), timeout=WAIT_MS)
    assert client.formula("$x$") is None
    client.close()


@pytest.mark.parametrize("command", [[sys.executable, "-c", DYING], ["/nonexistent/program"]])
def test_formulas_stay_text_where_nothing_can_draw_them(qtbot: QtBot, command: list[str]) -> None:
    client = FormulaClient(command)
    for number in range(MOST_DEATHS + 2):
        client.formula(f"$x_{number}$")
    qtbot.waitUntil(lambda: client.has_given_up, timeout=WAIT_MS)
    assert client.formula("$z$") is None
    assert not client.is_awaited("$z$")
    client.close()
    assert not client.is_running


def test_formulas_of_a_question_are_drawn_and_copied_as_typed(pane: ChatPane, qtbot: QtBot) -> None:
    text = "With $x^2$ for $1,000\nand **no** \\(y\\)?"
    pane.set_messages([question(text)], {})
    row = pane.flow.views[0].text_rows()[0]
    qtbot.waitUntil(lambda: OBJECT in row.document_for(pane.page).document.toRawText(), timeout=60_000)
    assert row.document_for(pane.page).document.toRawText().count(OBJECT) == 2
    pane.select_all()
    assert pane.selected_text() == text
    pane.selection.take(0, row, 0, 8)
    assert pane.selected_text() == "With $x^2$ f"
