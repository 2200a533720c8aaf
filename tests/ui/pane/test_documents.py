"""What was laid out goes when it is shown no more."""

from __future__ import annotations

import gc

import pytest
from PySide6.QtGui import QTextDocument

from finr1_desk.core.conversation import Part, PartKind
from finr1_desk.ui.pane.pane import ChatPane
from tests.ui.pane.samples import answer

TEXTS = {
    "text": "Plain.\n\nWith **more** of it and [a link](https://example.org).",
    "list": "- a\n- b\n  - c\n\n> quoted\n\n---",
    "code": "```python\nx = 1\n```",
    "table": "| Year | Revenue |\n|---|--:|\n| 2023 | 1,200.0 |",
    "nested table": "- a\n\n  | a | b |\n  |---|---|\n  | 1 | 2 |",
}


@pytest.mark.parametrize("kind", TEXTS)
def test_documents_go_with_what_they_showed(pane: ChatPane, kind: str) -> None:
    def show(times: int) -> int:
        for _ in range(times):
            pane.set_messages([answer([Part(PartKind.ANSWER, TEXTS[kind])])], {})
            pane.viewport().repaint()
        gc.collect()
        return sum(isinstance(found, QTextDocument) for found in gc.get_objects())

    before = show(5)
    assert show(40) < before + 20  # a few are held by what is still to be coloured
