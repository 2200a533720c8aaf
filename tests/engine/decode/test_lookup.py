"""What is guessed from the text so far, and what guessing costs where it is in vain."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finr1_desk.engine.decode.lookup import PromptLookup, costs_of_rows

PROCESSOR = costs_of_rows(2, on_gpu=False, most_rows=16)
GPU = costs_of_rows(2, on_gpu=True, most_rows=16)


def price(prompt: Sequence[int], answer: Sequence[int], costs: Mapping[int, float]) -> float:
    """What writing the answer costs, in decoded tokens, by the prices that the guesses are made for."""
    lookup = PromptLookup(prompt, costs)
    spent, done = 0.0, 0
    while done < len(answer):
        lookup.add(answer[done])
        done += 1
        draft = lookup.draft(100)
        spent += 1.0 if not draft else next(costs[rows] for rows in sorted(costs) if rows > len(draft))
        for guess in draft:
            if done == len(answer) or answer[done] != guess:
                break
            lookup.add(guess)
            done += 1
    return spent


def test_prices_grow_with_rows_and_shrink_with_cores() -> None:
    for costs in (PROCESSOR, GPU, costs_of_rows(8, on_gpu=False, most_rows=16)):
        assert list(costs) == [4, 8, 16]
        assert all(1.0 < less < more for less, more in pairwise(costs.values()))
    assert costs_of_rows(64, on_gpu=False, most_rows=16)[16] < PROCESSOR[16]
    assert costs_of_rows(1, on_gpu=False, most_rows=16) == PROCESSOR
    assert GPU[16] < 1.2
    assert list(costs_of_rows(2, on_gpu=False, most_rows=8)) == [4, 8]
    assert costs_of_rows(2, on_gpu=False, most_rows=1) == {}


def test_what_is_quoted_is_guessed() -> None:
    text = list(range(100, 160))
    lookup = PromptLookup([1, 2, 3, *text, 4, 5], PROCESSOR)
    for token in text[:2]:
        lookup.add(token)
        assert lookup.draft(100) == []  # two tokens agree by chance
    for token in text[2:20]:
        lookup.add(token)
    assert lookup.draft(100) == text[20:35]
    assert lookup.draft(7) == text[20:27]
    assert lookup.draft(0) == []


def test_the_last_place_is_followed() -> None:
    lookup = PromptLookup([1, 2, 3, 4, 5, 6, 7, 8, *range(20, 60), 1, 2, 3, *range(60, 90)], GPU)
    for token in (1, 2, 3, *range(60, 70)):
        lookup.add(token)
    assert lookup.draft(5) == list(range(70, 75))


def test_what_repeats_itself_goes_on() -> None:
    lookup = PromptLookup([], PROCESSOR)
    for token in [7, 8, 9, 10] * 6:
        lookup.add(token)
    assert lookup.draft(100) == ([7, 8, 9, 10] * 4)[:15]


@pytest.mark.parametrize("costs", [PROCESSOR, GPU], ids=["processor", "GPU"])
def test_a_quotation_costs_a_fraction(costs: Mapping[int, float]) -> None:
    text = list(range(1000, 1200))
    assert price(text, text, costs) <= len(text) / 2.5


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), longest=st.integers(3, 30), regular=st.booleans(), gpu=st.booleans())
def test_an_answer_that_leaves_every_quotation_costs_little_more(
    seed: int, longest: int, regular: bool, gpu: bool
) -> None:
    """It takes up a passage of the prompt, and goes another way, over and over, from its first token on."""
    chance = random.Random(seed)
    prompt = [chance.randrange(1000, 9000) for _ in range(2000)]
    answer: list[int] = []
    while len(answer) < 500:
        at = chance.randrange(1900)
        length = longest if regular else chance.randint(3, longest)
        answer += [*prompt[at : at + length], chance.randrange(9000, 10**5)]
    assert price(prompt, answer, GPU if gpu else PROCESSOR) <= len(answer) / 0.95


@settings(max_examples=100, deadline=None)
@given(
    prompt=st.lists(st.integers(0, 3), max_size=60),
    answer=st.lists(st.integers(0, 3), max_size=120),
    room=st.integers(0, 20),
)
def test_any_text_gives_guesses_that_fit(prompt: list[int], answer: list[int], room: int) -> None:
    lookups = PromptLookup(prompt, GPU), PromptLookup(prompt, GPU)
    for token in answer:
        drafts = []
        for lookup in lookups:
            lookup.add(token)
            drafts.append(lookup.draft(room))
        assert drafts[0] == drafts[1]  # a function of the text
        assert len(drafts[0]) <= min(room, 15)
        assert set(drafts[0]) <= {*prompt, *answer}


def test_without_prices_nothing_is_guessed() -> None:
    lookup = PromptLookup([], {})
    for token in [1, 2, 3, 4] * 20:
        lookup.add(token)
        assert lookup.draft(100) == []
