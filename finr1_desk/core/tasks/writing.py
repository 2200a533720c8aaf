"""Writes a task as the TOML that `file` reads.

Owns the order and the form of the file, which people are to read and to change by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from finr1_desk.core.tasks.file import result_to_json
from finr1_desk.core.tasks.task import (
    LONGEST_LONG,
    LONGEST_TEXT,
    Choice,
    Example,
    Field,
    FieldKind,
    ResultKind,
    TableForm,
    Task,
    Value,
)

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def task_to_toml(task: Task) -> str:
    """The whole file; `task_from_toml` reads an equal task from it."""
    lines = [_pair("name", task.name.to_json())]
    if task.description:
        lines.append(_pair("description", task.description.to_json()))
    if task.order != 1000:
        lines.append(_pair("order", task.order))
    if task.trained:
        lines.append(_pair("trained", True))
    if task.system_prompt is not None:
        lines.append(_pair("system_prompt", task.system_prompt))
    lines += ["", "[prompt]", *(_pair(language, task.prompts[language]) for language in task.languages)]
    for declared in task.fields:
        lines += ["", "[[fields]]", *_field(declared)]
    if task.result.kind is not ResultKind.NONE:
        lines += ["", "[result]", *(_pair(key, value) for key, value in result_to_json(task.result).items())]
    if task.sampling:
        lines += ["", "[sampling]", *(_pair(key, value) for key, value in task.sampling.items())]
    for example in task.examples:
        lines += ["", "[[examples]]", *_example(example)]
    return "\n".join(lines) + "\n"


def _field(declared: Field) -> list[str]:
    usual = LONGEST_TEXT if declared.kind is FieldKind.TEXT else LONGEST_LONG
    entries: list[tuple[str, Any, bool]] = [
        ("name", declared.name, True),
        ("kind", declared.kind.value, True),
        ("label", declared.label.to_json(), bool(declared.label)),
        ("help", declared.help.to_json(), bool(declared.help)),
        ("required", declared.required, not declared.required),
        ("least", declared.least, declared.least is not None),
        ("most", declared.most, declared.most is not None),
        ("longest", declared.longest, declared.longest != usual),
        ("default", declared.default, bool(declared.default)),
        ("form", declared.form.value, declared.form is not TableForm.ROWS),
        ("row", declared.row, bool(declared.row)),
        ("subject", declared.subject, declared.subject),
        ("choices", [_choice(choice) for choice in declared.choices], bool(declared.choices)),
        ("columns", [_choice(column) for column in declared.columns], bool(declared.columns)),
    ]
    return [_pair(key, value) for key, value, wanted in entries if wanted]


def _choice(choice: Choice) -> dict[str, str]:
    return {"value": choice.value, **choice.words.to_json()}


def _example(example: Example) -> list[str]:
    lines = [_pair("language", example.language)]
    if example.answer:
        lines.append(_pair("answer", example.answer))
    if example.built_in:
        lines.append(_pair("built_in", True))
    return [*lines, "[examples.values]", *(_pair(key, _plain(value)) for key, value in example.values.items())]


def _plain(value: Value) -> Any:
    return value if isinstance(value, str) else [_plain(item) for item in value]


def _pair(key: str, value: Any) -> str:
    return f"{_key(key)} = {_value(value)}"


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _quoted(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(_pair(key, item) for key, item in value.items()) + " }" if value else "{}"
    if isinstance(value, Sequence) and value and isinstance(value[0], Mapping | list):
        return "[\n" + "".join(f"    {_value(item)},\n" for item in value) + "]"
    return "[" + ", ".join(_value(item) for item in value) + "]"


def _text(text: str) -> str:
    """Several lines stand as they are where TOML has a way to write them so."""
    plain = all(char == "\n" or char == "\t" or char.isprintable() for char in text)
    if "\n" in text and plain and "'''" not in text and not text.endswith("'"):
        return f"'''\n{text}'''"
    return _quoted(text)


def _quoted(text: str) -> str:
    # JSON's strings are TOML's, but for DEL, which has to be escaped there, and lone surrogates, which are no text.
    escaped = json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False)
    return escaped.replace("\x7f", "\\u007f")
