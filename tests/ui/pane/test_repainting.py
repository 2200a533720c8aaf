"""While an answer streams in, only what is new is painted; the screen shows what painting all of it would give."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QImage, QPaintEvent
from PySide6.QtWidgets import QApplication

from finr1_desk.app.live import LiveStatus, Phase
from finr1_desk.core.conversation import MessageState
from finr1_desk.core.reasoning import ReasoningSplitter
from finr1_desk.ui.pane.pane import ChatPane
from tests.ui.pane.samples import CHINESE, ENGLISH, answer, question

TEXT = (
    ENGLISH + "\n\n" + "\n\n".join(f"Paragraph {number} of **many** that push the others up." for number in range(30))
)


def on_screen(pane: ChatPane) -> QImage:
    """What the last painting left, once the idle work (colours, rows beyond the edge) is done."""
    QApplication.processEvents()
    while pane._idle.isActive():
        QApplication.processEvents()
    image = pane.screen().grabWindow(pane.winId()).toImage()
    return image.convertToFormat(QImage.Format.Format_RGB32)


def stream(pane: ChatPane, text: str, step: int) -> None:
    splitter = ReasoningSplitter()
    splitter.feed(text[:step])
    for start in range(step, len(text) + step, step):
        phase = Phase.THINKING if splitter.thinking else Phase.ANSWERING
        live = LiveStatus(phase, think_s=start / 100, think_tokens=start)
        pane.update_message(answer(splitter.parts, state=MessageState.WRITING, generation=None), live)
        painted = on_screen(pane)
        pane.viewport().update()
        assert painted == on_screen(pane), f"after {start} characters"
        splitter.feed(text[start : start + step])


@pytest.mark.parametrize(("text", "step"), [(TEXT, 97), (CHINESE, 23)], ids=["english", "chinese"])
def test_the_screen_shows_what_painting_all_of_it_would(pane: ChatPane, text: str, step: int) -> None:
    pane.set_messages([question("What does it say?")], {})
    stream(pane, text, step)


def test_it_holds_while_the_reader_is_somewhere_else(pane: ChatPane) -> None:
    pane.set_messages([question("Earlier.\n" * 40, id="q0"), question("What does it say?")], {})
    pane.verticalScrollBar().setValue(60)
    stream(pane, TEXT, 151)


def test_it_holds_with_a_selection_and_a_banner(pane: ChatPane) -> None:
    pane.set_banner("This is the built-in demonstration model.")
    pane.set_messages([question("What does it say?")], {})
    pane.select_all()
    stream(pane, TEXT[:2000], 111)


class Painted(QObject):
    """Notes how much of the viewport each painting covers."""

    def __init__(self, pane: ChatPane) -> None:
        super().__init__(pane)
        self.heights: list[int] = []
        pane.viewport().installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.heights.append(sum(area.height() for area in event.region()))  # type: ignore[attr-defined]
        return False


def test_a_paragraph_more_leaves_the_rest_of_the_page_alone(pane: ChatPane) -> None:
    splitter = ReasoningSplitter()
    pane.set_messages([question("Question")], {})
    painted = Painted(pane)
    for number in range(60):
        splitter.feed(f"Paragraph {number}.\n\n")
        message = answer(splitter.parts, state=MessageState.WRITING, generation=None)
        pane.update_message(message, LiveStatus(Phase.ANSWERING))
        QApplication.processEvents()
    last = painted.heights[-20:]
    assert len(last) == 20
    assert 0 < max(last) < pane.viewport().height() / 2
