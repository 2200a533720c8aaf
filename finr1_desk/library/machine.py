"""What this machine has for running a model: memory, and how quickly it is read.

Owns the measuring: a look through memory in a few threads, half a second, when it is asked for. Devices are
told to it: only the engine speaks to llama.cpp.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import psutil

from finr1_desk.library.advice import BandwidthSource, Gpu, MachineFacts

_BLOCK: Final = 48 << 20  # a thread's; larger than the caches
_ROUNDS: Final = 12  # the best of them: other programs use the memory too
_PAUSE_S: Final = 0.02
_MOST_THREADS: Final = 8
_ESTIMATED_BANDWIDTH: Final = 25e9  # two channels of DDR4, of which half is reached
_DISCRETE_BANDWIDTH: Final = 300e9  # a graphics card of the middle class
_SHARED_BANDWIDTH: Final = 60e9  # one that uses the computer's memory
_NEEDED_FREE: Final = 2 * _MOST_THREADS * _BLOCK


def machine_facts(devices: Iterable[Mapping[str, Any]] = (), *, measure: bool = True) -> MachineFacts:
    """The machine, with the devices that the engine's probe told."""
    memory = psutil.virtual_memory()
    measured = measured_bandwidth() if measure and memory.available > _NEEDED_FREE else 0.0
    gpus = tuple(
        Gpu(
            str(device.get("description") or device.get("name", "")),
            int(device["total_bytes"]),
            _SHARED_BANDWIDTH if device.get("shares_memory") else _DISCRETE_BANDWIDTH,
            bool(device.get("shares_memory")),
        )
        for device in devices
        if device.get("is_gpu") and device.get("total_bytes")
    )
    source = BandwidthSource.MEASURED if measured else BandwidthSource.ESTIMATED
    return MachineFacts(int(memory.total), measured or _ESTIMATED_BANDWIDTH, source, gpus)


def measured_bandwidth() -> float:
    """Bytes a second that the memory is read with, by looking in it for a byte that is not there.

    Takes less than half a second, in threads that leave the interpreter to others; 0 where the C library cannot be
    had. On a busy machine it is less than there is, and so is the speed of a model.
    """
    try:
        library = ctypes.CDLL("msvcrt" if sys.platform == "win32" else None)
        search = library.memchr
    except (OSError, AttributeError):
        return 0.0
    search.restype, search.argtypes = ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t)
    threads = max(1, min(_MOST_THREADS, psutil.cpu_count(logical=False) or 1))
    blocks = [ctypes.create_string_buffer(_BLOCK) for _ in range(threads)]

    def fill(block: Any) -> None:
        ctypes.memset(block, 1, _BLOCK)  # untouched pages are all one and the same

    def read(block: Any) -> None:
        search(block, 2, _BLOCK)

    best, pause = 0.0, threading.Event()
    with ThreadPoolExecutor(threads, "bandwidth") as pool:
        list(pool.map(fill, blocks))
        for _ in range(_ROUNDS):
            pause.wait(_PAUSE_S)
            started = time.perf_counter()
            list(pool.map(read, blocks))
            best = max(best, threads * _BLOCK / (time.perf_counter() - started))
    return best
