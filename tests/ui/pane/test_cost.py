"""What an update costs while a long answer is written: the last ones not more than the first."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace

import pytest

from finr1_desk.app.live import LiveStatus, Phase
from finr1_desk.core.conversation import MessageState, Part, PartKind
from finr1_desk.ui.pane.pane import ChatPane
from tests.ui.pane.samples import answer, question

STEP = 16  # characters: some four tokens
LENGTH = 64_000  # characters: some 16,000 tokens
COMPARED = 200
GROWTH = 3.0  # the cost would grow thirtyfold if everything were laid out again; 1.2 was measured

TEXTS = {
    "paragraphs": ("This is a paragraph with **bold** words and numbers such as $1,000.\n" * 3 + "\n") * 400,
    "list": "".join(f"{n}. item with **bold** words and some more text\n" for n in range(2000)),
    "code": "```python\n" + "x = compute(a, b)  # comment\n" * 3000,
    "table": "| a | b |\n|---|---|\n" + "| one thing | 2,000.00 |\n" * 3000,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_long_answer_does_not_become_slower(pane: ChatPane, text: str) -> None:
    text = text[:LENGTH]
    writing = answer("", state=MessageState.WRITING, generation=None)
    pane.set_messages([question("q")], {})
    count = LENGTH // STEP
    costs = []
    for number in range(1, count + 1):
        # The stretch between those that are compared need not be shown in so many steps.
        if COMPARED + 100 < number < count - COMPARED and number % 20:
            continue
        message = replace(writing, parts=(Part(PartKind.ANSWER, text[: number * STEP]),))
        started = time.process_time()
        pane.update_message(message, LiveStatus(Phase.ANSWERING))
        costs.append(time.process_time() - started)
    # A screen has to be full before the comparison is fair.
    first, last = statistics.mean(costs[100 : 100 + COMPARED]), statistics.mean(costs[-COMPARED:])
    assert last < GROWTH * first
