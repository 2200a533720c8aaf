"""GGML's tensors as llama.cpp's evaluation callback shows them.

Owns the layout of ``struct ggml_tensor`` (ggml.h of the llama.cpp inside llama-cpp-python 0.3.36), which
llama-cpp-python does not bind, the check that the installed library has that layout, and the reading of a tensor's
numbers wherever they lie. Imports llama.cpp, so it belongs in a worker process.
"""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
from llama_cpp._ctypes_extensions import load_shared_library
from numpy.typing import NDArray

from .errors import ConvertError

F32 = 0
# sizeof(struct ggml_object), which stands before each tensor in a ggml context.
_OBJECT_BYTES = 32
_CONTEXT_BYTES = 1 << 16


class GgmlTensor(ctypes.Structure):
    """``struct ggml_tensor``. ``ne`` are the lengths of the dimensions, a row's first, ``nb`` their strides in
    bytes."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("buffer", ctypes.c_void_p),
        ("ne", ctypes.c_int64 * 4),
        ("nb", ctypes.c_size_t * 4),
        ("op", ctypes.c_int),
        ("op_params", ctypes.c_int32 * 16),
        ("flags", ctypes.c_int32),
        ("src", ctypes.c_void_p * 10),
        ("view_src", ctypes.c_void_p),
        ("view_offs", ctypes.c_size_t),
        ("data", ctypes.c_void_p),
        ("name", ctypes.c_char * 64),
        ("extra", ctypes.c_void_p),
        ("padding", ctypes.c_char * 8),
    )


class _InitParameters(ctypes.Structure):
    """``struct ggml_init_params``."""

    _fields_ = (("mem_size", ctypes.c_size_t), ("mem_buffer", ctypes.c_void_p), ("no_alloc", ctypes.c_bool))


class Ggml:
    """GGML's library, checked, and its tensors."""

    def __init__(self) -> None:
        """Bind the functions and check the layout. Raises ConvertError where it is another."""
        self._library = load_shared_library("ggml-base", Path(llama_cpp.__file__).parent / "lib")
        pointer, text, number, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_size_t
        self._bind("ggml_init", [_InitParameters], pointer)
        self._bind("ggml_free", [pointer], None)
        self._bind("ggml_new_tensor_2d", [pointer, number, ctypes.c_int64, ctypes.c_int64], pointer)
        self._bind("ggml_mul_mat", [pointer, pointer, pointer], pointer)
        self._bind("ggml_set_name", [pointer, text], pointer)
        self._bind("ggml_get_data", [pointer], pointer)
        self._bind("ggml_op_name", [number], text)
        self._bind("ggml_tensor_overhead", [], size)
        self._bind("ggml_backend_buffer_is_host", [pointer], ctypes.c_bool)
        self._bind("ggml_backend_tensor_get", [pointer, pointer, size, size], None)
        self.mul_mat = self._check_layout()

    def _bind(self, name: str, arguments: list[Any], result: Any) -> None:
        function = getattr(self._library, name)
        function.argtypes, function.restype = arguments, result

    def tensor(self, address: int) -> GgmlTensor:
        """The tensor at ``address``; it lives as long as the graph does."""
        return GgmlTensor.from_address(address)

    def operation(self, tensor: GgmlTensor) -> str:
        """The name of what computes the tensor, "MUL_MAT" say."""
        name: bytes = self._library.ggml_op_name(tensor.op)
        return name.decode()

    def rows(self, address: int) -> NDArray[np.float32]:
        """The numbers of the F32 tensor at ``address``, shape (rows, row length): a view where it lies in this
        computer's memory, which the graph may overwrite later, and a copy where it lies in a GPU's.
        """
        tensor = self.tensor(address)
        length, outer = tensor.ne[0], tuple(reversed(tensor.ne[1:4]))
        strides = (*reversed(tensor.nb[1:4]), tensor.nb[0])
        nbytes = sum((count - 1) * stride for count, stride in zip(outer, strides, strict=False)) + 4 * length
        if self._library.ggml_backend_buffer_is_host(tensor.buffer):
            memory = (ctypes.c_char * nbytes).from_address(tensor.data)
        else:
            memory = (ctypes.c_char * nbytes)()
            self._library.ggml_backend_tensor_get(address, memory, 0, nbytes)
        values: NDArray[np.float32] = np.ndarray((*outer, length), np.float32, memory, strides=strides)
        return values.reshape(-1, length)

    def _check_layout(self) -> int:
        """Build a graph whose every field is known and read it through the layout; GGML's number for MUL_MAT."""
        context = self._library.ggml_init(_InitParameters(_CONTEXT_BYTES, None, False))
        try:
            left = self._library.ggml_new_tensor_2d(context, F32, 5, 3)
            right = self._library.ggml_new_tensor_2d(context, F32, 5, 7)
            self._library.ggml_set_name(left, b"left")
            self._library.ggml_set_name(right, b"right")
            product = self.tensor(self._library.ggml_mul_mat(context, left, right))
            a, b = self.tensor(left), self.tensor(right)
            known = (
                self._library.ggml_tensor_overhead() == _OBJECT_BYTES + ctypes.sizeof(GgmlTensor)
                and (a.name, b.name) == (b"left", b"right")
                and (list(a.ne), list(b.ne), list(product.ne)) == ([5, 3, 1, 1], [5, 7, 1, 1], [3, 7, 1, 1])
                and list(b.nb) == [4, 20, 140, 140]
                and (a.type, a.op, a.view_src) == (F32, 0, None)
                and list(product.src[:3]) == [left, right, None]
                and b.data == self._library.ggml_get_data(right)
                and self.operation(product) == "MUL_MAT"
            )
            operation: int = product.op
        finally:
            self._library.ggml_free(context)
        if not known:
            raise ConvertError(
                "the tensors of the installed llama.cpp are laid out in another way than this program knows",
                "install the version of llama-cpp-python that it names",
            )
        return operation
