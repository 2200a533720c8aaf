"""The parts of a message as its marker announces them.

Owns their written form, and the note of the task that made a text: it stands in the marker, bound to the very text by
a digest, because a form must not be shown for words that somebody has changed in the file.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

from finr1_desk.core.conversation import Part, PartKind
from finr1_desk.core.tasks.note import TaskNote, note_from_json, note_to_json
from finr1_desk.core.text import well_formed


@dataclass(frozen=True, slots=True)
class Announced:
    """A part whose text follows in the file. `digest` is that of the text which `task` made."""

    kind: PartKind
    task: TaskNote | None = None
    digest: str = ""

    def with_text(self, text: str) -> Part:
        """The part; without its task where the text is another one now."""
        return Part(self.kind, text, self.task if self.task is not None and self.digest == _digest(text) else None)


def announced(part: Part, *, with_text: bool) -> dict[str, Any]:
    record: dict[str, Any] = {"kind": part.kind.value}
    if with_text:
        record["text"] = well_formed(part.text)
    if part.task is not None:
        record["task"] = json.loads(note_text(part.task))
        record["made"] = _digest(part.text)
    return record


def note_text(note: TaskNote) -> str:
    """All that the file holds of a note."""
    return well_formed(json.dumps(note_to_json(note), ensure_ascii=False))


def part_from_marker(value: Any) -> Part | Announced:
    """A part of a message's marker: with its text, or one whose text follows.

    Raises:
        KeyError, TypeError, ValueError: this is none.
    """
    kind = PartKind(value["kind"])
    made = value.get("made")
    waiting = Announced(kind)
    if isinstance(made, str) and (task := note_from_json(value.get("task"))) is not None:
        # A file of any origin may hold halves of surrogate pairs, which the store does not take.
        waiting = replace(waiting, task=note_from_json(json.loads(note_text(task))), digest=made)
    if "text" not in value:
        return waiting
    if not isinstance(value["text"], str):
        raise ValueError("a text is text")
    return waiting.with_text(value["text"])


def _digest(text: str) -> str:
    return hashlib.sha256(well_formed(text).encode()).hexdigest()[:16]
