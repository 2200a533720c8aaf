"""Conversations as LM Studio keeps them (`….conversation.json`).

Owns the reading of one file. Each message has `versions`, of which one is selected; an answer has steps, and those
whose style is «thinking» are reasoning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from finr1_desk.core.conversation import MessageState, Role
from finr1_desk.export.foreign.drafts import (
    Draft,
    DraftMessage,
    UnreadableError,
    answer_parts,
    fenced,
    items,
    maybe_mapping,
    moment,
    question_parts,
    text,
)

_STOPS: Final = {
    "userStopped": MessageState.STOPPED,
    "maxPredictedTokensReached": MessageState.LENGTH,
    "contextLengthReached": MessageState.LENGTH,
    "failed": MessageState.INTERRUPTED,
}


def is_one(record: Mapping[str, Any]) -> bool:
    messages = items(record.get("messages"))
    versioned = any(isinstance(maybe_mapping(message).get("versions"), list) for message in messages)
    return versioned or (isinstance(record.get("messages"), list) and "systemPrompt" in record)


def read(record: Mapping[str, Any]) -> Draft:
    """
    Raises:
        UnreadableError: there are no messages.
    """
    if not isinstance(record.get("messages"), list):
        raise UnreadableError("no messages")
    model = maybe_mapping(record.get("lastUsedModel"))
    draft = Draft(
        title=text(record.get("name")),
        system_prompt=text(record.get("systemPrompt")),
        created_at=moment(record.get("createdAt")),
        updated_at=moment(record.get("assistantLastMessagedAt")) or moment(record.get("userLastMessagedAt")),
    )
    default_model = text(model.get("name")) or text(model.get("identifier"))
    parent: str | None = None
    for number, value in enumerate(items(record.get("messages"))):
        message = maybe_mapping(value)
        versions = items(message.get("versions")) or (message,)
        selected = message.get("currentlySelected")
        chosen = selected if isinstance(selected, int) and 0 <= selected < len(versions) else len(versions) - 1
        for index, version in enumerate(versions):
            draft.messages.append(_version(f"{number}/{index}", parent, maybe_mapping(version), default_model))
        parent = f"{number}/{chosen}"
    draft.current = parent
    return draft


def _version(id: str, parent: str | None, version: Mapping[str, Any], model: str) -> DraftMessage:
    match version.get("role"):
        case "user":
            return DraftMessage(id, parent, Role.USER, question_parts(_content(version.get("content"))))
        case "assistant":
            return _answer(id, parent, version, model)
        case _:
            return DraftMessage(id, parent, None)


def _answer(id: str, parent: str | None, version: Mapping[str, Any], model: str) -> DraftMessage:
    think: list[str] = []
    answer: list[str] = [] if version.get("steps") else [_content(version.get("content"))]
    state = MessageState.COMPLETE
    model = text(maybe_mapping(version.get("senderInfo")).get("senderName")) or model
    for value in items(version.get("steps")):
        step = maybe_mapping(value)
        if step.get("type") != "contentBlock":
            continue
        is_thinking = maybe_mapping(step.get("style")).get("type") == "thinking"
        words = _content(step.get("content"))
        (think if is_thinking else answer).append(words)
        think.append("\n\n".join(_tool_calls(step.get("content"))))
        stats = maybe_mapping(maybe_mapping(step.get("genInfo")).get("stats"))
        state = _STOPS.get(text(stats.get("stopReason")), state)
    joined = ("\n\n".join(filter(str.strip, pieces)) for pieces in (think, answer))
    return DraftMessage(id, parent, Role.ASSISTANT, answer_parts(*joined), model=model, state=state)


def _content(value: object) -> str:
    if isinstance(value, str):
        return text(value)
    parts = [maybe_mapping(part) for part in items(value)]
    return "".join(text(part.get("text")) for part in parts if part.get("type", "text") == "text")


def _tool_calls(value: object) -> list[str]:
    """What was asked of tools, as code: it is part of how the answer was found."""
    found = []
    for part in map(maybe_mapping, items(value)):
        if part.get("type") == "toolCallRequest":
            found.append(fenced(f"{text(part.get('name'))}({part.get('parameters', '')})"))
        elif part.get("type") == "toolCallResult" and text(part.get("content")).strip():
            found.append(fenced(text(part.get("content"))))
    return found
