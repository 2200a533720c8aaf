"""What a question remembers of the task that made it.

Owns the note on the question's text: which task, what was entered, and how its answer is read. The note is a copy, so
that it stays right when the task is changed or removed. The text itself stays the whole prompt; where it is changed,
the note follows it or is given up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from finr1_desk.core.tasks.file import result_from, result_to_json
from finr1_desk.core.tasks.reader import Reader, TaskFileError
from finr1_desk.core.tasks.task import NO_RESULT, FieldKind, ResultRule, Task, Values, empty
from finr1_desk.core.tasks.values import from_lettered, is_empty, lettered, to_text, written
from finr1_desk.core.tasks.words import Words
from finr1_desk.core.text import well_formed

_MOST_FIELDS: Final = 100
_SUBJECT: Final = 200  # characters


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
            subject = _as_subject(well_formed(written(declared, value, asked_in)))
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


# -- a question that is asked anew in other words


def reworded(note: TaskNote, before: str, after: str) -> TaskNote | None:
    """The note for a question that was edited from one text to another, with what now stands in its fields.

    None where the task's own wording was changed: it is another question then, and its form would show what it is not.
    A field is found by its text, which must stand once in `before`; any other belongs to the wording.
    """
    after = well_formed(after)
    if after == before:
        return note
    places = _places(note, before)
    entered = _between(_wording(before, places), after)
    if entered is None:
        return None
    changed = {place.field.name: text.strip() for place, text in zip(places, entered, strict=True)}
    options = {place.field.name for place in places if place.is_lettered}
    fields, subject = [], note.subject
    for old in note.fields:
        text = changed.get(old.name, old.text.strip())
        if old.name in options:
            text = "\n".join(from_lettered(text))
        if text == old.text.strip():
            fields.append(old)
            continue
        if subject and subject == _as_subject(old.text):
            subject = _as_subject(text)
        if text:
            fields.append(replace(old, text=text))
    return replace(note, fields=tuple(fields), subject=subject)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the text of a field stands in a question."""

    start: int
    end: int
    field: NotedField
    is_lettered: bool


def _places(note: TaskNote, text: str) -> list[_Place]:
    """The fields that can be told from the wording, in the order in which they stand; longer ones are found first."""
    found: list[_Place] = []
    for noted in sorted(note.fields, key=lambda one: -len(one.text)):
        plain = noted.text.strip()
        for form, is_lettered in ((plain, False), (lettered(plain.split("\n")), True)):
            start = text.find(form) if form else -1
            if start < 0 or text.find(form, start + 1) >= 0:
                continue
            end = start + len(form)
            if all(end <= other.start or other.end <= start for other in found):
                found.append(_Place(start, end, noted, is_lettered))
                break
    return sorted(found, key=lambda place: place.start)


def _wording(text: str, places: list[_Place]) -> list[str]:
    """What stands before, between and behind the fields."""
    starts = [0, *(place.end for place in places)]
    ends = [*(place.start for place in places), len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


def _between(wording: list[str], text: str) -> list[str] | None:
    """What stands between the pieces of a wording, one fewer than those; None where the text does not have them all."""
    first, *middle = wording
    last = middle.pop() if middle else ""
    if len(wording) == 1:
        return [] if text == first else None
    end = len(text) - len(last)
    if not (text.startswith(first) and text.endswith(last) and len(first) <= end):
        return None
    position, found = len(first), []
    for piece in middle:
        place = text.find(piece, position, end) if piece.strip() else -1  # nothing between them: none knows where
        if place < 0:
            return None
        found.append(text[position:place])
        position = place + len(piece)
    return [*found, text[position:end]]


def _as_subject(text: str) -> str:
    return " ".join(text.strip()[:_SUBJECT].split())
