"""`finr1-desk conversations list|show|search`: what the store holds, as text or JSON.

Owns how conversations look on a terminal, and how one is found by the beginning of its id. It changes nothing:
`keeping` does.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from finr1_desk.core.conversation import Conversation, Message, Role, branch
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.keeping import days_left
from finr1_desk.core.records import generation_to_json, part_to_json
from finr1_desk.terminal.output import StreamPen, one_line, visible
from finr1_desk.terminal.voice import CommandError, Voice
from finr1_desk.terminal.workspace import Workspace

if TYPE_CHECKING:
    from finr1_desk.store.database import SearchHit, Store
    from finr1_desk.terminal.narrowing import Narrowing


def list_(workspace: Workspace, limit: int | None, *, folder: str | None, trash: bool, as_json: bool) -> int:
    """Prints the conversations, newest first: all, those in a folder, or those in the trash.

    Raises:
        UserError: `FOLDER_NOT_FOUND`.
    """
    voice = workspace.voice
    with workspace.store() as store:
        if trash:
            found = store.trash.all()
        elif folder is None:
            found = store.conversations(limit)
        else:
            name = store.folders.called(folder)
            found = [conversation for conversation in store.conversations() if conversation.folder == name]
    found = found[:limit]
    if as_json:
        print_json([conversation_to_json(conversation) for conversation in found])
        return 0
    if not found:
        nothing = voice.translate("Terminal", "There are no conversations yet.")
        if trash:
            nothing = voice.translate("Terminal", "The trash is empty.")
        elif folder is not None:
            nothing = voice.translate("Terminal", "There is nothing in this folder.")
        voice.note(nothing)
    for conversation in found:
        print(_line(conversation, voice))
    return 0


def _line(conversation: Conversation, voice: Voice) -> str:
    """Id, time and title; then what else is to be known: the pin, the folder, the days in the trash."""
    title = one_line(conversation.title) or voice.translate("Terminal", "(no title)")
    more = []
    if conversation.pinned:
        more.append(voice.translate("Terminal", "pinned"))
    if conversation.folder is not None:
        more.append(one_line(conversation.folder))
    if conversation.deleted_at is not None:
        left = days_left(conversation.deleted_at, time.time())
        more.append(voice.translate("Terminal", "days left: %1", str(left)))
    aside = f"  [{', '.join(more)}]" if more else ""
    return _for_stdout(f"{conversation.id}  {local_time(conversation.updated_at)}  {title}{aside}")


def show(workspace: Workspace, id_prefix: str, *, think: bool, as_json: bool) -> int:
    """Prints the branch of a conversation that is shown; as JSON, the whole tree."""
    with workspace.store() as store:
        conversation = find_conversation(store, id_prefix, workspace.voice)
        messages = store.messages(conversation.id)
    if as_json:
        print_json(conversation_to_json(conversation) | {"messages": [message_to_json(m) for m in messages]})
        return 0
    pen = StreamPen(sys.stdout)
    pen.plain(f"{one_line(conversation.title)}\n{conversation.id}  {local_time(conversation.updated_at)}\n")
    for message in branch({message.id: message for message in messages}, conversation.head_id):
        _show_message(pen, workspace.voice, message, think=think or sys.stdout.isatty())
    return 0


def _show_message(pen: StreamPen, voice: Voice, message: Message, *, think: bool) -> None:
    if message.role is Role.USER:
        pen.plain(f"\n{voice.translate('Terminal', 'Question')}  {local_time(message.created_at)}\n\n")
    else:
        name = message.generation.model.name if message.generation is not None else ""
        heading = one_line(name) or voice.translate("Terminal", "Answer")
        pen.plain(f"\n{heading}  {local_time(message.created_at)}\n\n")
        if think and message.think:
            pen.dim(message.think + "\n\n")
    pen.plain(message.answer + "\n")


def search(workspace: Workspace, query: str, limit: int, narrowing: Narrowing, *, as_json: bool) -> int:
    """Prints the messages in which the words are found, best first.

    Raises:
        UserError: `FOLDER_NOT_FOUND`; `BAD_VALUE`: a date that is none.
    """
    with workspace.store() as store:
        hits = narrowing.search(store, query, limit)
    if as_json:
        print_json([_hit_to_json(hit) for hit in hits])
        return 0
    if not hits:
        workspace.voice.note(workspace.voice.translate("Terminal", "Nothing was found."))
    pen = StreamPen(sys.stdout)
    for hit in hits:
        pen.plain(f"{hit.conversation_id}  {local_time(hit.created_at)}  {one_line(hit.title)}\n")
        pen.dim(f"    {one_line(hit.snippet)}\n")
    return 0


def find_conversation(
    store: Store, id_prefix: str, voice: Voice, among: Sequence[Conversation] | None = None
) -> Conversation:
    """The one conversation whose id begins so, of those that are not deleted or of the given ones.

    Raises:
        UserError: `CONVERSATION_NOT_FOUND`.
        CommandError: several do.
    """
    if among is None:
        try:
            return store.conversation(id_prefix)
        except UserError as error:
            if error.code is not ErrorCode.CONVERSATION_NOT_FOUND:
                raise
        among = store.conversations()
    found = [item for item in among if id_prefix and item.id.startswith(id_prefix.lower())]
    if not found:
        raise UserError(ErrorCode.CONVERSATION_NOT_FOUND, id=id_prefix)
    if len(found) > 1:
        raise CommandError(
            voice.translate("Terminal", "“%1” fits %2 conversations.", id_prefix, str(len(found))),
            voice.translate("Terminal", "Give more characters of the id."),
        )
    return found[0]


def conversation_to_json(conversation: Conversation) -> dict[str, Any]:
    return {
        "id": conversation.id,
        "title": conversation.title,
        "system_prompt": conversation.system_prompt,
        "head_id": conversation.head_id,
        "created_at": utc_time(conversation.created_at),
        "updated_at": utc_time(conversation.updated_at),
        "folder": conversation.folder,
        "pinned": conversation.pinned,
        "deleted_at": utc_time(conversation.deleted_at) if conversation.deleted_at is not None else None,
    }


def message_to_json(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "parent_id": message.parent_id,
        "role": message.role.value,
        "state": message.state.value,
        "created_at": utc_time(message.created_at),
        "think": message.think,
        "answer": message.answer,
        "parts": [part_to_json(part) for part in message.parts],
        "generation": generation_to_json(message.generation) if message.generation is not None else None,
    }


def _hit_to_json(hit: SearchHit) -> dict[str, Any]:
    return asdict(hit) | {"created_at": utc_time(hit.created_at)}


def print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def utc_time(seconds: float) -> str:
    """ISO 8601 with milliseconds, `2026-07-01T08:30:00.125Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def local_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")


def _for_stdout(text: str) -> str:
    return visible(text) if sys.stdout.isatty() else text
