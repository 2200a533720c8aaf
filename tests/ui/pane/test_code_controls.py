"""A block of code can be copied and saved as a whole, exactly as it was written."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from finr1_desk.app.live import LiveStatus, Phase
from finr1_desk.core.conversation import MessageState
from finr1_desk.ui.pane.code_controls import CodeAction
from finr1_desk.ui.pane.pane import ChatPane
from finr1_desk.ui.pane.rows import Control, Section
from tests.ui.pane.samples import answer

LONG = "\n".join(f"line {number}" for number in range(100)) + "\n" + "x" * 5000 + "\n\n  end"
TEXTS = {
    "fenced": ("```python\nx = 1\n\ny = 2\n```", "python", "x = 1\n\ny = 2"),
    "never closed": ("```sql\nSELECT 1", "sql", "SELECT 1"),
    "indented": ("text\n\n    x = 1\n        y", "", "x = 1\n    y"),
    "in an item": ("1. Do:\n\n   ```python\n   x = 1\n\n     y\n   ```\n\n   then", "python", "x = 1\n\n  y"),
    "deep in items": ("- a\n  - b\n    1. c\n\n       ```sh\n       ls\n       ```\n", "sh", "ls"),
    "in a quote in an item": ("- > ```\n  > x\n  > ```\n", "", "x"),
    "in pieces, with a line that is cut": (f"a\n\n```\n{LONG}\n```\n\nb", "", LONG),
}


def controls(pane: ChatPane) -> list[Control]:
    return [control for row in pane.flow.views[0].text_rows() for control in row.controls]


@pytest.mark.parametrize(("text", "language", "code"), TEXTS.values(), ids=TEXTS.keys())
def test_code_is_copied_and_saved_as_it_was_written(
    pane: ChatPane, qtbot: QtBot, text: str, language: str, code: str
) -> None:
    pane.set_messages([answer(text)], {})
    copy, save = controls(pane)
    pane.press("a1", copy.action)
    assert QApplication.clipboard().text() == code
    with qtbot.waitSignal(pane.codeWanted, timeout=30_000) as told:
        pane.press("a1", save.action)
    assert told.args == [language, code]


def test_code_that_is_being_written_cannot_be_taken_yet(pane: ChatPane) -> None:
    live = LiveStatus(Phase.ANSWERING)
    pane.set_messages([answer("```\nx = 1", state=MessageState.WRITING)], {"a1": live})
    assert controls(pane) == []
    pane.grab()
    menu = pane._pointer.menu_at(QPointF(pane.page.x + 40, list(pane.flow.placed())[1].top + 30))
    assert not {"Copy code", "Save as…"} & {action.text() for action in menu.actions()}
    pane.update_message(answer("```\nx = 1\n```\n\nnext", state=MessageState.WRITING), live)
    assert len(controls(pane)) == 2


def test_the_controls_stand_in_the_first_strip(pane: ChatPane) -> None:
    pane.set_messages([answer("```python\nx = 1\n```")], {})
    pane.grab()
    row = pane.flow.views[0].text_rows()[0]
    copy, save = row.controls
    assert 0 <= copy.rect.top() < copy.rect.bottom() < row.text_origin(pane.page).y() + 1
    assert copy.rect.right() <= save.rect.left() < save.rect.right() <= pane.page.width
    menu = pane._pointer.menu_at(QPointF(pane.page.x + 40, 60))
    assert {"Copy code", "Save as…"} <= {action.text() for action in menu.actions()}


def test_an_action_has_a_name_that_is_read_back() -> None:
    action = CodeAction("save", Section.THINKING, 12)
    assert CodeAction.named(action.name) == action
    assert CodeAction.named("table:csv:1:0:-1") is None
    assert CodeAction.named("copy_boxed") is None
