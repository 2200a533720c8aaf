"""Requests of several clients, written side by side in shared batches: each as if it were alone."""

from __future__ import annotations

from dataclasses import replace

from finr1_desk.core.conversation import FinishReason
from finr1_desk.core.events import Finished, Started, TextProduced
from tests.engine.conftest import MakeClient, MakeModel, ask
from tests.helpers.tiny_models import endless

UNDECIDED = replace(endless(words=12), sharpness=8.0)
# Attention has a say: what an answer is depends on all that stands before it.
MIXED = replace(endless(words=30), sharpness=10.0, mixing=0.5)


def test_requests_are_answered_side_by_side_as_they_are_alone(make_client: MakeClient, make_model: MakeModel) -> None:
    path = make_model(MIXED)
    client, seen = make_client()
    other, other_seen = make_client()
    overrides = {"max_tokens": 250, "temperature": 0.0}
    questions = [f"Question {number}. " + "word " * (15 * number) for number in range(6)]
    alone = [seen.text(_done(client, seen, ask(path, text, overrides=overrides))) for text in questions]
    client.forget("")
    running = client.generate(ask(path, context_length=4096, overrides={"max_tokens": 3500}))
    seen.wait_for(TextProduced, lambda event: event.request == running)
    requests = [other.generate(ask(path, text, overrides=overrides)) for text in questions]
    beside = [other_seen.finished(request) for request in requests]
    assert [finished.usage.completion_tokens for finished in beside] == [250] * 6
    assert [other_seen.text(request) for request in requests] == alone
    assert not seen.of(Finished, running)  # it was being written all the time
    starts = [other_seen.events.index(other_seen.of(Started, request)[0]) for request in requests]
    assert max(starts) < min(other_seen.events.index(finished) for finished in beside)
    client.cancel(running)
    assert seen.finished(running).reason is FinishReason.CANCELLED


def _done(client: object, seen: object, request: object) -> str:
    made: str = client.generate(request)  # type: ignore[attr-defined]
    seen.finished(made)  # type: ignore[attr-defined]
    return made


def test_a_seed_repeats_its_answer_in_company(make_client: MakeClient, make_model: MakeModel) -> None:
    path = make_model(UNDECIDED)
    client, seen = make_client()
    seeded = ask(path, seed=7, overrides={"max_tokens": 120, "temperature": 1.0, "top_p": 1.0})
    alone = seen.text(_done(client, seen, seeded))
    running = [client.generate(ask(path, f"{number}", overrides={"max_tokens": 1500})) for number in range(3)]
    for request in running:
        seen.wait_for(TextProduced, lambda event, request=request: event.request == request)  # type: ignore[misc]
    assert seen.text(_done(client, seen, seeded)) == alone
    for request in running:
        client.cancel(request)
        seen.finished(request)


def test_one_that_is_cancelled_goes_and_the_others_stay(make_client: MakeClient, make_model: MakeModel) -> None:
    path = make_model(endless())
    client, seen = make_client()
    kept = ask(path, "kept", overrides={"max_tokens": 900})
    alone = seen.text(_done(client, seen, kept))
    first, second = client.generate(ask(path, "gone")), client.generate(kept)
    seen.wait_for(TextProduced, lambda event: event.request == second)
    client.cancel(first)
    assert seen.finished(first).reason is FinishReason.CANCELLED
    assert seen.finished(second).reason is FinishReason.LENGTH
    assert seen.text(second) == alone


def test_who_finds_no_cells_waits_and_goes_on(make_client: MakeClient, make_model: MakeModel) -> None:
    path = make_model(MIXED)
    client, seen = make_client()
    requests = [
        ask(path, f"Question {n}", context_length=640, overrides={"max_tokens": 300, "temperature": 0.0})
        for n in range(5)
    ]
    alone = [seen.text(_done(client, seen, request)) for request in requests]
    at_once = [client.generate(request) for request in requests]
    ends = [seen.finished(request) for request in at_once]
    assert [end.usage.completion_tokens for end in ends] == [300] * 5
    assert sum(end.usage.prompt_tokens + 300 for end in ends) > 2 * 640
    assert [seen.text(request) for request in at_once] == alone


def test_one_client_leaves_places_to_others(make_client: MakeClient, make_model: MakeModel) -> None:
    path = make_model(replace(endless(), context=32768))
    greedy, greedy_seen = make_client()
    other, other_seen = make_client()
    endless_ones = [greedy.generate(ask(path, f"{n}", context_length=32768)) for n in range(30)]
    greedy_seen.wait_for(TextProduced, lambda event: event.request == endless_ones[11])
    asked = other.generate(ask(path, context_length=32768, overrides={"max_tokens": 5}))
    assert other_seen.finished(asked).reason is FinishReason.LENGTH
    assert not greedy_seen.of(Started, endless_ones[12])
    for request in endless_ones:
        greedy.cancel(request)
    for request in endless_ones:
        greedy_seen.finished(request)


def test_prompts_that_begin_alike_share_cells_while_they_are_in_use(
    make_client: MakeClient, make_model: MakeModel
) -> None:
    path = make_model(endless())
    client, seen = make_client()
    beginning = "the same beginning " * 20
    first = client.generate(ask(path, beginning + "one"))
    second = client.generate(ask(path, beginning + "two", overrides={"max_tokens": 3}))
    usage = seen.finished(second).usage
    assert usage.cached_tokens > usage.prompt_tokens - 20
    assert not seen.of(Finished, first)
    client.cancel(first)
    seen.finished(first)


def test_samples_have_the_context_to_themselves(make_client: MakeClient, make_model: MakeModel) -> None:
    path = make_model(endless())
    client, seen = make_client()
    running = client.generate(ask(path, overrides={"max_tokens": 400}))
    samples = client.generate(ask(path, samples=3, overrides={"max_tokens": 20}))
    after = client.generate(ask(path, overrides={"max_tokens": 5}))
    seen.finished(after)
    order = [event.request for event in seen.events if isinstance(event, Finished)]
    assert order == [running, samples, after]


def test_what_takes_no_time_is_done_beside_an_answer(make_client: MakeClient, make_model: MakeModel) -> None:
    path = make_model(endless())
    client, seen = make_client()
    other, other_seen = make_client()
    running = client.generate(ask(path, conversation="mine"))
    seen.wait_for(TextProduced)
    other.forget("another")
    other.load(ask(path).model)
    asked = other.generate(ask(path, overrides={"max_tokens": 2}))
    other_seen.finished(asked)
    assert not seen.of(Finished, running)
    client.cancel(running)
    seen.finished(running)
