"""What the tests of the chat pane share: a pane on the screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from finr1_desk.markup.markdown import Markdown
from finr1_desk.ui.look.theme import LIGHT
from finr1_desk.ui.pane.pane import ChatPane


@pytest.fixture(scope="session")
def markdown() -> Markdown:
    return Markdown()


@pytest.fixture
def pane(qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> Iterator[ChatPane]:
    """A pane of 800 by 600 pixels. Exceptions caught while painting or rendering fail the test."""
    pane = ChatPane(LIGHT)
    pane.resize(800, 600)
    qtbot.addWidget(pane)
    with qtbot.waitExposed(pane, timeout=30_000):
        pane.show()
    yield pane
    caught = [record for when in ("setup", "call") for record in caplog.get_records(when) if record.exc_info]
    assert caught == []
