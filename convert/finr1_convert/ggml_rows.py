"""Rows of weights to rows of quantised blocks, by GGML's own function.

Owns the binding of ``ggml_quantize_chunk`` and ``ggml_validate_row_data``, which llama-cpp-python does not bind. GGML
aborts its process on a failed assertion, so this belongs in a worker process. Chooses no type and reads no file.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

import llama_cpp
import numpy as np
from gguf import GGMLQuantizationType
from llama_cpp._ctypes_extensions import load_shared_library
from numpy.typing import NDArray

from .gguf_header import data_bytes

Floats = NDArray[np.float32]


class RowQuantiser:
    """GGML's functions, ready to be called from several threads at once (a call holds no lock of Python's)."""

    def __init__(self) -> None:
        library = load_shared_library("ggml-base", Path(llama_cpp.__file__).parent / "lib")
        self._quantise = library.ggml_quantize_chunk
        # (type, values, target, first value, rows, columns, importance of each column) → bytes written
        self._quantise.argtypes = [
            ctypes.c_int,
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_int64,
            ctypes.c_int64,
            ctypes.c_int64,
            ctypes.c_void_p,
        ]
        self._quantise.restype = ctypes.c_size_t
        self._validate = library.ggml_validate_row_data
        self._validate.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]
        self._validate.restype = ctypes.c_bool

    def quantise(self, kind: GGMLQuantizationType, values: Floats, importance: Floats | None) -> bytes | None:
        """``values`` of shape (rows, columns) as type ``kind``; None where a weight does not fit into it.

        ``importance`` has one value a column. The columns must be whole blocks of the type.
        """
        rows, columns = values.shape
        target = ctypes.create_string_buffer(data_bytes(kind, rows * columns))
        weights = importance.ctypes.data if importance is not None else None
        written = self._quantise(kind.value, values.ctypes.data, target, 0, rows, columns, weights)
        assert written == len(target), f"GGML wrote {written} bytes of {kind.name} where {len(target)} were expected"
        return target.raw if self._validate(kind.value, target, len(target)) else None
