"""Weights from one float type to another, a chunk at a time.

Owns the reading of tensor data, the conversion among BF16, F16 and F32 (round to nearest, ties to even) and
the refusal of weights that are not numbers. Holds a few chunks in memory, never a tensor.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BufferedIOBase
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


def copy_tensor(
    source: BinaryIO | BufferedIOBase,
    tensor: StoredTensor,
    target_type: str,
    write: Callable[[memoryview], object],
) -> None:
    """Read ``tensor`` from its open file and hand its values, converted to ``target_type``, to ``write`` in
    pieces.

    Raises ConvertError when the file ends early, when a weight is NaN or infinite (named with its place), or
    when it is too large for ``target_type``. OSError of the file or of ``write`` passes through.
    """
    convert = converter(tensor.dtype, target_type)
    width = BYTES_PER_VALUE[tensor.dtype]
    buffer = bytearray(min(tensor.values, CHUNK_VALUES) * width)
    source.seek(tensor.offset)
    for first in range(0, tensor.values, CHUNK_VALUES):
        count = min(CHUNK_VALUES, tensor.values - first)
        view = memoryview(buffer)[: count * width]
        _fill(source, view, tensor)
        bits: Bits = np.frombuffer(view, dtype=_BITS[tensor.dtype])
        if _has_non_numbers(bits, tensor.dtype):
            raise _non_number(bits, tensor, first)
        converted = convert(bits)
        if target_type != tensor.dtype and _has_non_numbers(converted, target_type):
            raise ConvertError(
                f"the tensor {tensor.name} holds weights that are too large for {target_type}",
                "write bf16 or f32 instead, which keep their range",
            )
        write(converted.data.cast("B"))


def converter(source: str, target: str) -> Callable[[Bits], Bits]:
    """A function from the bit patterns of type ``source`` to those of type ``target``, of the same length.

    16-bit types have 65,536 values, so a table answers for all of them: three times the speed of converting.
    """
    if source == target:
        return lambda bits: bits
    if source == "F32":
        return _from_f32(target)
    with np.errstate(over="ignore", invalid="ignore"):
        table = _from_f32(target)(_widened(np.arange(1 << 16, dtype=np.uint16), source))
    return lambda bits: np.take(table, bits)


def _from_f32(target: str) -> Callable[[Bits], Bits]:
    def to_f16(bits: Bits) -> Bits:
        with np.errstate(over="ignore"):
            return bits.view(np.float32).astype(np.float16).view(np.uint16)

    def to_bf16(bits: Bits) -> Bits:
        # Half of the last place that stays, less one unless that place is odd: ties go to even.
        odd = (bits >> np.uint32(16)) & np.uint32(1)
        return ((bits + (odd + np.uint32(0x7FFF))) >> np.uint32(16)).astype(np.uint16)

    return {"F32": lambda bits: bits, "F16": to_f16, "BF16": to_bf16}[target]


def _widened(bits: Bits, source: str) -> Bits:
    if source == "BF16":
        return bits.astype(np.uint32) << np.uint32(16)
    return bits.view(np.float16).astype(np.float32).view(np.uint32)


def _has_non_numbers(bits: Bits, dtype: str) -> bool:
    return bool((bits & bits.dtype.type(_MAGNITUDE[dtype])).max() >= _INFINITY[dtype])


def _non_number(bits: Bits, tensor: StoredTensor, first: int) -> ConvertError:
    magnitudes = bits & bits.dtype.type(_MAGNITUDE[tensor.dtype])
    at = int(np.argmax(magnitudes >= _INFINITY[tensor.dtype]))
    what = "infinite" if int(magnitudes[at]) == _INFINITY[tensor.dtype] else "NaN"
    place = ", ".join(map(str, np.unravel_index(first + at, tensor.shape or (1,))))
    return ConvertError(
        f"the tensor {tensor.name} in {tensor.file.name} has a weight that is {what} (at [{place}])",
        "the training went wrong or the file is damaged: fetch it again or take an earlier checkpoint",
    )


def _fill(source: BinaryIO | BufferedIOBase, view: memoryview, tensor: StoredTensor) -> None:
    filled = 0
    while filled < len(view):
        got = source.readinto(view[filled:])  # type: ignore[union-attr]
        if not got:
            raise ConvertError(f"{tensor.file.name} became shorter while it was read")
        filled += got
