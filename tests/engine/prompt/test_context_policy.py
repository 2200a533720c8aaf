"""Which turns stay where the context is too short: by property, on real vocabularies, and in real answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finr1_desk.core.conversation import FinishReason, LeftOut
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import GenerateRequest, Started
from finr1_desk.core.prompts import Turn
from finr1_desk.engine import llama
from finr1_desk.engine.llama_vocabulary import Vocabulary
from finr1_desk.engine.prompt.building import PromptBuilder, builder_for
from finr1_desk.engine.prompt.context_policy import Budget, fit
from finr1_desk.engine.prompt.template import TemplateProcess
from tests.engine.conftest import MakeClient, MakeModel, model_request
from tests.helpers.tiny_models import DEEPSEEK, LLAMA, MISTRAL, QWEN2, TinyModel, endless, speaking

SYSTEM = Turn("system", "You answer.")


class Letters:
    """A builder whose turns take a token for each character, one for the role, and one for what begins the answer."""

    starts_in_think = False

    def build(self, turns: Sequence[Turn]) -> list[int]:
        return [token for turn in turns for token in (0, *map(ord, turn.content))] + [1]

    def counts(self, turns: Sequence[Turn]) -> list[int]:
        return [*(len(turn.content) + 1 for turn in turns), 1]


def talk(sizes: Sequence[tuple[int, int]], last: int, system: str | None = None) -> list[Turn]:
    """A conversation: each pair says how long question and answer are; the last question has no answer."""
    turns = [Turn("system", system)] if system is not None else []
    for number, (question, answer) in enumerate(sizes):
        letter = chr(ord("a") + number % 26)
        turns += [Turn("user", letter * question), Turn("assistant", letter.upper() * answer)]
    return [*turns, Turn("user", "?" * last)]


pairs = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 120)), max_size=30)


@settings(max_examples=300, deadline=None)
@given(
    sizes=pairs,
    last=st.integers(1, 200),
    system=st.none() | st.text("s", max_size=60),
    prefix=st.integers(0, 150),
    context=st.integers(8, 900),
    max_tokens=st.integers(1, 500),
)
def test_the_newest_pairs_stay_and_the_answer_has_room(
    sizes: list[tuple[int, int]], last: int, system: str | None, prefix: int, context: int, max_tokens: int
) -> None:
    builder, turns = Letters(), talk(sizes, last, system)
    budget = Budget.of(context, max_tokens)
    first = 0 if system is None else 1
    alone = len(builder.build([*turns[:first], turns[-1]])) + prefix
    if alone + budget.least_room > context:
        with pytest.raises(UserError) as refused:
            fit(builder, turns, [2] * prefix, budget)
        assert refused.value.code is ErrorCode.CONTEXT_TOO_LONG
        over = alone + budget.least_room - context
        assert refused.value.params == {"tokens": alone, "limit": context, "over": over}
        return
    prompt = fit(builder, turns, [2] * prefix, budget)
    out = prompt.left_out
    kept = [*turns[:first], *turns[first + out.turns :]]
    assert prompt.tokens == builder.build(kept) + [2] * prefix
    assert out.turns % 2 == 0
    assert out.tokens == len(builder.build(turns)) - len(builder.build(kept))
    assert len(prompt.tokens) + budget.least_room <= context
    if kept[first:] != [turns[-1]]:
        assert len(prompt.tokens) + budget.room <= context
    if len(builder.build(turns)) + prefix + budget.room <= context:
        assert kept == turns


@settings(max_examples=150, deadline=None)
@given(sizes=pairs, context=st.integers(200, 900))
def test_what_was_left_out_once_stays_out_until_there_is_no_room_again(
    sizes: list[tuple[int, int]], context: int
) -> None:
    """So one prompt begins like the one before, and only rarely has all of it to be computed again."""
    builder, budget = Letters(), Budget.of(context, 10_000)
    before = 0
    for number, (question, _) in enumerate(sizes):
        turns = talk(sizes[:number], question)
        prompt = fit(builder, turns, [], budget)
        out = prompt.left_out.turns
        assert out >= before
        if out > before and out < len(turns) - 1:
            assert len(prompt.tokens) + budget.room + budget.fresh <= context
        before = out


def test_a_short_conversation_is_shown_whole() -> None:
    turns = talk([(10, 10)] * 3, 10, "system")
    assert fit(Letters(), turns, [], Budget.of(1000, 100)).left_out == LeftOut()


def test_the_room_for_an_answer() -> None:
    assert Budget.of(16384, 4000).room == 4000
    assert Budget.of(4096, 4000).room == 1024
    assert Budget.of(16384, 1).room == Budget.of(16384, 1).least_room == 64
    assert Budget.of(8, 4000) == Budget(8, 1, 2, 2)


# -- real vocabularies


@pytest.fixture
def templates() -> Iterator[TemplateProcess]:
    process = TemplateProcess()
    yield process
    process.close()


PLAIN = replace(QWEN2, controls=("<|endoftext|>", "<|im_end|>"), eos="<|im_end|>")  # its template, without its tokens
MODELS = {"qwen2": QWEN2, "deepseek": DEEPSEEK, "llama": LLAMA, "mistral": MISTRAL, "plain": PLAIN}


@pytest.fixture(params=MODELS, name="builder")
def every_builder(
    request: pytest.FixtureRequest, make_model: MakeModel, templates: TemplateProcess
) -> Iterator[PromptBuilder]:
    path = make_model(MODELS[request.param])
    model = llama.Model(str(path), llama.LlamaLog(lambda _line: None), vocabulary_only=True)
    yield builder_for(model, str(path), templates)
    model.close()


def long_talk(count: int) -> list[Turn]:
    turns = [SYSTEM]
    for number in range(count):
        turns += [Turn("user", f"Question {number}: what now?\n"), Turn("assistant", f"Answer {number}, 净利润. " * 5)]
    return [*turns, Turn("user", "And then?")]


def test_counts_are_what_is_built(builder: PromptBuilder) -> None:
    for turns in (long_talk(0), long_talk(1), long_talk(20)):
        built, counts = len(builder.build(turns)), builder.counts(turns)
        assert len(counts) == len(turns) + 1
        assert counts == builder.counts(turns)  # remembered
        assert sum(counts) == pytest.approx(built, abs=3 * len(turns))


def test_every_kind_of_model_leaves_out_the_oldest(builder: PromptBuilder) -> None:
    turns, budget = long_talk(30), Budget.of(1500, 300)
    prompt = fit(builder, turns, [5, 6], budget)
    out = prompt.left_out
    assert 0 < out.turns < len(turns) - 1
    assert prompt.tokens == [*builder.build([SYSTEM, *turns[1 + out.turns :]]), 5, 6]
    assert len(prompt.tokens) + budget.room <= budget.context
    assert out.tokens == pytest.approx(sum(builder.counts(turns)[1 : 1 + out.turns]))
    last = builder.build([SYSTEM, turns[-1]])
    with pytest.raises(UserError) as refused:
        fit(builder, turns, [], replace(budget, context=len(last) + budget.least_room - 1))
    assert refused.value.params == {"tokens": len(last), "limit": len(last) + budget.least_room - 1, "over": 1}


class Watched:
    """Counts the characters that a vocabulary is given."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self.characters = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._vocabulary, name)

    def tokenise(self, text: str, *, parse_special: bool) -> list[int]:
        self.characters += len(text)
        return self._vocabulary.tokenise(text, parse_special=parse_special)


@pytest.mark.parametrize("kind", MODELS)
def test_a_conversation_of_a_thousand_messages_is_counted_once(
    make_model: MakeModel, templates: TemplateProcess, kind: str
) -> None:
    path = make_model(MODELS[kind])
    model = llama.Model(str(path), llama.LlamaLog(lambda _line: None), vocabulary_only=True)
    watched = model.vocabulary = Watched(model.vocabulary)  # type: ignore[assignment]
    builder = builder_for(model, str(path), templates)
    turns, budget = long_talk(500), Budget.of(2000, 500)
    characters = sum(len(turn.content) for turn in turns)
    assert fit(builder, turns, [], budget).left_out.turns > 900
    assert watched.characters < 1.5 * characters
    watched.characters = 0
    follow_up = [*turns, Turn("assistant", "This."), Turn("user", "Why?")]
    fit(builder, follow_up, [], budget)
    model.close()
    assert watched.characters < 0.2 * characters


# -- real answers


def request_for(path: Path, turns: Sequence[Turn], context: int, **options: object) -> GenerateRequest:
    return GenerateRequest(model_request(path, context), tuple(turns), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "model",
    [speaking("Yes."), speaking("Yes.", model=DEEPSEEK), speaking("Yes.", model=LLAMA, after="\n\n")],
    ids=["qwen2", "deepseek", "llama"],
)
def test_a_long_conversation_is_answered_and_says_what_was_left_out(
    make_client: MakeClient, make_model: MakeModel, model: TinyModel
) -> None:
    client, seen = make_client()
    path = make_model(model)
    turns = long_talk(30)
    request = client.generate(request_for(path, turns, 1024))
    assert seen.finished(request).reason is FinishReason.STOP
    started = seen.of(Started, request)[0]
    assert started.left_out.turns > 0
    assert started.left_out.turns % 2 == 0
    assert started.prompt_tokens + 256 <= 1024
    shown = client.generate(request_for(path, [SYSTEM, *turns[1 + started.left_out.turns :]], 1024))
    assert seen.finished(shown).usage.prompt_tokens == started.prompt_tokens
    assert seen.of(Started, shown)[0].left_out == LeftOut()


def test_an_answer_that_reached_the_end_of_the_context_can_be_continued(
    make_client: MakeClient, make_model: MakeModel
) -> None:
    client, seen = make_client()
    path = make_model(endless())
    turns = long_talk(2)
    first = client.generate(request_for(path, turns, 512))
    assert seen.finished(first).reason is FinishReason.LENGTH
    assert seen.of(Started, first)[0].left_out.turns == 0
    assert seen.of(Started, first)[0].prompt_tokens + seen.finished(first).usage.completion_tokens == 512
    written = seen.text(first)[:150]  # more tokens than it was: here each letter is one
    again = client.generate(request_for(path, turns, 512, prefix=written, overrides={"max_tokens": 20}))
    finished = seen.finished(again)
    assert (finished.reason, finished.usage.completion_tokens) == (FinishReason.LENGTH, 20)
    assert seen.of(Started, again)[0].left_out.turns == 4
