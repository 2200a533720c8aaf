"""What the sampler draws against llama.cpp's own chain, built in the same order, on logits of every shape."""

from __future__ import annotations

import ctypes
import math
from collections import Counter

import llama_cpp
import numpy as np
import pytest

from finr1_desk.core.sampling import Sampling
from finr1_desk.engine.decode import sampler as sampler_module
from finr1_desk.engine.decode.sampler import Sampler
from tests.engine.decode.test_sampler import make_logits

SIZE = 2000
SEEN = (5, 7, 11)
SAMPLINGS = {
    "Fin-R1's": Sampling(),
    "evaluation": Sampling(temperature=0.6, top_p=0.95),
    "all steps": Sampling(temperature=1.0, top_k=20, top_p=0.95, min_p=0.02, repetition_penalty=1.1),
    "top-k": Sampling(temperature=1.3, top_k=7, top_p=1.0, repetition_penalty=1.0),
    "min-p": Sampling(temperature=0.8, top_p=1.0, min_p=0.1, repetition_penalty=0.9),
}


def llama_cpp_distribution(logits: np.ndarray, sampling: Sampling) -> dict[int, float]:
    """The candidates that llama.cpp's chain leaves, with their probabilities."""
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    penalties = llama_cpp.llama_sampler_init_penalties(len(logits), len(SEEN), sampling.repetition_penalty, 0.0, 0.0)
    for token in SEEN:
        llama_cpp.llama_sampler_accept(penalties, token)
    for step in (
        penalties,
        llama_cpp.llama_sampler_init_temp(sampling.temperature),
        llama_cpp.llama_sampler_init_top_k(sampling.top_k),
        llama_cpp.llama_sampler_init_top_p(sampling.top_p, 1),
        llama_cpp.llama_sampler_init_min_p(sampling.min_p, 1),
        llama_cpp.llama_sampler_init_dist(1),
    ):
        llama_cpp.llama_sampler_chain_add(chain, step)
    data = (llama_cpp.llama_token_data * len(logits))()
    for token, logit in enumerate(logits):
        data[token].id, data[token].logit = token, logit
    array = llama_cpp.llama_token_data_array(data=data, size=len(logits), selected=-1, sorted=False)
    llama_cpp.llama_sampler_apply(chain, ctypes.byref(array))
    kept = {array.data[i].id: array.data[i].p for i in range(array.size)}
    llama_cpp.llama_sampler_free(chain)
    total = math.fsum(kept.values())
    return {token: p / total for token, p in kept.items()}


def drawn_over_all_numbers(
    monkeypatch: pytest.MonkeyPatch, logits: np.ndarray, sampling: Sampling, steps: int
) -> dict[int, float]:
    """The sampler's distribution: what it draws as its random number goes from 0 to 1 in so many steps."""
    counts: Counter[int] = Counter()
    for step in range(steps):
        with monkeypatch.context() as patch:
            patch.setattr(sampler_module, "uniform", lambda *_arguments, step=step: (step + 0.5) / steps)
            counts[Sampler(sampling, 0, SIZE, SEEN).sample(logits.copy(), 0)] += 1
    return {token: count / steps for token, count in counts.items()}


@pytest.mark.parametrize("sampling", SAMPLINGS.values(), ids=SAMPLINGS)
@pytest.mark.parametrize("shape", ["peaked", "flat", "tied", "trained"])
def test_candidates_and_probabilities_are_llama_cpps(
    monkeypatch: pytest.MonkeyPatch, shape: str, sampling: Sampling
) -> None:
    logits = make_logits(shape, SIZE, 3)
    theirs = llama_cpp_distribution(logits, sampling)
    # A candidate is found if its share is wider than a step; those of a flat distribution are all nearly equal.
    steps = 1500 if len(theirs) < 300 else 5 * len(theirs)
    ours = drawn_over_all_numbers(monkeypatch, logits, sampling, min(steps, 6000))
    least = min(theirs.values())
    # Which of equally likely tokens stand before the cut is not defined, nor on which side one right at it falls.
    for token in ours.keys() - theirs.keys():
        assert ours[token] <= least * 1.05 + 2 / steps
    for token in theirs.keys() - ours.keys():
        assert theirs[token] <= max(least * 1.05, 2 / min(steps, 6000))
    missing = sum(share for token, share in theirs.items() if token not in ours)
    gained = sum(share for token, share in ours.items() if token not in theirs)
    assert abs(missing - gained) <= 0.002 + 2 * least
    for token in ours.keys() & theirs.keys():
        assert ours[token] == pytest.approx(theirs[token], rel=1e-3, abs=1.5 / min(steps, 6000) + 2 * least * least)
    if shape in ("peaked", "trained"):
        assert (
            ours.keys() == {token for token, share in theirs.items() if share > 1 / steps} | ours.keys() & theirs.keys()
        )


@pytest.mark.parametrize("shape", ["peaked", "flat", "tied", "trained"])
def test_draws_are_distributed_as_llama_cpps(shape: str) -> None:
    """Chi-square over 4,000 draws; the seed is fixed, so it comes out the same every time."""
    sampling = Sampling(temperature=1.5, top_k=40, top_p=0.97, min_p=0.001)
    logits = make_logits(shape, SIZE, 8)
    theirs = sorted(llama_cpp_distribution(logits, sampling).items(), key=lambda item: -item[1])
    draws = 4000
    counts = Counter(Sampler(sampling, seed, SIZE, SEEN).sample(logits.copy(), 17) for seed in range(draws))
    if shape == "tied":  # of equally likely tokens, llama.cpp may keep others
        assert len(counts) == len(theirs)
        observed = sorted(counts.values(), reverse=True)
        expected = [share * draws for _, share in theirs]
        assert sum(observed) == draws
        assert max(abs(o - e) / math.sqrt(e) for o, e in zip(observed, expected, strict=True)) < 4.5
        return
    expected_counts = {token: share * draws for token, share in theirs}
    assert counts.keys() <= expected_counts.keys()
    chi_square = sum((counts[token] - expected) ** 2 / expected for token, expected in expected_counts.items())
    freedom = len(expected_counts) - 1
    if freedom == 0:
        return
    # Wilson and Hilferty's approximation of the 99.99 % quantile.
    limit = freedom * (1 - 2 / (9 * freedom) + 3.72 * math.sqrt(2 / (9 * freedom))) ** 3
    assert chi_square < limit
