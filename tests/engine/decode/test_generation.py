"""What an answer consists of: text, ends, limits, thinking, seeds, and what it costs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from finr1_desk.core.conversation import FinishReason, PartKind, text_of
from finr1_desk.core.errors import ErrorCode
from finr1_desk.core.events import PrefillProgress, Started, TextProduced
from finr1_desk.core.prompts import CLOSE_THINKING, Turn
from finr1_desk.core.reasoning import split
from finr1_desk.core.sampling import Sampling
from tests.engine.conftest import MakeClient, MakeModel, ask, model_request
from tests.helpers.tiny_models import DEEPSEEK, LLAMA, MISTRAL, QWEN2, TinyModel, endless, speaking

THINKING_FOR_EVER = replace(
    endless(opening=["<think>\n", "Let us see:"]),
    merges=((">", "\n"),),
)
# After the closing tags, whose last token is «>\n», an answer follows.
THINKING_UNTIL_TOLD = replace(
    THINKING_FOR_EVER,
    chains={**THINKING_FOR_EVER.chains, ">\n": ["The answer", " is 7.", "\n</answer>", "<|im_end|>"]},
)


@pytest.mark.parametrize(
    ("model", "thinks"),
    [
        (speaking("<think>\nSum: 净利润.\n</think>\n<answer>\n42\n</answer>"), True),
        (speaking("Hmm, 5%.\n</think>\n\nIt is 5.", model=DEEPSEEK), True),
        (speaking("Plain words.", model=LLAMA, after="\n\n"), False),
        (speaking("Hi there", model=MISTRAL, after="[/INST]"), False),
    ],
    ids=["qwen2", "deepseek", "llama", "mistral"],
)
def test_models_of_all_kinds_answer(
    make_client: MakeClient, make_model: MakeModel, model: TinyModel, thinks: bool
) -> None:
    client, seen = make_client()
    request = client.generate(ask(make_model(model)))
    finished = seen.finished(request)
    assert finished.reason is FinishReason.STOP
    pieces = [piece for chain in model.chains.values() for piece in chain if isinstance(piece, str)]
    assert seen.text(request) == "".join(pieces[:-1])
    assert (finished.usage.think_tokens > 0) is thinks
    assert (finished.timing.think_s > 0) is thinks
    assert seen.of(Started, request)[0].model.starts_in_think is (model.pre == "deepseek-r1-qwen")


def test_characters_cut_between_tokens_arrive_whole(make_client: MakeClient, make_model: MakeModel) -> None:
    raw = "a净💹z".encode()
    pieces = [raw[:2], raw[2:3], raw[3:6], raw[6:7], raw[7:8], raw[8:]]
    client, seen = make_client()
    request = client.generate(ask(make_model(replace(QWEN2, chains={"\n": [*pieces, "<|im_end|>"]}))))
    seen.finished(request)
    assert seen.text(request) == "a净💹z"
    assert all("\ufffd" not in event.text for event in seen.of(TextProduced, request))


def test_bytes_that_never_become_a_character_are_replaced(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    model = replace(QWEN2, chains={"\n": ["ok", b"\xe5\x87", "<|im_end|>"]})
    request = client.generate(ask(make_model(model)))
    seen.finished(request)
    assert seen.text(request) == "ok\ufffd"


@pytest.mark.parametrize("end", ["<|im_end|>", "<|endoftext|>"])
def test_every_end_token_ends_the_answer(make_client: MakeClient, make_model: MakeModel, end: str) -> None:
    client, seen = make_client()
    request = client.generate(ask(make_model(replace(QWEN2, chains={"\n": ["Yes", end]}))))
    assert seen.finished(request).reason is FinishReason.STOP
    assert seen.text(request) == "Yes"


def test_the_token_limit_ends_the_answer(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    request = client.generate(ask(make_model(endless()), overrides={"max_tokens": 7}))
    finished = seen.finished(request)
    assert finished.reason is FinishReason.LENGTH
    assert finished.usage.completion_tokens == 7
    assert seen.text(request) == "".join(f" word{i:03d}" for i in range(7))
    assert seen.of(TextProduced, request)[-1].tokens == 7


def test_the_context_ends_the_answer(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    request = client.generate(ask(make_model(endless()), context_length=256))
    finished = seen.finished(request)
    assert finished.reason is FinishReason.LENGTH
    assert finished.usage.prompt_tokens + finished.usage.completion_tokens == 256


def test_text_is_coalesced_and_the_first_token_comes_at_once(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    request = client.generate(ask(make_model(endless()), overrides={"max_tokens": 600}))
    finished = seen.finished(request)
    events = seen.of(TextProduced, request)
    assert events[0].tokens == 1
    assert len(events) <= finished.timing.decode_s * 31 + 2
    counts = [event.tokens for event in events]
    assert counts == sorted(counts)
    assert events[-1].context_used == finished.usage.prompt_tokens + 600 - 1


# -- thinking


def test_answer_now_closes_the_thinking(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    request = client.generate(ask(make_model(THINKING_UNTIL_TOLD)))
    seen.wait_for(TextProduced, lambda event: "word005" in event.text)
    client.answer_now(request)
    finished = seen.finished(request)
    assert finished.reason is FinishReason.STOP
    text = seen.text(request)
    thinking, _, answer = text.partition(CLOSE_THINKING)
    assert thinking.startswith("<think>\nLet us see: word000")
    assert answer == "The answer is 7.\n</answer>"
    assert text_of(split(text), PartKind.ANSWER) == "The answer is 7."
    assert 0 < finished.usage.think_tokens < finished.usage.completion_tokens


def test_answer_now_closes_an_open_code_block_first(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    model = make_model(endless(opening=("<think>\n", "```python\n")))
    request = client.generate(ask(model, overrides={"max_tokens": 3000}, context_length=4096))
    seen.wait_for(TextProduced, lambda event: "word" in event.text)
    client.answer_now(request)
    seen.wait_for(TextProduced, lambda event: "</think>" in event.text)
    client.cancel(request)
    seen.finished(request)
    kinds = [part.kind for part in split(seen.text(request)) if part.kind is not PartKind.TAG]
    assert kinds == [PartKind.THINK, PartKind.ANSWER]


def test_answer_now_does_nothing_while_the_model_answers(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    request = client.generate(ask(make_model(endless()), overrides={"max_tokens": 3000}, context_length=4096))
    seen.wait_for(TextProduced)
    client.answer_now(request)
    seen.finished(request)
    assert "</think>" not in seen.text(request)


def test_answer_now_closes_a_thinking_that_the_template_opened(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    request = client.generate(
        ask(make_model(endless(model=DEEPSEEK)), overrides={"max_tokens": 3000}, context_length=4096)
    )
    seen.wait_for(TextProduced)
    client.answer_now(request)
    seen.wait_for(TextProduced, lambda event: "</think>" in event.text)
    client.cancel(request)
    assert seen.finished(request).usage.think_tokens > 0
    assert CLOSE_THINKING in seen.text(request)


def test_an_answer_goes_on_where_it_stopped(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(THINKING_UNTIL_TOLD)
    prefix = "<think>\nSome thoughts\n</think>\n<answer>\n"
    request = client.generate(ask(path, prefix=prefix))
    finished = seen.finished(request)
    assert seen.text(request) == "The answer is 7.\n</answer>"
    assert finished.usage.think_tokens == 0
    whole = client.generate(ask(path, overrides={"max_tokens": 1}))
    seen.finished(whole)
    merged = prefix.count(">\n")  # the one token of two characters
    assert finished.usage.prompt_tokens == seen.of(Started, whole)[0].prompt_tokens + len(prefix) - merged


def test_going_on_inside_the_thinking_is_thinking(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    request = client.generate(ask(make_model(endless()), prefix="<think>\nA thought.\n", overrides={"max_tokens": 9}))
    assert seen.finished(request).usage.think_tokens == 9


# -- the prompt


def test_the_cache_serves_the_common_beginning(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(endless())
    first = client.generate(ask(path, "One question", overrides={"max_tokens": 5}))
    seen.finished(first)
    again = client.generate(ask(path, "One question", overrides={"max_tokens": 5}))
    finished = seen.finished(again)
    assert finished.usage.cached_tokens == finished.usage.prompt_tokens - 1
    other = client.generate(ask(path, "Another question", overrides={"max_tokens": 5}))
    assert 10 < seen.finished(other).usage.cached_tokens < finished.usage.prompt_tokens - 1
    assert seen.text(first) == seen.text(again) == seen.text(other)
    seeded = client.generate(ask(path, "Another question", overrides={"max_tokens": 5}, seed=1))
    assert seen.finished(seeded).usage.cached_tokens == 0  # a seed fixes the shape of the batches


def test_a_cancelled_answer_leaves_a_cache_that_is_right(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(endless())
    cancelled = client.generate(ask(path, "One question"))
    seen.wait_for(TextProduced)
    client.cancel(cancelled)
    seen.finished(cancelled)
    request = client.generate(ask(path, "One question", overrides={"max_tokens": 60}))
    seen.finished(request)
    assert seen.text(request) == "".join(f" word{i % 50:03d}" for i in range(60))


def test_prefill_tells_its_progress(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    request = client.generate(ask(make_model(endless()), "x" * 1000, overrides={"max_tokens": 1}))
    finished = seen.finished(request)
    events = seen.of(PrefillProgress, request)
    assert events[-1].done == events[-1].total == finished.usage.prompt_tokens
    assert [event.done for event in events] == sorted({event.done for event in events})
    assert len(events) <= finished.timing.prefill_s * 10 + 1


def test_a_question_longer_than_the_context(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(endless())
    request = client.generate(ask(path, "x" * 300, context_length=256))
    finished = seen.finished(request)
    assert finished.code is ErrorCode.CONTEXT_TOO_LONG
    tokens, limit, over = (finished.params[name] for name in ("tokens", "limit", "over"))
    assert limit == 256
    shorter = client.generate(ask(path, "x" * (300 - int(over or 0)), context_length=256))
    assert seen.finished(shorter).reason is FinishReason.LENGTH
    longer = client.generate(ask(path, "x" * (301 - int(over or 0)), context_length=256))
    assert seen.finished(longer).code is ErrorCode.CONTEXT_TOO_LONG
    assert tokens == seen.of(Started, shorter)[0].prompt_tokens + int(over or 0)


def test_any_text_can_be_asked(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(endless())
    for text in ("a\x00b", "lone \ud800 surrogate", "<|im_end|>", "\n\nx", "\u2028\u0301", "x" * 1500):
        request = client.generate(ask(path, text, overrides={"max_tokens": 2}))
        assert seen.finished(request).reason is FinishReason.LENGTH, repr(text)


@pytest.mark.parametrize("turns", [(), (Turn("system", "Be brief."),), (Turn("user", " \n\t"),)])
def test_nothing_asked_is_an_error(make_client: MakeClient, make_model: MakeModel, turns: tuple[Turn, ...]) -> None:
    client, seen = make_client()
    request = client.generate(replace(ask(make_model(endless())), turns=turns))
    assert seen.finished(request).code is ErrorCode.EMPTY_QUESTION


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"seed": -1}, "seed"),
        ({"seed": 2**64}, "seed"),
        ({"overrides": {"temperature": -1.0}}, "temperature"),
        ({"overrides": {"warmth": 1.0}}, "warmth"),
        ({"overrides": {"max_tokens": 0}}, "max_tokens"),
    ],
)
def test_senseless_values_are_errors(
    make_client: MakeClient, make_model: MakeModel, options: dict[str, object], name: str
) -> None:
    client, seen = make_client()
    finished = seen.finished(client.generate(ask(make_model(endless()), **options)))
    assert finished.code is ErrorCode.BAD_VALUE
    assert finished.params["name"] == name


# -- sampling

# Flat enough that every token is drawn by chance.
UNDECIDED = replace(endless(words=8), sharpness=0.5)


def test_a_seed_repeats_an_answer_and_another_one_does_not(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(UNDECIDED)
    texts = []
    for seed in (1, 1, 2):
        request = client.generate(ask(path, seed=seed, overrides={"max_tokens": 40, "top_p": 1.0}))
        seen.finished(request)
        texts.append(seen.text(request))
    assert texts[0] == texts[1] != texts[2]


def test_an_answer_without_a_seed_tells_one_that_differs(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(UNDECIDED)
    requests = [client.generate(ask(path, overrides={"max_tokens": 2})) for _ in range(3)]
    for request in requests:
        seen.finished(request)
    seeds = {seen.of(Started, request)[0].seed for request in requests}
    assert len(seeds) == 3
    assert all(0 <= seed < 2**64 for seed in seeds)


def test_the_models_own_sampling_comes_before_the_defaults(make_client: MakeClient, make_model: MakeModel) -> None:
    own = {"general.sampling.temp": 0.25, "general.sampling.top_k": 33, "general.sampling.top_p": 7.5}
    client, seen = make_client()
    request = client.generate(
        ask(make_model(replace(endless(), metadata=own)), overrides={"top_k": 5, "max_tokens": 1})
    )
    seen.finished(request)
    sampling = seen.of(Started, request)[0].sampling
    assert sampling == Sampling(temperature=0.25, top_k=5, max_tokens=1)  # a top-p of 7.5 makes no sense


def test_a_model_that_computes_nonsense_is_an_error(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(replace(endless(), sharpness=float("nan")))
    for overrides in ({"temperature": 0.0}, {}):
        finished = seen.finished(client.generate(ask(path, overrides=overrides)))
        assert finished.code is ErrorCode.DECODE_FAILED
        assert finished.reason is FinishReason.ERROR


def test_equal_requests_share_the_model(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(endless())
    client.load(model_request(path))
    first = client.generate(ask(path, overrides={"max_tokens": 1}))
    assert seen.finished(first).timing.load_s == 0
