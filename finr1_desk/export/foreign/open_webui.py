"""Conversations from Open WebUI's JSON export.

Owns the reading of one chat: `chat.history.messages` is a tree with `currentId`; older ones have `chat.messages`, a
list. Reasoning stands in the answer as `<details type="reasoning">` with quoted lines, or in a field of its own.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from finr1_desk.core.conversation import MessageState, Part, Role
from finr1_desk.export.foreign.drafts import (
    Draft,
    DraftMessage,
    UnreadableError,
    answer_parts,
    items,
    maybe_mapping,
    moment,
    question_parts,
    text,
)

_SECTION: Final = re.compile(
    r'<details\b[^>]*\btype="(?P<kind>reasoning|tool_calls|code_interpreter)"[^>]*>(?P<inner>.*?)(?:</details>\s*|\Z)',
    re.DOTALL | re.IGNORECASE,
)
_SUMMARY: Final = re.compile(r"<summary\b[^>]*>.*?</summary>\s*", re.DOTALL | re.IGNORECASE)
_QUOTED: Final = re.compile(r"^> ?", re.MULTILINE)
_ROLES: Final = {"user": Role.USER, "assistant": Role.ASSISTANT}


def is_one(record: Mapping[str, Any]) -> bool:
    chat = maybe_mapping(record.get("chat")) or record
    history = maybe_mapping(chat.get("history"))
    in_list = isinstance(chat.get("messages"), list) and "chat" in record
    return isinstance(history.get("messages"), Mapping) or in_list


def read(record: Mapping[str, Any]) -> Draft:
    """
    Raises:
        UnreadableError: there are no messages.
    """
    chat = maybe_mapping(record.get("chat")) or record
    history = maybe_mapping(chat.get("history"))
    draft = Draft(
        title=text(record.get("title")) or text(chat.get("title")),
        system_prompt=text(maybe_mapping(chat.get("params")).get("system")) or text(chat.get("system")),
        current=text(history.get("currentId")) or None,
        created_at=moment(record.get("created_at")) or moment(chat.get("timestamp")),
        updated_at=moment(record.get("updated_at")),
    )
    tree = history.get("messages")
    if isinstance(tree, Mapping):
        for id, value in tree.items():
            message = maybe_mapping(value)
            draft.messages.append(_message(str(id), text(message.get("parentId")) or None, message, draft))
    elif isinstance(chat.get("messages"), list):
        _read_list(items(chat.get("messages")), draft)
    else:
        raise UnreadableError("no messages")
    return draft


def _read_list(messages: Sequence[Any], draft: Draft) -> None:
    parent: str | None = None
    for number, value in enumerate(messages):
        draft.messages.append(_message(f"{number}", parent, maybe_mapping(value), draft))
        parent = f"{number}"
    draft.current = parent


def _message(id: str, parent: str | None, message: Mapping[str, Any], draft: Draft) -> DraftMessage:
    role = _ROLES.get(text(message.get("role")))
    content = message.get("content")
    words = text(content) or "\n\n".join(text(maybe_mapping(part).get("text")) for part in items(content))
    if role is None:
        if message.get("role") == "system" and not draft.system_prompt:
            draft.system_prompt = words
        return DraftMessage(id, parent, None)
    created_at = moment(message.get("timestamp"))
    if role is Role.USER:
        return DraftMessage(id, parent, role, question_parts(words), created_at)
    model = text(message.get("modelName")) or text(message.get("model"))
    state = MessageState.INTERRUPTED if message.get("done") is False else MessageState.COMPLETE
    return DraftMessage(id, parent, role, _answer(words, message), created_at, model, state)


def _answer(words: str, message: Mapping[str, Any]) -> tuple[Part, ...]:
    reasoning = [text(message.get("reasoning_content")) or text(message.get("reasoning"))]
    for section in _SECTION.finditer(words):
        inner = _QUOTED.sub("", _SUMMARY.sub("", section["inner"]).strip())
        reasoning.append(html.unescape(inner))
    think = "\n\n".join(filter(None, (piece.strip() for piece in reasoning)))
    return answer_parts(think, _SECTION.sub("", words))
