"""Folders, pins and the trash: what they keep, what they refuse, and what another process sees of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from finr1_desk.core.conversation import Conversation
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.keeping import TRASH_DAYS, TRASH_S, Folder, days_left, folder_name
from finr1_desk.store.database import Store
from tests.store.opening import Clock, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def asked(store: Store, text: str) -> Conversation:
    conversation = store.create_conversation(None)
    store.add_question(conversation.id, None, text)
    return store.conversation(conversation.id)


def folders_of(store: Store) -> dict[str, str | None]:
    return {conversation.title: conversation.folder for conversation in store.conversations()}


def test_conversations_move_into_folders_and_out_and_keep_their_dates(store: Store) -> None:
    first, second = asked(store, "first"), asked(store, "second")
    assert store.folders.create("  Annual \n reports ") == "Annual reports"
    store.folders.move([first.id, second.id], "Annual reports")
    assert folders_of(store) == {"second": "Annual reports", "first": "Annual reports"}
    assert store.conversation(first.id) == replace(first, folder="Annual reports")
    store.folders.move([first.id], None)
    assert folders_of(store) == {"second": "Annual reports", "first": None}
    assert store.folders.all() == [Folder("Annual reports", 1)]


def test_names_that_differ_in_case_or_width_alone_are_one_folder(store: Store) -> None:
    store.folders.create("ＥＳＧ research")
    assert store.folders.create("esg RESEARCH") == "ＥＳＧ research"
    store.folders.create("年报")
    with pytest.raises(UserError) as caught:
        store.folders.rename("年报", "Esg research")
    assert (caught.value.code, caught.value.params["name"]) == (ErrorCode.FOLDER_EXISTS, "ＥＳＧ research")
    assert store.folders.rename("esg research", "ESG Research") == "ESG Research"
    assert [folder.name for folder in store.folders.all()] == ["ESG Research", "年报"]


def test_a_renamed_folder_keeps_what_is_in_it_and_a_deleted_one_lets_it_out(store: Store) -> None:
    kept, thrown = asked(store, "kept"), asked(store, "thrown away")
    store.folders.create("A")
    store.folders.move([kept.id, thrown.id], "A")
    store.trash.put([thrown.id])
    store.folders.rename("A", "B")
    assert folders_of(store) == {"kept": "B"}
    assert store.folders.all() == [Folder("B", 1)]
    assert sorted(store.folders.delete("B")) == sorted([kept.id, thrown.id])
    store.trash.restore([thrown.id])
    assert folders_of(store) == {"kept": None, "thrown away": None}
    assert store.folders.all() == []


@pytest.mark.parametrize("name", ["", "  \n ", "\0"])
def test_a_folder_has_a_name(store: Store, name: str) -> None:
    with pytest.raises(UserError) as caught:
        store.folders.create(name)
    assert caught.value.code is ErrorCode.BAD_VALUE
    assert store.folders.all() == []


def test_a_folder_that_is_not_there_takes_nothing(store: Store) -> None:
    conversation = asked(store, "q")
    for work in (
        lambda: store.folders.move([conversation.id], "nowhere"),
        lambda: store.folders.rename("nowhere", "x"),
        lambda: store.folders.delete("nowhere"),
    ):
        with pytest.raises(UserError) as caught:
            work()
        assert caught.value.code is ErrorCode.FOLDER_NOT_FOUND
    assert folders_of(store) == {"q": None}


def test_long_names_are_cut_and_lone_surrogates_replaced() -> None:
    assert len(folder_name("x" * 500)) == 80
    assert folder_name("a\ud800b") == "a\ufffdb"


def test_a_pin_is_kept_and_taken_away_without_touching_the_date(store: Store) -> None:
    conversation = asked(store, "q")
    store.pin([conversation.id], True)
    assert store.conversation(conversation.id) == replace(conversation, pinned=True)
    store.pin([conversation.id], False)
    assert store.conversation(conversation.id) == conversation


def test_what_comes_out_of_the_trash_is_as_it_was(store: Store) -> None:
    conversation = asked(store, "q")
    store.folders.create("A")
    store.folders.move([conversation.id], "A")
    store.pin([conversation.id], True)
    before = store.conversation(conversation.id)
    store.trash.put([conversation.id])
    [thrown] = store.trash.all()
    assert thrown.deleted_at is not None
    assert replace(thrown, deleted_at=None) == before
    store.trash.restore([conversation.id])
    assert store.conversations() == [before]
    assert store.trash.all() == []


def test_only_what_is_in_the_trash_is_removed_for_good(store: Store) -> None:
    living, thrown = asked(store, "living"), asked(store, "thrown")
    store.trash.put([thrown.id])
    assert store.trash.remove([living.id, thrown.id]) == 1
    assert folders_of(store) == {"living": None}
    assert store.trash.all() == []
    assert store.messages(thrown.id) == []
    with pytest.raises(UserError):
        store.trash.restore([thrown.id])


def test_several_are_deleted_together_and_the_missing_ones_are_passed_over(store: Store) -> None:
    ids = [asked(store, text).id for text in ("a", "b", "c")]
    store.trash.put([ids[0], "gone meanwhile", ids[2]])
    assert folders_of(store) == {"b": None}
    assert {conversation.title for conversation in store.trash.all()} == {"a", "c"}
    for work in (store.trash.put, store.trash.restore, lambda ids: store.pin(ids, True)):
        with pytest.raises(UserError) as caught:
            work(["gone meanwhile"])
        assert caught.value.code is ErrorCode.CONVERSATION_NOT_FOUND


def test_the_days_that_are_left_count_down_to_the_purge() -> None:
    assert days_left(1000.0, 1000.0) == TRASH_DAYS
    assert days_left(1000.0, 1000.0 + 86400.0 * 29.5) == 1
    assert days_left(1000.0, 1000.0 + TRASH_S + 5) == 0


def test_another_process_sees_folders_and_what_was_moved(tmp_path: Path) -> None:
    clock = Clock()
    one, other = open_store(tmp_path, clock=clock), open_store(tmp_path, clock=clock)
    conversation = asked(one, "q")
    assert other.changed_elsewhere()
    one.folders.create("A")
    assert other.changed_elsewhere()
    one.folders.move([conversation.id], "A")
    assert other.changed_elsewhere()
    assert folders_of(other) == {"q": "A"}
    assert not other.changed_elsewhere()
    one.close()
    other.close()


def test_a_copy_from_elsewhere_finds_or_makes_its_folder(store: Store) -> None:
    store.folders.create("Reports")
    original = Conversation("x", "t", None, None, 1.0, 2.0, folder="REPORTS", pinned=True, deleted_at=5.0)
    copy = store.import_conversation(original, [])
    kept = store.conversation(copy.id)
    assert (kept.folder, kept.pinned, kept.deleted_at) == ("Reports", True, None)
    other = store.import_conversation(replace(original, folder="新的"), [])
    assert store.conversation(other.id).folder == "新的"
    assert [folder.name for folder in store.folders.all()] == ["Reports", "新的"]
