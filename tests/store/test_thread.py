from __future__ import annotations

import threading
from pathlib import Path

import pytest

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.store.database import Store
from finr1_desk.store.thread import StoreThread
from tests.store.opening import open_store

WAIT_S = 30


def test_work_runs_on_one_thread_in_order(tmp_path: Path) -> None:
    thread = StoreThread(lambda: open_store(tmp_path))
    thread.start().result(WAIT_S)
    seen: list[tuple[int, int]] = []
    futures = [thread.submit(lambda store, n=n: seen.append((n, threading.get_ident()))) for n in range(50)]
    for future in futures:
        future.result(WAIT_S)
    assert [n for n, _ in seen] == list(range(50))
    assert {ident for _, ident in seen} != {threading.get_ident()}
    assert len({ident for _, ident in seen}) == 1
    conversation = thread.submit(lambda store: store.create_conversation(None, "t")).result(WAIT_S)
    assert thread.submit(lambda store: store.conversations()).result(WAIT_S) == [conversation]
    thread.close()


def test_an_exception_is_the_outcome_of_its_own_work_only(tmp_path: Path) -> None:
    thread = StoreThread(lambda: open_store(tmp_path))
    thread.start()
    failing = thread.submit(lambda store: store.conversation("none"))
    fine = thread.submit(lambda store: store.conversations())
    with pytest.raises(UserError):
        failing.result(WAIT_S)
    assert fine.result(WAIT_S) == []
    thread.close()


def test_a_store_that_does_not_open_refuses_everything(tmp_path: Path) -> None:
    (tmp_path / "conversations.db").write_bytes(b"SQLite format 3\0" + bytes(4080))
    thread = StoreThread(lambda: open_store(tmp_path))
    before = thread.submit(lambda store: store.conversations())
    opened = thread.start()
    after = thread.submit(lambda store: store.conversations())
    for future in (opened, before, after):
        with pytest.raises(UserError) as caught:
            future.result(WAIT_S)
        assert caught.value.code is ErrorCode.STORE_DAMAGED
    thread.close()


def test_closing_finishes_what_was_submitted(tmp_path: Path) -> None:
    thread = StoreThread(lambda: open_store(tmp_path))
    thread.start()
    held = threading.Event()

    def wait(store: Store) -> None:
        held.wait(WAIT_S)

    thread.submit(wait)
    last = thread.submit(lambda store: store.create_conversation(None, "kept"))
    closing = threading.Thread(target=thread.close)
    closing.start()
    held.set()
    closing.join(WAIT_S)
    assert last.done()
    thread.close()
    with pytest.raises(RuntimeError, match="closed"):
        thread.submit(lambda store: store.conversations())
    store = open_store(tmp_path)
    assert [c.title for c in store.conversations()] == ["kept"]
    store.close()


def test_cancelled_work_is_not_done(tmp_path: Path) -> None:
    thread = StoreThread(lambda: open_store(tmp_path))
    future = thread.submit(lambda store: store.create_conversation(None, "never"))
    assert future.cancel()
    thread.start()
    assert thread.submit(lambda store: store.conversations()).result(WAIT_S) == []
    thread.close()


def test_a_thread_that_was_never_started_can_be_closed(tmp_path: Path) -> None:
    StoreThread(lambda: open_store(tmp_path)).close()
    assert list(tmp_path.iterdir()) == []
