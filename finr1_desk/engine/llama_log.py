"""What is kept of llama.cpp's own log: warnings for the worker's log, errors for a diagnosis, sizes of buffers.

Owns the reading of its lines, whose wording is that of the one version this application is pinned to. It does not
import llama.cpp; `finr1_desk.engine.llama.LlamaLog` connects the two.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from typing import Final

_BUFFER_SIZE: Final = re.compile(r"(\S+)\s+(?:model|KV|RS|compute|output) buffer size =\s*([\d.]+) MiB")

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
        self._buffers: dict[str, int] = {}

    def receive(self, level: int, text: bytes) -> None:
        if level != _CONTINUED:
            self._level = level
        line = text.decode("utf-8", "replace").rstrip("\n")
        match = _BUFFER_SIZE.search(line)
        if match:
            device = device_of(match[1])
            self._buffers[device] = self._buffers.get(device, 0) + int(float(match[2]) * 2**20)
        if self._level in (_WARN, _ERROR) and line.strip(" ."):
            self._sink(line)
            if self._level == _ERROR:
                self._errors.append(line)

    def take_errors(self) -> list[str]:
        """The errors since the last call, oldest first."""
        errors = list(self._errors)
        self._errors.clear()
        return errors

    def take_buffers(self) -> dict[str, int]:
        """Bytes by the name of the device, since the last call."""
        buffers, self._buffers = self._buffers, {}
        return buffers


def device_of(buffer: str) -> str:
    """Where a buffer lies: `CPU_Mapped` and `CUDA_Host` in the computer's memory, `CUDA0` on that device."""
    device, _, kind = buffer.partition("_")
    return "CPU" if kind == "Host" else device
