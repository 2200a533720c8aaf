"""One task over the rows of a table: which column fills which field, and what is asked for each row.

Owns the way from a row to a request to the engine. It knows no Qt: the window and the terminal run the same job.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import GenerateRequest, ModelRequest
from finr1_desk.core.prompts import Turn
from finr1_desk.core.tasks.task import FieldKind, Task, Value
from finr1_desk.core.tasks.values import from_text, problems, prompt
from finr1_desk.core.tasks.writing import task_to_toml
from finr1_desk.export.table_reading import Table

_SHOWN_COLUMNS: Final = 20


@dataclass(frozen=True, slots=True)
class Manner:
    """How the answers are made, in all rows alike.

    Attributes:
        overrides: sampling parameters that are asked for.
        seed: for every row; None lets each have its own, which is noted.
    """

    model: ModelRequest
    system_prompt: str | None
    overrides: Mapping[str, float | int] = field(default_factory=dict)
    seed: int | None = None
    max_think: int = 0
    stop_loops: bool = True
    prompt_lookup: bool = True


@dataclass(frozen=True, slots=True)
class Job:
    """A task, a table, and how they go together. `columns` maps fields to headings, `constants` fields to texts."""

    task: Task
    table: Table
    columns: Mapping[str, str]
    constants: Mapping[str, str]
    language: str
    manner: Manner

    def values(self, row: int) -> dict[str, Value]:
        """The filled form of a row."""
        cells = dict(zip(self.table.header, self.table.rows[row], strict=True))
        values = self.task.defaults()
        for declared in self.task.fields:
            if declared.name in self.columns:
                text = cells[self.columns[declared.name]]
            elif declared.name in self.constants:
                text = self.constants[declared.name]
            else:
                continue
            if text.strip() or not declared.default:
                values[declared.name] = from_text(declared, text)
        return values

    def request(self, row: int) -> GenerateRequest:
        """What the engine is asked for a row.

        Raises:
            UserError: `TASK_FIELD`: the row does not fill the form.
        """
        values = self.values(row)
        for wrong in problems(self.task, values):
            label = wrong.field.label.said(self.language)
            raise UserError(ErrorCode.TASK_FIELD, field=label, what=wrong.kind.value, bound=wrong.limit)
        system = self.manner.system_prompt
        text = prompt(self.task, values, self.language)
        return GenerateRequest(
            model=self.manner.model,
            turns=(*((Turn("system", system),) if system else ()), Turn("user", text)),
            overrides=self.manner.overrides,
            seed=self.manner.seed,
            max_think=self.manner.max_think,
            stop_loops=self.manner.stop_loops,
            prompt_lookup=self.manner.prompt_lookup,
        )

    def marks(self) -> dict[str, str]:
        """By what a later run tells whether it goes on with the same work: hashes, and the model's file."""
        manner = self.manner
        options: dict[str, Any] = {
            "columns": dict(self.columns),
            "constants": dict(self.constants),
            "language": self.task.language_for(self.language),
            "system_prompt": manner.system_prompt,
            "overrides": dict(manner.overrides),
            "seed": manner.seed,
            "max_think": manner.max_think,
        }
        return {
            "input": self.table.sha256,
            "task": _hash(task_to_toml(self.task)),
            "options": _hash(json.dumps(options, sort_keys=True)),
            "model": manner.model.path,
        }


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def columns_for(
    task: Task, header: Sequence[str], given: Mapping[str, str], constants: Mapping[str, str]
) -> dict[str, str]:
    """Which column fills which field: as given, else the one of the field's name or label.

    Where a task has one field that must be filled, and no column is called like it, a table of one column fills it.

    Raises:
        UserError: `BAD_VALUE` for a field that there is none of, `COLUMN_UNKNOWN`, `COLUMN_MISSING`.
    """
    known = {declared.name for declared in task.fields}
    for name in (*given, *constants):
        if name not in known:
            raise UserError(ErrorCode.BAD_VALUE, name=name, value=given.get(name, constants.get(name, "")))
    folded = {" ".join(heading.casefold().split()): heading for heading in reversed(header)}
    columns: dict[str, str] = {}
    for declared in task.fields:
        if declared.name in given:
            heading = folded.get(" ".join(given[declared.name].casefold().split()))
            if heading is None:
                raise UserError(ErrorCode.COLUMN_UNKNOWN, column=given[declared.name], columns=_listed(header))
            columns[declared.name] = heading
        elif declared.name not in constants:
            found = (folded.get(" ".join(name.casefold().split())) for name in (declared.name, *declared.label.all))
            heading = next((name for name in found if name is not None), None)
            if heading is not None:
                columns[declared.name] = heading
    missing = [f for f in task.fields if f.required and not f.default and f.name not in {*columns, *constants}]
    if len(missing) == 1 and len(header) == 1 and not columns and missing[0].kind is not FieldKind.TABLE:
        return {missing[0].name: header[0]}
    if missing:
        raise UserError(ErrorCode.COLUMN_MISSING, field=missing[0].name, columns=_listed(header))
    return columns


def _listed(header: Sequence[str]) -> str:
    shown = ", ".join(header[:_SHOWN_COLUMNS])
    return shown if len(header) <= _SHOWN_COLUMNS else f"{shown}, …"
