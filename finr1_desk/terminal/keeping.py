"""`finr1-desk conversations move|pin|restore|delete|folders`.

Owns what these commands change and what they print: the conversations as they are afterwards. The rules are those of
the window: deleting goes to the trash, and nothing is removed for good that is not there already.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from finr1_desk.core.conversation import Conversation
from finr1_desk.terminal.conversations import conversation_to_json, find_conversation, print_json
from finr1_desk.terminal.output import one_line
from finr1_desk.terminal.voice import CommandError, Voice
from finr1_desk.terminal.workspace import Workspace

if TYPE_CHECKING:
    from finr1_desk.store.database import Store


def folders(workspace: Workspace, *, as_json: bool) -> int:
    """Prints the folders with the number of conversations in each."""
    with workspace.store() as store:
        found = store.folders.all()
    if as_json:
        print_json([asdict(folder) for folder in found])
        return 0
    if not found:
        workspace.voice.note(workspace.voice.translate("Terminal", "There are no folders yet."))
    for folder in found:
        print(f"{folder.count:6}  {one_line(folder.name)}")
    return 0


def move(workspace: Workspace, prefixes: Sequence[str], folder: str | None, *, create: bool, as_json: bool) -> int:
    """Puts conversations into a folder, or out of all of them where `folder` is None.

    Raises:
        UserError: `FOLDER_NOT_FOUND`; `CONVERSATION_NOT_FOUND`, and nothing was moved.
    """

    def work(store: Store, ids: list[str]) -> None:
        store.folders.move(ids, store.folders.create(folder) if create and folder is not None else folder)

    return _change(workspace, prefixes, work, as_json=as_json)


def pin(workspace: Workspace, prefixes: Sequence[str], *, pinned: bool, as_json: bool) -> int:
    """
    Raises:
        UserError: `CONVERSATION_NOT_FOUND`, and nothing was pinned.
    """
    return _change(workspace, prefixes, lambda store, ids: store.pin(ids, pinned), as_json=as_json)


def restore(workspace: Workspace, prefixes: Sequence[str], *, as_json: bool) -> int:
    """Brings conversations back from the trash.

    Raises:
        UserError: `CONVERSATION_NOT_FOUND`: one is not there, and nothing was restored.
    """
    return _change(workspace, prefixes, lambda store, ids: store.trash.restore(ids), as_json=as_json, in_trash=True)


def delete(workspace: Workspace, prefixes: Sequence[str], *, for_good: bool, asked_already: bool, as_json: bool) -> int:
    """Puts conversations into the trash; `for_good` removes what is there already, after asking.

    Raises:
        UserError: `CONVERSATION_NOT_FOUND`, and nothing was deleted.
        CommandError: nobody is there to be asked.
    """
    if not for_good:

        def work(store: Store, ids: list[str]) -> None:
            store.trash.put(ids)

        return _change(workspace, prefixes, work, as_json=as_json, ends_in_trash=True)
    with workspace.store() as store:
        chosen = _chosen(store, prefixes, workspace.voice, in_trash=True)
        if not asked_already and not _agreed(chosen, workspace.voice):
            return 1
        store.trash.remove([conversation.id for conversation in chosen])
    _print([conversation.id for conversation in chosen], chosen, as_json=as_json)
    return 0


def _agreed(chosen: Sequence[Conversation], voice: Voice) -> bool:
    """Whether a person at the terminal says so.

    Raises:
        CommandError: there is none.
    """
    if not sys.stdin.isatty():
        raise CommandError(
            voice.translate("Terminal", "What is deleted for good cannot be brought back."),
            voice.translate("Terminal", "Say --yes if that is what you want."),
        )
    for conversation in chosen:
        print(f"{conversation.id}  {one_line(conversation.title)}", file=sys.stderr)
    print(voice.translate("Terminal", "Delete for good? Type yes: "), end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().casefold() in ("yes", "是")


def _change(
    workspace: Workspace,
    prefixes: Sequence[str],
    work: Callable[[Store, list[str]], None],
    *,
    as_json: bool,
    in_trash: bool = False,
    ends_in_trash: bool = False,
) -> int:
    """Finds all of the conversations, then changes them, and prints what they are now."""
    with workspace.store() as store:
        chosen = _chosen(store, prefixes, workspace.voice, in_trash=in_trash)
        ids = [conversation.id for conversation in chosen]
        work(store, ids)
        known = {item.id: item for item in (store.trash.all() if ends_in_trash else store.conversations())}
    _print(ids, [known[id] for id in ids if id in known], as_json=as_json)
    return 0


def _chosen(store: Store, prefixes: Sequence[str], voice: Voice, *, in_trash: bool) -> list[Conversation]:
    """Each conversation once, in the order in which they were named."""
    among = store.trash.all() if in_trash else None
    found = {}
    for prefix in prefixes:
        conversation = find_conversation(store, prefix, voice, among)
        found[conversation.id] = conversation
    return list(found.values())


def _print(ids: Sequence[str], conversations: Sequence[Conversation], *, as_json: bool) -> None:
    if as_json:
        print_json([conversation_to_json(conversation) for conversation in conversations])
        return
    for id in ids:
        print(id)
