"""Rows of the tables as values of the core, and back.

Owns the columns and their order. It executes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from finr1_desk.core.choices import Choices
from finr1_desk.core.choices import from_json as choices_from_json
from finr1_desk.core.conversation import Conversation, Generation, Message, MessageState, Part, Role
from finr1_desk.core.errors import UserError
from finr1_desk.core.records import generation_from_json, generation_to_json, part_to_json, parts_from_json
from finr1_desk.core.text import well_formed
from finr1_desk.store.connection import Row

CONVERSATION: Final = (
    "id, title, system_prompt, head_id, created_at, updated_at, title_is_own, "
    "(SELECT name FROM folders WHERE folders.number = folder_number), pinned, deleted_at, choices"
)
MESSAGE: Final = "id, conversation_id, parent_id, role, parts, state, created_at, generation, thinking_open"


def conversation_from(row: Row) -> Conversation:
    id, title, system_prompt, head_id, created_at, updated_at, title_is_own, *kept, choices = row
    folder, pinned, deleted_at = kept
    return Conversation(
        id,
        title,
        system_prompt,
        head_id,
        created_at,
        updated_at,
        bool(title_is_own),
        folder,
        bool(pinned),
        deleted_at,
        _choices_from(choices),
    )


def choices_column(choices: Choices) -> str | None:
    return json.dumps(choices.to_json(), allow_nan=False) if choices != Choices() else None


def _choices_from(column: str | None) -> Choices:
    """What was chosen; nothing where it makes no sense, since a conversation can be read without it."""
    if column is None:
        return Choices()
    try:
        return choices_from_json(json.loads(column))
    except (ValueError, RecursionError, UserError):
        return Choices()


def message_from(row: Row) -> Message:
    """
    Raises:
        ValueError: the columns hold something that the store does not write.
    """
    id, conversation_id, parent_id, role, parts, state, created_at, generation, thinking_open = row
    return Message(
        id=id,
        conversation_id=conversation_id,
        parent_id=parent_id,
        role=Role(role),
        parts=parts_from_json(json.loads(parts)),
        state=MessageState(state),
        created_at=created_at,
        generation=None if generation is None else generation_from_json(json.loads(generation)),
        thinking_open=None if thinking_open is None else bool(thinking_open),
    )


def parts_column(parts: Sequence[Part]) -> str:
    return well_formed(json.dumps([part_to_json(part) for part in parts], ensure_ascii=False))


def generation_column(generation: Generation | None) -> str | None:
    if generation is None:
        return None
    return well_formed(json.dumps(generation_to_json(generation), ensure_ascii=False, allow_nan=False))
