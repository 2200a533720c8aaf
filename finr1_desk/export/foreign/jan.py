"""Conversations as Jan keeps them: a folder with `thread.json` and `messages.jsonl`.

Owns the reading of both together. The messages are a list; reasoning stands in the text between `<think>` tags, or in
parts of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from finr1_desk.core.conversation import MessageState, Role
from finr1_desk.export.foreign.drafts import (
    Draft,
    DraftMessage,
    answer_parts,
    items,
    maybe_mapping,
    moment,
    question_parts,
    text,
)

THREAD: Final = "thread.json"
MESSAGES: Final = "messages.jsonl"
_STATES: Final = {
    "stopped": MessageState.STOPPED,
    "pending": MessageState.INTERRUPTED,
    "error": MessageState.INTERRUPTED,
}


def is_thread(record: Mapping[str, Any]) -> bool:
    return record.get("object") == "thread" or (isinstance(record.get("assistants"), list) and "id" in record)


def is_message(record: Mapping[str, Any]) -> bool:
    return record.get("object") == "thread.message" or ("thread_id" in record and "role" in record)


def read(thread: Mapping[str, Any], messages: Sequence[Mapping[str, Any]]) -> Draft:
    """The thread may be empty, where only the messages are there."""
    assistant = maybe_mapping(next(iter(items(thread.get("assistants"))), None))
    draft = Draft(
        title=text(thread.get("title")) or text(maybe_mapping(thread.get("metadata")).get("title")),
        system_prompt=text(assistant.get("instructions")),
        created_at=moment(thread.get("created")),
        updated_at=moment(thread.get("updated")),
    )
    model = text(maybe_mapping(thread.get("model")).get("id")) or text(maybe_mapping(assistant.get("model")).get("id"))
    parent: str | None = None
    # Written in the order of time, but for versions that put the newest first.
    ordered = sorted(enumerate(messages), key=lambda pair: (moment(pair[1].get("created_at")) or 0.0, pair[0]))
    for number, message in ordered:
        draft.messages.append(_message(str(number), parent, message, model))
        parent = str(number)
    draft.current = parent
    return draft


def _message(id: str, parent: str | None, message: Mapping[str, Any], model: str) -> DraftMessage:
    created_at = moment(message.get("created_at"))
    think, words = _content(message.get("content"))
    match message.get("role"):
        case "user":
            return DraftMessage(id, parent, Role.USER, question_parts(words), created_at)
        case "assistant":
            metadata = maybe_mapping(message.get("metadata"))
            named = metadata.get("modelId") or maybe_mapping(metadata.get("model")).get("id") or metadata.get("model")
            state = _STATES.get(text(message.get("status")), MessageState.COMPLETE)
            parts = answer_parts(think, words)
            return DraftMessage(id, parent, Role.ASSISTANT, parts, created_at, text(named) or model, state)
        case _:
            return DraftMessage(id, parent, None)


def _content(value: object) -> tuple[str, str]:
    """The reasoning that has parts of its own, and the text."""
    if isinstance(value, str):
        return "", text(value)
    think: list[str] = []
    words: list[str] = []
    for part in map(maybe_mapping, items(value)):
        held = part.get("text")
        said = text(held) or text(maybe_mapping(held).get("value"))
        (think if part.get("type") == "reasoning" else words).append(said)
    return "\n\n".join(filter(None, think)), "\n\n".join(filter(None, words))
