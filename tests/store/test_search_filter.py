"""Searches that are narrowed: by date, folder, model and place; what is in the trash; and giving one up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from finr1_desk.core.conversation import Message, MessageState
from finr1_desk.core.keeping import EVERYTHING, Place, SearchFilter
from finr1_desk.store.database import Store
from tests.store.opening import GENERATION, Clock, answer_parts, open_store

START = 1_750_000_000.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path, clock=Clock(START))
    yield opened
    opened.close()


def add(store: Store, question: str, answer: str, think: str = "", model: str = "Fin-R1") -> tuple[Message, Message]:
    conversation = store.create_conversation(None)
    asked = store.add_question(conversation.id, None, question)
    made = replace(GENERATION, model=replace(GENERATION.model, name=model))
    written = store.begin_answer(asked.id, made)
    return asked, store.finish_answer(written.id, answer_parts(think, answer), MessageState.COMPLETE, made)


def ids(store: Store, query: str, narrowed: SearchFilter) -> set[str | None]:
    return {hit.message_id for hit in store.search(query, narrowed=narrowed)}


@pytest.mark.parametrize("query", ["利", "利润", "净利润", "margin", "mar"])
def test_a_place_is_where_the_words_are(store: Store, query: str) -> None:
    text = "净利润 margin"
    asked, _ = add(store, text, "other words", think="something else")
    _, answered = add(store, "a question", text, think="something else")
    _, thought = add(store, "a question", "an answer", think=text)
    assert ids(store, query, SearchFilter(place=Place.QUESTION)) == {asked.id}
    assert ids(store, query, SearchFilter(place=Place.ANSWER)) == {answered.id}
    assert ids(store, query, SearchFilter(place=Place.THINKING)) == {thought.id}
    hits = {hit.message_id: hit.in_thinking for hit in store.search(query)}
    assert hits == {asked.id: False, answered.id: False, thought.id: True}
    [hit] = store.search(query, narrowed=SearchFilter(place=Place.THINKING))
    assert hit.in_thinking
    assert hit.matches


def test_thinking_is_found_there_though_the_answer_says_the_same(store: Store) -> None:
    _, answer = add(store, "q", "margin of safety", think="a margin, then")
    [hit] = store.search("margin", narrowed=SearchFilter(place=Place.THINKING))
    assert (hit.message_id, hit.snippet, hit.in_thinking) == (answer.id, "a margin, then", True)


def test_a_date_takes_the_first_moment_and_leaves_the_last(store: Store) -> None:
    messages = [add(store, f"margin {number}", "x")[0] for number in range(4)]
    after, before = messages[1].created_at, messages[3].created_at
    assert ids(store, "margin", SearchFilter(after=after)) - {None} == {m.id for m in messages[1:]}
    assert ids(store, "margin", SearchFilter(before=before)) - {None} == {m.id for m in messages[:3]}
    assert ids(store, "margin", SearchFilter(after=after, before=before)) - {None} == {m.id for m in messages[1:3]}
    assert ids(store, "margin", SearchFilter(after=before + 1000)) - {None} == set()
    assert ids(store, "margin", SearchFilter(before=START)) - {None} == set()


def test_a_folder_holds_its_own_titles_included(store: Store) -> None:
    inside, _ = add(store, "margin inside", "x")
    add(store, "margin outside", "x")
    titled = store.create_conversation(None, "margin in the title")
    store.folders.create("年报")
    store.folders.move([inside.conversation_id, titled.id], "年报")
    assert ids(store, "margin", SearchFilter(folder="年报")) == {inside.id, None}
    store.trash.put([inside.conversation_id])
    assert ids(store, "margin", SearchFilter(folder="年报")) == {None}
    assert ids(store, "margin", SearchFilter(folder="gone")) == set()


def test_a_model_is_known_by_its_name_and_quantisation(store: Store) -> None:
    add(store, "q", "margin by one", model="Fin-R1")
    _, second = add(store, "margin", "margin by another", model="Qwen2.5")
    assert store.models() == ["Fin-R1 Q4_K_M", "Qwen2.5 Q4_K_M"]
    assert ids(store, "margin", SearchFilter(model="Qwen2.5 Q4_K_M")) == {second.id}
    assert ids(store, "margin", SearchFilter(model="nobody")) == set()


def test_no_model_has_written_in_a_new_store(store: Store) -> None:
    assert store.models() == []


def test_filters_hold_together(store: Store) -> None:
    _, wanted = add(store, "q", "margin", model="A")
    add(store, "q", "margin", model="B")
    store.folders.create("F")
    store.folders.move([wanted.conversation_id], "F")
    whole = SearchFilter(START, wanted.created_at + 1, "F", "A Q4_K_M", Place.ANSWER)
    assert ids(store, "margin", whole) == {wanted.id}
    for missing in ("folder", "model"):
        assert ids(store, "margin", replace(whole, **{missing: "another"})) == set()
    assert ids(store, "margin", replace(whole, place=Place.QUESTION)) == set()


def test_hits_that_are_filtered_out_or_deleted_do_not_crowd_out_older_ones(store: Store) -> None:
    """The newest 500 hits are ranked: those must be counted that are let through."""
    old, _ = add(store, "margin of old", "x", model="A")
    crowd = store.create_conversation(None)
    parent = None
    for number in range(510):
        parent = store.add_question(crowd.id, parent, f"margin {number}").id
    store.folders.create("F")
    store.folders.move([old.conversation_id], "F")
    assert old.id in ids(store, "margin", SearchFilter(folder="F"))
    store.trash.put([crowd.id])
    assert ids(store, "margin", EVERYTHING) == {old.id}


def test_a_search_that_is_not_wanted_any_more_ends_and_the_next_one_works(store: Store) -> None:
    conversation = store.create_conversation(None)
    parent = None
    for number in range(300):
        parent = store.add_question(conversation.id, parent, f"margin {number} of safety").id
    asked: list[bool] = []

    def abandoned() -> bool:
        asked.append(True)
        return True

    assert store.search("margin", abandoned=abandoned) == []
    assert asked
    assert len(store.search("margin", abandoned=lambda: False)) == 100
    store.add_question(conversation.id, parent, "still writable")
