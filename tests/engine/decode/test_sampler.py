"""Sampling against a straightforward computation over the whole vocabulary."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finr1_desk.core.sampling import Sampling
from finr1_desk.engine.decode import sampler as sampler_module
from finr1_desk.engine.decode.sampler import BadLogitsError, Sampler, uniform

SHAPES = ("peaked", "flat", "tied", "trained", "all equal")


def make_logits(shape: str, size: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    if shape == "peaked":
        logits = random.standard_normal(size) * 0.5
        logits[random.integers(size, size=5)] = random.uniform(15, 30, size=5)
    elif shape == "flat":
        logits = random.standard_normal(size) * 0.1
    elif shape == "tied":
        logits = random.integers(-3, 4, size=size).astype(float) * 2
    elif shape == "trained":  # a long tail that reaches up towards the best tokens
        logits = random.standard_normal(size) * 4
    else:
        logits = np.zeros(size)
    return logits.astype(np.float32)


def reference(logits: np.ndarray, sampling: Sampling, seen: set[int], number: float) -> int:
    """What the definition says, computed over everything."""
    values = logits.astype(np.float32).copy()
    penalty = np.float32(sampling.repetition_penalty)
    for token in seen:
        values[token] = values[token] / penalty if values[token] > 0 else values[token] * penalty
    if sampling.temperature == 0:
        return int(np.argmax(values))
    order, weights = kept_distribution(values, sampling)
    sums = np.cumsum(weights)
    return int(order[min(np.searchsorted(sums, number * sums[-1], side="right"), len(order) - 1)])


def kept_distribution(values: np.ndarray, sampling: Sampling) -> tuple[np.ndarray, np.ndarray]:
    weights = np.exp((values.astype(np.float64) - float(values.max())) / sampling.temperature)
    order = np.argsort(-weights, kind="stable")
    if sampling.top_k:
        order = order[: sampling.top_k]
    weights = weights[order]
    if sampling.top_p < 1:
        before = np.concatenate([[0.0], np.cumsum(weights)[:-1]])
        keep = before < sampling.top_p * np.cumsum(weights)[-1]
        keep[0] = True
        order, weights = order[keep], weights[keep]
    keep = weights >= sampling.min_p * weights[0]
    return order[keep], weights[keep]


samplings = st.builds(
    Sampling,
    temperature=st.sampled_from([0.0, 0.01, 0.3, 0.7, 1.0, 2.0, 5.0]),
    top_k=st.sampled_from([0, 1, 3, 40, 100_000]),
    top_p=st.sampled_from([0.0, 0.3, 0.8, 0.95, 0.999999, 1.0]),
    min_p=st.sampled_from([0.0, 0.05, 0.5, 1.0, 1e-12]),
    repetition_penalty=st.sampled_from([1.0, 1.05, 2.0, 0.5]),
)


@pytest.mark.parametrize("window", [20.0, 3.0, 0.5], ids=["as it is", "narrow", "far too narrow"])
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sampling=samplings,
    shape=st.sampled_from(SHAPES),
    size=st.sampled_from([7, 1000, 9000, 33_000]),
    seed=st.integers(0, 2**64 - 1),
    position=st.integers(0, 40_000),
)
def test_draws_what_the_full_computation_draws(
    monkeypatch: pytest.MonkeyPatch, window: float, sampling: Sampling, shape: str, size: int, seed: int, position: int
) -> None:
    """However few candidates are looked at, the bound on the others makes up for it."""
    monkeypatch.setattr(sampler_module, "_WINDOW", window)
    logits = make_logits(shape, size, seed % 1000)
    seen = {1, 3, size - 1, int(logits.argmax())}
    sampler = Sampler(sampling, seed, size, seen)
    expected = reference(logits, sampling, seen, uniform(seed, 0, position))
    assert sampler.sample(logits.copy(), position) == expected


def test_the_narrowed_candidates_decide_on_peaked_logits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the comparison with the full computation would compare it with itself."""
    calls = []
    original = Sampler._draw_among

    def counted(self: Sampler, logits: np.ndarray, tokens: np.ndarray, *rest: float) -> int | None:
        calls.append(len(tokens))
        return original(self, logits, tokens, *rest)

    monkeypatch.setattr(Sampler, "_draw_among", counted)
    sampler = Sampler(Sampling(), 1, 33_000, [])
    for position in range(50):
        sampler.sample(make_logits("peaked", 33_000, position), position)
    assert max(calls, default=0) < 100


def test_frequencies_are_the_distribution() -> None:
    sampling = Sampling(temperature=1.0, top_p=1.0, repetition_penalty=1.0)
    logits = np.log(np.array([0.5, 0.25, 0.15, 0.1], dtype=np.float32))
    sampler = Sampler(sampling, 42, 4, [])
    drawn = [sampler.sample(logits.copy(), position) for position in range(20_000)]
    counts = np.bincount(drawn, minlength=4) / len(drawn)
    assert counts == pytest.approx([0.5, 0.25, 0.15, 0.1], abs=0.015)


def test_the_random_number_depends_on_its_arguments_alone() -> None:
    assert uniform(7, 0, 12) == uniform(7, 0, 12)
    numbers = {uniform(seed, sample, at) for seed in (0, 1, 2**64 - 1) for sample in (0, 1) for at in range(100)}
    assert len(numbers) == 600
    assert all(0 <= number < 1 for number in numbers)


def test_tokens_already_seen_do_not_count_twice() -> None:
    sampling = Sampling(temperature=0.0, repetition_penalty=2.0)
    sampler = Sampler(sampling, 0, 3, [0, 0, 0])
    assert sampler.sample(np.array([3.0, 1.0, 0.5], dtype=np.float32), 0) == 0  # 1.5, not 0.375
    assert sampler.sample(np.array([3.0, 2.9, -1.0], dtype=np.float32), 1) == 1
    assert sampler.sample(np.array([3.0, 2.9, 1.6], dtype=np.float32), 2) == 2  # both others are halved now


@pytest.mark.parametrize("temperature", [0.0, 0.7])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_no_distribution_is_refused(temperature: float, bad: float) -> None:
    logits = np.linspace(0, 5, 50, dtype=np.float32)
    logits[20] = bad
    with pytest.raises(BadLogitsError):
        Sampler(Sampling(temperature=temperature), 0, 50, []).sample(logits, 0)


def test_nothing_but_minus_infinity_is_refused() -> None:
    with pytest.raises(BadLogitsError):
        Sampler(Sampling(), 0, 9, []).sample(np.full(9, -math.inf, dtype=np.float32), 0)


def test_forbidden_tokens_are_never_drawn() -> None:
    logits = np.full(5000, -math.inf, dtype=np.float32)
    logits[[17, 4800]] = 1.0
    sampler = Sampler(Sampling(temperature=1.0, top_p=1.0), 3, 5000, [17])
    assert {sampler.sample(logits.copy(), position) for position in range(50)} == {17, 4800}
