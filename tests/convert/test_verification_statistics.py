"""The statistics of a verification against their definitions, written out in float64."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from finr1_convert.verification_statistics import Comparison, Figures, NotFiniteError

Floats = NDArray[np.float32]


def pair(
    seed: int, positions: int, vocabulary: int, noise: float, spread: float = 3.0
) -> tuple[Floats, Floats, NDArray[np.int32]]:
    """Logits of a model and its reference, and the tokens that followed."""
    chance = np.random.default_rng(seed)
    reference = chance.normal(0, spread, (positions, vocabulary)).astype(np.float32)
    logits = reference + chance.normal(0, noise, reference.shape).astype(np.float32)
    return logits, reference, chance.integers(0, vocabulary, positions).astype(np.int32)


def figures(logits: Floats, reference: Floats, following: NDArray[np.int32]) -> Figures:
    comparison = Comparison()
    comparison.add(logits, reference, following)
    return comparison.figures()


def log_softmax(logits: Floats) -> NDArray[np.float64]:
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


@pytest.mark.parametrize("noise", [0.003, 0.3])
@pytest.mark.parametrize("vocabulary", [2, 300, 2048, 5000, 151_936])
def test_the_definitions(vocabulary: int, noise: float) -> None:
    logits, reference, following = pair(vocabulary, 40, vocabulary, noise)
    model, base = log_softmax(logits), log_softmax(reference)
    rows = np.arange(40)
    surprise, base_surprise = -model[rows, following], -base[rows, following]
    divergence = (np.exp(base) * (base - model)).sum(axis=1)
    same = model.argmax(axis=1) == base.argmax(axis=1)
    found = figures(logits, reference, following)
    assert found.tokens == 40
    assert found.perplexity.value == pytest.approx(math.exp(surprise.mean()), rel=1e-6)
    assert found.reference_perplexity.value == pytest.approx(math.exp(base_surprise.mean()), rel=1e-6)
    ratio = surprise - base_surprise
    assert found.ratio.value == pytest.approx(math.exp(ratio.mean()), rel=1e-6)
    assert found.ratio.uncertainty == pytest.approx(found.ratio.value * ratio.std() / math.sqrt(39), rel=1e-3)
    for value, expected in (
        (found.divergence.value, divergence.mean()),
        (found.divergence_median, np.median(divergence)),
        (found.divergence_p95, np.percentile(divergence, 95)),
        (found.divergence_p99, np.percentile(divergence, 99)),
        (found.divergence_max, divergence.max()),
    ):
        assert value == pytest.approx(expected, rel=1e-3, abs=2e-7)
    assert found.divergence.uncertainty == pytest.approx(divergence.std() / math.sqrt(39), rel=1e-3, abs=1e-7)
    share = same.mean()
    assert found.same_first_choice.value == share
    assert found.same_first_choice.uncertainty == pytest.approx(math.sqrt(share * (1 - share) / 39))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    positions=st.integers(2, 40),
    vocabulary=st.integers(2, 400),
    noise=st.floats(0, 5),
    spread=st.floats(0.01, 20),
    model_offset=st.integers(-30, 30),
    reference_offset=st.integers(-30, 30),
)
def test_properties(
    seed: int,
    positions: int,
    vocabulary: int,
    noise: float,
    spread: float,
    model_offset: int,
    reference_offset: int,
) -> None:
    logits, reference, following = pair(seed, positions, vocabulary, noise, spread)
    found = figures(logits, reference, following)
    assert found.divergence_median <= found.divergence_p95 <= found.divergence_p99 <= found.divergence_max
    assert found.divergence.value >= -1e-6
    assert 0 <= found.same_first_choice.value <= 1
    assert found.perplexity.value >= 1
    # A constant added to all logits of a position changes no probability; it costs digits of float32 only.
    moved = figures(
        logits + np.float32(model_offset), (reference + np.float32(reference_offset)).astype(np.float32), following
    )
    assert moved.divergence.value == pytest.approx(found.divergence.value, rel=1e-2, abs=2e-5)
    assert moved.perplexity.value == pytest.approx(found.perplexity.value, rel=1e-4)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), cuts=st.lists(st.integers(0, 50), max_size=5))
def test_how_the_text_is_cut_and_who_computes_changes_nothing(seed: int, cuts: list[int]) -> None:
    logits, reference, following = pair(seed, 50, 97, 0.2)
    whole = figures(logits, reference, following)
    pieces = Comparison()
    edges = [0, *sorted(cuts), 50]
    with ThreadPoolExecutor(3) as pool:
        for start, end in pairwise(edges):
            pieces.add(logits[start:end], reference[start:end], following[start:end], pool.map)
    assert pieces.figures() == whole


def test_a_model_compared_with_itself() -> None:
    logits, _, following = pair(1, 30, 500, 0.0)
    found = figures(logits, logits.copy(), following)
    assert found.divergence.value == found.divergence_max == 0
    assert (found.ratio.value, found.same_first_choice.value) == (1, 1)
    assert found.same_first_choice.uncertainty == 0


def test_nothing_given_is_changed_or_kept() -> None:
    logits, reference, following = pair(3, 20, 200, 0.1)
    before = logits.copy(), reference.copy()
    comparison = Comparison()
    comparison.add(logits, reference, following)
    assert (logits == before[0]).all()
    assert (reference == before[1]).all()
    expected = comparison.figures()
    logits[:], reference[:], following[:] = 0, 0, 0
    assert comparison.figures() == expected


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("of_reference", [False, True])
@pytest.mark.parametrize("token", [0, 7, 299])
def test_values_that_are_no_numbers_are_told_and_not_averaged(value: float, of_reference: bool, token: int) -> None:
    logits, reference, following = pair(4, 10, 300, 0.1)
    (reference if of_reference else logits)[6, token] = value
    with pytest.raises(NotFiniteError) as caught:  # and no warning of numpy's, which would fail the test
        figures(logits, reference, following)
    assert caught.value.of_reference is of_reference
