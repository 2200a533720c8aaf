"""The safetensors container: headers in, addresses of tensors out.

Owns the check that a file is whole: every tensor's bytes lie inside it, in order, without gaps, and nothing
follows. Reads no tensor data and knows no model. Format: 8 bytes length (little endian), that many bytes of
JSON, the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, TypeGuard

from .errors import ConvertError
from .json_files import parse_object

# The format's own limit on a header.
MAX_HEADER_BYTES = 100_000_000
BYTES_PER_VALUE = {"BF16": 2, "F16": 2, "F32": 4}


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """Where one tensor lies: ``nbytes`` bytes at ``offset`` (from the start of ``file``), row-major
    ``shape``.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: Path
    offset: int
    nbytes: int

    @property
    def values(self) -> int:
        return prod(self.shape)


def read_header(path: Path) -> dict[str, StoredTensor]:
    """All tensors of one safetensors file, by name in sorted order.

    Raises ConvertError when the file is missing, truncated, over-long or not safetensors, or when a tensor
    has a type other than BF16, F16 or F32.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > MAX_HEADER_BYTES or length < 2:
                raise ConvertError(f"{path.name} is not a safetensors file", _FETCH_AGAIN)
            if 8 + length > size:
                raise ConvertError(f"{path.name} is truncated: it ends inside its header", _FETCH_AGAIN)
            raw = file.read(length)
    except FileNotFoundError:
        raise ConvertError(f"{path.name} is missing from {path.parent}", _FETCH_AGAIN) from None
    except OSError as error:
        raise ConvertError(f"{path.name} cannot be read: {error.strerror or error}") from None
    try:
        header = parse_object(raw.decode("utf-8"), f"the header of {path.name}")
    except UnicodeDecodeError:
        raise ConvertError(f"{path.name} is not a safetensors file", _FETCH_AGAIN) from None
    header.pop("__metadata__", None)
    start = 8 + length
    tensors = [_entry(path, start, name, value) for name, value in header.items()]
    _check_layout(path, tensors, start, size)
    return {tensor.name: tensor for tensor in sorted(tensors, key=lambda tensor: tensor.name)}


def _entry(path: Path, start: int, name: str, value: Any) -> StoredTensor:
    malformed = ConvertError(
        f"the header of {path.name} describes the tensor {name!r} in a way that makes no sense", _FETCH_AGAIN
    )
    if not isinstance(value, dict):
        raise malformed
    dtype, shape, offsets = value.get("dtype"), value.get("shape"), value.get("data_offsets")
    if not isinstance(dtype, str) or not _are_counts(shape) or not _are_counts(offsets) or len(offsets) != 2:
        raise malformed
    if dtype not in BYTES_PER_VALUE:
        raise ConvertError(
            f"the tensor {name} in {path.name} is stored as {dtype}",
            "BF16, F16 and F32 checkpoints can be converted; take the unquantised checkpoint",
        )
    begin, end = offsets
    if end < begin or end - begin != prod(shape) * BYTES_PER_VALUE[dtype]:
        raise malformed
    return StoredTensor(name, dtype, tuple(shape), path, start + begin, end - begin)


def _are_counts(value: Any) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(type(item) is int and 0 <= item < 2**48 for item in value)


def _check_layout(path: Path, tensors: list[StoredTensor], start: int, size: int) -> None:
    position = start
    for tensor in sorted(tensors, key=lambda tensor: (tensor.offset, tensor.nbytes)):
        if tensor.offset != position:
            raise ConvertError(
                f"the header of {path.name} places its tensors over one another or with gaps", _FETCH_AGAIN
            )
        position += tensor.nbytes
    if position > size:
        raise ConvertError(
            f"{path.name} is truncated: it has {size:,} bytes where its header promises {position:,}",
            _FETCH_AGAIN,
        )
    if position < size:
        raise ConvertError(f"{path.name} has {size - position:,} bytes more than its header describes", _FETCH_AGAIN)


_FETCH_AGAIN = "fetch this file again and compare its size and sha256 with those on the model's page"
