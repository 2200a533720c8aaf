from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from finr1_desk.core.choices import Choices
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.store.connection import Connection
from finr1_desk.store.database import Store
from finr1_desk.store.migrations import BACKUPS_KEPT, MIGRATIONS, Migration, migrate, version_of
from tests.store.opening import KEY

FIXTURES = Path(__file__).parent / "fixtures"


def to_first(connection: Connection) -> None:
    connection.run("CREATE TABLE notes (text TEXT)")


def to_second(connection: Connection) -> None:
    connection.run("ALTER TABLE notes ADD COLUMN stars INTEGER NOT NULL DEFAULT 0")
    connection.run("UPDATE notes SET stars = length(text)")


def failing(connection: Connection) -> None:
    connection.run("DROP TABLE notes")
    raise RuntimeError("half-way")


def at_version(path: Path, *migrations: Migration) -> Connection:
    connection = Connection.open(path, KEY)
    migrate(connection, migrations, path.parent / "backups")
    return connection


def first_with_a_note(path: Path) -> None:
    connection = at_version(path, to_first)
    with connection.writing():
        connection.run("INSERT INTO notes VALUES ('abc')")
    connection.close()


def test_a_new_file_goes_through_every_step_without_a_backup(tmp_path: Path) -> None:
    connection = at_version(tmp_path / "s.db", to_first, to_second)
    assert version_of(connection) == 2
    assert connection.rows("SELECT text, stars FROM notes") == []
    connection.close()
    assert not (tmp_path / "backups").exists()


def test_an_older_file_is_backed_up_and_migrated(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    first_with_a_note(path)
    connection = at_version(path, to_first, to_second)
    assert connection.rows("SELECT text, stars FROM notes") == [("abc", 3)]
    connection.close()

    [backup] = (tmp_path / "backups").iterdir()
    assert backup.name.startswith("s-version-1-")
    assert backup.stat().st_mode & 0o777 == 0o600
    assert b"abc" not in backup.read_bytes()
    old = at_version(backup, to_first)
    assert old.rows("SELECT * FROM notes") == [("abc",)]
    old.close()


def test_the_backup_holds_what_was_only_in_the_log(tmp_path: Path) -> None:
    live = tmp_path / "live.db"
    other = at_version(live, to_first)
    with other.writing():
        other.run("INSERT INTO notes VALUES ('in the log')")
    path = tmp_path / "s.db"
    shutil.copy(live, path)
    shutil.copy(tmp_path / "live.db-wal", tmp_path / "s.db-wal")
    other.close()
    at_version(path, to_first, to_second).close()
    [backup] = (tmp_path / "backups").iterdir()
    old = at_version(backup, to_first)
    assert old.rows("SELECT * FROM notes") == [("in the log",)]
    old.close()


def test_a_step_that_fails_leaves_everything_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    first_with_a_note(path)
    connection = Connection.open(path, KEY)
    with pytest.raises(RuntimeError, match="half-way"):
        migrate(connection, (to_first, to_second, failing), tmp_path / "backups")
    assert version_of(connection) == 1
    assert connection.rows("SELECT * FROM notes") == [("abc",)]
    connection.close()


def test_no_backup_no_migration(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    first_with_a_note(path)
    (tmp_path / "backups").write_text("in the way")
    connection = Connection.open(path, KEY)
    with pytest.raises(UserError) as caught:
        migrate(connection, (to_first, to_second), tmp_path / "backups")
    assert caught.value.code is ErrorCode.STORE_UNWRITABLE
    assert version_of(connection) == 1
    connection.close()


def test_only_the_newest_backups_are_kept(tmp_path: Path) -> None:
    steps: list[Migration] = [to_first]
    for number in range(BACKUPS_KEPT + 3):
        at_version(tmp_path / "s.db", *steps).close()
        steps.append(lambda connection, n=number: connection.run(f"CREATE TABLE t{n} (x)"))  # type: ignore[misc]
    names = sorted(backup.name for backup in (tmp_path / "backups").iterdir())
    assert len(names) == BACKUPS_KEPT
    assert names[-1].startswith(f"s-version-{BACKUPS_KEPT + 2}-")


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    connection = Connection.open(tmp_path / "s.db", KEY)
    connection.run("CREATE TABLE of_somebody (x)")
    with pytest.raises(UserError) as caught:
        migrate(connection, (to_first,), tmp_path / "backups")
    assert caught.value.code is ErrorCode.STORE_DAMAGED
    connection.close()


def test_two_that_migrate_at_once_do_it_once(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    first_with_a_note(path)
    outcomes: list[object] = []
    gate = threading.Barrier(2)

    def work() -> None:
        connection = Connection.open(path, KEY)
        gate.wait(30)
        migrate(connection, (to_first, to_second), tmp_path / "backups")
        outcomes.append(connection.rows("SELECT text, stars FROM notes"))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert outcomes == [[("abc", 3)]] * 2
    assert len(list((tmp_path / "backups").iterdir())) == 1


def test_every_released_version_has_a_fixture() -> None:
    expected = {f"version_{version}.db" for version in range(1, len(MIGRATIONS) + 1)}
    assert {file.name for file in FIXTURES.iterdir() if file.suffix == ".db"} == expected


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS) + 1))
def test_a_store_of_each_version_is_brought_to_this_one(tmp_path: Path, version: int) -> None:
    path = tmp_path / "conversations.db"
    shutil.copy(FIXTURES / f"version_{version}.db", path)
    store = Store.open(path, KEY, writer="1:1")
    [conversation] = store.conversations()
    assert conversation.title == "净利润是多少？"
    question, answer = store.messages(conversation.id)
    assert (question.answer, answer.answer, answer.think) == ("净利润是多少？", "\\boxed{5}", "Let me see.")
    assert answer.generation is not None
    assert answer.generation.seed == 2**64 - 1
    assert [hit.message_id for hit in store.search("净利润")] == [question.id]
    assert (conversation.folder, conversation.pinned) == (("研究", True) if version > 1 else (None, False))
    assert conversation.choices == (Choices(temperature=0.0, seed=7) if version > 2 else Choices())
    assert [draft.text for draft in store.drafts.all().values()] == (["> 净利润\n\n"] if version > 2 else [])
    assert store.get_state("last") == conversation.id
    assert len(list((tmp_path / "backups").glob("*"))) == (version < len(MIGRATIONS))
    store.close()
