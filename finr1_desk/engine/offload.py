"""How much of a machine the engine takes: threads, and layers on a GPU.

Owns the defaults for what a request leaves open, and the estimate of what a model needs. It measures nothing over
time and loads nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

_BYTES_OF_KV_VALUE: Final = 2  # f16
_SHARE_OF_GPU: Final = 0.9  # the rest is the driver's and the desktop's
_WORKING_BYTES: Final = 128 * 2**20  # buffers for computing, whatever the model


@dataclass(frozen=True, slots=True)
class Threads:
    """Threads for generating one token at a time, and for reading a prompt."""

    decode: int
    prefill: int


def usable_cores() -> int:
    """Physical cores that this process may use, within its affinity and its container's share."""
    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    if sys.platform == "linux":
        physical = min(physical, len(os.sched_getaffinity(0)))
        physical = min(physical, _container_share())
    return max(1, physical)


def _container_share() -> int:
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return max(1, int(quota) // int(period))
    except (OSError, ValueError):  # no such file, or no quota («max»)
        return sys.maxsize


def choose_threads(asked: int, cores: int) -> Threads:
    """Threads to use; `asked` 0 means: leave it to us.

    Generation is bound by memory, not by cores: with four or more, one is left to the window, whose painting would
    otherwise hold up all threads at each layer. Reading a prompt is bound by cores and takes them all.
    """
    if asked > 0:
        return Threads(asked, asked)
    return Threads(cores - 1 if cores >= 4 else cores, cores)


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes that a model takes: its weights, and the KV cache of its context."""

    weights: int
    cache: int

    @property
    def total(self) -> int:
        return self.weights + self.cache + _WORKING_BYTES


def estimate(file_bytes: int, facts: Mapping[str, int], context_length: int) -> Need:
    """What a model needs with a context of this length.

    Args:
        facts: `block_count`, `head_count`, `head_count_kv`, `embedding_length`, and `key_length` and `value_length`
            where the file has them; a cache is left out of the estimate where they do not suffice.
    """
    heads = facts.get("head_count", 0)
    heads_kv = facts.get("head_count_kv", heads)
    per_head = facts.get("embedding_length", 0) // heads if heads else 0
    width = facts.get("key_length", per_head) + facts.get("value_length", per_head)
    per_token = facts.get("block_count", 0) * heads_kv * width * _BYTES_OF_KV_VALUE
    return Need(file_bytes, per_token * context_length)


def choose_gpu_layers(asked: int, layers: int, need: Need, gpu_free: int) -> int:
    """Layers that go to the GPU; `asked` -1 means: as many as fit. The output layer counts as one more."""
    if gpu_free <= 0:
        return 0
    whole = layers + 1
    if asked >= 0:
        return min(asked, whole)
    room = int(gpu_free * _SHARE_OF_GPU) - _WORKING_BYTES
    each = max(1, (need.weights + need.cache) // whole)
    return max(0, min(whole, room // each))


def available_memory() -> int:
    """Bytes that can be had without swapping, within the container's limit; what is only cached counts as free."""
    available = psutil.virtual_memory().available
    try:
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii"))
        used = int(Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii"))
        statistics = Path("/sys/fs/cgroup/memory.stat").read_text(encoding="ascii").splitlines()
        cached = sum(int(line.split()[1]) for line in statistics if line.startswith(("inactive_file ", "active_file ")))
    except (OSError, ValueError):  # no such files, or no limit («max»)
        return int(available)
    return int(min(available, max(0, limit - used + cached)))
