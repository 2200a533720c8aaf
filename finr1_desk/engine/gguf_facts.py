"""The few facts about a GGUF file that the worker needs before and after llama.cpp has tried it.

Owns a bounded walk through a file's header: the numbers that memory is estimated from, and, when loading has failed,
how long the file should be. llama.cpp reads everything else itself.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from finr1_desk.core.errors import ErrorCode, UserError

_MAGIC: Final = b"GGUF"
_SCALARS: Final = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING: Final = 8
_ARRAY: Final = 9
_MAX_STRING: Final = 64 * 2**20
_MAX_ENTRIES: Final = 1_000_000
_MAX_NESTING: Final = 4

# Names of the numbers, without the architecture in front, that a KV cache is computed from.
_SUFFIXES: Final = {
    "block_count": "block_count",
    "context_length": "context_length",
    "embedding_length": "embedding_length",
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


class _DamagedError(Exception):
    """The header ends early or contains what cannot be."""


def read_facts(path: str) -> GgufFacts:
    """Facts from the part of the header before the vocabulary.

    Raises:
        UserError: `MODEL_NOT_FOUND`, `MODEL_UNREADABLE`, `MODEL_NOT_GGUF`, `MODEL_TRUNCATED`.
    """
    try:
        with Path(path).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            return _Reader(path, file, size).facts()
    except FileNotFoundError as error:
        raise UserError(ErrorCode.MODEL_NOT_FOUND, path=path) from error
    except (OSError, ValueError) as error:  # ValueError: a zero character in the path
        raise UserError(ErrorCode.MODEL_UNREADABLE, path=path, reason=str(error)) from error


class _Reader:
    def __init__(self, path: str, file: IO[bytes], size: int) -> None:
        self._path, self._file, self._size = path, file, size

    def facts(self) -> GgufFacts:
        if self._file.read(4) != _MAGIC:
            raise UserError(ErrorCode.MODEL_NOT_GGUF, path=self._path)
        try:
            return self._walk()
        except _DamagedError as error:
            raise UserError(
                ErrorCode.MODEL_TRUNCATED, path=self._path, expected_bytes=None, actual_bytes=self._size
            ) from error

    def _walk(self) -> GgufFacts:
        version = self._number("<I")
        if version not in (2, 3):
            raise UserError(ErrorCode.MODEL_UNREADABLE, path=self._path, reason=f"GGUF version {version}")
        self._number("<Q")  # tensors
        entries = self._number("<Q")
        if entries > _MAX_ENTRIES:
            raise _DamagedError
        facts = GgufFacts(file_bytes=self._size)
        for _ in range(entries):
            key = self._string()
            if key.startswith("tokenizer.") and facts.numbers:
                break  # the vocabulary is long, and llama.cpp writes it last
            self._take(facts, key, self._value(self._number("<I")))
        return facts

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
        for _ in range(length):
            self._value(inner, nesting + 1)
        return None

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
        if count > self._size:
            raise _DamagedError
        raw = self._file.read(count)
        if len(raw) < count:
            raise _DamagedError
        return raw
