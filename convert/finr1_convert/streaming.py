"""Weights from one float type to another, a chunk at a time.

Owns the reading of tensor data, the conversion among BF16, F16 and F32 (round to nearest, ties to even) and
the refusal of weights that are not numbers. Holds a few chunks in memory, never a tensor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from .errors import ConvertError
from .safetensors_files import BYTES_PER_VALUE, StoredTensor

# Small enough for a core's second-level cache, large enough for the overhead of a call to vanish.
CHUNK_VALUES = 1 << 18
_BITS: dict[str, type[np.unsignedinteger]] = {"BF16": np.uint16, "F16": np.uint16, "F32": np.uint32}
# Bit patterns from here on (without the sign) are Inf and NaN.
_INFINITY = {"BF16": 0x7F80, "F16": 0x7C00, "F32": 0x7F800000}
_MAGNITUDE = {"BF16": 0x7FFF, "F16": 0x7FFF, "F32": 0x7FFFFFFF}
Bits = NDArray[np.unsignedinteger]


class TensorCopier:
    """Converts tensors one after the other through the same few buffers and tables."""

    def __init__(self) -> None:
        # Fresh memory for every chunk would cost more in page faults than the conversion itself.
        self._read = bytearray(CHUNK_VALUES * 4)
        self._converted = bytearray(CHUNK_VALUES * 4)
        self._scratch = bytearray(CHUNK_VALUES * 4)
        self._tables: dict[tuple[str, str], Bits] = {}

    def copy(
        self,
        source: BinaryIO,
        tensor: StoredTensor,
        target_type: str,
        write: Callable[[memoryview], object],
        start: int = 0,
        count: int | None = None,
    ) -> None:
        """Read ``tensor`` from its open file and hand its values as ``target_type`` to ``write``, in pieces.

        ``start`` and ``count`` choose some of its values, counted row by row; without them it is all. A piece is valid
        until ``write`` returns. Raises ConvertError when the file ends early, when a weight is NaN or infinite (named
        with its place), or when it is too large for ``target_type``. OSError of the file or of ``write`` passes
        through.
        """
        width = BYTES_PER_VALUE[tensor.dtype]
        end = tensor.values if count is None else start + count
        source.seek(tensor.offset + start * width)
        for first in range(start, end, CHUNK_VALUES):
            chunk = min(CHUNK_VALUES, end - first)
            view = memoryview(self._read)[: chunk * width]
            _fill(source, view, tensor)
            bits: Bits = np.frombuffer(view, dtype=_BITS[tensor.dtype])
            if self._has_non_numbers(bits, tensor.dtype):
                raise _non_number(bits, tensor, first)
            if target_type == tensor.dtype:
                write(view)
                continue
            converted = self.convert(bits, tensor.dtype, target_type)
            if self._has_non_numbers(converted, target_type):
                raise ConvertError(
                    f"the tensor {tensor.name} holds weights that are too large for {target_type}",
                    "write bf16 or f32 instead, which keep their range",
                )
            write(memoryview(self._converted)[: chunk * BYTES_PER_VALUE[target_type]])

    def convert(self, bits: Bits, source: str, target: str) -> Bits:
        """The bit patterns ``bits`` of type ``source`` as patterns of ``target``, at most a chunk of them.

        The result lies in a buffer that the next call overwrites.
        """
        out: Bits = np.frombuffer(self._converted, dtype=_BITS[target], count=len(bits))
        if source == "F32":
            _from_f32(bits, target, out)
        elif (source, target) == ("BF16", "F32"):
            np.left_shift(bits, np.uint32(16), out=out, dtype=np.uint32)
        else:
            if (source, target) not in self._tables:
                self._tables[source, target] = _table(source, target)
            np.take(self._tables[source, target], bits, out=out, mode="clip")
        return out

    def _has_non_numbers(self, bits: Bits, dtype: str) -> bool:
        magnitudes: Bits = np.frombuffer(self._scratch, dtype=bits.dtype, count=len(bits))
        np.bitwise_and(bits, bits.dtype.type(_MAGNITUDE[dtype]), out=magnitudes)
        return bool(magnitudes.max() >= _INFINITY[dtype])


def _table(source: str, target: str) -> Bits:
    """The answer for each of the 65,536 values of a 16-bit type: three times as fast as converting.

    Not for BF16 to F32, which is a shift and faster still.
    """
    patterns = np.arange(1 << 16, dtype=np.uint16)
    with np.errstate(invalid="ignore"):
        if source == "BF16":
            widened = patterns.astype(np.uint32) << np.uint32(16)
        else:
            widened = patterns.view(np.float16).astype(np.float32).view(np.uint32)
        table: Bits = np.empty(1 << 16, dtype=_BITS[target])
        _from_f32(widened, target, table)
    return table


def _from_f32(bits: Bits, target: str, out: Bits) -> None:
    if target == "F16":
        with np.errstate(over="ignore"):
            np.copyto(out.view(np.float16), bits.view(np.float32), casting="same_kind")
    elif target == "BF16":
        # Half of the last place that stays, less one unless that place is odd: ties go to even.
        odd = (bits >> np.uint32(16)) & np.uint32(1)
        np.right_shift(bits + (odd + np.uint32(0x7FFF)), np.uint32(16), out=out, casting="unsafe")
    else:
        np.copyto(out, bits)


def _non_number(bits: Bits, tensor: StoredTensor, first: int) -> ConvertError:
    magnitudes = bits & bits.dtype.type(_MAGNITUDE[tensor.dtype])
    at = int(np.argmax(magnitudes >= _INFINITY[tensor.dtype]))
    what = "infinite" if int(magnitudes[at]) == _INFINITY[tensor.dtype] else "NaN"
    place = ", ".join(map(str, np.unravel_index(first + at, tensor.shape or (1,))))
    return ConvertError(
        f"the tensor {tensor.name} in {tensor.file.name} has a weight that is {what} (at [{place}])",
        "the training went wrong or the file is damaged: fetch it again or take an earlier checkpoint",
    )


def _fill(source: BinaryIO, view: memoryview, tensor: StoredTensor) -> None:
    filled = 0
    while filled < len(view):
        got = source.readinto(view[filled:])  # type: ignore[attr-defined]
        if not got:
            raise ConvertError(f"{tensor.file.name} became shorter while it was read")
        filled += got
