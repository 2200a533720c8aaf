"""An importance matrix as llama.cpp's quantisation takes it.

Owns the arrays behind two pointers of ``llama_model_quantize_params``. Imports llama.cpp, so it belongs in a worker
process.
"""

from __future__ import annotations

import ctypes
from typing import Any

import llama_cpp
import numpy as np

from .importance import Importance


class ImportanceParameters:
    """The arrays behind the pointers in llama.cpp's parameters; they must live until the call has returned."""

    def __init__(self, importance: Importance) -> None:
        self._weights = {name: np.ascontiguousarray(values) for name, values in importance.weights.items()}
        # Both arrays end at an entry of zeros.
        self._data = (llama_cpp.llama_model_imatrix_data * (len(self._weights) + 1))()
        for slot, (name, values) in zip(self._data, self._weights.items(), strict=False):
            slot.name = name.encode()
            slot.data = values.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
            slot.size = values.size
        self._overrides = (llama_cpp.llama_model_kv_override * (len(importance.keys) + 1))()
        for override, (key, value) in zip(self._overrides, importance.keys.items(), strict=False):
            _set_override(override, key, value)

    def put_into(self, parameters: Any) -> None:
        """Point ``llama_model_quantize_params`` at the arrays."""
        parameters.imatrix = ctypes.cast(self._data, ctypes.POINTER(llama_cpp.llama_model_imatrix_data))
        parameters.kv_overrides = ctypes.cast(self._overrides, ctypes.POINTER(llama_cpp.llama_model_kv_override))


def _set_override(override: Any, key: str, value: str | int) -> None:
    override.key = key.encode()
    if isinstance(value, str):
        override.tag = llama_cpp.LLAMA_KV_OVERRIDE_TYPE_STR
        override.value.val_str = value.encode()
    else:
        override.tag = llama_cpp.LLAMA_KV_OVERRIDE_TYPE_INT
        override.value.val_i64 = value
