from __future__ import annotations

from pathlib import Path

import pytest

from finr1_desk.store.database import Store
from finr1_desk.store.keys import subkey
from tests.store.opening import KEY, OTHER_KEY, open_store


def keep(store: Store, conversation_id: str) -> Path:
    """What the engine does with the place it is given."""
    path = Path(store.snapshots.place(conversation_id, 1).path)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"sealed")
    return path


def test_a_deleted_conversation_takes_its_snapshot_along(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    gone, stays = (store.create_conversation(None).id for _ in range(2))
    files = [keep(store, id) for id in (gone, stays)]
    store.trash.put([gone])
    assert [file.exists() for file in files] == [False, True]
    store.trash.put([stays])
    assert not any(file.exists() for file in files)
    store.close()


def test_what_was_left_over_goes_when_the_store_is_open_store(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    deleted, lives = (store.create_conversation(None).id for _ in range(2))
    store.trash.put([deleted])
    late, kept = keep(store, deleted), keep(store, lives)  # written by an engine that had not heard of it
    being_written = kept.with_name(f"{kept.name}.0a1b2c3d.part")
    being_written.write_bytes(b"")
    stranger = keep(store, "0123456789abcdef")
    store.close()
    open_store(tmp_path).close()
    assert [file.exists() for file in (late, stranger, kept, being_written)] == [False, False, True, True]


def test_none_are_left_where_none_are_wanted(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.snapshots.remove_all()  # no folder yet
    kept = keep(store, store.create_conversation(None).id)
    kept.with_name("c.kv.0a1b2c3d.part").write_bytes(b"")
    store.snapshots.remove_all()
    assert list(kept.parent.iterdir()) == []
    store.close()


def test_the_engines_key_is_the_same_each_time_and_never_the_stores(tmp_path: Path) -> None:
    keys = []
    for folder, key in ((tmp_path / "a", KEY), (tmp_path / "a", KEY), (tmp_path / "b", OTHER_KEY)):
        folder.mkdir(exist_ok=True)
        store = open_store(folder, key=key)
        place = store.snapshots.place("c", 7, "ab")
        assert (place.budget_bytes, place.model_sha256) == (7, "ab")
        assert Path(place.path).parent == folder / "snapshots"
        keys.append(place.key)
        store.close()
    assert keys[0] == keys[1] != keys[2]
    assert KEY.hex() not in keys
    assert all(len(bytes.fromhex(key)) == 32 for key in keys)


@pytest.mark.parametrize("purpose", ["another", ""])
def test_each_purpose_has_a_key_of_its_own(purpose: str) -> None:
    assert subkey(KEY, "one") != subkey(KEY, purpose)
    assert subkey(KEY, "one") == subkey(KEY, "one")
