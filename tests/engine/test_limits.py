"""What ends thinking and answers before the model does: the thinking budget, and going in a circle."""

from __future__ import annotations

from dataclasses import replace

import pytest

from finr1_desk.core.conversation import FinishReason, PartKind, text_of
from finr1_desk.core.errors import ErrorCode
from finr1_desk.core.events import TextProduced
from finr1_desk.core.prompts import CLOSE_THINKING
from finr1_desk.core.reasoning import split
from finr1_desk.engine.decode.repetition import COPIES, LEAST
from tests.engine.conftest import MakeClient, MakeModel, ask
from tests.helpers.tiny_models import DEEPSEEK, TinyModel, endless, speaking

# Too many words to be repeated before the context ends.
STEADY = endless(opening=["<think>\n", "Let us see:"], words=1500)
THINKING_FOR_EVER = endless(opening=["<think>\n", "Let us see:"])
ANSWER = ["The answer", " is 7.", "\n</answer>", "<|im_end|>"]


def told(model: TinyModel, answer: list[str]) -> TinyModel:
    """The same model, which answers so after the closing tags, whose last token is «>\\n»."""
    return replace(model, chains={**model.chains, ">\n": answer})


# -- the thinking budget


def test_thinking_ends_at_its_budget(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    request = client.generate(ask(make_model(told(STEADY, ANSWER)), max_think=40))
    finished = seen.finished(request)
    assert (finished.reason, finished.think_cut) == (FinishReason.STOP, True)
    thinking, _, answer = seen.text(request).partition(CLOSE_THINKING)
    assert thinking == "<think>\nLet us see:" + "".join(f" word{i:03d}" for i in range(38))
    assert answer == "The answer is 7.\n</answer>"
    assert seen.of(TextProduced, request)[-1].think_cut


def test_thinking_within_its_budget_is_left_alone(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    text = "<think>\nA short thought.\n</think>\n<answer>\nSeven.\n</answer>"
    request = client.generate(ask(make_model(speaking(text)), max_think=100))
    finished = seen.finished(request)
    assert (finished.reason, finished.think_cut) == (FinishReason.STOP, False)
    assert seen.text(request) == text


def test_an_answer_is_no_thinking(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    request = client.generate(ask(make_model(endless()), max_think=5, overrides={"max_tokens": 50}))
    finished = seen.finished(request)
    assert (finished.reason, finished.think_cut) == (FinishReason.LENGTH, False)
    assert "</think>" not in seen.text(request)


def test_a_template_that_opens_the_thinking_has_a_budget_too(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    model = make_model(endless(model=DEEPSEEK))
    request = client.generate(ask(model, max_think=10, overrides={"max_tokens": 60}))
    assert seen.finished(request).think_cut
    thinking = seen.text(request).partition(CLOSE_THINKING)[0]
    assert thinking == "".join(f" word{i:03d}" for i in range(10))


def test_going_on_with_a_thinking_goes_on_with_its_budget(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(told(STEADY, ANSWER))
    begun = "<think>\nLet us see: word000"
    request = client.generate(ask(path, prefix=begun, max_think=10))
    assert seen.finished(request).think_cut
    assert seen.text(request).startswith(CLOSE_THINKING)  # a letter is a token here, so it was thought enough


def test_a_character_is_completed_before_the_thinking_is_closed(make_client: MakeClient, make_model: MakeModel) -> None:
    raw = "净".encode()
    model = replace(STEADY, chains={"\n": ["<think>\n", raw[:1], raw[1:2], raw[2:], " x", " y"], ">\n": ANSWER})
    client, seen = make_client()
    request = client.generate(ask(make_model(model), max_think=2))
    assert seen.finished(request).think_cut
    assert seen.text(request).startswith("<think>\n净\n</think>")


def test_a_budget_without_room_to_answer_costs_nothing(make_client: MakeClient, make_model: MakeModel) -> None:
    """The context ends before the tags could be written: the thinking goes on to its end."""
    client, seen = make_client()
    path = make_model(STEADY)
    whole = client.generate(ask(path, context_length=256))
    room = seen.finished(whole).usage.completion_tokens
    request = client.generate(ask(path, context_length=256, max_think=room - 5))
    finished = seen.finished(request)
    assert (finished.reason, finished.think_cut) == (FinishReason.LENGTH, False)
    assert seen.text(request) == seen.text(whole)


def test_answer_now_is_told_as_well(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    request = client.generate(ask(make_model(told(STEADY, ANSWER))))
    seen.wait_for(TextProduced, lambda event: "word005" in event.text)
    client.answer_now(request)
    assert seen.finished(request).think_cut


def test_a_budget_below_nothing_is_an_error(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    finished = seen.finished(client.generate(ask(make_model(STEADY), max_think=-1)))
    assert (finished.code, finished.params["name"]) == (ErrorCode.BAD_VALUE, "max_think")


# -- loops


def test_an_answer_that_repeats_itself_is_stopped(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    request = client.generate(ask(make_model(endless()), stop_loops=True))
    finished = seen.finished(request)
    assert finished.reason is FinishReason.LOOP
    assert finished.usage.completion_tokens == LEAST
    assert seen.text(request) == "".join(f" word{i % 50:03d}" for i in range(LEAST))


def test_an_answer_may_repeat_itself_where_that_was_asked_for(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    request = client.generate(ask(make_model(endless()), stop_loops=False, overrides={"max_tokens": 2 * LEAST}))
    assert seen.finished(request).reason is FinishReason.LENGTH


def test_a_long_passage_is_a_loop_after_three_copies(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    request = client.generate(ask(make_model(endless(words=400)), stop_loops=True))
    finished = seen.finished(request)
    assert (finished.reason, finished.usage.completion_tokens) == (FinishReason.LOOP, COPIES * 400)


def test_thinking_that_goes_in_a_circle_is_closed_and_the_answer_asked_for(
    make_client: MakeClient, make_model: MakeModel
) -> None:
    client, seen = make_client()
    request = client.generate(ask(make_model(told(THINKING_FOR_EVER, ANSWER)), stop_loops=True))
    finished = seen.finished(request)
    assert (finished.reason, finished.think_cut) == (FinishReason.STOP, True)
    assert text_of(split(seen.text(request)), PartKind.ANSWER) == "The answer is 7."
    assert LEAST < finished.usage.think_tokens < LEAST + 20


@pytest.mark.parametrize("reopened", [False, True])
def test_an_answer_that_loops_after_its_thinking_did_is_stopped(
    make_client: MakeClient, make_model: MakeModel, reopened: bool
) -> None:
    client, seen = make_client()
    opening = ["<think>\n"] if reopened else []
    answer = [*opening, "So", *(f" again{i}" for i in range(10))]
    model = told(THINKING_FOR_EVER, answer)
    model = replace(model, chains={**model.chains, answer[-1]: [answer[-10]]})
    request = client.generate(ask(make_model(model), stop_loops=True))
    finished = seen.finished(request)
    assert (finished.reason, finished.think_cut) == (FinishReason.LOOP, True)
    assert seen.text(request).count("</think>") == 1
    assert "again9 again0" in seen.text(request)


def test_a_question_that_loops_is_no_loop(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    request = client.generate(
        ask(make_model(speaking("A short answer.")), "again " * 200, prefix="again " * 70, stop_loops=True)
    )
    assert seen.finished(request).reason is not FinishReason.LOOP
