"""Reads a record of a task file key by key, and says where something is wrong.

Owns the checking of types and of keys that nobody knows. What the keys mean is `file`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, TypeVar, cast

from finr1_desk.core.tasks.words import LANGUAGES, Words

T = TypeVar("T")
_NOTHING: Final = object()
LONGEST_ENTRY: Final = 200_000  # characters


class What(StrEnum):
    """What can be wrong with a task file; the value of the problem says more."""

    NOT_TOML = "not_toml"  # the reader's own words, with line and column
    TOO_LARGE = "too_large"
    MISSING = "missing"
    UNKNOWN_KEY = "unknown_key"  # the key
    WRONG_TYPE = "wrong_type"
    NOT_ALLOWED = "not_allowed"  # the value
    BAD_NAME = "bad_name"  # the name
    NO_FIELD = "no_field"  # the name that no field has
    NOT_USED = "not_used"  # the field that no prompt uses
    TWICE = "twice"  # the name


class TaskFileError(ValueError):
    """A task file cannot be used. `where` is the path of keys, empty for the file as a whole."""

    def __init__(self, where: str, what: What, value: str = "") -> None:
        super().__init__(f"{where}: {what} {value}")
        self.where = where
        self.what = what
        self.value = value[:200]


class Reader:
    """One table of a TOML or JSON text. Each getter takes its key; `done` complains of what is left."""

    def __init__(self, record: Mapping[str, Any], where: str) -> None:
        self._record = dict(record)
        self.where = where

    def at(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key

    def raw(self, key: str, kind: type[T], default: object = _NOTHING) -> T:
        value: Any = self._record.pop(key, default)
        if value is _NOTHING:
            raise TaskFileError(self.at(key), What.MISSING)
        if value is not default and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
            raise TaskFileError(self.at(key), What.WRONG_TYPE)
        return cast(T, value)  # checked just above; a default is the caller's own

    def text(self, key: str, default: Any = _NOTHING) -> Any:
        value = self.raw(key, str, default)
        if isinstance(value, str) and len(value) > LONGEST_ENTRY:
            raise TaskFileError(self.at(key), What.TOO_LARGE)
        return value

    def texts(self, key: str) -> list[str]:
        values = self.raw(key, list, [])
        if not all(isinstance(value, str) for value in values):
            raise TaskFileError(self.at(key), What.WRONG_TYPE)
        return values

    def flag(self, key: str, default: bool = False) -> bool:
        return self.raw(key, bool, default)

    def number(self, key: str) -> float | None:
        value: object = self._record.pop(key, None)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            raise TaskFileError(self.at(key), What.WRONG_TYPE)
        return value

    def words(self, key: str, *, required: bool = False) -> Words:
        """A text for both languages, or a table of `en` and `zh_CN`."""
        value = self._record.pop(key, None)
        if value is None or value == "":
            if required:
                raise TaskFileError(self.at(key), What.MISSING)
            return Words()
        if isinstance(value, str):
            return Words(value, value)
        if not isinstance(value, Mapping) or not all(isinstance(text, str) for text in value.values()):
            raise TaskFileError(self.at(key), What.WRONG_TYPE)
        for language in value:
            if language not in LANGUAGES:
                raise TaskFileError(self.at(key), What.UNKNOWN_KEY, str(language))
        words = Words.of(value)
        if required and not words:
            raise TaskFileError(self.at(key), What.MISSING)
        return words

    def table(self, key: str, default: object = _NOTHING) -> Reader:
        return Reader(self.raw(key, dict, default), self.at(key))

    def tables(self, key: str, *, least: int = 0, most: int) -> Sequence[Reader]:
        values = self.raw(key, list, [])
        if not all(isinstance(value, dict) for value in values):
            raise TaskFileError(self.at(key), What.WRONG_TYPE)
        if len(values) < least:
            raise TaskFileError(self.at(key), What.MISSING)
        if len(values) > most:
            raise TaskFileError(self.at(key), What.TOO_LARGE)
        return [Reader(value, f"{self.at(key)}.{number}") for number, value in enumerate(values, 1)]

    def done(self) -> None:
        """
        Raises:
            TaskFileError: a key was not taken; it is mistyped, or of a newer version.
        """
        for key in self._record:
            raise TaskFileError(self.at(str(key)), What.UNKNOWN_KEY, str(key))
