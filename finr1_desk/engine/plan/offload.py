"""How much of a machine the engine may take: threads, and memory.

Owns the default for threads and the question how much memory there is. It measures nothing over time and loads nothing.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

_CGROUPS: Final = Path("/sys/fs/cgroup")


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


def available_memory() -> int:
    """Bytes that can be had without swapping, within the container's limit; what is only cached counts as free."""
    available = int(psutil.virtual_memory().available)
    if sys.platform == "linux":
        available = min([available, *(room for folder in _own_cgroups() if (room := _room_in(folder)) is not None)])
    return available


def _own_cgroups() -> list[Path]:
    """The folders of this process's cgroup and of those around it, whose limits apply as well."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return [_CGROUPS]
    own = next((line[3:].strip("/") for line in lines if line.startswith("0::")), "")
    inner = _CGROUPS / own if own and not own.startswith("..") else _CGROUPS
    return [folder for folder in (inner, *inner.parents) if folder.is_relative_to(_CGROUPS)]


def _room_in(cgroup: Path) -> int | None:
    """Bytes that the group may still take; None where it has no limit («max»), or does not tell."""
    try:
        limit = int((cgroup / "memory.max").read_text(encoding="ascii"))
        used = int((cgroup / "memory.current").read_text(encoding="ascii"))
        statistics = (cgroup / "memory.stat").read_text(encoding="ascii").splitlines()
        cached = sum(int(line.split()[1]) for line in statistics if line.startswith(("inactive_file ", "active_file ")))
    except (OSError, ValueError):
        return None
    return max(0, limit - used + cached)
