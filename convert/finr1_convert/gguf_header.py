"""Reading a GGUF's header: keys, tensors, and whether the file is whole.

Owns a reader that skips the contents of arrays and touches no weights, so that a file of any size answers at
once (the ``gguf`` package's reader builds an object for each of 150,000 tokens). Every length is checked
against the file before it is believed. Values are given as they stand; what they mean is in
``inspection.py``.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

from .errors import ConvertError

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_NAMES = {
    0: "uint8", 1: "int8", 2: "uint16", 3: "int16", 4: "uint32", 5: "int32", 6: "float32", 7: "bool",
    8: "string", 9: "array", 10: "uint64", 11: "int64", 12: "float64",
}  # fmt: skip
_STRING, _ARRAY = 8, 9
# Far beyond any model, and small enough for the reader to finish.
_MAX_KEYS, _MAX_TENSORS, _MAX_DIMENSIONS = 1 << 16, 1 << 20, 4


@dataclass(frozen=True, slots=True)
class ArrayOf:
    """An array whose contents were skipped: the name of its element type and its length."""

    type: str
    length: int


Value = str | int | float | bool | ArrayOf


@dataclass(frozen=True, slots=True)
class TensorHeader:
    """A tensor: ``shape`` with the longest stride last (row-major), ``nbytes`` of data at ``offset`` in the
    file.
    """

    name: str
    type: str
    shape: tuple[int, ...]
    offset: int
    nbytes: int


@dataclass(frozen=True, slots=True)
class Header:
    """What a GGUF says before its data. ``keys_end`` is where the keys end and the tensors' entries begin, ``nbytes``
    the size of the file.
    """

    version: int
    keys: dict[str, Value]
    tensors: tuple[TensorHeader, ...]
    keys_end: int
    nbytes: int


def data_bytes(kind: GGMLQuantizationType, values: int) -> int:
    """The bytes that ``values`` weights take as ``kind``, of which they are whole blocks."""
    values_a_block: int
    bytes_a_block: int
    values_a_block, bytes_a_block = GGML_QUANT_SIZES[kind]
    return values // values_a_block * bytes_a_block


def read_header(path: Path) -> Header:
    """Read and check the header of ``path``.

    Raises ConvertError when the file is missing, is no GGUF, contradicts itself or ends before its last
    tensor.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            return _Reader(path, file, size).header()
    except FileNotFoundError:
        raise ConvertError(f"{path} does not exist") from None
    except OSError as error:
        raise ConvertError(f"{path} cannot be read: {error.strerror or error}") from None


class _Reader:
    """One pass over an open file."""

    def __init__(self, path: Path, file: BinaryIO, size: int) -> None:
        self._path = path
        self._file = file
        self._size = size

    def header(self) -> Header:
        if self._file.read(4) != b"GGUF":
            raise ConvertError(f"{self._path.name} is not a GGUF file", "models for llama.cpp end in .gguf")
        version = self._number("I")
        if version not in (2, 3):
            raise ConvertError(f"{self._path.name} is of GGUF version {version}, which cannot be read")
        tensor_count, key_count = self._number("Q"), self._number("Q")
        if key_count > _MAX_KEYS or tensor_count > _MAX_TENSORS:
            raise self._damaged()
        keys: dict[str, Value] = {}
        for _ in range(key_count):
            key = self._string()
            keys[key] = self._value(self._number("I"))
        keys_end = self._file.tell()
        entries = [self._tensor() for _ in range(tensor_count)]
        alignment = keys.get("general.alignment", 32)
        if type(alignment) is not int or alignment < 1 or alignment & (alignment - 1):
            raise self._damaged()
        start = -(-self._file.tell() // alignment) * alignment
        tensors = tuple(self._placed(name, kind, shape, start + offset) for name, kind, shape, offset in entries)
        return Header(version, keys, tensors, keys_end, self._size)

    def _placed(self, name: str, kind: int, shape: tuple[int, ...], offset: int) -> TensorHeader:
        try:
            known = GGMLQuantizationType(kind)
        except ValueError:
            raise ConvertError(f"the tensor {name} in {self._path.name} is of an unknown type ({kind})") from None
        nbytes = data_bytes(known, prod(shape))
        if offset + nbytes > self._size:
            raise ConvertError(
                f"{self._path.name} is truncated: it has {self._size:,} bytes, and the tensor {name} ends at"
                f" {offset + nbytes:,}",
                "fetch or convert it again",
            )
        return TensorHeader(name, known.name, shape, offset, nbytes)

    def _tensor(self) -> tuple[str, int, tuple[int, ...], int]:
        name = self._string()
        dimensions = self._number("I")
        if not 0 < dimensions <= _MAX_DIMENSIONS:
            raise self._damaged()
        shape = tuple(reversed([self._number("Q") for _ in range(dimensions)]))
        kind, offset = self._number("I"), self._number("Q")
        return name, kind, shape, offset

    def _value(self, kind: int) -> Value:
        if kind == _STRING:
            return self._string()
        if kind == _ARRAY:
            return self._skipped_array()
        if kind not in _SCALARS:
            raise self._damaged()
        value: int | float | bool = struct.unpack(f"<{_SCALARS[kind]}", self._bytes(struct.calcsize(_SCALARS[kind])))[0]
        return value

    def _skipped_array(self) -> ArrayOf:
        kind, length = self._number("I"), self._number("Q")
        if kind == _STRING:
            if length > self._size // 8:
                raise self._damaged()
            for _ in range(length):
                self._skip(self._number("Q"))
        elif kind in _SCALARS:
            self._skip(length * struct.calcsize(_SCALARS[kind]))
        else:
            raise self._damaged()
        return ArrayOf(_NAMES[kind], length)

    def _string(self) -> str:
        return self._bytes(self._number("Q")).decode("utf-8", errors="replace")

    def _number(self, code: str) -> int:
        value: int = struct.unpack(f"<{code}", self._bytes(struct.calcsize(code)))[0]
        return value

    def _bytes(self, count: int) -> bytes:
        if count > self._size:
            raise self._damaged()
        data = self._file.read(count)
        if len(data) != count:
            raise self._damaged()
        return data

    def _skip(self, count: int) -> None:
        if self._file.tell() + count > self._size:
            raise self._damaged()
        self._file.seek(count, 1)

    def _damaged(self) -> ConvertError:
        return ConvertError(f"the header of {self._path.name} is damaged or cut off", "fetch or convert it again")
