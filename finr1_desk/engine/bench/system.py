"""What the operating system says while the engine is measured: the worker's memory, and what else the machine did.

Owns the arithmetic between what a process holds and what llama.cpp says it holds there. It measures no speed.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

_HOST: Final = "CPU"  # llama.cpp's name for the computer's own memory


@dataclass(frozen=True, slots=True)
class WorkerMemory:
    """The worker's memory in bytes.

    Attributes:
        rss: resident, pages of the mapped model file included.
        rss_peak: the most that was resident at any time; None where the system keeps no such mark.
        uss: what nobody shares; None where the system does not tell.
        mapped: resident pages of the model file.
        mapped_size: how much of the file is mapped.
        buffers: what llama.cpp reports in the computer's memory: weights, KV cache, buffers for computing.
        beyond: what is resident beyond those; None where the file's pages cannot be told apart.
    """

    rss: int
    rss_peak: int | None
    uss: int | None
    mapped: int | None
    mapped_size: int | None
    buffers: int
    beyond: int | None


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine while it was measured.

    Attributes:
        others: the share of all cores, from 0 to 1, that went to other programs.
        engine_in_use: the application was open on the same data folder.
    """

    physical_cores: int
    logical_cores: int
    others: float
    engine_in_use: bool


def worker_memory(pid: int, model: str, buffers: Mapping[str, int]) -> WorkerMemory:
    """What the process holds now.

    Args:
        model: the path of the model file.
        buffers: bytes by device, as llama.cpp reports them.

    Raises:
        psutil.Error: the process is gone.
    """
    process = psutil.Process(pid)
    rss, host = process.memory_info().rss, buffers.get(_HOST, 0)
    mapped = mapped_size = beyond = None
    if sys.platform == "linux":
        maps = [found for found in process.memory_maps(grouped=False) if _same_model(found.path, model)]
        mapped, mapped_size = sum(found.rss for found in maps), sum(found.size for found in maps)
        beyond = (rss - mapped) - (host - min(host, mapped_size))
    try:
        uss: int | None = process.memory_full_info().uss
    except (psutil.AccessDenied, AttributeError):
        uss = None
    return WorkerMemory(rss, _peak(process), uss, mapped, mapped_size, host, beyond)


def _same_model(mapped: str, model: str) -> bool:
    """Whether a mapped file is the model's, or another part of it where it is split."""
    return mapped == model or (
        Path(mapped).parent == Path(model).parent and Path(mapped).suffix == Path(model).suffix == ".gguf"
    )


def _peak(process: psutil.Process) -> int | None:
    if sys.platform == "linux":
        for line in Path(f"/proc/{process.pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = getattr(process.memory_info(), "peak_wset", None)  # on Windows
    return None if peak is None else int(peak)


def logical_cores() -> int:
    """Logical cores that this process may use."""
    cores = os.cpu_count() or 1
    if sys.platform == "linux":
        cores = len(os.sched_getaffinity(0))
    return cores


class OthersAtWork:
    """How much of the machine's processor goes to programs that are none of ours, from its making on."""

    def __init__(self) -> None:
        self._busy, self._all = _machine_times()
        self._own = time.process_time()

    def share(self, worker_pid: int) -> float:
        """Their share of all cores, from 0 to 1; the worker was started after this was made.

        Raises:
            psutil.Error: the worker is gone.
        """
        theirs = psutil.Process(worker_pid).cpu_times()
        busy, everything = _machine_times()
        ours = time.process_time() - self._own + theirs.user + theirs.system
        whole = everything - self._all
        return min(1.0, max(0.0, (busy - self._busy - ours) / whole)) if whole > 0 else 0.0


def _machine_times() -> tuple[float, float]:
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    everything = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return everything - idle, everything
