"""A task as a TOML file: read with everything checked, and written.

Owns the format. A file may come from anybody: what is in it is data and is never run, its size is bounded, and what
is wrong with it is told with the place. It opens no files.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar

from finr1_desk.core.errors import UserError
from finr1_desk.core.sampling import checked
from finr1_desk.core.tasks.reader import Reader, TaskFileError, What
from finr1_desk.core.tasks.task import (
    LONGEST_LONG,
    LONGEST_TEXT,
    Choice,
    Example,
    Field,
    FieldKind,
    Label,
    ResultKind,
    ResultRule,
    TableForm,
    Task,
    Tone,
    Value,
)
from finr1_desk.core.tasks.template import NAME, names
from finr1_desk.core.tasks.values import from_text, problem
from finr1_desk.core.tasks.words import LANGUAGES, Words

MOST_BYTES: Final = 1_000_000
ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_MOST: Final = 100  # fields, labels, choices: more are no form

E = TypeVar("E", bound=StrEnum)


def task_from_toml(text: str, id: str, *, is_own: bool) -> Task:
    """The task that a file describes; `id` is the file's name without its ending.

    Raises:
        TaskFileError: it describes none.
    """
    if len(text) > MOST_BYTES:
        raise TaskFileError("", What.TOO_LARGE)
    if not ID.fullmatch(id):
        raise TaskFileError("", What.BAD_NAME, id)
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise TaskFileError("", What.NOT_TOML, str(error)) from None
    return _task(Reader(data, ""), id, is_own)


def _task(record: Reader, id: str, is_own: bool) -> Task:
    prompts = record.table("prompt")
    templates = {language: text for language in LANGUAGES if (text := prompts.text(language, "")).strip()}
    prompts.done()
    if not templates:
        raise TaskFileError("prompt", What.MISSING)
    fields = tuple(_field(item) for item in record.tables("fields", least=1, most=_MOST))
    if twice := _twice([declared.name for declared in fields]):
        raise TaskFileError("fields", What.TWICE, twice)
    for language, template in templates.items():
        for name in names(template):
            if all(declared.name != name for declared in fields):
                raise TaskFileError(f"prompt.{language}", What.NO_FIELD, name)
    for declared in fields:
        if all(declared.name not in names(template) for template in templates.values()):
            raise TaskFileError(f"fields.{declared.name}", What.NOT_USED, declared.name)
    task = Task(
        id=id,
        name=record.words("name", required=True),
        description=record.words("description"),
        fields=fields,
        prompts=templates,
        result=result_from(record.table("result", {})),
        examples=tuple(_example(item, fields, templates) for item in record.tables("examples", most=_MOST)),
        trained=record.flag("trained"),
        system_prompt=record.text("system_prompt", None),
        sampling=_sampling(record),
        order=int(record.number("order") or 1000),
        is_own=is_own,
    )
    record.done()
    return task


def _sampling(record: Reader) -> dict[str, float | int]:
    values = record.raw("sampling", dict, {})
    try:
        return checked(values)
    except UserError as error:
        name, value = (str(error.params.get(key)) for key in ("name", "value"))
        raise TaskFileError(f"sampling.{name}", What.NOT_ALLOWED, value) from None


def _field(record: Reader) -> Field:
    name = record.text("name")
    if not NAME.fullmatch(name):
        raise TaskFileError(f"{record.where}.name", What.BAD_NAME, name)
    kind = _one_of(record, "kind", FieldKind, FieldKind.LONG)
    choices = tuple(_choice(item) for item in record.tables("choices", most=_MOST))
    columns = tuple(_choice(item) for item in record.tables("columns", most=_MOST))
    form = _one_of(record, "form", TableForm, TableForm.ROWS)
    declared = Field(
        name=name,
        kind=kind,
        label=record.words("label") or Words(name, name),
        help=record.words("help"),
        required=record.flag("required", True),
        least=record.number("least"),
        most=record.number("most"),
        longest=int(record.number("longest") or (LONGEST_TEXT if kind is FieldKind.TEXT else LONGEST_LONG)),
        default=record.text("default", ""),
        choices=choices,
        columns=columns,
        form=form,
        row=record.text("row", ""),
        subject=record.flag("subject"),
    )
    record.done()
    _check_field(declared, record.where)
    return declared


def _check_field(declared: Field, where: str) -> None:
    if declared.kind is FieldKind.CHOICE and not declared.choices:
        raise TaskFileError(f"{where}.choices", What.MISSING)
    if twice := _twice([choice.value for choice in (*declared.choices, *declared.columns)]):
        raise TaskFileError(f"{where}.choices", What.TWICE, twice)
    if declared.form is TableForm.LINES:
        columns = [column.value for column in declared.columns]
        if not columns:
            raise TaskFileError(f"{where}.columns", What.MISSING)
        if not declared.row:
            raise TaskFileError(f"{where}.row", What.MISSING)
        for name in names(declared.row):
            if name not in columns:
                raise TaskFileError(f"{where}.row", What.NO_FIELD, name)
    if not 1 <= declared.longest <= LONGEST_LONG:
        raise TaskFileError(f"{where}.longest", What.NOT_ALLOWED, str(declared.longest))
    if declared.default and problem(declared, from_text(declared, declared.default)) is not None:
        raise TaskFileError(f"{where}.default", What.NOT_ALLOWED, declared.default)


def _choice(record: Reader) -> Choice:
    value = record.text("value")
    words = Words(record.text("en", ""), record.text("zh_CN", "")) or Words(value, value)
    record.done()
    return Choice(value, words)


def _example(record: Reader, fields: tuple[Field, ...], templates: Mapping[str, str]) -> Example:
    language = record.text("language", next(iter(templates)))
    if language not in LANGUAGES:
        raise TaskFileError(f"{record.where}.language", What.NOT_ALLOWED, language)
    given = record.raw("values", dict, {})
    values: dict[str, Value] = {}
    for name, value in given.items():
        declared = next((one for one in fields if one.name == name), None)
        if declared is None:
            raise TaskFileError(f"{record.where}.values", What.NO_FIELD, name)
        values[name] = value_from(declared, value, f"{record.where}.values.{name}")
        wrong = problem(declared, values[name])
        if wrong is not None:
            raise TaskFileError(f"{record.where}.values.{name}", What.NOT_ALLOWED, wrong.kind.value)
    for declared in fields:
        if declared.required and declared.name not in values and not declared.default:
            raise TaskFileError(f"{record.where}.values.{declared.name}", What.MISSING)
    example = Example(language, values, record.text("answer", ""), record.flag("built_in"))
    record.done()
    return example


def value_from(declared: Field, value: object, where: str) -> Value:
    """The value of a field as TOML or JSON has it: a text, or lists of texts.

    Raises:
        TaskFileError: it is of another type.
    """
    if isinstance(value, str):
        return from_text(declared, value)
    if isinstance(value, list) and declared.kind is FieldKind.OPTIONS and all(isinstance(v, str) for v in value):
        return tuple(value)
    if isinstance(value, list) and declared.kind is FieldKind.TABLE and all(map(_is_row, value)):
        return tuple(tuple(row) for row in value)
    raise TaskFileError(where, What.WRONG_TYPE)


def _is_row(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(cell, str) for cell in value)


def result_from(record: Reader) -> ResultRule:
    """How a result is read, as a file or a note has it.

    Raises:
        TaskFileError: it makes no sense.
    """
    rule = ResultRule(
        kind=_one_of(record, "kind", ResultKind, ResultKind.NONE),
        name=record.words("name"),
        labels=tuple(_label(item) for item in record.tables("labels", most=_MOST)),
    )
    record.done()
    if rule.kind is ResultKind.LABEL and len(rule.labels) < 2:
        raise TaskFileError(f"{record.where}.labels", What.MISSING)
    if twice := _twice([label.value for label in rule.labels]):
        raise TaskFileError(f"{record.where}.labels", What.TWICE, twice)
    return rule


def _label(record: Reader) -> Label:
    value = record.text("value")
    label = Label(
        value,
        Words(record.text("en", ""), record.text("zh_CN", "")) or Words(value, value),
        also=tuple(record.texts("also")),
        tone=_one_of(record, "tone", Tone, Tone.PLAIN),
    )
    record.done()
    if not value.strip():
        raise TaskFileError(f"{record.where}.value", What.MISSING)
    return label


def _one_of(record: Reader, key: str, kind: type[E], default: E) -> E:
    text = record.text(key, default.value)
    try:
        return kind(text)
    except ValueError:
        raise TaskFileError(f"{record.where}.{key}".strip("."), What.NOT_ALLOWED, text) from None


def _twice(values: list[str]) -> str:
    return next((value for number, value in enumerate(values) if value in values[:number]), "")


def result_to_json(rule: ResultRule) -> dict[str, Any]:
    """What `result_from` reads."""
    record: dict[str, Any] = {"kind": rule.kind.value}
    if rule.name:
        record["name"] = rule.name.to_json()
    if rule.labels:
        record["labels"] = [_label_to_json(label) for label in rule.labels]
    return record


def _label_to_json(label: Label) -> dict[str, Any]:
    record: dict[str, Any] = {"value": label.value, **label.words.to_json()}
    if label.also:
        record["also"] = list(label.also)
    if label.tone is not Tone.PLAIN:
        record["tone"] = label.tone.value
    return record
