"""What a conversation of another application is turned into before it is one of ours.

Owns the drafts that every source fills, the reading of single values of which nothing is certain, and the rules by
which a foreign tree becomes a conversation: what cannot be shown steps aside, answers in several pieces are one, a
question that was never answered gets an empty answer. It knows no file format.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from finr1_desk.core.conversation import (
    Conversation,
    Generation,
    Message,
    MessageState,
    ModelIdentity,
    Part,
    PartKind,
    Role,
    deepest_head,
    text_of,
    title_from,
)
from finr1_desk.core.reasoning import split
from finr1_desk.core.sampling import Sampling
from finr1_desk.core.text import well_formed

Read = tuple[Conversation, list[Message]]

_CONVERSATION: Final = "imported"
_EARLIEST: Final = 0.0
_LATEST: Final = 253_402_300_000.0  # the end of the year 9999
_MILLISECONDS: Final = 100_000_000_000.0  # as seconds, that would be the year 5138
_LONGEST_TITLE: Final = 500


class UnreadableError(Exception):
    """This is no conversation of the kind that was expected."""


@dataclass(frozen=True, slots=True)
class DraftMessage:
    """A message under the id it had; `role` None is for what is not shown, whose replies follow its parent."""

    id: str
    parent: str | None
    role: Role | None
    parts: tuple[Part, ...] = ()
    created_at: float | None = None
    model: str = ""
    state: MessageState = MessageState.COMPLETE


@dataclass(slots=True)
class Draft:
    """A conversation; `current` is the id of the message at which it was left."""

    title: str = ""
    system_prompt: str = ""
    current: str | None = None
    created_at: float | None = None
    updated_at: float | None = None
    messages: list[DraftMessage] = field(default_factory=list)


# -- single values


def mapping(value: object) -> Mapping[str, Any]:
    """
    Raises:
        UnreadableError: this is no mapping.
    """
    if not isinstance(value, Mapping):
        raise UnreadableError("no mapping")
    return value


def maybe_mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def items(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def text(value: object) -> str:
    return well_formed(value).replace("\r\n", "\n") if isinstance(value, str) else ""


def moment(value: object) -> float | None:
    """Seconds since the epoch, from seconds, milliseconds or ISO 8601; None for anything else."""
    if isinstance(value, str):
        try:
            parsed = datetime.fromisoformat(value.strip())
            value = (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        seconds = float(value)
    except OverflowError:
        return None
    if abs(seconds) >= _MILLISECONDS:
        seconds /= 1000
    return seconds if math.isfinite(seconds) and _EARLIEST < seconds < _LATEST else None


def question_parts(words: str) -> tuple[Part, ...]:
    return (Part(PartKind.TEXT, words),) if words.strip() else ()


def answer_parts(think: str, answer: str) -> tuple[Part, ...]:
    """An answer whose reasoning came apart from it, with the tags that the model would have written."""
    if not think.strip():
        return split(answer) if answer.strip() else ()
    parts = [Part(PartKind.TAG, "<think>\n"), Part(PartKind.THINK, think.strip()), Part(PartKind.TAG, "\n</think>\n")]
    return (*parts, Part(PartKind.ANSWER, answer.strip("\n"))) if answer.strip() else tuple(parts)


def fenced(words: str, language: str = "") -> str:
    """The text as a block of code, whatever it holds."""
    fence = "```"
    while fence in words:
        fence += "`"
    return f"{fence}{language}\n{words}\n{fence}"


# -- the tree


def finish(draft: Draft, now: float) -> Read:
    """The conversation with ids of its own, parents before children.

    Args:
        now: stands for dates that are missing.

    Raises:
        UnreadableError: there is nothing to show.
    """
    tree = _Tree(draft.messages)
    shown = tree.shown()
    if not shown:
        raise UnreadableError("no messages")
    begun = draft.created_at or min((m.created_at for m in shown if m.created_at is not None), default=now)
    messages: list[Message] = []
    numbers: dict[str, str] = {}
    for message in shown:
        parent = None if message.parent is None else messages[int(numbers[message.parent])]
        numbers[message.id] = str(len(messages))
        messages.append(_message(message, str(len(messages)), parent, begun))
    head = tree.survivor(draft.current)
    head_id = numbers[head] if head in numbers else deepest_head(messages)
    title = " ".join(draft.title.split())[:_LONGEST_TITLE]
    latest = max(message.created_at for message in messages)
    first_question = next((message.raw for message in messages if message.role is Role.USER), messages[0].answer)
    conversation = Conversation(
        id=_CONVERSATION,
        title=title or title_from(first_question),
        system_prompt=draft.system_prompt.strip() or None,
        head_id=head_id,
        created_at=begun,
        updated_at=draft.updated_at or max(latest, begun),
        title_is_own=bool(title),
    )
    return conversation, messages


def _message(draft: DraftMessage, id: str, parent: Message | None, begun: float) -> Message:
    generation = None
    if draft.role is Role.ASSISTANT and draft.model:
        # Only the model's name is known; without a version of this application the rest says nothing.
        generation = Generation(ModelIdentity(draft.model, "", ""), Sampling(), 0, "")
    earliest = begun if parent is None else parent.created_at
    return Message(
        id=id,
        conversation_id=_CONVERSATION,
        parent_id=None if parent is None else parent.id,
        role=draft.role or Role.USER,
        parts=draft.parts,
        state=draft.state,
        created_at=earliest if draft.created_at is None else draft.created_at,
        generation=generation,
    )


class _Tree:
    """The messages of a draft, made into turns."""

    def __init__(self, messages: Iterable[DraftMessage]) -> None:
        self._messages: dict[str, DraftMessage] = {}
        for message in messages:
            self._messages.setdefault(message.id, message)
        for id in self._own_ancestors():
            self._messages[id] = replace(self._messages[id], parent=None)
        self._instead: dict[str, str] = {}  # what stands now for a message that is gone

    def shown(self) -> list[DraftMessage]:
        """Questions and answers in turn, parents before children, children in their order."""
        children: dict[str | None, list[str]] = {}
        for message in self._messages.values():
            if self._is_shown(message):
                children.setdefault(self._shown_parent(message), []).append(message.id)
        found: list[DraftMessage] = []
        waiting: list[tuple[str, DraftMessage | None]] = [(id, None) for id in reversed(children.get(None, ()))]
        while waiting:
            id, parent = waiting.pop()
            message = replace(self._messages[id], parent=None if parent is None else parent.id)
            own = children.get(id, ())
            if parent is not None and parent.role is message.role:
                message = self._after_its_like(message, parent, found)
            if message.role is Role.ASSISTANT and own and self._only_continued(own):
                self._instead[id] = own[-1]  # a piece of an answer: what follows takes it along
            else:
                found.append(message)
            waiting += [(child, message) for child in reversed(own)]
        return found

    def survivor(self, id: str | None) -> str | None:
        """The message that stands where `id` stood."""
        seen: set[str] = set()
        while id is not None and id not in seen:
            seen.add(id)
            if id in self._instead:
                id = self._instead[id]
            elif id in self._messages and not self._is_shown(self._messages[id]):
                id = self._messages[id].parent
            else:
                return id
        return None

    def _only_continued(self, children: Sequence[str]) -> bool:
        return all(self._messages[child].role is Role.ASSISTANT for child in children)

    @staticmethod
    def _after_its_like(message: DraftMessage, parent: DraftMessage, found: list[DraftMessage]) -> DraftMessage:
        if message.role is Role.ASSISTANT:
            think = _joined(parent.parts, message.parts, PartKind.THINK)
            answer = _joined(parent.parts, message.parts, PartKind.ANSWER)
            model = message.model or parent.model
            return replace(message, parent=parent.parent, parts=answer_parts(think, answer), model=model)
        silence = DraftMessage(
            f"{message.id} unanswered", parent.id, Role.ASSISTANT, state=MessageState.INTERRUPTED
        )  # a question after a question
        found.append(replace(silence, created_at=parent.created_at))
        return replace(message, parent=silence.id)

    @staticmethod
    def _is_shown(message: DraftMessage) -> bool:
        return message.role is not None and bool(message.parts)

    def _shown_parent(self, message: DraftMessage) -> str | None:
        parent = message.parent
        while parent is not None and parent in self._messages:
            if self._is_shown(self._messages[parent]):
                return parent
            parent = self._messages[parent].parent
        return None

    def _own_ancestors(self) -> list[str]:
        """The messages whose parents lead back to themselves."""
        found: list[str] = []
        finished: set[str] = set()
        for start in self._messages:
            path: dict[str, int] = {}
            current: str | None = start
            while current is not None and current in self._messages and current not in finished:
                if current in path:
                    found += list(path)[path[current] :]
                    break
                path[current] = len(path)
                current = self._messages[current].parent
            finished.update(path)
        return found


def _joined(first: Sequence[Part], second: Sequence[Part], kind: PartKind) -> str:
    return "\n\n".join(filter(None, (text_of(first, kind), text_of(second, kind))))
