"""How a model is to be loaded on this machine, and what that will take: the plan that is shown before loading.

Owns the values that engine, window and terminal exchange about it. It measures and decides nothing, and makes no
sentences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

KV_TYPES: Final = ("f16", "q8_0")
AUTO: Final = "auto"


@dataclass(frozen=True, slots=True)
class DeviceShare:
    """What one device holds of a model, in bytes.

    Attributes:
        name: ggml's name (`CPU`, `CUDA0`); `description` is the one for people.
        free: what could be had when the plan was made; for the processor, without swapping.
        layers: how many of the model's layers are computed here; the output layer is not counted.
        weights: what has to stay in memory of them.
        spare: what llama.cpp reports as weights beyond that: it is mapped from the file and not needed after loading.
        cache: the KV cache of the whole context.
        compute: buffers for computing, and for the results.
    """

    name: str
    description: str
    is_gpu: bool
    free: int
    total: int
    layers: int
    weights: int
    cache: int
    compute: int
    spare: int = 0

    @property
    def needed(self) -> int:
        return self.weights + self.cache + self.compute


@dataclass(frozen=True, slots=True)
class GivenUp:
    """One thing that was wanted and is not had: `what` is the name of a setting, or of its value in the plan."""

    what: str
    wanted: str
    got: str


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """How a model is loaded.

    Attributes:
        layers: of the model; `gpu_layers` of them are on GPUs, with the output layer where there are any.
        context_length: tokens.
        kv_type: of the KV cache, one of `KV_TYPES`.
        batch: tokens handed to llama.cpp at once; a prefill can be stopped between two batches everywhere.
        micro_batch: tokens computed at once.
        threads: for generation; `threads_prefill` for reading.
        devices: GPUs first, the processor last; only those that hold something.
        given_up: what memory did not suffice for, in the order in which it was given up.
    """

    layers: int
    gpu_layers: int
    context_length: int
    trained_context: int
    kv_type: str
    flash_attention: bool
    batch: int
    micro_batch: int
    threads: int
    threads_prefill: int
    devices: tuple[DeviceShare, ...]
    given_up: tuple[GivenUp, ...] = ()
