"""What a conversation is: a tree of messages, each a list of typed parts.

Owns the value types that every other layer passes around. Ids and timestamps are given by the store; nothing
here reads a clock, a file or a random number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from finr1_desk.core.choices import UNCHOSEN, Choices
from finr1_desk.core.sampling import Sampling

if TYPE_CHECKING:
    from finr1_desk.core.tasks.note import TaskNote


class Role(StrEnum):
    USER = "user"
    ASSISTANT = "assistant"


class PartKind(StrEnum):
    """What a stretch of a message is.

    `TEXT` is what a user wrote; a model's output consists of `THINK`, `ANSWER` and `TAG` (the markers around them,
    and the white space that belongs to the markers), so that the parts in order give back every character.
    """

    TEXT = "text"
    THINK = "think"
    ANSWER = "answer"
    TAG = "tag"


_ASKED: Final = re.compile(r"((?:问题|Question|Text)[:：])")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a message. `task` says which form its text was made from, where it was made from one."""

    kind: PartKind
    text: str
    task: TaskNote | None = None


class MessageState(StrEnum):
    """How a message stands; all but `WRITING` are final until the user continues it."""

    COMPLETE = "complete"
    WRITING = "writing"
    STOPPED = "stopped"  # by the user
    LENGTH = "length"  # ended at the token limit
    LOOP = "loop"  # stopped because it was repeating itself
    INTERRUPTED = "interrupted"  # the engine or the application ended while it was written
    FAILED = "failed"  # an error that is not an interruption; `Generation.error` says which


class FinishReason(StrEnum):
    STOP = "stop"
    LENGTH = "length"
    LOOP = "loop"
    CANCELLED = "cancelled"
    ERROR = "error"


STATE_OF_FINISH: Mapping[FinishReason, MessageState] = {
    FinishReason.STOP: MessageState.COMPLETE,
    FinishReason.LENGTH: MessageState.LENGTH,
    FinishReason.LOOP: MessageState.LOOP,
    FinishReason.CANCELLED: MessageState.STOPPED,
    FinishReason.ERROR: MessageState.FAILED,
}


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model wrote something. `sha256` is None until it is known; `quantisation` as in the file (`Q4_K_M`).

    `server` is the name and port of the server on which it ran; empty for this machine.
    """

    name: str
    file_name: str
    quantisation: str
    sha256: str | None = None
    server: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts. `cached_tokens` of the prompt were in the KV cache; `think_tokens` are part of the completion."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    think_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Timing:
    """Durations in seconds. `load_s` is 0 where the model was loaded already."""

    load_s: float = 0.0
    prefill_s: float = 0.0
    decode_s: float = 0.0
    think_s: float = 0.0
    tokens_per_s: float = 0.0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What of a conversation the model was not shown, because the context has no room for all of it.

    `turns` counts messages from the first question on, `tokens` is what they would have taken.
    """

    turns: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Generation:
    """The circumstances in which an assistant message was written.

    `think_cut` says that the thinking was closed in the model's place.
    """

    model: ModelIdentity
    sampling: Sampling
    seed: int
    application_version: str
    usage: Usage = Usage()
    timing: Timing = Timing()
    finish_reason: FinishReason | None = None
    error: str | None = None
    left_out: LeftOut = LeftOut()
    think_cut: bool = False

    @property
    def is_foreign(self) -> bool:
        """Whether another application had it written: of the circumstances only the model's name is known."""
        return not self.application_version


@dataclass(frozen=True, slots=True)
class Message:
    """One node of a conversation.

    `parent_id` is None for a first question; `created_at` is seconds since the epoch, UTC. `thinking_open` is how
    the reader left the thinking section, None where it was never touched.
    """

    id: str
    conversation_id: str
    parent_id: str | None
    role: Role
    parts: tuple[Part, ...]
    state: MessageState
    created_at: float
    generation: Generation | None = None
    thinking_open: bool | None = None

    @property
    def raw(self) -> str:
        """Every character of the message, tags included."""
        return "".join(part.text for part in self.parts)

    @property
    def task(self) -> TaskNote | None:
        """The task that the question was made from."""
        return next((part.task for part in self.parts if part.task is not None), None)

    @property
    def title(self) -> str:
        """What a conversation that begins with this question is called."""
        task = self.task
        return title_from(task.subject if task is not None and task.subject else self.answer)

    @property
    def think(self) -> str:
        return text_of(self.parts, PartKind.THINK)

    @property
    def answer(self) -> str:
        """The text to read: an assistant's answer, or what the user wrote."""
        return text_of(self.parts, PartKind.ANSWER, PartKind.TEXT)


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation without its messages. `head_id` is the last message of the branch that is shown.

    `folder` is the name of the folder that it lies in, `deleted_at` when it was put into the trash.
    """

    id: str
    title: str
    system_prompt: str | None
    head_id: str | None
    created_at: float
    updated_at: float
    title_is_own: bool = False  # set by the user, so never replaced by a derived one
    folder: str | None = None
    pinned: bool = False
    deleted_at: float | None = None
    choices: Choices = UNCHOSEN


def text_of(parts: Iterable[Part], *kinds: PartKind) -> str:
    """The text of the parts of these kinds, without white space at either end."""
    return "".join(part.text for part in parts if part.kind in kinds).strip()


def branch(messages: Mapping[str, Message], head_id: str | None) -> list[Message]:
    """The messages from the first question to `head_id`; empty where there is no head.

    Raises:
        ValueError: the parents form a cycle.
        KeyError: a parent is missing.
    """
    path: list[Message] = []
    seen: set[str] = set()
    current = head_id
    while current is not None:
        if current in seen:
            raise ValueError(f"message {current} is its own ancestor")
        seen.add(current)
        path.append(messages[current])
        current = messages[current].parent_id
    path.reverse()
    return path


def forgotten(shown: Sequence[Message]) -> int:
    """How many messages of a branch, from its first, the model did not see when it wrote the newest answer.

    An answer that failed before the model was shown anything says nothing about that.
    """
    for message in reversed(shown):
        if message.generation is not None and message.generation.usage.prompt_tokens:
            return message.generation.left_out.turns
    return 0


def newest_end(messages: Iterable[Message], message_id: str, seen: Mapping[str, str] | None = None) -> str:
    """The last message of the newest branch on which `message_id` stands; `messages` are the tree, oldest first.

    `seen` maps messages to what was last looked at below them, which comes before what is newest.
    """
    children = [(message.parent_id, message.id) for message in messages]
    newest: dict[str | None, str] = dict(children)
    newest |= {parent: child for parent, child in children if parent is not None and (seen or {}).get(parent) == child}
    end = message_id
    while end in newest:
        end = newest[end]
    return end


def below(messages: Iterable[Message], message_id: str) -> set[str]:
    """The ids of a message and of all that follows it, on whatever branch; `messages` are the tree."""
    children: dict[str | None, list[str]] = {}
    for message in messages:
        children.setdefault(message.parent_id, []).append(message.id)
    found: set[str] = set()
    waiting = [message_id]
    while waiting:
        found.add(current := waiting.pop())
        waiting += [child for child in children.get(current, ()) if child not in found]
    return found


def versions(messages: Iterable[Message], of: Message) -> list[Message]:
    """The messages that stand in one place of the tree, `of` among them: edited questions, other answers."""
    return [message for message in messages if message.parent_id == of.parent_id and message.role is of.role]


def deepest_head(messages: Sequence[Message]) -> str | None:
    """The most recent leaf: where a conversation is shown when no branch was chosen."""
    parents = {message.parent_id for message in messages}
    leaves = [message for message in messages if message.id not in parents]
    return max(leaves, key=lambda message: message.created_at).id if leaves else None


def title_from(question: str, limit: int = 60) -> str:
    """A title taken from the first question: its first line with text, cut at a word where there are words.

    The instructions that Fin-R1 was trained on come first and are alike in every question; what follows their
    «问题:» or «Question:» tells one from the other.
    """
    instructions, marker, asked = _ASKED.split(question, maxsplit=1) if _ASKED.search(question) else (question, "", "")
    if marker and len(instructions) > limit // 2 and asked.strip():
        question = asked
    line = next((stripped for raw in question.splitlines() if (stripped := " ".join(raw.split()))), "")
    if len(line) <= limit:
        return line
    cut = line[:limit]
    head, space, _ = cut.rpartition(" ")
    return (head if space and len(head) > limit // 2 else cut).rstrip() + "…"
