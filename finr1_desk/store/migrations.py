"""The schema, as the steps that led to it.

Owns the tables. Each version is one function that takes a database of the version before it; a new file goes
through all of them. All missing steps run in one transaction, after a copy of the file was put into the folder of
backups. A step is never changed once it was released.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.store.connection import BUSY_TIMEOUT_S, Connection, os_failure

BACKUPS_KEPT: Final = 5

Migration = Callable[[Connection], None]

_VERSION_1: Final = (
    """
    CREATE TABLE conversations (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL,
        title_is_own INTEGER NOT NULL,
        system_prompt TEXT,
        head_id TEXT REFERENCES messages(id) DEFERRABLE INITIALLY DEFERRED,
        created_at REAL NOT NULL,
        updated_at REAL NOT NULL,
        deleted_at REAL
    )
    """,
    "CREATE INDEX conversations_listed ON conversations (updated_at DESC, number DESC) WHERE deleted_at IS NULL",
    "CREATE INDEX conversations_deleted ON conversations (deleted_at) WHERE deleted_at IS NOT NULL",
    # parts: a JSON list of {"kind", "text"}; generation: a JSON object; indexed: the search index has the message.
    """
    CREATE TABLE messages (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        conversation_id TEXT NOT NULL REFERENCES conversations(id),
        parent_id TEXT REFERENCES messages(id) DEFERRABLE INITIALLY DEFERRED,
        role TEXT NOT NULL,
        state TEXT NOT NULL,
        parts TEXT NOT NULL,
        generation TEXT,
        thinking_open INTEGER,
        created_at REAL NOT NULL,
        writer TEXT,
        indexed INTEGER NOT NULL DEFAULT 0
    )
    """,
    "CREATE INDEX messages_of_conversation ON messages (conversation_id, number)",
    "CREATE INDEX messages_of_parent ON messages (parent_id)",
    "CREATE INDEX messages_written ON messages (state) WHERE state = 'writing'",
    "CREATE TABLE states (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    # Row n is message n, row -n the title of conversation n. The text is cut into tokens by `search_text`, so the
    # tokeniser only has to split at spaces: `ascii` takes every character beyond ASCII for part of a token.
    """
    CREATE VIRTUAL TABLE search_index USING fts5 (
        title, body, thinking, content = '', tokenize = 'ascii'
    )
    """,
    # A deleted message leaves nothing of itself in the index.
    "INSERT INTO search_index (search_index, rank) VALUES ('secure-delete', 1)",
)


def to_version_1(connection: Connection) -> None:
    for statement in _VERSION_1:
        connection.run(statement)


_VERSION_2: Final = (
    # key: the name as it is compared, so that two folders never differ in case or width alone.
    """
    CREATE TABLE folders (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        key TEXT NOT NULL UNIQUE,
        created_at REAL NOT NULL
    )
    """,
    "ALTER TABLE conversations ADD COLUMN folder_number INTEGER REFERENCES folders(number)",
    "ALTER TABLE conversations ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0",
    """
    CREATE INDEX conversations_of_folder ON conversations (folder_number, deleted_at, id)
        WHERE folder_number IS NOT NULL
    """,
    # Which model wrote a message, as it is called above it; kept in the indexes only.
    """
    ALTER TABLE messages ADD COLUMN model TEXT GENERATED ALWAYS AS (
        CASE WHEN json_valid(generation) THEN trim(
            coalesce(json_extract(generation, '$.model.name'), '') || ' ' ||
            coalesce(json_extract(generation, '$.model.quantisation'), '')
        ) END
    ) VIRTUAL
    """,
    # What a search filters by: looking at a message itself would read its text, a hundred thousand times.
    "CREATE INDEX messages_filtered ON messages (number, conversation_id, role, created_at, model)",
    "CREATE INDEX messages_of_model ON messages (model) WHERE model IS NOT NULL",
    "CREATE INDEX messages_of_time ON messages (created_at)",
)


def to_version_2(connection: Connection) -> None:
    """Folders, pins, and what a search is narrowed by."""
    for statement in _VERSION_2:
        connection.run(statement)


_VERSION_3: Final = (
    # A JSON object of what was chosen for a conversation; NULL where nothing was.
    "ALTER TABLE conversations ADD COLUMN choices TEXT",
    # place: a conversation, or empty for the question that will begin one; draft: a JSON object.
    "CREATE TABLE drafts (place TEXT PRIMARY KEY, draft TEXT NOT NULL) WITHOUT ROWID",
    # deleted_with: the message by whose deletion this one went too.
    "ALTER TABLE messages ADD COLUMN deleted_at REAL",
    "ALTER TABLE messages ADD COLUMN deleted_with TEXT",
    "CREATE INDEX messages_deleted ON messages (deleted_at) WHERE deleted_at IS NOT NULL",
    "CREATE INDEX messages_deleted_with ON messages (deleted_with) WHERE deleted_with IS NOT NULL",
)


def to_version_3(connection: Connection) -> None:
    """Drafts, choices for a conversation, and branches that were deleted but can come back."""
    for statement in _VERSION_3:
        connection.run(statement)


MIGRATIONS: Final[tuple[Migration, ...]] = (to_version_1, to_version_2, to_version_3)


def migrate(connection: Connection, migrations: Sequence[Migration], backups: Path) -> None:
    """Brings the database to the newest version, which is the number of migrations.

    Raises:
        UserError: `STORE_NEWER`, `STORE_DAMAGED`, or that the store or its backup could not be written.
    """
    supported = len(migrations)
    if _version(connection, supported) == supported:
        return
    with _alone(connection):
        version = _version(connection, supported)  # another process may have been quicker
        if version == supported:
            return
        if version > 0:
            _back_up(connection.path, backups, version)
        elif connection.rows("SELECT 1 FROM sqlite_master LIMIT 1"):
            raise UserError(ErrorCode.STORE_DAMAGED, path=str(connection.path), reason="no_version")
        for migration in migrations[version:]:
            migration(connection)
        connection.run(f"PRAGMA user_version = {supported}")


def version_of(connection: Connection) -> int:
    row = connection.row("PRAGMA user_version")
    return int(row[0]) if row else 0


def _version(connection: Connection, supported: int) -> int:
    version = version_of(connection)
    if version > supported:
        raise UserError(ErrorCode.STORE_NEWER, path=str(connection.path), version=version, supported=supported)
    return version


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """A transaction in which the file holds everything: the log beside it is empty, and nobody else may write."""
    log = connection.path.with_name(connection.path.name + "-wal")
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        connection.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        with connection.writing():
            if not log.exists() or log.stat().st_size == 0:
                yield
                return
        if time.monotonic() > deadline:  # somebody reads an older state all the time
            raise UserError(ErrorCode.STORE_BUSY, path=str(connection.path))
        time.sleep(0.02)


def _back_up(path: Path, folder: Path, version: int) -> None:
    """Copies the file, encrypted as it is, and removes all but the newest copies."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    copy = folder / f"{path.stem}-version-{version}-{stamp}{path.suffix}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("rb") as source, open(copy, "xb", opener=_private) as target:
            shutil.copyfileobj(source, target, 1 << 20)
            target.flush()
            os.fsync(target.fileno())
        for old in sorted(folder.glob(f"{path.stem}-version-*{path.suffix}"), key=_age)[:-BACKUPS_KEPT]:
            old.unlink()
    except OSError as error:
        raise os_failure(copy, error) from None


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _age(backup: Path) -> float:
    return backup.stat().st_mtime
