"""The GGUF container: its key-value pairs and tensor list, read within bounds.

Owns the byte layout of GGUF versions 2 and 3 and the block sizes of ggml's tensor types. It keeps scalars, strings
and short integer arrays, walks over everything else, and never believes a length that the file cannot hold: a file
of any origin costs bounded memory and time. What the keys mean is `gguf_header`'s business.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

MAGIC: Final = b"GGUF"
DEFAULT_ALIGNMENT: Final = 32

WINDOW_BYTES: Final = 1 << 20
PEEK_WINDOW_BYTES: Final = 1 << 16
MAX_HEADER_BYTES: Final = 256 << 20
MAX_TENSOR_BYTES: Final = 1 << 50
MAX_STRING_BYTES: Final = 16 << 20  # a chat template is the longest one that is kept
MAX_KEY_BYTES: Final = 65_535
MAX_PAIRS: Final = 65_536
MAX_TENSORS: Final = 65_536
MAX_STRINGS: Final = 4_000_000  # of all arrays together: ten times the largest vocabulary with its merges
MAX_KEPT_STRINGS: Final = 64 << 20
MAX_KEPT_ELEMENTS: Final = 1_024
MAX_DIMENSIONS: Final = 4
_LONG_ARRAY: Final = 10_000  # strings, from which on it is worth while to know an array again
_HEAD_BYTES: Final = 4096

_STRING: Final = 8
_ARRAY: Final = 9
_SCALARS: Final[Mapping[int, struct.Struct]] = {
    number: struct.Struct("<" + code)
    for number, code in {
        0: "B",
        1: "b",
        2: "H",
        3: "h",
        4: "I",
        5: "i",
        6: "f",
        7: "?",
        10: "Q",
        11: "q",
        12: "d",
    }.items()
}
_INTEGERS: Final = frozenset({0, 1, 2, 3, 4, 5, 7, 10, 11})
_U64: Final = struct.Struct("<Q")
_U32: Final = struct.Struct("<I")

# ggml's number of a tensor type → (name, elements in a block, bytes of a block), as ggml lays them out.
TENSOR_TYPES: Final[Mapping[int, tuple[str, int, int]]] = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    9: ("Q8_1", 32, 40),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1),
    25: ("I16", 1, 2),
    26: ("I32", 1, 4),
    27: ("I64", 1, 8),
    28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
}


class NotGgufError(Exception):
    """The file does not begin as a GGUF file does."""


class MalformedError(Exception):
    """The file says something that no GGUF file may say; the message names it, in technical English."""


class CutOffError(Exception):
    """The file ends before its header does."""


@dataclass(frozen=True, slots=True)
class ArrayFacts:
    """An array that was walked over: its length, and its numbers where it is short and of integers."""

    length: int
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TensorFacts:
    """`offset` counts bytes from the start of the tensor data."""

    type_name: str
    elements: int
    bytes: int
    offset: int


@dataclass(frozen=True, slots=True)
class Container:
    """A file's header. `data_start` is the offset in bytes of the tensor data; `complete` is False for a peek."""

    version: int
    pairs: Mapping[str, Any] = field(default_factory=dict)
    tensors: tuple[TensorFacts, ...] = ()
    data_start: int = 0
    complete: bool = True


class _Cursor:
    """Reads a file forwards through a window of bounded size."""

    def __init__(self, file: BinaryIO, size: int, window_bytes: int) -> None:
        self._file = file
        self._size = size
        self._window_bytes = window_bytes
        self._window = b""
        self._at = 0  # position within the window
        self._base = 0  # offset in the file of the window's start

    @property
    def offset(self) -> int:
        return self._base + self._at

    def take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._window):
            self._move_window(count)
            end = count
        piece = self._window[self._at : end]
        self._at = end
        return piece

    def skip(self, count: int) -> None:
        self._at += count
        if self._at > len(self._window):
            self._move_window(0)

    def peek(self, count: int, start: int | None = None) -> bytes:
        """Up to `count` bytes from the position, or from `start`, which stays where it is."""
        self._file.seek(self.offset if start is None else start)
        return self._file.read(count)

    def skip_strings(self, count: int) -> None:
        """Walks over `count` length-prefixed strings; a vocabulary has hundreds of thousands, so this loop is tight."""
        unpack = _U64.unpack_from
        window, at, end = self._window, self._at, len(self._window) - 8
        for _ in range(count):
            if at > end:
                self._at = at
                self._move_window(8)
                window, at, end = self._window, 0, len(self._window) - 8
            at += 8 + unpack(window, at)[0]
        self._at = at
        if at > len(window):
            self._move_window(0)

    def _move_window(self, need: int) -> None:
        """Puts the window where the position is, which may lie behind the window's end; `need` bytes must follow."""
        target = self.offset
        if target + need > self._size:
            raise CutOffError
        if target + need > MAX_HEADER_BYTES:
            raise MalformedError(f"a header of more than {MAX_HEADER_BYTES} bytes")
        self._file.seek(target)
        self._window, self._at, self._base = self._file.read(max(need, self._window_bytes)), 0, target
        if len(self._window) < need:
            raise CutOffError

    def u32(self) -> int:
        return int(_U32.unpack(self.take(4))[0])

    def u64(self) -> int:
        return int(_U64.unpack(self.take(8))[0])

    def text(self, limit: int) -> str:
        length = self.u64()
        if length > limit:
            raise MalformedError(f"a string of {length} bytes")
        return self.take(length).decode("utf-8", "replace")


class KnownArrays:
    """Long arrays of strings that were walked over before, vocabularies mostly, which many models have in common.

    One that is the same byte for byte is skipped at once: comparing its hash is ten times quicker than walking.
    """

    def __init__(self) -> None:
        self._seen: dict[int, list[tuple[bytes, int, bytes]]] = {}

    def skip(self, cursor: _Cursor, count: int) -> None:
        """Walks the cursor over `count` strings."""
        head = cursor.peek(_HEAD_BYTES)
        for known_head, size, digest in self._seen.get(count, ()):
            if known_head == head and hashlib.sha256(cursor.peek(size)).digest() == digest:
                cursor.skip(size)
                return
        start = cursor.offset
        cursor.skip_strings(count)
        size = cursor.offset - start
        content = cursor.peek(size, start)
        self._seen.setdefault(count, []).append((head, size, hashlib.sha256(content).digest()))


class _Reader:
    def __init__(self, cursor: _Cursor, known: KnownArrays | None) -> None:
        self._cursor = cursor
        self._known = known
        self._strings = 0
        self._kept = 0

    def read(self, *, peek: bool) -> Container:
        cursor = self._cursor
        if cursor.take(4) != MAGIC:
            raise NotGgufError
        version = cursor.u32()
        if version not in (2, 3):
            big_endian = version in (2 << 24, 3 << 24)
            raise MalformedError("big-endian byte order" if big_endian else f"GGUF version {version}")
        tensor_count, pair_count = cursor.u64(), cursor.u64()
        if pair_count > MAX_PAIRS or tensor_count > MAX_TENSORS:
            raise MalformedError(f"{pair_count} keys and {tensor_count} tensors")
        pairs: dict[str, Any] = {}
        for _ in range(pair_count):
            key, kind = cursor.text(MAX_KEY_BYTES), cursor.u32()
            if peek and kind == _ARRAY:
                return Container(version, pairs, complete=False)
            pairs[key] = self._value(kind)
        if peek:
            return Container(version, pairs, complete=False)
        tensors = tuple(self._tensor() for _ in range(tensor_count))
        return Container(version, pairs, tensors, _aligned(cursor.offset, pairs.get("general.alignment")))

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            text = self._cursor.text(MAX_STRING_BYTES)
            self._kept += len(text)
            if self._kept > MAX_KEPT_STRINGS:
                raise MalformedError("too much text in the header")
            return text
        if kind == _ARRAY:
            return self._array()
        scalar = _SCALARS.get(kind)
        if scalar is None:
            raise MalformedError(f"a value of type {kind}")
        return scalar.unpack(self._cursor.take(scalar.size))[0]

    def _array(self) -> ArrayFacts:
        kind, length = self._cursor.u32(), self._cursor.u64()
        if kind == _STRING:
            self._strings += length
            if self._strings > MAX_STRINGS:
                raise MalformedError(f"{self._strings} strings in arrays")
            if self._known is not None and length >= _LONG_ARRAY:
                self._known.skip(self._cursor, length)
            else:
                self._cursor.skip_strings(length)
            return ArrayFacts(length)
        scalar = _SCALARS.get(kind)
        if scalar is None:
            raise MalformedError(f"an array of type {kind}")
        if kind in _INTEGERS and length <= MAX_KEPT_ELEMENTS:
            data = self._cursor.take(length * scalar.size)
            return ArrayFacts(length, tuple(int(value) for (value,) in scalar.iter_unpack(data)))
        self._cursor.skip(length * scalar.size)
        return ArrayFacts(length)

    def _tensor(self) -> TensorFacts:
        self._cursor.text(MAX_KEY_BYTES)
        dimensions = self._cursor.u32()
        if dimensions > MAX_DIMENSIONS:
            raise MalformedError(f"a tensor of {dimensions} dimensions")
        shape = [self._cursor.u64() for _ in range(dimensions)]
        number, offset = self._cursor.u32(), self._cursor.u64()
        if number not in TENSOR_TYPES:
            raise MalformedError(f"a tensor of type {number}")
        name, block, block_bytes = TENSOR_TYPES[number]
        elements = 1
        for length in shape:
            elements *= length
        if (shape[0] if shape else 1) % block:
            raise MalformedError(f"a {name} tensor with rows of {shape[0]} elements")
        size = elements // block * block_bytes
        if max(size, offset) > MAX_TENSOR_BYTES:
            raise MalformedError(f"a tensor of {size} bytes at {offset}")
        return TensorFacts(name, elements, size, offset)


def _aligned(offset: int, alignment: Any) -> int:
    if alignment is None:
        alignment = DEFAULT_ALIGNMENT
    if isinstance(alignment, bool) or not isinstance(alignment, int) or alignment <= 0 or alignment & (alignment - 1):
        raise MalformedError(f"an alignment of {alignment!r}")
    return (offset + alignment - 1) // alignment * alignment


def read_container(file: BinaryIO, size: int, *, peek: bool = False, known: KnownArrays | None = None) -> Container:
    """The header of an open GGUF file of `size` bytes; `known` are arrays of files that were read before it.

    A peek stops before the first array, which converters write after the facts about the model: it takes well under
    a millisecond where a whole header with a vocabulary of 152,000 tokens takes some 50.

    Raises:
        NotGgufError, MalformedError, CutOffError: as they say.
        OSError: the file cannot be read.
    """
    if size < len(MAGIC):
        raise NotGgufError
    cursor = _Cursor(file, size, PEEK_WINDOW_BYTES if peek else WINDOW_BYTES)
    return _Reader(cursor, known).read(peek=peek)
