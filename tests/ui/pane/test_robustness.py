"""Nothing that a model or a user writes may raise, stall, or load anything."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QUrl
from PySide6.QtGui import QTextDocument
from pytestqt.qtbot import QtBot

from finr1_desk.app.live import LiveStatus, Phase
from finr1_desk.core.conversation import Message, MessageState, Part, PartKind
from finr1_desk.markup.markdown import cleaned
from finr1_desk.ui.desk import GC_THRESHOLDS
from finr1_desk.ui.look.theme import DARK, LIGHT
from finr1_desk.ui.pane.blocks import Paragraph
from finr1_desk.ui.pane.pane import ChatPane
from finr1_desk.ui.pane.rows import TextRow
from finr1_desk.ui.pane.textmap import length
from tests.ui.pane.huge import HUGE, OTHERS
from tests.ui.pane.samples import GENERATION, answer, question

FRAGMENTS = [
    *(
        "para text",
        "\n",
        "\n\n",
        "- a\n",
        "  - b\n",
        "1. x\n",
        "| a | b |\n|---|--:|\n",
        "| 1 | 2 |\n",
        "|" * 30 + "\n",
    ),
    *(
        "```py\n",
        "```\n",
        "    code\n",
        "> ",
        "# h\n",
        "---\n",
        "===",
        "\\[ x\n",
        "\\]\n",
        "$$\n",
        "**b",
        "**",
        "`",
        "~~",
    ),
    *(
        "[x](http://e.example)",
        "[x]: http://e.example\n",
        "[x](javascript:1)",
        "![i](file:///dev/zero)",
        "<b>",
        "&nbsp;",
    ),
    *(
        "中文，",
        "😀😀",
        "\u202e\u05d0\u05d1",
        "\x00",
        "\ud800",
        "\u2028",
        "\ufdd0",
        "\ufffc",
        "\t",
        "\r\n",
        "\\boxed{1\\%}",
    ),
    *(
        "> | a | b |\n> |---|---|\n> | 1 | 2 |\n",
        "- ```py\n  x = 1\n  ```\n",
        "- | a |\n  |---|\n  | 1 |\n",
        "x" * 5000,
    ),
]
STALL_S = 0.3  # of processor time for one thing; on a quiet machine the worst takes half of it


def _message(think: str, text: str, state: MessageState = MessageState.WRITING) -> Message:
    parts = (Part(PartKind.THINK, think), Part(PartKind.ANSWER, text))
    return replace(answer("", state=state), parts=tuple(part for part in parts if part.text), generation=GENERATION)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join),
    st.integers(0, 200),
    st.lists(st.integers(1, 400), min_size=1, max_size=6),
    st.integers(80, 900),
)
def test_whatever_is_written_is_shown(pane: ChatPane, text: str, split_at: int, steps: list[int], width: int) -> None:
    pane.set_messages([question(text[:500])], {})
    position = step = 0
    while position < len(text):
        position += steps[step % len(steps)]
        step += 1
        shown = _message(text[: min(position, split_at)], text[split_at:position])
        pane.update_message(shown, LiveStatus(Phase.THINKING if position < split_at else Phase.ANSWERING))
        if step % 3 == 0:
            pane.verticalScrollBar().setValue(pane.verticalScrollBar().maximum() * step // 7)
    pane.resize(width, 400)
    pane.update_message(_message(text[:split_at], text[split_at:], MessageState.LENGTH), None)
    pane.set_theme(DARK if pane.page.look.theme is LIGHT else LIGHT)
    pane.grab()
    pane.select_all()
    assert isinstance(pane.selected_text(), str)
    for row in pane.flow.views[-1].text_rows():
        end = length(row.document_for(pane.page).document)
        for rect in pane.rects("a1", row.section, row.index, 0, end):
            assert rect.width() >= 0


class Clock:
    """The longest that the window's thread was busy with one thing."""

    def __init__(self) -> None:
        self.worst = 0.0

    def __call__(self, job: Callable[[], object]) -> None:
        started = time.process_time()
        job()
        self.worst = max(self.worst, time.process_time() - started)


@pytest.fixture
def as_in_the_application() -> Iterator[None]:
    """What other tests have left in memory is not looked through while something is timed, as `ui.desk` sees to it."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


ALL = [pytest.param(text, id=name, marks=pytest.mark.slow if name in OTHERS else ()) for name, text in HUGE.items()]


@pytest.mark.usefixtures("as_in_the_application")
@pytest.mark.parametrize("text", ALL)
def test_nothing_stalls(pane: ChatPane, text: str) -> None:
    clock = Clock()
    clock(lambda: pane.set_messages([question("q"), answer([Part(PartKind.ANSWER, text)])], {}))
    for value in (0, pane.verticalScrollBar().maximum() // 2):
        clock(partial(pane.verticalScrollBar().setValue, value))
        clock(pane.viewport().repaint)
    for _ in range(3):
        clock(pane._idle.timeout.emit)
    clock(pane.select_all)
    clock(pane.selected_text)
    assert "".join(pane.selected_text().split()).endswith("".join(cleaned(text).split()))
    assert clock.worst < STALL_S


def _grow(pane: ChatPane, text: str, clock: Clock, steps: int) -> None:
    pane.set_messages([_message("", text[:1])], {"a1": LiveStatus(Phase.ANSWERING)})
    for step in range(1, steps + 1):
        shown = _message("", text[: len(text) * step // steps])
        clock(lambda shown=shown: pane.update_message(shown, LiveStatus(Phase.ANSWERING)))
        clock(pane.viewport().repaint)
        while pane.flow.views[0].has_more:
            clock(pane._idle._on_timeout)
    clock(lambda: pane.update_message(_message("", text, MessageState.COMPLETE), None))


@pytest.mark.usefixtures("as_in_the_application")
@pytest.mark.parametrize("name", ["a long table in a quote", "a long list in an item"])
def test_nothing_stalls_while_it_grows(pane: ChatPane, name: str) -> None:
    clock = Clock()
    _grow(pane, HUGE[name], clock, 6)
    assert clock.worst < STALL_S


@pytest.mark.slow
@pytest.mark.usefixtures("as_in_the_application")
@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE.keys())
def test_whatever_grows_stalls_nothing(pane: ChatPane, text: str) -> None:
    clock = Clock()
    _grow(pane, text, clock, 25)
    assert clock.worst < STALL_S


def test_a_long_message_is_read_to_its_end(pane: ChatPane, qtbot: QtBot) -> None:
    text = "- item\n\n  more\n\n" * 4_000 + "the end"
    pane.set_messages([answer(text)], {})
    assert pane.flow.views[0].has_more
    assert pane.flow.is_at_end
    qtbot.waitUntil(lambda: not pane.flow.views[0].has_more, timeout=60_000)
    assert pane.flow.is_at_end
    assert pane.flow.views[0].text_rows()[-1].block == Paragraph(len(text) - 7, len(text), "the end")
    assert len(pane.flow.views[0].text_rows()) == 4_001


def test_a_question_of_a_megabyte_does_not_stall(pane: ChatPane) -> None:
    clock = Clock()
    clock(lambda: pane.set_messages([question("a line of a pasted report\n" * 40_000)], {}))
    clock(pane.viewport().repaint)
    assert clock.worst < STALL_S


def test_nothing_is_ever_loaded(pane: ChatPane, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def refuse(_self: QTextDocument, _kind: int, url: QUrl) -> None:
        asked.append(url.toString())

    monkeypatch.setattr(QTextDocument, "loadResource", refuse)
    text = "![a](file:///etc/passwd)\n\n![b](https://b.example/x.png)\n\n<img src='file:///etc/passwd'>"
    pane.set_messages([question(text), answer(text)], {})
    pane.grab()
    assert asked == []
    for view in pane.flow.views:
        for row in view.text_rows():
            document = row.document_for(pane.page).document
            assert all(
                not document.allFormats()[number].isImageFormat() for number in range(len(document.allFormats()))
            )


def test_a_block_that_cannot_be_rendered_is_shown_as_it_stands(
    pane: ChatPane, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(self: TextRow, text: str) -> None:
        raise ZeroDivisionError("on purpose")

    pane.set_messages([answer("good")], {})
    row = pane.flow.views[0].text_rows()[0]
    row.forget_layout()
    monkeypatch.setattr(row, "read", fail.__get__(row))
    pane.grab()
    assert row.document_for(pane.page).document.toPlainText() == "good"
    assert "could not be rendered" in caplog.text
    caplog.clear()
