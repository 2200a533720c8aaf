"""Conversations from ChatGPT's data export (`conversations.json`).

Owns the reading of one conversation: a `mapping` of nodes with parents, `current_node`, and content of many types.
Reasoning (`thoughts`, `reasoning_recap`) and what was sent to tools and came back from them is reasoning here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from finr1_desk.core.conversation import MessageState, Role
from finr1_desk.export.foreign.drafts import (
    Draft,
    DraftMessage,
    answer_parts,
    fenced,
    items,
    mapping,
    maybe_mapping,
    moment,
    question_parts,
    text,
)

# Marks of citations and widgets, which mean something to the web page only; in the private use area.
_WIDGETS: Final = re.compile("\ue200[^\ue200\ue201]*\ue201|[\ue200-\ue20f]")
_STATES: Final = {"max_tokens": MessageState.LENGTH, "interrupted": MessageState.STOPPED}


def is_one(record: Mapping[str, Any]) -> bool:
    return isinstance(record.get("mapping"), Mapping)


def read(record: Mapping[str, Any]) -> Draft:
    """
    Raises:
        UnreadableError: the nodes are no mapping.
    """
    draft = Draft(
        title=text(record.get("title")),
        current=text(record.get("current_node")) or None,
        created_at=moment(record.get("create_time")),
        updated_at=moment(record.get("update_time")),
    )
    for key, value in mapping(record.get("mapping")).items():
        node = maybe_mapping(value)
        message = maybe_mapping(node.get("message"))
        parent = text(node.get("parent")) or None
        if not draft.system_prompt and _role(message) == "system" and not _is_hidden(message):
            draft.system_prompt = _spoken(maybe_mapping(message.get("content")))
        draft.messages.append(_message(str(key), parent, message))
    return draft


def _message(id: str, parent: str | None, message: Mapping[str, Any]) -> DraftMessage:
    content = maybe_mapping(message.get("content"))
    metadata = maybe_mapping(message.get("metadata"))
    role = _role(message)
    created_at = moment(message.get("create_time"))
    if _is_hidden(message) or role not in ("user", "assistant", "tool"):
        return DraftMessage(id, parent, None)
    if role == "user":
        return DraftMessage(id, parent, Role.USER, question_parts(_spoken(content)), created_at)
    think, answer = _said(content, to=text(message.get("recipient")) or "all", by_tool=role == "tool")
    parts = answer_parts(think, answer)
    model = text(metadata.get("model_slug"))
    return DraftMessage(id, parent, Role.ASSISTANT, parts, created_at, model, _state(message, metadata))


def _role(message: Mapping[str, Any]) -> str:
    return text(maybe_mapping(message.get("author")).get("role"))


def _is_hidden(message: Mapping[str, Any]) -> bool:
    metadata = maybe_mapping(message.get("metadata"))
    kind = maybe_mapping(message.get("content")).get("content_type")
    return (
        metadata.get("is_visually_hidden_from_conversation") is True
        or message.get("weight") == 0
        or kind in ("user_editable_context", "model_editable_context")
    )


def _state(message: Mapping[str, Any], metadata: Mapping[str, Any]) -> MessageState:
    finish = text(maybe_mapping(metadata.get("finish_details")).get("type"))
    if finish in _STATES:
        return _STATES[finish]
    return MessageState.INTERRUPTED if message.get("status") == "in_progress" else MessageState.COMPLETE


def _said(content: Mapping[str, Any], *, to: str, by_tool: bool) -> tuple[str, str]:
    """The reasoning and the answer in a message of the model, or of one of its tools."""
    match content.get("content_type"):
        case "thoughts":
            return "\n\n".join(filter(None, map(_thought, items(content.get("thoughts"))))), ""
        case "reasoning_recap":
            recap = text(content.get("content")).strip()
            return (f"*{recap}*" if recap else ""), ""
        case "execution_output":
            return fenced(text(content.get("text"))), ""
        case "code":
            language = text(content.get("language"))
            code = fenced(text(content.get("text")), "" if language == "unknown" else language)
            return ("", code) if to == "all" and not by_tool else (code, "")
        case _ if by_tool:
            return "", ""
        case _:
            spoken = _spoken(content)
            return ("", spoken) if to == "all" else (fenced(spoken) if spoken else "", "")


def _thought(value: object) -> str:
    thought = maybe_mapping(value)
    summary, words = text(thought.get("summary")).strip(), text(thought.get("content")).strip()
    return "\n\n".join(filter(None, (f"**{summary}**" if summary else "", words)))


def _spoken(content: Mapping[str, Any]) -> str:
    pieces = [_piece(part) for part in items(content.get("parts"))] or [text(content.get("text"))]
    return _WIDGETS.sub("", "\n\n".join(filter(None, pieces)))


def _piece(part: object) -> str:
    if isinstance(part, str):
        return text(part)
    described = maybe_mapping(part)
    match described.get("content_type"):
        case "audio_transcription":
            return text(described.get("text"))
        case str(kind):
            return f"[{text(kind).removesuffix('_asset_pointer').replace('_', ' ')}]"  # a picture or sound is not kept
        case _:
            return text(described.get("text"))
