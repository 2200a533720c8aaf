"""Parts and generations as plain JSON values, and back.

Owns the one written form that the store and the Markdown files share. It reads and writes no files. What is read
may come from a file of any origin, so every type is checked; no error quotes what it found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any, Final, TypeVar

from finr1_desk.core.conversation import (
    FinishReason,
    Generation,
    LeftOut,
    ModelIdentity,
    Part,
    PartKind,
    Timing,
    Usage,
)
from finr1_desk.core.sampling import Sampling

_WORD: Final = 2**64
_T = TypeVar("_T", Sampling, Usage, Timing, LeftOut)


def part_to_json(part: Part) -> dict[str, Any]:
    record: dict[str, Any] = {"kind": part.kind.value, "text": part.text}
    if part.task is not None:
        from finr1_desk.core.tasks.note import note_to_json  # few questions come from a task, every start reads this

        record["task"] = note_to_json(part.task)
    return record


def part_from_json(value: object) -> Part:
    """The part; keys that are not known yet are left out.

    Raises:
        ValueError: this is no part.
    """
    record = _mapping(value)
    part = Part(PartKind(_text(record, "kind")), _text(record, "text"))
    if "task" not in record:
        return part
    from finr1_desk.core.tasks.note import note_from_json

    return replace(part, task=note_from_json(record["task"]))


def parts_from_json(value: object) -> tuple[Part, ...]:
    """
    Raises:
        ValueError: this is no list of parts.
    """
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ValueError("parts are a list")
    return tuple(part_from_json(item) for item in value)


def generation_to_json(generation: Generation) -> dict[str, Any]:
    return asdict(generation)  # the finish reason is a string as it is


def generation_from_json(value: object) -> Generation:
    """
    Raises:
        ValueError: this is no generation.
    """
    record = _mapping(value)
    reason = record.get("finish_reason")
    seed = record.get("seed")
    if not isinstance(seed, int) or isinstance(seed, bool) or not -_WORD <= seed < _WORD:
        raise ValueError("a seed is a 64-bit integer")
    model = _mapping(record.get("model"))
    return Generation(
        model=ModelIdentity(
            name=_text(model, "name"),
            file_name=_text(model, "file_name"),
            quantisation=_text(model, "quantisation"),
            sha256=_optional_text(model, "sha256"),
            server=_optional_text(model, "server") or "",
        ),
        sampling=_numbers(Sampling, record.get("sampling")),
        seed=seed,
        application_version=_text(record, "application_version"),
        usage=_numbers(Usage, record.get("usage", {})),
        timing=_numbers(Timing, record.get("timing", {})),
        finish_reason=None if reason is None else FinishReason(_text(record, "finish_reason")),
        error=_optional_text(record, "error"),
        left_out=_numbers(LeftOut, record.get("left_out", {})),
        think_cut=record.get("think_cut") is True,
    )


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError("a record is a mapping")
    return value


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} is text")
    return value


def _optional_text(record: Mapping[str, Any], name: str) -> str | None:
    return None if record.get(name) is None else _text(record, name)


def _numbers(kind: type[_T], value: object) -> _T:
    record = _mapping(value)
    known: dict[str, Any] = {}
    for declared in fields(kind):
        if declared.name not in record:
            continue
        number = record[declared.name]
        whole = declared.type == "int"
        if isinstance(number, bool) or not isinstance(number, int if whole else (int, float)):
            raise ValueError(f"{declared.name} is a number")
        if not -_WORD <= number < _WORD:  # also false for NaN
            raise ValueError(f"{declared.name} is out of range")
        known[declared.name] = number if whole else float(number)
    return kind(**known)
