"""`finr1-desk export` and `import`: conversations as Markdown files and back.

Owns which files are written and read, and what is said of each. The format is `finr1_desk.export`'s.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from finr1_desk.core.conversation import Conversation
from finr1_desk.core.version import VERSION
from finr1_desk.export.importing import read_conversations
from finr1_desk.export.markdown import to_markdown, write_file
from finr1_desk.store.database import Store
from finr1_desk.terminal.conversations import find_conversation
from finr1_desk.terminal.voice import CommandError
from finr1_desk.terminal.workspace import Workspace


def export(workspace: Workspace, id_prefix: str | None, folder: Path, *, all_: bool, all_branches: bool) -> int:
    """Writes one conversation or all, and prints the path of each file.

    Raises:
        CommandError: neither or both were asked for.
        UserError: nothing is found, or cannot be written.
    """
    voice = workspace.voice
    if (id_prefix is None) != all_:
        raise CommandError(
            voice.translate("Terminal", "Say what to export: an ID, or --all."),
            voice.translate("Terminal", "“finr1-desk conversations list” shows what there is."),
        )
    with workspace.store() as store:
        wanted = store.conversations() if id_prefix is None else [find_conversation(store, id_prefix, voice)]
        for conversation in wanted:
            print(write_markdown(store, conversation, folder, all_branches=all_branches), flush=True)
    if not wanted:
        voice.note(voice.translate("Terminal", "There are no conversations yet."))
    return 0


def write_markdown(store: Store, conversation: Conversation, folder: Path, *, all_branches: bool) -> Path:
    """Writes one conversation into the folder and returns the file's path.

    Raises:
        UserError: `FILE_UNWRITABLE`.
    """
    text = to_markdown(
        conversation,
        store.messages(conversation.id),
        application_version=VERSION,
        exported_at=time.time(),
        all_branches=all_branches,
    )
    return write_file(folder, conversation, text)


def import_files(workspace: Workspace, files: Sequence[Path]) -> int:
    """Reads files of any origin, prints the id of each new conversation, and reports what could not be read."""
    status = 0
    with workspace.store() as store:
        for path in files:
            read = read_conversations(path, time.time())
            for conversation, messages in read.conversations:
                imported = store.import_conversation(conversation, messages)
                print(f"{imported.id}  {path}", flush=True)
            for problem in read.problems:
                workspace.voice.report(problem)
                status = 1
    return status
