"""Which sequence serves a prompt, what of it is taken over, and who gives way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finr1_desk.engine import llama
from finr1_desk.engine.cache.cells import Held, PrefixCache, common_beginning
from tests.engine.conftest import MakeModel
from tests.helpers.tiny_models import endless

CELLS = 256
MICRO_BATCH = 32
# Peaked, so that its words come in their order, and with attention, so that what stands before shows in the logits.
LISTENING = replace(endless(words=60), mixing=0.3)
NOISE = 0.02  # in logits; another text before them makes 0.1 and more


class Engine:
    """A context with its cache, and another one that computes everything anew."""

    def __init__(self, model: llama.Model) -> None:
        self.model = model
        self.context, self.reference = self._context(), self._context()
        self.cache = PrefixCache(self.context)
        self.computed = 0

    def _context(self) -> llama.Context:
        return llama.Context(
            self.model,
            length=CELLS,
            threads=1,
            threads_prefill=1,
            micro_batch=MICRO_BATCH,
            should_abort=lambda: False,
        )

    def tokens(self, text: str) -> list[int]:
        return self.model.vocabulary.tokenise(text, parse_special=False)

    def read(self, tokens: list[int], conversation: str = "", *, anew: bool = False) -> Held:
        """Takes a sequence and computes what it lacks of the prompt."""
        held = self.cache.take(tokens, conversation, anew=anew)
        kept = len(self.cache.tokens(held))
        assert self.cache.tokens(held) == tokens[:kept]
        self.computed = len(tokens) - kept
        for start in range(kept, len(tokens), MICRO_BATCH):
            piece = tokens[start : start + MICRO_BATCH]
            assert self.context.prefill(held.sequence, piece, want_logits=True) == 0
        return held

    def answer(self, tokens: list[int], words: int, conversation: str = "", *, worth: int | None = None) -> list[int]:
        """Reads a prompt and writes some tokens; returns these."""
        held = self.read(tokens, conversation)
        written = []
        for _ in range(words):
            written.append(int(self.context.logits().argmax()))
            assert self.context.append(held.sequence, written[-1]) == 0
        self.cache.release(held, len(tokens) if worth is None else worth)
        return written

    def fresh(self, tokens: list[int]) -> llama.Logits:
        """The logits after these tokens, with nothing taken over."""
        self.reference.drop(0)
        for start in range(0, len(tokens), MICRO_BATCH):
            assert self.reference.prefill(0, tokens[start : start + MICRO_BATCH], want_logits=True) == 0
        return self.reference.logits().copy()

    def close(self) -> None:
        self.context.close()
        self.reference.close()


@pytest.fixture(scope="module")
def model(make_model: MakeModel) -> Iterator[llama.Model]:
    log = llama.LlamaLog(lambda _line: None)
    loaded = llama.Model(str(make_model(LISTENING)), log)
    yield loaded
    loaded.close()


@pytest.fixture
def engine(model: llama.Model) -> Iterator[Engine]:
    made = Engine(model)
    yield made
    made.close()


def test_a_follow_up_computes_only_what_is_new(engine: Engine) -> None:
    prompt = engine.tokens("A question about profit\n")
    answer = engine.answer(prompt, 20, worth=CELLS)
    follow_up = [*prompt, *answer, *engine.tokens(" and now?\n")]
    held = engine.read(follow_up)
    assert engine.computed == len(follow_up) - len(prompt) - len(answer)
    assert held.sequence == 0  # in place
    assert np.abs(engine.context.logits() - engine.fresh(follow_up)).max() < NOISE


def test_what_was_computed_for_something_else_would_show(engine: Engine) -> None:
    one, other = engine.fresh(engine.tokens("A question about profit\n")), engine.fresh(engine.tokens("Tea\n"))
    assert np.abs(one - other).max() > 5 * NOISE


def test_greedy_tokens_after_taking_over_are_those_of_computing_anew(engine: Engine) -> None:
    prompt = engine.tokens("A question about profit\n")
    engine.answer(prompt, 30)
    again = engine.answer(prompt, 30)
    assert engine.computed == 1  # the last one, for its logits
    engine.read(prompt, anew=True)
    assert engine.computed == len(prompt)
    expected, tokens = [], list(prompt)
    for _ in range(30):
        expected.append(int(engine.fresh(tokens).argmax()))
        tokens.append(expected[-1])
    assert again == expected


def test_a_regenerated_answer_leaves_the_other_one_where_it_is(engine: Engine) -> None:
    prompt = engine.tokens("A question about profit\n")
    first = engine.answer(prompt, 30, "c", worth=CELLS)
    engine.answer(prompt, 30, "c", worth=CELLS)
    follow_up = [*prompt, *first, *engine.tokens("why?")]
    engine.read(follow_up, "c")
    assert engine.computed == 4


def test_conversations_share_their_beginning_and_take_turns(engine: Engine) -> None:
    system = engine.tokens("You are an analyst who answers. ")
    one, other = ([*system, *engine.tokens(text)] for text in ("What of gold?\n", "Is tin dear?\n"))
    answered = engine.answer(one, 10, "one", worth=CELLS)
    engine.answer(other, 10, "other", worth=CELLS)
    assert engine.computed == len(other) - len(system)
    held = engine.read([*one, *answered, 65], "one")
    assert engine.computed == 1
    assert held is engine.cache.of("one")
    assert np.abs(engine.context.logits() - engine.fresh([*one, *answered, 65])).max() < NOISE


def test_the_conversation_unused_for_longest_gives_way_when_cells_run_short(engine: Engine) -> None:
    texts = [f"{number} " * 40 for number in range(4)]  # 80 tokens each: three have room
    for text in texts[:3]:
        engine.answer(engine.tokens(text), 2, text)
    engine.cache.release(engine.read([*engine.tokens(texts[0]), 65], texts[0]), CELLS)  # used again
    engine.answer(engine.tokens(texts[3]), 2, texts[3])
    kept = [text for text in texts if engine.cache.of(text) is not None]
    assert kept == [texts[0], texts[2], texts[3]]
    held = engine.cache.of(texts[0])
    assert held is not None
    probe = [*engine.cache.tokens(held), 66]
    engine.read(probe, texts[0])
    assert engine.computed == 1
    assert np.abs(engine.context.logits() - engine.fresh(probe)).max() < NOISE


def test_one_conversation_may_have_all_cells(engine: Engine) -> None:
    for name in "abc":
        engine.answer(engine.tokens(name * 60), 2, name)
    long = engine.tokens("long " * (CELLS // 5))
    held = engine.read(long, "long")
    for _ in range(CELLS - len(long)):
        assert engine.context.append(held.sequence, 65) == 0
    assert len(engine.cache.tokens(held)) == CELLS
    assert engine.context.append(held.sequence, 65) == llama.DECODE_NO_ROOM  # nobody is left to give way
    assert len(engine.cache.tokens(held)) == CELLS
    assert [name for name in "abc" if engine.cache.of(name)] == []


def test_idle_work_displaces_nobody(engine: Engine) -> None:
    for name in "abc":
        engine.answer(engine.tokens(name * 80), 2, name)
    held = engine.cache.take(engine.tokens("d" * 60), "d")
    with engine.cache.dropping_nothing():
        assert engine.context.prefill(held.sequence, engine.tokens("d" * 32), want_logits=False) != 0
    assert [name for name in "abc" if engine.cache.of(name)] == ["a", "b", "c"]
    assert engine.cache.tokens(held) == []


def test_a_seed_starts_anew_and_leaves_the_others_alone(engine: Engine) -> None:
    one, other = engine.tokens("What of gold? " * 4), engine.tokens("Is tin dear? " * 4)
    engine.answer(one, 5, "one")
    engine.answer(other, 5, "other")
    for _ in range(3):
        engine.cache.release(engine.read(other, "other", anew=True), len(other))
        assert engine.computed == len(other)
    engine.read(one, "one")
    assert engine.computed == 1


def test_what_is_forgotten_is_not_taken_over(engine: Engine) -> None:
    one, other = engine.tokens("What of gold? " * 4), engine.tokens("Is tin dear? " * 4)
    engine.answer(one, 5, "one")
    engine.answer(other, 5, "other")
    engine.cache.forget("one")
    engine.cache.release(engine.read(one, "one"), 0)
    assert engine.computed == len(one)
    engine.cache.forget("")
    engine.read(other, "other")
    assert engine.computed == len(other)


def test_a_state_is_taken_back_as_it_was(engine: Engine) -> None:
    prompt = engine.tokens("A question about profit " * 3)
    held = engine.read(prompt, "kept")
    logits = engine.context.logits().copy()
    state = engine.context.state(held.sequence)
    engine.cache.release(held, len(prompt))
    for name in "abc":  # until it has gone, and its place was written over
        engine.answer(engine.tokens(name * 70), 2, name)
    assert engine.cache.of("kept") is None
    assert engine.cache.adopt(prompt, state, "kept")
    engine.cache.release(engine.read(prompt, "kept"), len(prompt))
    assert engine.computed == 1
    assert np.abs(engine.context.logits() - logits).max() < NOISE
    del state[len(state) // 2 :]
    assert not engine.cache.adopt(prompt, state, "d")
    assert engine.cache.of("d") is None


@given(st.lists(st.integers(0, 2), max_size=50), st.lists(st.integers(0, 2), max_size=50))
def test_the_common_beginning_is_the_longest(one: list[int], other: list[int]) -> None:
    length = common_beginning(one, other)
    assert one[:length] == other[:length]
    assert one[length : length + 1] != other[length : length + 1] or length in (len(one), len(other))


REQUEST = st.tuples(
    st.integers(0, 5),  # the request whose prompt it begins with
    st.integers(0, 100),  # how much of it
    st.integers(1, 90),  # how many tokens of its own
    st.integers(0, 20),  # how many are written
    st.sampled_from(["whole", "prompt", "nothing"]),  # what of it is worth something
    st.sampled_from(["", "a", "b"]),
    st.integers(0, 9).map(lambda number: number == 0),  # with a seed
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(REQUEST, min_size=2, max_size=8))
def test_every_sequence_holds_what_was_computed_in_it(
    model: llama.Model, requests: list[tuple[int, int, int, int, str, str, bool]]
) -> None:
    """Whatever is asked in whatever order: the logits after a prompt are those of the prompt, and nothing else's."""
    engine = Engine(model)
    prompts: list[list[int]] = [[]]
    try:
        for number, (earlier, share, own, written, worth, conversation, seeded) in enumerate(requests):
            begin = prompts[earlier % len(prompts)]
            prompt = [*begin[: len(begin) * share // 100], *(40 + (number * 7 + place) % 50 for place in range(own))]
            prompt = prompt[: CELLS - 30]
            held = engine.read(prompt, conversation, anew=seeded)
            assert np.abs(engine.context.logits() - engine.fresh(prompt)).max() < NOISE
            for _ in range(written):
                assert engine.context.append(held.sequence, int(engine.context.logits().argmax())) == 0
            whole = list(engine.cache.tokens(held))
            engine.cache.release(held, {"whole": len(whole), "prompt": len(prompt), "nothing": 0}[worth])
            prompts.append(whole)
    finally:
        engine.close()
