"""What is advised holds over a grid of machines: it fits, and more memory is never worse."""

from __future__ import annotations

import itertools

import pytest

from finr1_desk.library.advice import (
    CONTEXTS,
    LAYERS,
    BandwidthSource,
    Gpu,
    MachineFacts,
    Offer,
    Placement,
    advise,
    fit_of,
    kv_bytes,
    quality,
)
from finr1_desk.library.catalogue import load_catalogue
from finr1_desk.library.machine import machine_facts

GIB = 2**30
OFFERS = [Offer(entry.quantisation, entry.bytes) for entry in load_catalogue().offers()]
MEMORIES = (2, 3, 4, 6, 8, 12, 16, 32, 64)
CARDS = (0, 4, 6, 8, 12, 24)


def machine(memory: int, card: int = 0, *, shared: bool = False, bandwidth: float = 40e9) -> MachineFacts:
    gpus = (Gpu("card", card * GIB, 300e9, shared),) if card else ()
    return MachineFacts(memory * GIB, bandwidth, BandwidthSource.MEASURED, gpus)


@pytest.mark.parametrize(("memory", "card"), list(itertools.product(MEMORIES, CARDS)))
def test_what_is_recommended_fits(memory: int, card: int) -> None:
    advice = advise(OFFERS, machine(memory, card))
    assert [offer for offer, _ in advice.fits] == OFFERS
    for offer, fit in advice.fits:
        assert fit.needed_bytes > offer.bytes
        if fit.placement is Placement.NONE:
            assert (fit.context, fit.gpu_layers, fit.tokens_per_second) == (0, 0, 0)
            continue
        assert fit.context in CONTEXTS
        assert fit.tokens_per_second > 0
        assert fit.needed_bytes <= (memory + card) * GIB
        assert (fit.gpu_layers == LAYERS) == (fit.placement is Placement.GPU)
        assert (fit.gpu_layers == 0) == (fit.placement is Placement.CPU)
        assert card or fit.placement is Placement.CPU
    chosen = advice.recommended
    fits = [fit for _, fit in advice.fits if fit.placement is not Placement.NONE]
    assert (chosen is None) == (not fits)
    if chosen is not None:
        fit = advice.fit(chosen.quantisation)
        assert fit is not None
        assert fit.placement is not Placement.NONE


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.quantisation)
def test_more_memory_is_never_worse(offer: Offer, card: int) -> None:
    contexts = [fit_of(offer.bytes, machine(memory, card)).context for memory in MEMORIES]
    placed = [fit_of(offer.bytes, machine(memory, card)).placement is not Placement.NONE for memory in MEMORIES]
    assert placed == sorted(placed)
    whole = [fit_of(offer.bytes, machine(memory, card)).placement is Placement.GPU for memory in MEMORIES]
    assert whole == sorted(whole)
    if not any(whole):
        assert contexts == sorted(contexts)


def test_the_usual_machines_get_the_usual_advice() -> None:
    def chosen(memory: int, card: int = 0, *, bandwidth: float = 40e9, shared: bool = False) -> str:
        found = advise(OFFERS, machine(memory, card, bandwidth=bandwidth, shared=shared)).recommended
        return found.quantisation if found else ""

    assert chosen(16) == "Q4_K_M"
    assert chosen(8) == "Q4_K_M"
    assert chosen(64) == "Q4_K_M"  # a better one would only be slower
    assert chosen(64, bandwidth=300e9) == "Q8_0"  # where it would not
    assert chosen(32, 24) == "Q8_0"
    assert chosen(32, 8) in ("Q5_K_M", "Q6_K")
    assert chosen(32, 32, shared=True, bandwidth=100e9) in ("Q6_K", "Q8_0")
    assert quality(chosen(6)) < quality("Q4_K_M")
    assert chosen(2) == ""


def test_memory_that_is_shared_counts_once() -> None:
    assert fit_of(8_100_000_000, machine(8, 8, shared=True)).placement is Placement.NONE
    assert fit_of(8_100_000_000, machine(8, 8)).placement is Placement.PARTLY


def test_speed_is_what_the_memory_gives() -> None:
    slow = fit_of(4_683_073_600, machine(32, bandwidth=20e9))
    quick = fit_of(4_683_073_600, machine(32, bandwidth=40e9))
    assert quick.tokens_per_second == pytest.approx(2 * slow.tokens_per_second)
    assert 5 < quick.tokens_per_second < 9  # as a 7B model in Q4_K_M runs there
    assert fit_of(4_683_073_600, machine(32, 12)).tokens_per_second > 5 * quick.tokens_per_second


def test_the_cache_takes_what_fin_r1_is_known_to_take() -> None:
    assert kv_bytes(32_768) == 1.75 * GIB
    assert kv_bytes(16_384, eight=True) < 0.54 * kv_bytes(16_384)


def test_this_machine_is_described() -> None:
    device = {"name": "CUDA0", "description": "A card", "is_gpu": True, "shares_memory": False, "total_bytes": 8 * GIB}
    facts = machine_facts([device, {"name": "CPU", "is_gpu": False, "total_bytes": GIB}])
    assert facts.memory_bytes > GIB
    assert 1e8 < facts.bandwidth < 1e13
    assert [gpu.name for gpu in facts.gpus] == ["A card"]
    assert machine_facts(measure=False).source is BandwidthSource.ESTIMATED
