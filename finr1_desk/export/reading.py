"""A Markdown file back into a conversation.

Owns what counts as such a file. The markers decide; headings, summaries and whatever else stands outside the texts is
not read. A text that a person has edited is taken as it stands, as long as the markers around it are left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import yaml

from finr1_desk.core.choices import from_texts
from finr1_desk.core.conversation import Conversation, Message, MessageState, Part, Role
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.keeping import folder_name
from finr1_desk.core.records import generation_from_json
from finr1_desk.core.text import well_formed
from finr1_desk.export import front_matter
from finr1_desk.export.frame import Marker, read_marker, shown
from finr1_desk.export.front_matter import FENCE, FORMAT, FORMAT_VERSION, seconds_of
from finr1_desk.export.parts import Announced, part_from_marker

_CONVERSATION: Final = "imported"
_FRONT_MATTER_LINES: Final = 100_000


def from_markdown(text: str, path: str = "") -> tuple[Conversation, list[Message]]:
    """The conversation and its messages, oldest first, under ids of their own.

    Raises:
        UserError: `IMPORT_NOT_CONVERSATION` for a file that this application did not write, or a newer one did;
            `IMPORT_DAMAGED` for one that was cut off or lost markers. Both name the path and the line.
    """
    # Files are written without CR; one that has some went through a tool that prefers them.
    text = well_formed(text).removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return _Reader(text.split("\n"), path).read()


@dataclass(slots=True)
class _Draft:
    """A message whose texts are still to come."""

    line: int
    number: int
    parent: int | None
    message: Message
    parts: list[Part | Announced]


@dataclass(slots=True)
class _Reader:
    lines: Sequence[str]
    path: str
    boundary: str = ""
    drafts: list[_Draft] = field(default_factory=list)

    def read(self) -> tuple[Conversation, list[Message]]:
        end, values = self._front_matter()
        try:
            self.boundary = _text(values, "boundary")
            conversation = Conversation(
                id=_CONVERSATION,
                title=_text(values, "title"),
                system_prompt=_text(values, "system_prompt") if "system_prompt" in values else None,
                head_id=str(int(_text(values, "head"))) if "head" in values else None,
                created_at=seconds_of(values.get("created_at")),
                updated_at=seconds_of(values.get("updated_at")),
                title_is_own=values.get("title_is_own") == "true",
                folder=folder_name(_text(values, "folder")) or None if "folder" in values else None,
                pinned=values.get("pinned") == "true",
                choices=from_texts(values.get("choices")),
            )
        except (ValueError, OverflowError):
            raise self._damaged(1) from None
        if not self.boundary:
            raise self._damaged(1)
        self._body(end + 1)
        messages = self._messages()
        if conversation.head_id is not None and conversation.head_id not in {message.id for message in messages}:
            raise self._damaged(1)
        return conversation, messages

    # -- front matter

    def _front_matter(self) -> tuple[int, Mapping[str, Any]]:
        """The index of its last line, and its values."""
        if self.lines[0].rstrip() != FENCE:
            raise self._foreign(1)
        last = min(len(self.lines), _FRONT_MATTER_LINES)
        end = next((i for i in range(1, last) if self.lines[i].rstrip() == FENCE), None)
        ours = any(line.rstrip() == f"format: {FORMAT}" for line in self.lines[1:end])
        if end is None:
            raise self._refused(len(self.lines) if ours else 1, ours)
        try:
            values = front_matter.read("\n".join([*self.lines[1:end], ""]))
        except yaml.MarkedYAMLError as error:
            line = 2 + (error.problem_mark.line if error.problem_mark else 0)
            raise self._refused(line, ours) from None
        except (yaml.YAMLError, ValueError, RecursionError):
            raise self._refused(1, ours) from None
        if values.get("format") != FORMAT or values.get("format_version") != str(FORMAT_VERSION):
            raise self._foreign(1)
        return end, values

    # -- messages

    def _body(self, start: int) -> None:
        position = start
        while position < len(self.lines):
            marker = self._marker(position)
            if marker is None:
                position += 1
            elif marker.kind == "message":
                self._complete()
                self.drafts.append(self._draft(position, marker))
                position += 1
            elif marker.kind == "text":
                position = self._region(position, marker)
            elif marker.kind == "end" and marker.data.get("messages") == len(self.drafts):
                self._complete()
                return
            else:
                raise self._damaged(position + 1)
        raise self._damaged(len(self.lines))  # cut off

    def _marker(self, position: int) -> Marker | None:
        try:
            return read_marker(self.lines[position], self.boundary)
        except (ValueError, RecursionError):
            raise self._damaged(position + 1) from None

    def _draft(self, position: int, marker: Marker) -> _Draft:
        data = marker.data
        try:
            number = data["number"]
            parent = data.get("parent")
            if type(number) is not int or type(parent) not in (int, type(None)):
                raise ValueError("messages are numbered")
            generation = data.get("generation")
            thinking_open = data.get("thinking_open")
            message = Message(
                id=str(number),
                conversation_id=_CONVERSATION,
                parent_id=None if parent is None else str(parent),
                role=Role(data["role"]),
                parts=(),
                state=MessageState(data["state"]),
                created_at=seconds_of(data["created_at"]),
                generation=None if generation is None else generation_from_json(generation),
                thinking_open=thinking_open if isinstance(thinking_open, bool) else None,
            )
            return _Draft(position + 1, number, parent, message, [part_from_marker(part) for part in data["parts"]])
        except (KeyError, TypeError, ValueError, OverflowError):
            raise self._damaged(position + 1) from None

    def _region(self, position: int, opening: Marker) -> int:
        """Reads the text that starts after this line; returns the position after its end."""
        parts = self.drafts[-1].parts if self.drafts else []
        place, due = next(((i, part) for i, part in enumerate(parts) if isinstance(part, Announced)), (0, None))
        if due is None:
            raise self._damaged(position + 1)
        end, closing = self._next_marker(position + 1)
        if closing.kind != "/text":
            raise self._damaged(end + 1)
        text = "\n".join(_without(self.lines[position + 1 : end], closing.data.get("closed")))
        exact = opening.data.get("exact")
        # What no text file can hold stands in the marker, and counts unless the text was edited.
        if isinstance(exact, str) and shown(due.kind, exact) == text:
            text = exact
        parts[place] = due.with_text(text)
        return end + 1

    def _next_marker(self, start: int) -> tuple[int, Marker]:
        for position in range(start, len(self.lines)):
            if (marker := self._marker(position)) is not None:
                return position, marker
        raise self._damaged(len(self.lines))

    def _complete(self) -> None:
        """The last message has all its texts, or the file lost one."""
        if self.drafts and any(isinstance(part, Announced) for part in self.drafts[-1].parts):
            raise self._damaged(self.drafts[-1].line)

    def _messages(self) -> list[Message]:
        numbers = {draft.number for draft in self.drafts}
        seen: set[int] = set()
        children: dict[int | None, list[int]] = {}
        for draft in self.drafts:
            if draft.number in seen or (draft.parent is not None and draft.parent not in numbers):
                raise self._damaged(draft.line)
            seen.add(draft.number)
            children.setdefault(draft.parent, []).append(draft.number)
        reached: set[int] = set()
        waiting = list(children.get(None, ()))
        while waiting:
            number = waiting.pop()
            reached.add(number)
            waiting += children.get(number, ())
        for draft in self.drafts:
            if draft.number not in reached:  # its own ancestor
                raise self._damaged(draft.line)
        return [
            replace(draft.message, parts=tuple(part for part in draft.parts if isinstance(part, Part)))
            for draft in sorted(self.drafts, key=lambda draft: draft.number)
        ]

    # -- errors

    def _refused(self, line: int, ours: bool) -> UserError:
        return self._damaged(line) if ours else self._foreign(line)

    def _damaged(self, line: int) -> UserError:
        return UserError(ErrorCode.IMPORT_DAMAGED, path=self.path, line=line)

    def _foreign(self, line: int) -> UserError:
        return UserError(ErrorCode.IMPORT_NOT_CONVERSATION, path=self.path, line=line)


def _without(lines: Sequence[str], closed: Any) -> Sequence[str]:
    """The lines without those that the frame added at their end."""
    if isinstance(closed, list) and closed and list(lines[-len(closed) :]) == closed:
        return lines[: -len(closed)]
    return lines


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} is text")
    return value
