"""What a question remembers of the task that made it.

Owns the note on the question's text: which task, what was entered, and how its answer is read. The note is a copy, so
that it stays right when the task is changed or removed. The text itself stays the whole prompt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from finr1_desk.core.tasks.file import result_from, result_to_json
from finr1_desk.core.tasks.reader import Reader, TaskFileError
from finr1_desk.core.tasks.task import NO_RESULT, FieldKind, ResultRule, Task, Values, empty
from finr1_desk.core.tasks.values import is_empty, to_text, written
from finr1_desk.core.tasks.words import Words
from finr1_desk.core.text import well_formed

_MOST_FIELDS = 100
_SUBJECT = 200  # characters


@dataclass(frozen=True, slots=True)
class NotedField:
    """One entry of the form, as text; `from_text` reads it back into a form."""

    name: str
    label: Words
    text: str


@dataclass(frozen=True, slots=True)
class TaskNote:
    """The task of a question. `subject` is what a conversation is called after; it may be empty."""

    task_id: str
    name: Words
    language: str
    fields: tuple[NotedField, ...]
    result: ResultRule = NO_RESULT
    subject: str = ""


def note_of(task: Task, values: Values, language: str) -> TaskNote:
    """The note for a question that was made of these values; entries that are empty are left out."""
    asked_in = task.language_for(language)
    noted, subject = [], ""
    for declared in task.fields:
        value = values.get(declared.name, empty(declared))
        if is_empty(value):
            continue
        noted.append(NotedField(declared.name, declared.label, well_formed(to_text(declared, value))))
        if declared.subject and not subject and declared.kind is not FieldKind.TABLE:
            subject = " ".join(well_formed(written(declared, value, asked_in)[:_SUBJECT]).split())
    return TaskNote(task.id, task.name, asked_in, tuple(noted), task.result, subject)


def note_to_json(note: TaskNote) -> dict[str, Any]:
    record: dict[str, Any] = {"task": note.task_id, "name": note.name.to_json(), "language": note.language}
    record["fields"] = [{"name": f.name, "label": f.label.to_json(), "text": f.text} for f in note.fields]
    if note.result != NO_RESULT:
        record["result"] = result_to_json(note.result)
    if note.subject:
        record["subject"] = note.subject
    return record


def note_from_json(value: object) -> TaskNote | None:
    """The note; None for anything that is none, such as one of a newer version: the question is complete without."""
    if not isinstance(value, Mapping):
        return None
    record = Reader(value, "task")
    try:
        return TaskNote(
            task_id=record.text("task"),
            name=record.words("name", required=True),
            language=record.text("language"),
            fields=tuple(
                NotedField(item.text("name"), item.words("label"), item.text("text"))
                for item in record.tables("fields", most=_MOST_FIELDS)
            ),
            result=result_from(record.table("result", {})),
            subject=record.text("subject", ""),
        )
    except TaskFileError:
        return None
