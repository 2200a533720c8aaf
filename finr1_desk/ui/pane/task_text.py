"""A question that a task made, as it is shown: the task's name and what was entered; and the result of its answer.

Owns these wordings. The question's own text is the whole prompt, and stays a click away.
"""

from __future__ import annotations

from finr1_desk.core.tasks.note import TaskNote
from finr1_desk.core.tasks.results import read
from finr1_desk.core.tasks.task import ResultKind
from finr1_desk.ui.language import spoken_language

LONGEST_ENTRY = 600  # characters of one field; the whole of it stands in the prompt


def heading(note: TaskNote) -> str:
    return note.name.said(spoken_language()) or note.task_id


def entries(note: TaskNote) -> str:
    """What was entered, field by field; of a single field its text alone."""
    if len(note.fields) == 1:
        return _shortened(note.fields[0].text)
    spoken = spoken_language()
    return "\n".join(f"{field.label.said(spoken) or field.name}: {_shortened(field.text)}" for field in note.fields)


def result_of(note: TaskNote, answer: str) -> tuple[str, str] | None:
    """What the result is called and what it is: «Compliant», «No (否)»; None where none can be told."""
    result = read(note.result, answer)
    if result is None:
        return None
    spoken = spoken_language()
    words = result.words.said(spoken)
    if result.kind is ResultKind.LABEL and words.casefold() != result.value.casefold():
        words = f"{words} ({result.value})"
    return result.name.said(spoken), words


def _shortened(text: str) -> str:
    text = text.strip()
    return text if len(text) <= LONGEST_ENTRY else f"{text[:LONGEST_ENTRY].rstrip()}…"
