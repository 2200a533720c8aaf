"""Conversations leave as files and come in from files, while the window goes on.

Owns the order of the steps: the store's thread reads and keeps, a thread of the pool reads and writes files. What a
file holds is `finr1_desk.export`'s business.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from finr1_desk.app.background import Pool
from finr1_desk.app.conversations import Conversations
from finr1_desk.app.store_access import StoreAccess
from finr1_desk.core.conversation import Conversation, Message
from finr1_desk.core.errors import UserError
from finr1_desk.export.options import ENGLISH, ExportOptions, Labels

if TYPE_CHECKING:
    from finr1_desk.export.importing import Imported
    from finr1_desk.store.database import Store

Pair = tuple[Conversation, list[Message]]


@dataclass(slots=True)
class ImportReport:
    """What came of an import: the new conversations, in the order of the files, and what could not be read."""

    conversations: list[Conversation] = field(default_factory=list)
    problems: list[UserError] = field(default_factory=list)


class Transfers(QObject):
    exported = Signal(list)  # list[Path]
    imported = Signal(object)  # ImportReport
    failed = Signal(object)  # UserError

    def __init__(
        self, store: StoreAccess, pool: Pool, conversations: Conversations, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._pool = pool
        self._conversations = conversations

    def export(self, ids: list[str] | None, directory: Path, options: ExportOptions, labels: Labels = ENGLISH) -> None:
        """Writes these conversations, or all of them, as files into a folder."""

        def read(store: Store) -> list[Pair]:
            chosen = store.conversations() if ids is None else [store.conversation(id) for id in ids]
            return [(conversation, store.messages(conversation.id)) for conversation in chosen]

        def write(pairs: list[Pair]) -> list[Path]:
            from finr1_desk.export.writing import Exporter

            with Exporter(options, labels) as exporter:
                return [
                    exporter.write(directory, conversation, messages, time.time())
                    for conversation, messages in pairs
                    if not self._pool.closing
                ]

        def on_read(pairs: list[Pair]) -> None:
            self._pool.run(lambda: write(pairs), self.exported.emit, self.failed.emit)

        self._store.run(read, on_read, self.failed.emit)

    def import_files(self, paths: list[Path]) -> None:
        """Reads files of any origin; what could not be read is named in the report."""
        self._pool.run(self._reader(paths), self.keep, self.failed.emit)

    def _reader(self, paths: list[Path]) -> Callable[[], list[Imported]]:
        def read() -> list[Imported]:
            from finr1_desk.export.importing import read_conversations

            return [read_conversations(path, time.time()) for path in paths if not self._pool.closing]

        return read

    def keep(self, read: list[Imported]) -> None:
        """Takes over what was read of files; `imported` tells when it is kept."""
        report = ImportReport(problems=[problem for imported in read for problem in imported.problems])
        pairs = [pair for imported in read for pair in imported.conversations]

        def work(store: Store) -> None:
            for conversation, messages in pairs:
                if self._pool.closing:
                    return
                report.conversations.append(store.import_conversation(conversation, messages))

        def done(_: None) -> None:
            self.imported.emit(report)
            if report.conversations:
                self._conversations.refresh()

        self._store.run(work, done, self.failed.emit)
