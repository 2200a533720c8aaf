"""After an answer: its thinking goes, and what the next prompt begins with is computed while nobody waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from finr1_desk.core.conversation import FinishReason
from finr1_desk.core.events import GenerateRequest
from finr1_desk.core.prompts import Turn
from finr1_desk.engine.protocol import Generate
from finr1_desk.engine.scheduler import Job
from tests.engine.conftest import MakeModel, ask
from tests.engine.serving import Serving
from tests.helpers.tiny_models import DEEPSEEK, LLAMA, TinyModel, endless, slow_to_prefill, speaking

THINKING = "<think>\nRevenue rose and costs fell: 12 less 5.\n</think>\n<answer>\nProfit is 7.\n</answer>"
# What opens the answer and closes the question, in tokens.
MARKS = 16


@pytest.fixture
def serving(runtime: Path) -> Iterator[Serving]:
    made = Serving(runtime)
    yield made
    made.close()


def conversation(make_model: MakeModel, model: TinyModel, name: str = "c", **options: object) -> GenerateRequest:
    request = ask(make_model(model), "How did the company do? " * 8, conversation=name, **options)
    return replace(request, overrides={"max_tokens": 200})


@pytest.mark.parametrize(
    "model",
    [
        speaking(THINKING),
        speaking("Sum it up.\n</think>\n\nProfit is 7.", model=DEEPSEEK),
        speaking("Profit is 7.", model=LLAMA, after="\n\n"),
    ],
    ids=["qwen2", "deepseek", "template"],
)
def test_the_follow_up_is_ready(serving: Serving, make_model: MakeModel, model: TinyModel) -> None:
    first = conversation(make_model, model)
    answered = serving.ask(first)
    assert answered.reason is FinishReason.STOP
    follow_up = serving.following(first, answered, "And the year before?")
    serving.settle()
    finished = serving.ask(follow_up)
    new = finished.usage.prompt_tokens - finished.usage.cached_tokens
    assert 0 < new < len("And the year before?") + MARKS
    assert "Revenue rose" not in "".join(turn.content for turn in follow_up.turns)


def test_sent_at_once_it_reads_the_answer_again_and_nothing_before(serving: Serving, make_model: MakeModel) -> None:
    first = conversation(make_model, speaking(THINKING))
    answered = serving.ask(first)
    finished = serving.ask(serving.following(first, answered, "And the year before?"))
    assert finished.usage.cached_tokens >= answered.usage.prompt_tokens - MARKS
    assert finished.usage.prompt_tokens - finished.usage.cached_tokens > len("Profit is 7.")


def test_nothing_of_the_thinking_stays(serving: Serving, make_model: MakeModel) -> None:
    first = conversation(make_model, speaking(THINKING))
    answered = serving.ask(first)
    [before] = serving.sequences()
    serving.settle()
    [after] = serving.sequences()
    follow_up = serving.expected(serving.following(first, answered, "Why?"))
    assert after == follow_up[: len(after)] != before[: len(after)]
    assert len(follow_up) - len(after) < len("Why?") + MARKS


def test_idle_work_comes_once(serving: Serving, make_model: MakeModel) -> None:
    serving.ask(conversation(make_model, speaking(THINKING)))
    assert not serving.service.is_settled
    serving.settle()
    assert serving.service.is_settled
    assert serving.scheduler.take(0) is None


def test_a_regenerated_answer_reads_nothing_again(serving: Serving, make_model: MakeModel) -> None:
    first = conversation(make_model, speaking(THINKING))
    serving.ask(first)
    serving.settle()
    assert serving.ask(first).usage.cached_tokens >= len(serving.expected(first)) - 1
    serving.settle()


def test_an_edited_question_reads_from_the_edit_on(serving: Serving, make_model: MakeModel) -> None:
    first = conversation(make_model, speaking(THINKING))
    follow_up = serving.following(first, serving.ask(first), "And the year before?")
    serving.ask(follow_up)
    serving.settle()
    edited = replace(follow_up, turns=(*follow_up.turns[:-1], Turn("user", "And in the second quarter?")))
    finished = serving.ask(edited)
    assert finished.usage.prompt_tokens - finished.usage.cached_tokens < len("And in the second quarter?") + MARKS
    serving.settle()
    # The branch that was left is still there.
    assert serving.ask(follow_up).usage.cached_tokens >= len(serving.expected(follow_up)) - 1


def test_switching_between_conversations_reads_nothing_again(serving: Serving, make_model: MakeModel) -> None:
    requests = [conversation(make_model, speaking(THINKING), name) for name in "abc"]
    requests = [
        replace(request, turns=(request.turns[0], Turn("user", f"Conversation {number} " * 15)))
        for number, request in enumerate(requests)
    ]
    follow_ups = [serving.following(request, serving.ask(request), "Why?") for request in requests]
    serving.settle()
    for follow_up in follow_ups:
        finished = serving.ask(follow_up)
        assert finished.usage.prompt_tokens - finished.usage.cached_tokens < MARKS + len("Why?")


def test_an_answer_that_was_cut_off_can_still_be_gone_on_with(serving: Serving, make_model: MakeModel) -> None:
    text = "<think>\nRevenue.\n</think>\n<answer>\n" + "".join(f"{number} " for number in range(100, 300))
    first = conversation(make_model, speaking(text))
    cut_off = serving.ask(replace(first, overrides={"max_tokens": 60}))
    assert cut_off.reason is FinishReason.LENGTH
    [whole] = serving.sequences()
    serving.settle()
    assert whole in serving.sequences()
    finished = serving.ask(serving.following(first, cut_off, "Why?"))
    assert finished.usage.prompt_tokens - finished.usage.cached_tokens < MARKS + len("Why?")


def test_an_answer_that_was_stopped_while_thinking_stays_as_it_is(serving: Serving, make_model: MakeModel) -> None:
    first = conversation(make_model, speaking(THINKING))
    serving.ask(replace(first, overrides={"max_tokens": 5}))
    before = serving.sequences()
    serving.settle()
    assert serving.sequences() == before


def test_a_request_interrupts_idle_work_at_once(serving: Serving, make_model: MakeModel) -> None:
    """Between micro-batches as well as within one; what was finished is taken over, and no cell is wrong."""
    model = slow_to_prefill(speaking("<think>\nHm.\n</think>\n<answer>\n" + "Words and words again. " * 60))
    first = replace(conversation(make_model, model), model=replace(ask(make_model(model), context_length=8192).model))
    first = replace(first, overrides={"max_tokens": 4000})
    answered = serving.ask(first)
    follow_up = serving.following(first, answered, "Why?")
    serving.settle(most_steps=2)
    part = serving.held("c")
    assert part is not None
    whole = serving.expected(follow_up)
    assert part == whole[: len(part)]
    assert len(part) < len(whole) - 200
    serving.scheduler.submit(Job(1, Generate("waiting", replace(follow_up, overrides={"max_tokens": 1}))))
    serving.service.run_one(None)  # idle work that finds somebody waiting: it computes nothing
    assert serving.held("c") == part
    serving.service.run_one(serving.scheduler.take(0))
    finished = serving.events[-1]
    assert getattr(finished, "request", "") == "waiting"
    assert finished.usage.cached_tokens >= len(part) - 1  # type: ignore[union-attr]


def test_a_conversation_that_is_forgotten_is_not_worked_on(serving: Serving, make_model: MakeModel) -> None:
    serving.ask(conversation(make_model, speaking(THINKING)))
    serving.forget("c")
    assert serving.service.is_settled
    assert serving.held("c") is None


def test_a_full_context_is_no_reason_to_fail(serving: Serving, make_model: MakeModel) -> None:
    first = ask(make_model(endless()), context_length=256, conversation="c")
    answered = serving.ask(first)
    assert answered.usage.prompt_tokens + answered.usage.completion_tokens == 256
    serving.settle()
    again = serving.ask(first)
    assert again.reason is FinishReason.LENGTH
    assert serving.text(again) == serving.text(answered)
