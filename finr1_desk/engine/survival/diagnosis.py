"""Which of the things that a user can understand llama.cpp's messages mean.

Owns the reading of its errors, whose wording is that of the one version this application is pinned to.
"""

from __future__ import annotations

import re
from typing import Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.engine import llama, llama_devices
from finr1_desk.engine.plan.gguf_facts import missing_bytes

_UNKNOWN_ARCHITECTURE: Final = re.compile(r"unknown model architecture: '([^']*)'")
_NO_MEMORY: Final = re.compile(
    r"(unable|failed|cannot) to allocate|cannot allocate|allocation failed|out of memory|bad_alloc|insufficient memory",
    re.IGNORECASE,
)


def ran_out_of_memory(error: llama.LlamaError) -> bool:
    """Whether loading failed for want of memory, on whatever device."""
    return any(_NO_MEMORY.search(line) for line in error.lines)


def diagnosed(path: str, error: llama.LlamaError) -> UserError:
    """What is told to the user of a file that could not be loaded."""
    unknown = _UNKNOWN_ARCHITECTURE.search("\n".join(error.lines))
    if unknown:
        return UserError(ErrorCode.MODEL_UNKNOWN_ARCHITECTURE, path=path, architecture=unknown[1])
    missing = missing_bytes(path, llama_devices.tensor_bytes)
    if missing is not None:
        return missing
    reason = next((line.partition(": ")[2] or line for line in error.lines), "unknown")
    return UserError(ErrorCode.MODEL_LOAD_FAILED, path=path, reason=reason)
