"""Where the model's memory begins, as the window shows it: while an answer is written, afterwards, after a restart."""

from __future__ import annotations

from collections.abc import Callable

from finr1_desk.core.conversation import FinishReason, MessageState
from finr1_desk.ui.pane.chrome import MarkRow
from tests.ui.played import WAIT_MS, Running


def marked(running: Running) -> list[str]:
    pane = running.window.pane
    assert pane is not None
    return [view.message.id for view in pane.flow.views if any(isinstance(row, MarkRow) for row in view.rows)]


def finish(running: Running, request: str) -> None:
    with running.qtbot.waitSignal(running.built.answers.finished, timeout=WAIT_MS):
        running.engine.finish(request)


def test_the_mark_comes_with_the_answer_that_knows_less_and_goes_when_it_is_not_true_any_more(
    start: Callable[..., Running],
) -> None:
    running = start()
    for text in ("one", "two"):
        running.answered(text)
    assert marked(running) == []
    request = running.ask_and_wait("three")
    assert marked(running) == []
    running.engine.start(request, left_out=2)
    running.until(lambda: bool(marked(running)))
    shown = running.built.conversations.shown()
    assert marked(running) == [shown[1].id]
    running.engine.say(request, "<think>\nhm\n</think>\n<answer>\nyes")
    finish(running, request)
    assert running.built.conversations.shown()[-1].generation.left_out.turns == 2  # type: ignore[union-attr]
    assert marked(running) == [shown[1].id]
    # With a longer context, say, the model is shown everything again.
    answer = running.built.conversations.shown()[-1]
    running.built.answers.regenerate(answer.id)
    running.until(lambda: len(running.engine.requests) == 4)
    running.engine.start("r4", left_out=4)
    running.until(lambda: marked(running) == [shown[3].id])
    finish(running, "r4")
    running.built.answers.regenerate(answer.id)
    running.until(lambda: len(running.engine.requests) == 5)
    running.engine.start("r5", left_out=0)
    running.engine.say("r5", "all")
    finish(running, "r5")
    assert marked(running) == []


def test_the_mark_is_there_again_when_a_conversation_is_opened(start: Callable[..., Running]) -> None:
    running = start()
    running.answered("one")
    request = running.ask_and_wait("two")
    running.engine.start(request, left_out=2)
    running.engine.say(request, "yes")
    finish(running, request)
    id = running.built.conversations.current
    before = marked(running)
    assert before
    running.new()
    running.answered("another conversation")
    assert marked(running) == []
    assert id is not None
    running.built.conversations.open(id)
    running.until(lambda: marked(running) == before)
    running.close()
    again = start()
    again.built.conversations.open(id)
    again.until(lambda: again.window.pane is not None and marked(again) == before)


def test_an_answer_that_loops_is_kept_and_marked_as_such(start: Callable[..., Running]) -> None:
    running = start()
    request = running.ask_and_wait("one")
    assert running.engine.requests[0].stop_loops
    running.engine.start(request)
    running.engine.say(request, "again again again")
    with running.qtbot.waitSignal(running.built.answers.finished, timeout=WAIT_MS):
        running.engine.finish(request, FinishReason.LOOP)
    answer = running.built.conversations.shown()[-1]
    assert (answer.state, answer.raw) == (MessageState.LOOP, "again again again")


def test_the_settings_reach_the_engine(start: Callable[..., Running]) -> None:
    running = start()
    running.built.settings.set(max_think=700, stop_loops=False)
    running.ask_and_wait("one")
    assert (running.engine.requests[0].max_think, running.engine.requests[0].stop_loops) == (700, False)
