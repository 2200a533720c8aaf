"""What llama.cpp was built with and what it can compute on: backends, devices, and where tensors may lie.

Owns the calls into ggml about devices and buffer types. Beside `llama` it is the only importer of llama_cpp, and it
loads no model.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import llama_cpp


def _ggml() -> Any:
    """The ggml that llama.cpp computes with.

    llama-cpp-python takes llama.cpp from where `LLAMA_CPP_LIB_PATH` says, but always its own ggml. The symbols of the
    right one are found through llama.cpp's library; Windows does not look further than that one.
    """
    found: Any = llama_cpp.llama_cpp._lib
    if sys.platform == "win32":
        from llama_cpp import _ggml

        found = _ggml.libggml
    return found


_CPU: Final = 0
_INTEGRATED: Final = 2
_ACCELERATOR: Final = 3
_SIZE: Final = ctypes.c_size_t
_POINTER: Final = ctypes.c_void_p
_LIBRARY: Final = _ggml()


@dataclass(frozen=True, slots=True)
class Device:
    """A device that llama.cpp can compute on; memory in bytes.

    Attributes:
        backend: what it is spoken to with: `CPU`, `CUDA`, `MTL`, `Vulkan`, `RPC`.
        buffers: how llama.cpp's log names the buffers on it.
        shares_memory: its memory is the computer's own.
    """

    name: str
    description: str
    backend: str
    buffers: str
    is_gpu: bool
    shares_memory: bool
    free_bytes: int
    total_bytes: int


def _function(name: str, result: Any, *arguments: Any) -> Any:
    function = getattr(_LIBRARY, name)
    function.restype = result
    function.argtypes = arguments
    return function


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")


def devices() -> list[Device]:
    """The devices that this build of llama.cpp sees, in its order."""
    get = _function("ggml_backend_dev_get", _POINTER, _SIZE)
    return [_device(get(index)) for index in range(_function("ggml_backend_dev_count", _SIZE)())]


def by_buffers(devices: Sequence[Device]) -> dict[str, str]:
    """The names of GPUs by those of the buffers on them, which differ for some backends."""
    return {device.buffers: device.name for device in devices if device.is_gpu}


def _device(device: int) -> Device:
    kind = _function("ggml_backend_dev_type", ctypes.c_int, _POINTER)(device)
    registry = _function("ggml_backend_dev_backend_reg", _POINTER, _POINTER)(device)
    backend = _text(_function("ggml_backend_reg_name", ctypes.c_char_p, _POINTER)(registry))
    buffers = _function("ggml_backend_dev_buffer_type", _POINTER, _POINTER)(device)
    free, total = _SIZE(), _SIZE()
    memory = _function("ggml_backend_dev_memory", None, _POINTER, ctypes.POINTER(_SIZE), ctypes.POINTER(_SIZE))
    memory(device, ctypes.byref(free), ctypes.byref(total))
    return Device(
        name=_text(_function("ggml_backend_dev_name", ctypes.c_char_p, _POINTER)(device)),
        description=_text(_function("ggml_backend_dev_description", ctypes.c_char_p, _POINTER)(device)),
        backend=backend,
        buffers=_text(_function("ggml_backend_buft_name", ctypes.c_char_p, _POINTER)(buffers)),
        is_gpu=kind not in (_CPU, _ACCELERATOR),
        shares_memory=kind == _INTEGRATED or backend in ("MTL", "Metal"),
        free_bytes=free.value,
        total_bytes=total.value,
    )


def backends() -> list[str]:
    """The backends of this build, whether a device was found for them or not: `CUDA`, `Vulkan`, `RPC`, `CPU`."""
    get = _function("ggml_backend_reg_get", _POINTER, _SIZE)
    name = _function("ggml_backend_reg_name", ctypes.c_char_p, _POINTER)
    return [_text(name(get(index))) for index in range(_function("ggml_backend_reg_count", _SIZE)())]


def supports_gpu_offload() -> bool:
    return bool(llama_cpp.llama_supports_gpu_offload())


def build_info() -> str:
    """llama.cpp's own line on the instruction sets and backends it was compiled with."""
    return _text(llama_cpp.llama_print_system_info()).strip()


def ggml_version() -> str:
    """The version and commit of the library that llama.cpp computes with, `0.25.3 (1a2b3c4)`."""
    version = _function("ggml_version", ctypes.c_char_p)()
    return f"{_text(version)} ({_text(_function('ggml_commit', ctypes.c_char_p)())})"


def tensor_bytes(kind: int, elements: int) -> int:
    """Bytes of a tensor of a type given by its number in GGUF files; 0 where this build does not know the type."""
    if not 0 <= kind < llama_cpp.GGML_TYPE_COUNT:
        return 0
    block = _function("ggml_blck_size", ctypes.c_int64, ctypes.c_int)(kind)
    size = _function("ggml_type_size", ctypes.c_size_t, ctypes.c_int)(kind)
    return int(elements // block * size) if block > 0 else 0


class _Override(ctypes.Structure):
    _fields_ = (("pattern", ctypes.c_char_p), ("buffers", ctypes.c_void_p))


def all_in_memory() -> ctypes.Array[_Override]:
    """Overrides for a model's loading: every tensor in the computer's memory.

    llama.cpp then says of each tensor, in its log, which of the processor's kinds of buffers it takes.
    """
    buffers = _function("ggml_backend_cpu_buffer_type", _POINTER)()
    return (_Override * 2)(_Override(b".", buffers), _Override(None, None))
