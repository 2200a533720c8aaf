"""A conversation as a Markdown file.

Owns the layout: front matter, one heading a turn, reasoning folded away, answers as they were written. `reading` takes
the same files apart; both are built on `frame`. The words of the frame are English unless a caller brings its own.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from finr1_desk.core.conversation import Conversation, Message, Part, PartKind, Role, branch
from finr1_desk.core.records import generation_to_json
from finr1_desk.core.text import well_formed
from finr1_desk.export.files import safe_file_name, write_file
from finr1_desk.export.frame import Marker, boundary_for, closers, shown
from finr1_desk.export.front_matter import describe, iso
from finr1_desk.export.options import ENGLISH, Labels
from finr1_desk.export.parts import announced, note_text
from finr1_desk.export.reading import from_markdown

__all__ = ["Labels", "from_markdown", "safe_file_name", "to_markdown", "write_file"]

_ACTIVE: Final = re.compile(r"([\\`*_\[\]<>#|$~&!])")


def to_markdown(
    conversation: Conversation,
    messages: Sequence[Message],
    *,
    application_version: str,
    exported_at: float,
    all_branches: bool,
    labels: Labels = ENGLISH,
) -> str:
    """The whole file as text.

    Args:
        messages: the conversation's tree, oldest first.
        exported_at: seconds since the epoch.
        all_branches: also the messages that are not on the shown branch.
    """
    by_id = {message.id: message for message in messages}
    shown_branch = branch(by_id, conversation.head_id)
    on_branch = {message.id for message in shown_branch}
    chosen = [message for message in messages if all_branches or message.id in on_branch]
    numbers = {message.id: number for number, message in enumerate(chosen, 1)}
    generations = [message.generation for message in chosen if message.generation is not None]
    boundary = boundary_for(_texts(conversation, chosen))
    writer = _Writer(boundary, numbers, labels)
    head = None if conversation.head_id is None else numbers[conversation.head_id]
    blocks = [
        describe(
            conversation,
            generations[-1] if generations else None,
            boundary=boundary,
            head=head,
            all_branches=all_branches,
            application_version=application_version,
            exported_at=exported_at,
        )
    ]
    if title := _inline(conversation.title):
        blocks.append(f"# {title}\n")
    blocks += [writer.message(message) for message in shown_branch]
    others = [message for message in chosen if message.id not in on_branch]
    if others:
        blocks.append(f"# {labels.other_branches}\n")
        blocks += [writer.message(message, aside=True) for message in others]
    blocks.append(Marker("end", {"messages": len(chosen)}).line(boundary) + "\n")
    return "\n".join(blocks)


def _texts(conversation: Conversation, messages: Iterable[Message]) -> list[str]:
    texts = [conversation.title, conversation.folder or "", conversation.system_prompt or ""]
    for message in messages:
        texts += [part.text for part in message.parts]
        texts += [note_text(part.task) for part in message.parts if part.task]
        if (generation := message.generation) is not None:
            texts += [generation.model.name, generation.model.file_name, generation.error or ""]
    return [well_formed(text) for text in texts]


def _inline(text: str) -> str:
    """A text for a heading: on one line, and without any meaning to Markdown."""
    return _ACTIVE.sub(r"\\\1", " ".join(well_formed(text).replace("\0", " ").split()))


def _in_frame(part: Part) -> bool:
    """Whether a part stands in its message's marker: tags, and what is blank."""
    return part.kind is PartKind.TAG or not part.text.strip()


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes messages; each returned block ends with a line end."""

    boundary: str
    numbers: dict[str, int]
    labels: Labels

    def message(self, message: Message, *, aside: bool = False) -> str:
        blocks = [
            Marker("message", self._data(message)).line(self.boundary),
            f"## {self._heading(message, aside)}",
        ]
        for part in message.parts:
            if not _in_frame(part):
                blocks.append(self._part(message, part))
        if note := self.labels.of_state(message.state):
            blocks.append(f"*{_inline(note)}*")
        return "\n\n".join(blocks) + "\n"

    def _data(self, message: Message) -> dict[str, Any]:
        data: dict[str, Any] = {
            "number": self.numbers[message.id],
            "role": message.role.value,
            "state": message.state.value,
            "created_at": iso(message.created_at),
            "parts": [announced(part, with_text=_in_frame(part)) for part in message.parts],
        }
        if message.parent_id is not None:
            data["parent"] = self.numbers[message.parent_id]
        if message.thinking_open is not None:
            data["thinking_open"] = message.thinking_open
        if message.generation is not None:
            data["generation"] = generation_to_json(message.generation)
        return data

    def _heading(self, message: Message, aside: bool) -> str:
        if message.role is Role.USER:
            name = self.labels.question
        elif message.generation is not None:
            model = message.generation.model
            name = " ".join(filter(None, (model.name, model.quantisation))) or self.labels.answer
        else:
            name = self.labels.answer
        heading = f"{self.numbers[message.id]} · {_inline(name)}"
        if not aside:
            return heading
        if message.parent_id is None:
            return f"{heading} ({self.labels.another_beginning})"
        return f"{heading} ({self.labels.follows.format(number=self.numbers[message.parent_id])})"

    def _part(self, message: Message, part: Part) -> str:
        region = self._region(part)
        if part.kind is not PartKind.THINK:
            return region
        summary = html.escape(self.labels.of_thinking(message.generation))
        return f"<details>\n<summary>{summary}</summary>\n\n{region}\n\n</details>"

    def _region(self, part: Part) -> str:
        text = shown(part.kind, part.text)
        exact = well_formed(part.text)
        added = closers(text)
        return "\n".join(
            [
                Marker("text", {} if text == exact else {"exact": exact}).line(self.boundary),
                text,
                *added,
                Marker("/text", {"closed": added} if added else {}).line(self.boundary),
            ]
        )
