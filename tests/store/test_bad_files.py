from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.store.database import Store
from finr1_desk.store.migrations import MIGRATIONS
from tests.store.opening import KEY, OTHER_KEY, open_store


def code_of(work: Callable[[], object]) -> ErrorCode:
    with pytest.raises(UserError) as caught:
        work()
    return caught.value.code


def filled(folder: Path, questions: int = 50) -> Path:
    store = open_store(folder)
    for number in range(questions):
        conversation = store.create_conversation(None)
        store.add_question(conversation.id, None, f"question {number} " + "净利润 " * 200)
    store.close()
    return folder / "conversations.db"


def plain_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()


def test_another_key_is_told_from_damage(tmp_path: Path) -> None:
    path = filled(tmp_path)
    before = path.read_bytes()
    assert code_of(lambda: open_store(tmp_path, key=OTHER_KEY)) is ErrorCode.STORE_WRONG_KEY
    assert path.read_bytes() == before
    store = open_store(tmp_path)
    assert len(store.conversations()) == 50
    store.close()


def test_a_wrong_key_does_no_harm_to_what_is_only_in_the_log(tmp_path: Path) -> None:
    live = tmp_path / "live"
    live.mkdir()
    store = open_store(live)
    store.create_conversation(None, "in the log")
    copy = tmp_path / "copy"  # as the files are after `kill -9`
    copy.mkdir()
    for name in ("conversations.db", "conversations.db-wal"):
        shutil.copy(live / name, copy / name)
    store.close()
    assert code_of(lambda: open_store(copy, key=OTHER_KEY)) is ErrorCode.STORE_WRONG_KEY
    store = open_store(copy)
    assert [c.title for c in store.conversations()] == ["in the log"]
    store.close()


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(plain_database, id="plain SQLite"),
        pytest.param(lambda path: path.write_text("notes\n" * 500), id="text"),
        pytest.param(lambda path: path.write_bytes(random.Random(1).randbytes(5000)), id="random"),
        pytest.param(lambda path: path.write_bytes(b"x"), id="one byte"),
    ],
)
def test_a_file_that_is_no_store_is_left_as_it_is(tmp_path: Path, make: Callable[[Path], object]) -> None:
    path = tmp_path / "conversations.db"
    make(path)
    before = path.read_bytes()
    assert code_of(lambda: open_store(tmp_path)) is ErrorCode.STORE_DAMAGED
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    (tmp_path / "conversations.db").touch()
    store = open_store(tmp_path)
    assert store.conversations() == []
    store.close()


def test_an_emptied_file_beside_its_log_is_damage(tmp_path: Path) -> None:
    (tmp_path / "conversations.db").touch()
    log = tmp_path / "conversations.db-wal"
    log.write_bytes(b"all that was written")
    assert code_of(lambda: open_store(tmp_path)) is ErrorCode.STORE_DAMAGED
    assert log.read_bytes() == b"all that was written"


def test_the_salt_alone_may_be_lost(tmp_path: Path) -> None:
    path = filled(tmp_path)
    with path.open("r+b") as file:
        file.write(bytes(16))
    store = open_store(tmp_path)
    assert len(store.conversations()) == 50
    store.close()


def test_a_damaged_first_page_is_not_called_a_wrong_key(tmp_path: Path) -> None:
    path = filled(tmp_path)
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\0" * 50)
    assert code_of(lambda: open_store(tmp_path)) is ErrorCode.STORE_DAMAGED


def test_damage_in_the_middle_is_reported_when_it_is_met(tmp_path: Path) -> None:
    path = filled(tmp_path)
    size = path.stat().st_size
    with path.open("r+b") as file:
        for offset in range(4096, size, 4096):
            file.seek(offset + 1000)
            file.write(b"damage")

    def use() -> None:
        store = open_store(tmp_path)
        try:
            store.conversations()
        finally:
            store.close()

    assert code_of(use) is ErrorCode.STORE_DAMAGED


def test_a_file_that_was_cut_off_is_damage_or_lacks_nothing_that_is_read(tmp_path: Path) -> None:
    path = filled(tmp_path)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2 // 4096 * 4096)

    def use() -> None:
        store = open_store(tmp_path)
        try:
            for conversation in store.conversations():
                store.messages(conversation.id)
        finally:
            store.close()

    assert code_of(use) is ErrorCode.STORE_DAMAGED


def test_a_newer_store_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    newer = (*MIGRATIONS, lambda connection: connection.run("CREATE TABLE of_the_future (x)"))
    Store.open(path, KEY, writer="1:1", migrations=newer).close()
    before = path.read_bytes()
    with pytest.raises(UserError) as caught:
        open_store(tmp_path)
    assert caught.value.code is ErrorCode.STORE_NEWER
    assert caught.value.params == {"path": str(path), "version": len(newer), "supported": len(MIGRATIONS)}
    assert path.read_bytes() == before


def test_a_store_that_becomes_newer_while_it_is_open_is_not_written_to(tmp_path: Path) -> None:
    old = open_store(tmp_path)
    newer = (*MIGRATIONS, lambda connection: connection.run("CREATE TABLE of_the_future (x)"))
    Store.open(tmp_path / "conversations.db", KEY, writer="1:1", migrations=newer).close()
    assert code_of(lambda: old.create_conversation(None)) is ErrorCode.STORE_NEWER
    assert old.conversations() == []
    old.close()


def test_a_folder_that_is_not_there_or_is_a_file(tmp_path: Path) -> None:
    assert code_of(lambda: open_store(tmp_path / "missing")) is ErrorCode.STORE_UNWRITABLE
    (tmp_path / "file").write_text("x")
    assert code_of(lambda: open_store(tmp_path / "file")) is ErrorCode.STORE_UNWRITABLE
    (tmp_path / "conversations.db").mkdir()
    assert code_of(lambda: open_store(tmp_path)) is ErrorCode.STORE_UNWRITABLE


def test_a_key_of_another_length_is_a_bug(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        open_store(tmp_path, key=b"short")
