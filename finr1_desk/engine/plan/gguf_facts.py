"""The few facts about a GGUF file that the worker needs before and after llama.cpp has tried it.

Owns a bounded walk through a file's header: the numbers that memory is estimated from, and, when loading has failed,
how long the file should be. llama.cpp reads everything else itself.
"""

from __future__ import annotations

import glob
import os
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from finr1_desk.core.errors import ErrorCode, UserError

_MAGIC: Final = b"GGUF"
_SCALARS: Final = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING: Final = 8
_ARRAY: Final = 9
_MAX_STRING: Final = 64 * 2**20
_WINDOW: Final = 2**20
_MAX_ENTRIES: Final = 1_000_000
_MAX_NESTING: Final = 4
_ALIGNMENT: Final = 32

# Names of the numbers, without the architecture in front, that a KV cache and a micro-batch are computed from.
_SUFFIXES: Final = {
    "block_count": "block_count",
    "context_length": "context_length",
    "embedding_length": "embedding_length",
    "feed_forward_length": "feed_forward_length",
    "attention.head_count": "head_count",
    "attention.head_count_kv": "head_count_kv",
    "attention.key_length": "key_length",
    "attention.value_length": "value_length",
}


@dataclass(slots=True)
class GgufFacts:
    """`numbers` by the names above; `split_count` is the number of files the model is spread over."""

    architecture: str = ""
    split_count: int = 1
    file_bytes: int = 0
    numbers: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TensorPlace:
    """A tensor of a file: `file` counts the parts of a split model, `offset` the bytes from the start of its data."""

    name: str
    bytes: int
    file: int
    offset: int


class _DamagedError(Exception):
    """The header ends early or contains what cannot be."""


def read_facts(path: str) -> GgufFacts:
    """Facts from the part of the header before the vocabulary.

    Raises:
        UserError: `MODEL_NOT_FOUND`, `MODEL_UNREADABLE`, `MODEL_NOT_GGUF`, `MODEL_TRUNCATED`.
    """
    try:
        with Path(path).open("rb") as file:
            return _Reader(path, file).facts()
    except FileNotFoundError as error:
        raise UserError(ErrorCode.MODEL_NOT_FOUND, path=path) from error
    except (OSError, ValueError) as error:  # ValueError: a zero character in the path
        raise UserError(ErrorCode.MODEL_UNREADABLE, path=path, reason=str(error)) from error


def missing_bytes(path: str, size_of: Callable[[int, int], int]) -> UserError | None:
    """What is wrong with a file that llama.cpp could not load, if it is that a part is missing.

    Args:
        size_of: bytes of a tensor from its type's number and its number of elements.
    """
    try:
        with Path(path).open("rb") as file:
            reader = _Reader(path, file)
            expected = reader.expected_bytes(size_of)
    except UserError as error:
        return error
    except OSError as error:
        return UserError(ErrorCode.MODEL_UNREADABLE, path=path, reason=str(error))
    if expected <= reader.size:
        return None
    return UserError(ErrorCode.MODEL_TRUNCATED, path=path, expected_bytes=expected, actual_bytes=reader.size)


def parts(path: str, split_count: int) -> list[str]:
    """The files of a model in their order: the file itself, or all parts where it is split."""
    if split_count == 1:
        return [path]
    first = Path(path)
    stem = re.sub(r"-\d{5}-of-\d{5}$", "", first.stem)
    found = sorted(str(part) for part in first.parent.glob(f"{glob.escape(stem)}-*-of-*{first.suffix}"))
    return found or [path]


def tensor_places(path: str, split_count: int, size_of: Callable[[int, int], int]) -> list[TensorPlace]:
    """All tensors of a model.

    Args:
        size_of: as in `missing_bytes`.

    Raises:
        UserError: as `read_facts`.
    """
    places: list[TensorPlace] = []
    for number, part in enumerate(parts(path, split_count)):
        try:
            with Path(part).open("rb") as file:
                places += _Reader(part, file).tensors(number, size_of)
        except OSError as error:
            raise UserError(ErrorCode.MODEL_UNREADABLE, path=part, reason=str(error)) from error
    return places


class _Reader:
    def __init__(self, path: str, file: IO[bytes]) -> None:
        self._path, self._file = path, file
        self.size = os.fstat(file.fileno()).st_size

    def facts(self) -> GgufFacts:
        """Raises UserError: `MODEL_NOT_GGUF`, `MODEL_UNREADABLE`, `MODEL_TRUNCATED`."""
        facts = GgufFacts(file_bytes=self.size)
        try:
            for key, value in self._entries(self._counts()[1]):
                if key.startswith("tokenizer.") and facts.numbers:
                    break  # the vocabulary is long, and llama.cpp writes it last
                self._take(facts, key, value())
        except _DamagedError as error:
            raise self._truncated() from error
        return facts

    def expected_bytes(self, size_of: Callable[[int, int], int]) -> int:
        """The length that the header gives to the file. Raises UserError, as `facts`."""
        alignment = _ALIGNMENT
        try:
            tensors, entries = self._counts()
            for key, value in self._entries(entries):
                taken = value()
                if key == "general.alignment" and isinstance(taken, int) and taken > 0:
                    alignment = taken
            end = max((offset + size for _, size, offset in self._tensors(tensors, size_of)), default=0)
        except _DamagedError as error:
            raise self._truncated() from error
        return -(-self._file.tell() // alignment) * alignment + end

    def tensors(self, number: int, size_of: Callable[[int, int], int]) -> list[TensorPlace]:
        """The tensors that the header lists. Raises UserError, as `facts`."""
        try:
            count, entries = self._counts()
            for _, value in self._entries(entries):
                value()
            return [TensorPlace(name, size, number, offset) for name, size, offset in self._tensors(count, size_of)]
        except _DamagedError as error:
            raise self._truncated() from error

    def _truncated(self) -> UserError:
        return UserError(ErrorCode.MODEL_TRUNCATED, path=self._path, expected_bytes=None, actual_bytes=self.size)

    def _counts(self) -> tuple[int, int]:
        """The number of tensors and of entries, which follow."""
        if self._file.read(4) != _MAGIC:
            raise UserError(ErrorCode.MODEL_NOT_GGUF, path=self._path)
        version = self._number("<I")
        if version not in (2, 3):
            raise UserError(ErrorCode.MODEL_UNREADABLE, path=self._path, reason=f"GGUF version {version}")
        tensors, entries = self._number("<Q"), self._number("<Q")
        if max(tensors, entries) > _MAX_ENTRIES:
            raise _DamagedError
        return tensors, entries

    def _entries(self, count: int) -> Iterator[tuple[str, Callable[[], Any]]]:
        """The metadata's keys, each with a function that reads its value and has to be called before the next one."""
        for _ in range(count):
            yield self._string(), lambda: self._value(self._number("<I"))

    def _tensors(self, count: int, size_of: Callable[[int, int], int]) -> Iterator[tuple[str, int, int]]:
        """Name, bytes and offset of each tensor."""
        for _ in range(count):
            name, elements = self._string(), 1
            for _ in range(min(self._number("<I"), _MAX_NESTING)):
                elements *= self._number("<Q")
            kind, offset = self._number("<I"), self._number("<Q")
            yield name, size_of(kind, elements), offset

    @staticmethod
    def _take(facts: GgufFacts, key: str, value: Any) -> None:
        if key == "general.architecture" and isinstance(value, str):
            facts.architecture = value
        elif key == "split.count" and isinstance(value, int):
            facts.split_count = max(1, value)
        name = _SUFFIXES.get(key.partition(".")[2])
        if name is not None and isinstance(value, int):
            facts.numbers[name] = value

    def _value(self, kind: int, nesting: int = 0) -> Any:
        """A scalar or text; of an array the largest number (layers may differ), None where it holds no numbers."""
        if kind in _SCALARS:
            return self._number(_SCALARS[kind])
        if kind == _STRING:
            return self._string()
        if kind != _ARRAY or nesting > _MAX_NESTING:
            raise _DamagedError
        inner, length = self._number("<I"), self._number("<Q")
        if inner in _SCALARS:
            return self._numbers(_SCALARS[inner], length)
        if inner == _STRING:
            self._skip_strings(length)
            return None
        for _ in range(length):
            self._value(inner, nesting + 1)
        return None

    def _skip_strings(self, count: int) -> None:
        """A vocabulary has hundreds of thousands of strings, so this loop is tight."""
        unpack, read = struct.Struct("<Q").unpack_from, self._file.read
        start, window, at = self._file.tell(), b"", 0
        for _ in range(count):
            if at + 8 > len(window):
                start += at
                if start + 8 > self.size:
                    raise _DamagedError
                self._file.seek(start)
                window, at = read(_WINDOW), 0
                if len(window) < 8:
                    raise _DamagedError
            at += 8 + unpack(window, at)[0]
        if start + at > self.size:
            raise _DamagedError
        self._file.seek(start + at)

    def _numbers(self, form: str, length: int) -> int | None:
        size = struct.calcsize(form)
        raw = self._bytes(length * size)
        if form in ("<f", "<d", "<?") or not length:
            return None
        return int(max(struct.unpack(f"<{length}{form[1]}", raw)))

    def _string(self) -> str:
        length = self._number("<Q")
        if length > _MAX_STRING:
            raise _DamagedError
        return self._bytes(length).decode("utf-8", "replace")

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._bytes(struct.calcsize(form)))[0]

    def _bytes(self, count: int) -> bytes:
        if count > self.size:
            raise _DamagedError
        raw = self._file.read(count)
        if len(raw) < count:
            raise _DamagedError
        return raw
