"""Which quantisation of Fin-R1 suits a machine, and how quick it will be there.

Owns the arithmetic only: memory that weights, KV cache and working buffers take, and the speed that follows from how
many bytes each token has to read. It measures nothing and asks nothing of the system. A plan that the engine makes of
a file at hand is exact; this is for files that are not here yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LAYERS: Final = 28
KV_BYTES_PER_TOKEN: Final = 57_344  # f16, all layers
KV_8_BIT: Final = 34 / 64  # of f16: blocks of 32 elements in 34 bytes
CONTEXTS: Final = (32_768, 16_384, 8_192, 4_096, 2_048)
COMFORTABLE_CONTEXT: Final = 16_384  # what Fin-R1 was published with
# What is tried in turn: context, and whether its cache is of 8 bits. The longest one is not worth that.
_CACHES: Final = (
    (CONTEXTS[0], False),
    *((context, eight) for context in CONTEXTS[1:] for eight in (False, True)),
)
_ON_GPU: Final = 3  # of these; a shorter context is not worth having everything on the GPU

_WORKING: Final = 768 * 2**20  # buffers for computing, and the process itself
_GPU_MARGIN: Final = 512 * 2**20  # the driver's and the desktop's
_SYSTEM_SHARE: Final = 0.15  # of the memory stays with the system and other programs …
_SYSTEM_MOST: Final = 4 * 2**30  # … and this much at most
_EMBEDDING_SHARE: Final = 0.07  # of the weights is looked up, not read, for a token
_EFFICIENCY: Final = 0.8  # of the bandwidth that decoding reaches
_USUAL_FILL: Final = 4_096  # tokens in the KV cache that speeds are told for
# How good each is, for choosing between those that fit: the usual order of perplexities.
_QUALITY: Final = ("Q2_K", "Q3_K_M", "IQ4_XS", "Q4_K_S", "Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0", "F16", "BF16")
_SENSIBLE: Final = (
    "Q4_K_M",
    "Q5_K_M",
    "Q6_K",
    "Q8_0",
)  # worth taking the better one where it costs no speed to speak of
_QUICK_ENOUGH: Final = 12.0  # tokens a second, quicker than one reads


class Placement(StrEnum):
    GPU = "gpu"
    PARTLY = "partly"
    CPU = "cpu"
    NONE = "none"  # it does not fit


class BandwidthSource(StrEnum):
    MEASURED = "measured"
    ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True)
class Gpu:
    """`bandwidth` in bytes a second; `shares_memory` where it uses the computer's own."""

    name: str
    memory_bytes: int
    bandwidth: float
    shares_memory: bool = False


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """What there is to run a model on.

    Attributes:
        memory_bytes: of the computer, all of it.
        bandwidth: of that memory, in bytes a second.
        source: where the bandwidth comes from. Those of GPUs are always estimates.
    """

    memory_bytes: int
    bandwidth: float
    source: BandwidthSource
    gpus: tuple[Gpu, ...] = ()

    @property
    def usable_bytes(self) -> int:
        """Of the memory, what a model may take when few other programs run."""
        return int(self.memory_bytes - min(_SYSTEM_MOST, _SYSTEM_SHARE * self.memory_bytes))


@dataclass(frozen=True, slots=True)
class Fit:
    """How a file of some size would run.

    Attributes:
        context: tokens, the longest of `CONTEXTS` that fits.
        kv_8_bit: whether that needs a KV cache of 8 bits.
        gpu_layers: of `LAYERS`.
        tokens_per_second: to be expected while an answer is written; 0 where it does not fit.
        needed_bytes: of memory, everywhere together.
    """

    placement: Placement
    context: int = 0
    kv_8_bit: bool = False
    gpu_layers: int = 0
    tokens_per_second: float = 0.0
    needed_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    quantisation: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Advice:
    """Every offer with its fit, as given; `recommended` is one of them, None where nothing fits."""

    fits: tuple[tuple[Offer, Fit], ...]
    recommended: Offer | None

    def fit(self, quantisation: str) -> Fit | None:
        return next((fit for offer, fit in self.fits if offer.quantisation == quantisation), None)


def advise(offers: Iterable[Offer], machine: MachineFacts) -> Advice:
    """How each offer fits, and which one to take.

    Recommended is Q4_K_M, the usual choice; a better one where that too is quick and leaves a comfortable context; the
    best smaller one where it does not fit comfortably, else the one with the longest context.
    """
    fits = tuple((offer, fit_of(offer.bytes, machine)) for offer in offers)
    return Advice(fits, _recommended(fits))


def _recommended(fits: Sequence[tuple[Offer, Fit]]) -> Offer | None:
    fitting = [(offer, fit) for offer, fit in fits if fit.placement is not Placement.NONE]
    if not fitting:
        return None
    comfortable = [(offer, fit) for offer, fit in fitting if fit.context >= COMFORTABLE_CONTEXT and not fit.kv_8_bit]
    on_gpu = [(offer, fit) for offer, fit in comfortable if fit.placement is Placement.GPU]
    good = [(offer, fit) for offer, fit in on_gpu if offer.quantisation in _SENSIBLE]
    if good:
        return max(good, key=lambda pair: quality(pair[0].quantisation))[0]
    quick = [
        (offer, fit)
        for offer, fit in comfortable
        if offer.quantisation in _SENSIBLE[1:] and fit.tokens_per_second >= _QUICK_ENOUGH
    ]
    if quick:
        return max(quick, key=lambda pair: quality(pair[0].quantisation))[0]
    usual = quality(_SENSIBLE[0])
    modest = [offer for offer, _ in comfortable if quality(offer.quantisation) <= usual]
    if modest:
        return max(modest, key=lambda offer: quality(offer.quantisation))
    return max(fitting, key=lambda pair: (pair[1].context, quality(pair[0].quantisation)))[0]


def quality(quantisation: str) -> int:
    """A rank: the higher, the closer to the model as it was published; 0 for one that is not known."""
    return _QUALITY.index(quantisation) + 1 if quantisation in _QUALITY else 0


def fit_of(model_bytes: int, machine: MachineFacts) -> Fit:
    """Where a model of this size runs: wholly on the GPUs, with what fits of it there, or on the processor.

    A GPU that holds all of it is used with the longest context up to 32,768 tokens. Else a comfortable context goes
    before layers on a GPU, and an 8-bit cache before a shorter context.
    """
    gpu_room = [max(0, gpu.memory_bytes - _GPU_MARGIN - _WORKING) for gpu in machine.gpus]
    for context, eight in _CACHES[:_ON_GPU]:
        total = model_bytes + kv_bytes(context, eight=eight)
        if total <= sum(gpu_room) and _on_host(total, LAYERS, machine, gpu_room) <= machine.usable_bytes:
            return _fit(model_bytes, machine, context, eight, gpu_room, LAYERS)
    for context, eight in _CACHES:
        total = model_bytes + kv_bytes(context, eight=eight)
        layers = _layers_on_gpus(total, gpu_room)
        if _on_host(total, layers, machine, gpu_room) <= machine.usable_bytes:
            return _fit(model_bytes, machine, context, eight, gpu_room, layers)
    return Fit(Placement.NONE, needed_bytes=model_bytes + kv_bytes(CONTEXTS[-1], eight=True) + _WORKING)


def kv_bytes(context: int, *, eight: bool = False) -> int:
    return int(context * KV_BYTES_PER_TOKEN * (KV_8_BIT if eight else 1))


def _on_host(total: int, layers: int, machine: MachineFacts, rooms: Sequence[int]) -> float:
    """Bytes of the computer's own memory: the layers that are on no GPU, and those on one that shares it."""
    shared = sum(room for gpu, room in zip(machine.gpus, rooms, strict=True) if gpu.shares_memory)
    share = shared / sum(rooms) if sum(rooms) else 0.0
    return total * (1 - layers / LAYERS * (1 - share)) + _WORKING


def _layers_on_gpus(total: int, rooms: Sequence[int]) -> int:
    """Whole layers that the GPUs hold, each with its part of the cache."""
    layer = total / LAYERS
    return min(LAYERS - 1, sum(int(room / layer) for room in rooms)) if layer else 0


def _fit(model_bytes: int, machine: MachineFacts, context: int, eight: bool, rooms: Sequence[int], layers: int) -> Fit:
    partly = Placement.PARTLY if layers else Placement.CPU
    placement = Placement.GPU if layers == LAYERS else partly
    read = model_bytes * (1 - _EMBEDDING_SHARE) + kv_bytes(min(context, _USUAL_FILL), eight=eight)
    on_gpu = layers / LAYERS
    seconds = read * (1 - on_gpu) / (machine.bandwidth * _EFFICIENCY)
    room = sum(rooms)
    for gpu, has in zip(machine.gpus, rooms, strict=True):
        seconds += read * on_gpu * (has / room if room else 0) / (gpu.bandwidth * _EFFICIENCY)
    needed = model_bytes + kv_bytes(context, eight=eight) + _WORKING
    return Fit(placement, context, eight, layers, 1 / seconds if seconds else 0.0, needed)
