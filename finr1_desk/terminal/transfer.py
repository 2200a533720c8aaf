"""`finr1-desk export` and `import`: conversations as files, and files of any origin as conversations.

Owns which files are written and read, and what is said of each. The formats are `finr1_desk.export`'s.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from finr1_desk.export.importing import read_conversations
from finr1_desk.export.options import ExportOptions
from finr1_desk.export.writing import Exporter
from finr1_desk.terminal.conversations import find_conversation
from finr1_desk.terminal.voice import CommandError
from finr1_desk.terminal.workspace import Workspace


def export(workspace: Workspace, ids: Sequence[str], folder: Path, options: ExportOptions, *, all_: bool) -> int:
    """Writes some conversations or all, and prints the path of each file.

    Raises:
        CommandError: neither or both were asked for.
        UserError: nothing is found, or cannot be written.
    """
    voice = workspace.voice
    if bool(ids) == all_:
        raise CommandError(
            voice.translate("Terminal", "Say what to export: an ID, or --all."),
            voice.translate("Terminal", "“finr1-desk conversations list” shows what there is."),
        )
    with workspace.store() as store, Exporter(options, voice.export_labels()) as exporter:
        wanted = store.conversations() if all_ else [find_conversation(store, id, voice) for id in ids]
        for conversation in wanted:
            written = exporter.write(folder, conversation, store.messages(conversation.id), time.time())
            print(written, flush=True)
    if not wanted:
        voice.note(voice.translate("Terminal", "There are no conversations yet."))
    return 0


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
