"""Several answers to one question, side by side: as many, as long, and as independent as one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from finr1_desk.core.conversation import FinishReason
from finr1_desk.core.errors import ErrorCode
from finr1_desk.core.events import Finished, SampleFinished, Started, TextProduced
from finr1_desk.core.prompts import CLOSE_THINKING
from finr1_desk.engine.client import EngineClient
from tests.engine.conftest import MakeClient, MakeModel, ask
from tests.helpers.engine_events import Recorder
from tests.helpers.tiny_models import endless

# Draws by chance every now and then, and ends by chance too.
UNDECIDED = replace(endless(words=12), sharpness=8.0)
ENDING = replace(
    UNDECIDED,
    chains={**UNDECIDED.chains, " word005": [" word006"], " word006": [" word007"], " word011": ["<|im_end|>"]},
)


def answers(
    client: EngineClient, seen: Recorder, *arguments: object, **options: object
) -> tuple[list[str], list[SampleFinished], Finished]:
    request = client.generate(ask(*arguments, **options))  # type: ignore[arg-type]
    finished = seen.finished(request)
    ends = sorted(seen.of(SampleFinished, request), key=lambda event: event.sample)
    texts = [""] * max(len(ends), 1)
    for event in seen.of(TextProduced, request):
        texts[event.sample] += event.text
    return texts, ends, finished


def test_each_sample_is_an_answer_of_its_own_and_the_first_is_the_only_one(
    make_client: MakeClient, make_model: MakeModel
) -> None:
    client, seen = make_client()
    path = make_model(UNDECIDED)
    options = {"seed": 5, "overrides": {"max_tokens": 60, "top_p": 1.0, "temperature": 1.0}}
    texts, ends, finished = answers(client, seen, path, samples=6, **options)
    assert [end.sample for end in ends] == list(range(6))
    assert len(set(texts)) > 1
    assert all((end.reason is FinishReason.LENGTH) is (end.usage.completion_tokens == 60) for end in ends)
    assert finished.usage.completion_tokens == sum(end.usage.completion_tokens for end in ends)
    again, _, _ = answers(client, seen, path, samples=6, **options)
    assert again == texts
    alone, ends, _ = answers(client, seen, path, **options)
    assert alone == texts[:1]
    assert ends == []


def test_samples_end_each_in_its_time(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(ENDING)
    _, ends, finished = answers(
        client, seen, path, samples=12, seed=3, overrides={"max_tokens": 300, "top_p": 1.0, "temperature": 1.2}
    )
    assert len({end.usage.completion_tokens for end in ends}) > 2
    assert finished.usage.completion_tokens == sum(end.usage.completion_tokens for end in ends)
    assert FinishReason.STOP in {end.reason for end in ends}
    follow_up = client.generate(ask(path, overrides={"max_tokens": 5}))
    usage = seen.finished(follow_up).usage
    assert usage.cached_tokens == usage.prompt_tokens - 1  # the prompt is left as it was


@pytest.mark.parametrize(("context", "samples"), [(512, 5), (1024, 20)], ids=["few cells", "few sequences"])
def test_samples_take_turns_where_cells_or_sequences_run_short(
    make_client: MakeClient, make_model: MakeModel, context: int, samples: int
) -> None:
    client, seen = make_client()
    path = make_model(UNDECIDED)
    options = {"seed": 1, "overrides": {"max_tokens": 200, "top_p": 1.0, "temperature": 1.0}}
    texts, ends, finished = answers(client, seen, path, samples=samples, context_length=context, **options)
    assert len(ends) == samples
    assert finished.usage.prompt_tokens + finished.usage.completion_tokens > context
    at_once, _, _ = answers(client, seen, path, samples=min(samples, 8), context_length=4096, **options)
    assert texts[: len(at_once)] == at_once


def test_the_thinking_of_every_sample_is_closed(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    model = endless(words=10, opening=["<think>\n"])
    path = make_model(replace(model, chains={**model.chains, ">\n": ["Done.", "<|im_end|>"]}))
    texts, ends, finished = answers(client, seen, path, samples=4, max_think=30)
    thinking = "<think>\n" + "".join(f" word{number % 10:03d}" for number in range(29))
    assert texts == [f"{thinking}{CLOSE_THINKING}Done."] * 4
    assert all(end.think_cut for end in ends)
    assert finished.think_cut
    request = client.generate(ask(path, samples=4))
    seen.wait_for(TextProduced, lambda event: event.request == request and event.sample == 3)
    client.answer_now(request)
    assert seen.finished(request).think_cut
    assert all(end.reason is FinishReason.STOP for end in seen.of(SampleFinished, request))


def test_a_loop_ends_only_its_own_sample_and_cancelling_ends_all(
    make_client: MakeClient, make_model: MakeModel
) -> None:
    client, seen = make_client()
    path = make_model(endless(words=30))
    _, ends, finished = answers(
        client, seen, path, samples=3, stop_loops=True, context_length=4096, overrides={"max_tokens": 900}
    )
    assert [end.reason for end in ends] == [FinishReason.LOOP] * 3
    assert finished.reason is FinishReason.STOP
    request = client.generate(ask(path, samples=30, context_length=4096, overrides={"max_tokens": 900}))
    seen.wait_for(TextProduced, lambda event: event.request == request and event.sample == 2)
    client.cancel(request)
    assert seen.finished(request).reason is FinishReason.CANCELLED
    ends = seen.of(SampleFinished, request)
    assert len(ends) == 30
    assert FinishReason.CANCELLED in {end.reason for end in ends}


@pytest.mark.parametrize("samples", [0, -1, 65])
def test_senseless_numbers_are_errors(make_client: MakeClient, make_model: MakeModel, samples: int) -> None:
    client, seen = make_client()
    request = client.generate(ask(make_model(endless()), samples=samples))
    assert seen.finished(request).code is ErrorCode.BAD_VALUE
    assert not seen.of(Started, request)
