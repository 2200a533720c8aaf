"""Answers that repeat what stands above them: guessed, verified, and the same as without guessing."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest

from finr1_desk.core.conversation import FinishReason
from finr1_desk.core.events import Finished, TextProduced
from finr1_desk.core.prompts import CLOSE_THINKING
from finr1_desk.engine.client import EngineClient
from tests.engine.conftest import MakeClient, MakeModel, ask
from tests.helpers.engine_events import Recorder
from tests.helpers.tiny_models import QWEN2, endless

# Every character is a token and has one successor: the answer to any question is this text.
QUOTE = string.ascii_letters + string.digits
QUOTING = replace(QWEN2, chains={"\n": [*QUOTE, "<|im_end|>"]})
# A circle of few words, drawn with some mistakes: guesses are right for a while, again and again.
WAVERING = replace(endless(words=12), sharpness=9.0)


def answer(client: EngineClient, seen: Recorder, *arguments: object, **options: object) -> tuple[str, Finished]:
    request = client.generate(ask(*arguments, **options))  # type: ignore[arg-type]
    finished = seen.finished(request)
    return seen.text(request), finished


def test_what_stands_in_the_question_is_quoted_in_few_steps(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(QUOTING)
    text, finished = answer(client, seen, path, f"Quote this: {QUOTE}")
    assert text == QUOTE
    assert finished.reason is FinishReason.STOP
    assert finished.usage.completion_tokens == len(QUOTE)
    assert finished.accepted_tokens > len(QUOTE) * 0.75
    text, finished = answer(client, seen, path, f"Quote this: {QUOTE}", prompt_lookup=False)
    assert text == QUOTE
    assert finished.drafted_tokens == finished.accepted_tokens == 0


def test_a_question_that_misleads_costs_few_guesses(make_client: MakeClient, make_model: MakeModel) -> None:
    """Each three characters that follow each other in the answer stand in the question with something else after."""
    client, seen = make_client()
    misleading = " ".join(f"{QUOTE[at : at + 3]}{QUOTE[-1 - at]}!!!!" for at in range(len(QUOTE) - 3))
    text, finished = answer(client, seen, make_model(QUOTING), misleading)
    assert text == QUOTE
    assert finished.accepted_tokens == 0
    assert finished.drafted_tokens <= 6


@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0])
def test_guessing_changes_no_answer(make_client: MakeClient, make_model: MakeModel, temperature: float) -> None:
    client, seen = make_client()
    path = make_model(WAVERING)
    different, accepted, rejected = 0, 0, 0
    for seed in range(4):
        texts = []
        for lookup in (True, False):
            text, finished = answer(
                client,
                seen,
                path,
                seed=seed,
                prompt_lookup=lookup,
                overrides={"max_tokens": 250, "top_p": 1.0, "temperature": temperature},
            )
            texts.append((text, finished.reason, finished.usage))
            accepted += finished.accepted_tokens
            rejected += finished.drafted_tokens - finished.accepted_tokens
        different += texts[0] != texts[1]
    assert different == 0  # of four answers; the noise of another batch shape would have to decide between two tokens
    assert accepted > 50
    assert rejected > 0 or temperature == 0.0


@pytest.mark.parametrize("limit", [1, 2, 57, 100, 101, 102, 103, 104, 105, 106, 107])
def test_the_limit_is_met_exactly(make_client: MakeClient, make_model: MakeModel, limit: int) -> None:
    client, seen = make_client()
    text, finished = answer(client, seen, make_model(endless(words=10)), overrides={"max_tokens": limit})
    assert finished.reason is FinishReason.LENGTH
    assert finished.usage.completion_tokens == limit
    assert text == "".join(f" word{number % 10:03d}" for number in range(limit))


def test_the_context_is_filled_exactly(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(endless(words=10))
    for question in ("a", "ab", "abc", "abcd", "abcde", "abcdef"):
        text, finished = answer(client, seen, path, question, context_length=256)
        assert finished.accepted_tokens > 50
        assert finished.usage.prompt_tokens + finished.usage.completion_tokens == 256
        assert text == "".join(f" word{number % 10:03d}" for number in range(finished.usage.completion_tokens))


def test_a_cancelled_guess_leaves_a_cache_that_is_right(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(endless(words=10))
    for _ in range(3):
        request = client.generate(ask(path, context_length=4096))
        seen.wait_for(TextProduced, lambda event, request=request: event.request == request and event.tokens > 100)
        client.cancel(request)
        seen.finished(request)
    text, finished = answer(client, seen, path, prefix=" word000", overrides={"max_tokens": 40}, context_length=4096)
    assert finished.usage.completion_tokens == 40
    assert set(text) <= set("word0123456789 ")


def test_the_thinking_is_closed_exactly_after_its_limit(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    model = endless(words=10, opening=["<think>\n"])
    path = make_model(replace(model, chains={**model.chains, ">\n": ["Done.", "<|im_end|>"]}))
    for limit in (50, 51, 52, 53, 54):
        text, finished = answer(client, seen, path, max_think=limit)
        assert finished.accepted_tokens > 20
        thinking, _, rest = text.partition(CLOSE_THINKING)
        assert thinking == "<think>\n" + "".join(f" word{number % 10:03d}" for number in range(limit - 1))
        assert rest == "Done."
        assert finished.think_cut


def test_a_loop_is_noticed_at_the_same_token(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(endless(words=30))
    options = {"stop_loops": True, "overrides": {"max_tokens": 1500}}
    guessed, plain = (answer(client, seen, path, prompt_lookup=lookup, **options) for lookup in (True, False))
    assert guessed[0] == plain[0]
    assert guessed[1].reason is plain[1].reason is FinishReason.LOOP
    assert guessed[1].accepted_tokens > 300
