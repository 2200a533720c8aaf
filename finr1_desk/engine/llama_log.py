"""What is kept of llama.cpp's own log: warnings for the worker's log, errors for a diagnosis, sizes of buffers.

Owns the reading of its lines, whose wording is that of the one version this application is pinned to. It does not
import llama.cpp; `finr1_desk.engine.llama.LlamaLog` connects the two.
"""

from __future__ import annotations

import contextlib
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Final

_BUFFER_SIZE: Final = re.compile(r"(\S+)\s+(model|KV|RS|compute|output) buffer size =\s*([\d.]+) MiB")
KINDS: Final = {"model": "weights", "KV": "cache", "RS": "cache", "compute": "compute", "output": "compute"}

# ggml's levels; a continued line has the level of the one before.
_WARN: Final = 3
_ERROR: Final = 4
_CONTINUED: Final = 5


class LogLines:
    """Takes lines as they come; warnings and errors go to `sink` as well."""

    def __init__(self, sink: Callable[[str], None]) -> None:
        self._sink = sink
        self._level = 0
        self._errors: deque[str] = deque(maxlen=20)
        self._buffers: dict[tuple[str, str], int] = {}
        self._all: list[str] | None = None

    def receive(self, level: int, text: bytes) -> None:
        if level != _CONTINUED:
            self._level = level
        line = text.decode("utf-8", "replace").rstrip("\n")
        match = _BUFFER_SIZE.search(line)
        if match:
            place = device_of(match[1]), KINDS[match[2]]
            self._buffers[place] = self._buffers.get(place, 0) + int(float(match[3]) * 2**20)
        if self._all is not None:
            self._all.append(line)
            if self._level == _WARN:
                return  # it comes again when the model is loaded in earnest
        if self._level in (_WARN, _ERROR) and line.strip(" ."):
            self._sink(line)
            if self._level == _ERROR:
                self._errors.append(line)

    def take_errors(self) -> list[str]:
        """The errors since the last call, oldest first."""
        errors = list(self._errors)
        self._errors.clear()
        return errors

    def take_buffers(self) -> dict[tuple[str, str], int]:
        """Bytes by device and by what they are for (`weights`, `cache`, `compute`), since the last call."""
        buffers, self._buffers = self._buffers, {}
        return buffers

    @contextlib.contextmanager
    def everything(self) -> Iterator[list[str]]:
        """All lines that come meanwhile, down to those for debugging."""
        lines: list[str] = []
        self._all = lines
        try:
            yield lines
        finally:
            self._all = None


def by_device(buffers: Mapping[tuple[str, str], int], names: Mapping[str, str]) -> dict[str, int]:
    """The buffers of each device together, in bytes; `names` are those of the devices by those of their buffers."""
    found: dict[str, int] = {}
    for (place, _kind), size in buffers.items():
        device = names.get(place, place)
        found[device] = found.get(device, 0) + size
    return found


def device_of(buffer: str) -> str:
    """Where a buffer lies: `CPU_Mapped` and `CUDA_Host` in the computer's memory, `CUDA0` on that device."""
    device, _, kind = buffer.partition("_")
    return "CPU" if kind == "Host" else device
