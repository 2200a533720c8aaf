"""The values of a task's fields: checked, written into a prompt, read from a cell of a table, and back.

Owns what each kind of field may hold and how it looks as text. What is wrong with a value is told as a code; sentences
are made elsewhere.
"""

from __future__ import annotations

import json
import re
import string
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from finr1_desk.core.tasks.task import (
    MOST_OPTIONS,
    MOST_ROWS,
    Field,
    FieldKind,
    TableForm,
    Task,
    Value,
    Values,
    empty,
)
from finr1_desk.core.tasks.template import filled

_LETTERED: Final = re.compile(r"^\s*[(（]?(?P<letter>[A-Z])[)）]?\s*[:：.．、)）]\s*")

_ON_ONE_LINE: Final = re.compile(r"(?:^|(?<=\s))(?P<letter>[A-Z]): ")


class ProblemKind(StrEnum):
    """What is wrong with a value; `limit` of the problem says more where there is one."""

    MISSING = "missing"
    TOO_LONG = "too_long"  # limit: characters
    NOT_A_NUMBER = "not_a_number"
    TOO_SMALL = "too_small"  # limit
    TOO_LARGE = "too_large"  # limit
    NOT_A_CHOICE = "not_a_choice"  # limit: the choices
    TOO_FEW_OPTIONS = "too_few_options"  # limit
    TOO_MANY = "too_many"  # limit: rows or options


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the value of one field."""

    field: Field
    kind: ProblemKind
    limit: str = ""


def is_empty(value: Value) -> bool:
    """Whether nothing was entered: no character that can be seen, in no cell."""
    if isinstance(value, str):
        return not value.strip()
    return all(is_empty(item) for item in value)


def problems(task: Task, values: Values) -> list[Problem]:
    """What keeps a form from being sent, field by field."""
    found = (problem(declared, values.get(declared.name, empty(declared))) for declared in task.fields)
    return [one for one in found if one is not None]


def problem(declared: Field, value: Value) -> Problem | None:
    """What is wrong with a value; None where it can be sent."""
    if is_empty(value):
        return Problem(declared, ProblemKind.MISSING) if declared.required else None
    match declared.kind:
        case FieldKind.NUMBER:
            return _number_problem(declared, _text(value))
        case FieldKind.CHOICE:
            known = [choice.value for choice in declared.choices]
            return None if value in known else Problem(declared, ProblemKind.NOT_A_CHOICE, ", ".join(known))
        case FieldKind.OPTIONS:
            options = _filled_options(value)
            if len(options) < 2:
                return Problem(declared, ProblemKind.TOO_FEW_OPTIONS, "2")
            return Problem(declared, ProblemKind.TOO_MANY, str(MOST_OPTIONS)) if len(options) > MOST_OPTIONS else None
        case FieldKind.TABLE:
            return Problem(declared, ProblemKind.TOO_MANY, str(MOST_ROWS)) if len(value) > MOST_ROWS else None
        case _:
            too_long = len(_text(value)) > declared.longest
            return Problem(declared, ProblemKind.TOO_LONG, str(declared.longest)) if too_long else None


def _number_problem(declared: Field, text: str) -> Problem | None:
    number = as_number(text)
    if number is None:
        return Problem(declared, ProblemKind.NOT_A_NUMBER)
    if declared.least is not None and number < Decimal(str(declared.least)):
        return Problem(declared, ProblemKind.TOO_SMALL, f"{declared.least:g}")
    if declared.most is not None and number > Decimal(str(declared.most)):
        return Problem(declared, ProblemKind.TOO_LARGE, f"{declared.most:g}")
    return None


def as_number(text: str) -> Decimal | None:
    """A number as people type it, with separators or full-width digits: `1,200.5`; None where it is none."""
    plain = unicodedata.normalize("NFKC", text).replace(",", "").replace(" ", "").replace("−", "-")
    if len(plain) > 40 or not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)", plain, re.ASCII):
        return None
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None


# -- into a prompt


def prompt(task: Task, values: Values, language: str) -> str:
    """What is asked, precisely: the task's template with the values of its form."""
    asked_in = task.language_for(language)
    texts = {
        declared.name: written(declared, values.get(declared.name, empty(declared)), asked_in)
        for declared in task.fields
    }
    return filled(task.prompts[asked_in], texts)


def written(declared: Field, value: Value, language: str) -> str:
    """The value as it stands in a prompt of this language; empty where nothing was entered."""
    if is_empty(value):
        return ""
    match declared.kind:
        case FieldKind.CHOICE:
            chosen = next((choice for choice in declared.choices if choice.value == value), None)
            return chosen.words.said(language) if chosen is not None else _text(value)
        case FieldKind.OPTIONS:
            return lettered(_filled_options(value))
        case FieldKind.TABLE:
            return _table(declared, _rows(value))
        case _:
            return _text(value).strip()


def lettered(options: Sequence[str]) -> str:
    """The options of an examination question as a prompt has them, on one line."""
    return " ".join(f"{letter}: {option}" for letter, option in zip(string.ascii_uppercase, options, strict=False))


def from_lettered(text: str) -> tuple[str, ...]:
    """The options of such a line; the whole where it does not begin with the first letter."""
    found: list[re.Match[str]] = []
    for one in _ON_ONE_LINE.finditer(text):
        if string.ascii_uppercase[len(found) : len(found) + 1] == one["letter"]:
            found.append(one)
    if not found or found[0].start():
        return (text,)
    ends = [*(one.start() for one in found[1:]), len(text)]
    return tuple(text[one.end() : end].strip() for one, end in zip(found, ends, strict=True))


def _table(declared: Field, rows: Sequence[Sequence[str]]) -> str:
    if declared.form is TableForm.LINES:
        names = [column.value for column in declared.columns]
        return "\n".join(filled(declared.row, dict(zip(names, row, strict=False))) for row in rows)
    if declared.form is TableForm.MARKDOWN:
        return _markdown(declared, rows)
    return json.dumps([list(row) for row in rows], ensure_ascii=False)


def _markdown(declared: Field, rows: Sequence[Sequence[str]]) -> str:
    heads = [column.value for column in declared.columns]
    whole = [heads, *rows] if heads else list(rows)
    width = max(len(row) for row in whole)
    lines = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] + [""] * (width - len(row)) for row in whole]
    lines.insert(1, ["---"] * width)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


# -- from text and back


def from_text(declared: Field, text: str) -> Value:
    """A value as a cell of a table, a command line or a file has it.

    Options are lines, or divided by `|`; a table is a JSON list of rows, or lines of cells divided by tabs.
    A choice may be given in its words, in either language.
    """
    match declared.kind:
        case FieldKind.OPTIONS:
            return _options_from(text)
        case FieldKind.TABLE:
            return _rows_from(text)
        case FieldKind.CHOICE:
            wanted = text.strip().casefold()
            for choice in declared.choices:
                if wanted in (choice.value.casefold(), *(words.casefold() for words in choice.words.all)):
                    return choice.value
            return text.strip()
        case _:
            return text


def to_text(declared: Field, value: Value) -> str:
    """A value as text, which `from_text` reads back."""
    if isinstance(value, str):
        return value
    if declared.kind is FieldKind.TABLE:
        return json.dumps([list(row) for row in value], ensure_ascii=False)
    return "\n".join(_text(option) for option in value)


def _options_from(text: str) -> tuple[str, ...]:
    parts = text.splitlines()
    if len(parts) < 2:
        parts = re.split(r"[|｜]", text)
    kept = [part.strip() for part in parts if part.strip()]
    letters = [match["letter"] if (match := _LETTERED.match(part)) else "" for part in kept]
    if kept and letters == list(string.ascii_uppercase[: len(kept)]):  # they are lettered again in the prompt
        kept = [_LETTERED.sub("", part, count=1).strip() for part in kept]
    return tuple(kept)


def _rows_from(text: str) -> tuple[tuple[str, ...], ...]:
    from finr1_desk.core.spreadsheet import rows_from_text  # every question knows this module, few hold cells

    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return rows_from_text(text, expected=True)
    if isinstance(data, list) and all(isinstance(row, list) for row in data):
        return tuple(tuple(_cell(cell) for cell in row) for row in data)
    return rows_from_text(text, expected=True)


def _cell(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else str(value)


def _filled_options(value: Value) -> list[str]:
    return [_text(option).strip() for option in value if not is_empty(option)] if not isinstance(value, str) else []


def _rows(value: Value) -> list[list[str]]:
    """The rows that hold something, without the empty cells behind the last column that does."""
    if isinstance(value, str):
        return []
    rows = [[_text(cell).strip() for cell in row] for row in value if not is_empty(row)]
    width = max((max((n for n, cell in enumerate(row, 1) if cell), default=0) for row in rows), default=0)
    return [row[:width] for row in rows]


def _text(value: Value | str) -> str:
    return value if isinstance(value, str) else ""
