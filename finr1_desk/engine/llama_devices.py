"""What llama.cpp was built with and what it can compute on.

Owns the calls into ggml about devices and types. Beside `llama` it is the only importer of llama_cpp, and it loads no
model.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any, Final

import llama_cpp
from llama_cpp import _ggml

_GGML_DEVICE_CPU: Final = 0
_GGML_DEVICE_ACCEL: Final = 3


@dataclass(frozen=True, slots=True)
class Device:
    """A device that llama.cpp can compute on; memory in bytes."""

    name: str
    description: str
    is_gpu: bool
    free_bytes: int
    total_bytes: int


def _ggml_function(name: str, result: Any, *arguments: Any) -> Any:
    function = getattr(_ggml.libggml, name)
    function.restype = result
    function.argtypes = arguments
    return function


def devices() -> list[Device]:
    """The devices that this build of llama.cpp sees, in its order."""
    count = _ggml_function("ggml_backend_dev_count", ctypes.c_size_t)
    get = _ggml_function("ggml_backend_dev_get", ctypes.c_void_p, ctypes.c_size_t)
    name = _ggml_function("ggml_backend_dev_name", ctypes.c_char_p, ctypes.c_void_p)
    description = _ggml_function("ggml_backend_dev_description", ctypes.c_char_p, ctypes.c_void_p)
    kind = _ggml_function("ggml_backend_dev_type", ctypes.c_int, ctypes.c_void_p)
    size = ctypes.c_size_t
    memory = _ggml_function(
        "ggml_backend_dev_memory", None, ctypes.c_void_p, ctypes.POINTER(size), ctypes.POINTER(size)
    )
    found = []
    for index in range(count()):
        device = get(index)
        free, total = size(), size()
        memory(device, ctypes.byref(free), ctypes.byref(total))
        found.append(
            Device(
                name=name(device).decode("utf-8", "replace"),
                description=description(device).decode("utf-8", "replace"),
                is_gpu=kind(device) not in (_GGML_DEVICE_CPU, _GGML_DEVICE_ACCEL),
                free_bytes=free.value,
                total_bytes=total.value,
            )
        )
    return found


def supports_gpu_offload() -> bool:
    return bool(llama_cpp.llama_supports_gpu_offload())


def build_info() -> str:
    """llama.cpp's own line on the instruction sets and backends it was compiled with."""
    return str(llama_cpp.llama_print_system_info().decode("utf-8", "replace")).strip()


def ggml_version() -> str:
    """The version and commit of the library that llama.cpp computes with, `0.25.3 (1a2b3c4)`."""
    version = _ggml_function("ggml_version", ctypes.c_char_p)()
    commit = _ggml_function("ggml_commit", ctypes.c_char_p)()
    return f"{version.decode('utf-8', 'replace')} ({commit.decode('utf-8', 'replace')})"


def tensor_bytes(kind: int, elements: int) -> int:
    """Bytes of a tensor of a type given by its number in GGUF files; 0 where this build does not know the type."""
    if not 0 <= kind < llama_cpp.GGML_TYPE_COUNT:
        return 0
    block = _ggml_function("ggml_blck_size", ctypes.c_int64, ctypes.c_int)(kind)
    size = _ggml_function("ggml_type_size", ctypes.c_size_t, ctypes.c_int)(kind)
    return int(elements // block * size) if block > 0 else 0


def type_name(kind: int) -> str:
    return str(_ggml_function("ggml_type_name", ctypes.c_char_p, ctypes.c_int)(kind).decode("ascii"))
