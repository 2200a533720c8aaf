from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from finr1_desk.core.conversation import (
    Conversation,
    Message,
    MessageState,
    Part,
    PartKind,
    Role,
    branch,
)
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.keeping import TRASH_S
from finr1_desk.store.database import Store
from tests.store.opening import GENERATION, KEY, Clock, answer_parts, open_store


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    opened = open_store(tmp_path, clock=clock)
    yield opened
    opened.close()


def answered(store: Store, question: str, answer: str, *, think: str = "") -> tuple[Conversation, Message, Message]:
    conversation = store.create_conversation("Be brief.")
    asked = store.add_question(conversation.id, None, question)
    begun = store.begin_answer(asked.id, GENERATION)
    done = store.finish_answer(begun.id, answer_parts(think, answer), MessageState.COMPLETE, GENERATION)
    return store.conversation(conversation.id), asked, done


def test_what_was_written_is_read_again_after_reopening(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    conversation, asked, done = answered(store, "净利润是多少？", "\\boxed{5}", think="Let me see.\n")
    store.set_thinking_open(done.id, True)
    store.close()

    store = open_store(tmp_path)
    try:
        assert store.conversation(conversation.id) == conversation
        assert store.conversations() == [conversation]
        assert store.messages(conversation.id) == [asked, replace(done, thinking_open=True)]
        assert store.message(done.id).generation == GENERATION
        assert conversation.head_id == done.id
        assert conversation.system_prompt == "Be brief."
    finally:
        store.close()


def test_the_title_comes_from_the_first_question_unless_it_was_given(store: Store) -> None:
    derived = store.create_conversation(None)
    store.add_question(derived.id, None, "\n  What is   EBITDA?\nExplain.")
    assert store.conversation(derived.id).title == "What is EBITDA?"
    head = store.conversation(derived.id).head_id
    store.add_question(derived.id, head, "Another")
    assert store.conversation(derived.id).title == "What is EBITDA?"

    own = store.create_conversation(None, "Mine")
    store.add_question(own.id, None, "A question")
    assert store.conversation(own.id).title == "Mine"
    assert store.conversation(own.id).title_is_own


def test_an_empty_name_gives_the_derived_title_back(store: Store) -> None:
    conversation, _, _ = answered(store, "What is EBITDA?", "Earnings")
    assert store.rename(conversation.id, "Better").title_is_own
    assert store.rename(conversation.id, "  ").title == "What is EBITDA?"
    assert not store.conversation(conversation.id).title_is_own


def test_the_list_has_the_last_updated_first_and_pages(store: Store) -> None:
    ids = [store.create_conversation(None, f"{n}").id for n in range(5)]
    store.add_question(ids[1], None, "again")
    expected = [ids[1], ids[4], ids[3], ids[2], ids[0]]
    assert [c.id for c in store.conversations()] == expected
    assert [c.id for c in store.conversations(limit=2, offset=1)] == expected[1:3]


def test_renaming_and_choosing_a_branch_do_not_reorder(store: Store) -> None:
    first, asked, _ = answered(store, "one", "1")
    second, _, _ = answered(store, "two", "2")
    store.rename(first.id, "renamed")
    store.set_head(first.id, asked.id)
    assert [c.id for c in store.conversations()] == [second.id, first.id]


def test_deleted_conversations_are_hidden_and_come_back(store: Store) -> None:
    conversation, asked, _ = answered(store, "利益冲突", "yes")
    store.trash.put([conversation.id])
    assert store.conversations() == []
    assert store.search("利益冲突") == []
    with pytest.raises(UserError) as caught:
        store.conversation(conversation.id)
    assert caught.value.code is ErrorCode.CONVERSATION_NOT_FOUND
    with pytest.raises(UserError):
        store.add_question(conversation.id, asked.id, "more")
    store.trash.restore([conversation.id])
    assert store.conversations() == [conversation]
    assert store.search("利益冲突") != []


def test_an_answer_goes_on_being_written_when_its_conversation_is_deleted(store: Store) -> None:
    conversation, _, done = answered(store, "q", "a")
    store.resume_answer(done.id)
    store.trash.put([conversation.id])
    store.write_answer(done.id, answer_parts("", "more"))
    store.finish_answer(done.id, answer_parts("", "more still"), MessageState.COMPLETE, None)
    store.trash.restore([conversation.id])
    assert store.message(done.id).answer == "more still"


def test_deleted_conversations_are_purged_after_their_time(tmp_path: Path) -> None:
    clock = Clock()
    store = open_store(tmp_path, clock=clock)
    gone, _, message = answered(store, "利益冲突 secretword", "an answer", think="thought")
    kept, _, _ = answered(store, "kept", "kept")
    store.trash.put([gone.id])
    store.close()

    clock.now += TRASH_S - 60
    open_store(tmp_path, clock=clock).close()
    store = open_store(tmp_path, clock=clock)
    store.trash.restore([gone.id])  # still there
    store.trash.put([gone.id])
    store.close()

    clock.now += TRASH_S + 60
    store = open_store(tmp_path, clock=clock)
    try:
        with pytest.raises(UserError):
            store.trash.restore([gone.id])
        with pytest.raises(UserError):
            store.message(message.id)
        assert [c.id for c in store.conversations()] == [kept.id]
        # Nothing of the text is left, not even encrypted: neither in a row nor in the index.
        blobs = b"".join(blob for (blob,) in store._db.rows("SELECT block FROM search_index_data"))
        assert b"secretword" not in blobs
        assert "利益".encode() not in blobs
        assert b"kept" in blobs
    finally:
        store.close()


def test_editing_a_question_keeps_the_other_branch(store: Store) -> None:
    conversation, asked, done = answered(store, "first wording", "a")
    edited = store.add_question(conversation.id, asked.parent_id, "second wording")
    assert store.conversation(conversation.id).head_id == edited.id
    messages = {m.id: m for m in store.messages(conversation.id)}
    assert list(messages) == [asked.id, done.id, edited.id]
    assert branch(messages, done.id) == [asked, done]
    store.set_head(conversation.id, done.id)
    assert store.conversation(conversation.id).head_id == done.id


def test_regenerating_shows_the_new_answer(store: Store) -> None:
    conversation, asked, done = answered(store, "q", "a")
    follow = store.add_question(conversation.id, done.id, "and then?")
    again = store.begin_answer(asked.id)
    assert again.parent_id == asked.id
    assert store.conversation(conversation.id).head_id == again.id
    assert store.message(follow.id).parent_id == done.id


def test_queued_questions_follow_the_answer_they_waited_for(store: Store) -> None:
    conversation = store.create_conversation(None)
    first = store.add_question(conversation.id, None, "first")
    second = store.add_question(conversation.id, first.id, "second")
    answer = store.begin_answer(first.id)
    assert store.message(second.id).parent_id == answer.id
    assert store.conversation(conversation.id).head_id == second.id
    messages = {m.id: m for m in store.messages(conversation.id)}
    assert [m.id for m in branch(messages, second.id)] == [first.id, answer.id, second.id]


def test_an_answer_on_another_branch_leaves_the_shown_one(store: Store) -> None:
    conversation = store.create_conversation(None)
    first = store.add_question(conversation.id, None, "first")
    other = store.add_question(conversation.id, None, "other")
    store.begin_answer(first.id)
    assert store.conversation(conversation.id).head_id == other.id


def test_taking_back_a_question(store: Store) -> None:
    conversation, _, done = answered(store, "q", "a")
    queued = store.add_question(conversation.id, done.id, "queued words")
    behind = store.add_question(conversation.id, queued.id, "behind it")
    store.remove_question(queued.id)
    assert store.message(behind.id).parent_id == done.id
    assert store.conversation(conversation.id).head_id == behind.id
    assert store.search("queued") == []
    store.remove_question(behind.id)
    assert store.conversation(conversation.id).head_id == done.id
    with pytest.raises(ValueError, match="without an answer"):
        store.remove_question(done.id)


def test_taking_back_the_only_question_takes_its_title_too(store: Store) -> None:
    conversation = store.create_conversation(None)
    question = store.add_question(conversation.id, None, "Title words")
    store.remove_question(question.id)
    empty = store.conversation(conversation.id)
    assert (empty.title, empty.head_id, store.messages(conversation.id)) == ("", None, [])
    assert store.search("title") == []


def test_a_question_with_an_answer_cannot_be_taken_back(store: Store) -> None:
    _, asked, _ = answered(store, "q", "a")
    with pytest.raises(ValueError, match="without an answer"):
        store.remove_question(asked.id)


def test_an_answer_as_it_is_written(store: Store) -> None:
    conversation = store.create_conversation(None)
    asked = store.add_question(conversation.id, None, "q")
    begun = store.begin_answer(asked.id, GENERATION)
    assert (begun.state, begun.parts) == (MessageState.WRITING, ())
    parts = (Part(PartKind.THINK, "partial words"),)
    store.write_answer(begun.id, parts)
    assert store.message(begun.id).parts == parts
    assert store.search("partial") == []  # found when it is complete
    done = store.finish_answer(begun.id, parts, MessageState.STOPPED, GENERATION)
    assert done == store.message(begun.id)
    assert [hit.message_id for hit in store.search("partial")] == [begun.id]
    with pytest.raises(ValueError, match="not being written"):
        store.write_answer(begun.id, parts)


def test_a_continued_answer_is_found_by_its_new_text_only(store: Store) -> None:
    _, _, done = answered(store, "q", "oldword")
    assert store.resume_answer(done.id).state is MessageState.WRITING
    assert store.search("oldword") == []
    store.finish_answer(done.id, answer_parts("", "newword"), MessageState.COMPLETE, None)
    assert store.search("oldword") == []
    assert [hit.message_id for hit in store.search("newword")] == [done.id]


def test_the_model_hash_is_added_later(store: Store) -> None:
    _, asked, done = answered(store, "q", "a")
    store.set_model_hash(done.id, "ab" * 32)
    generation = store.message(done.id).generation
    assert generation == replace(GENERATION, model=replace(GENERATION.model, sha256="ab" * 32))
    store.set_model_hash(asked.id, "ab" * 32)  # no model wrote it
    assert store.message(asked.id).generation is None


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\0b", "a\0b"),
        ("\ud800lone", "\ufffdlone"),
        ("\ud83d\ude00", "😀"),
        ("\r\n\u2028 \t", "\r\n\u2028 \t"),
        ("", ""),
        ("'; DROP TABLE messages; --", "'; DROP TABLE messages; --"),
    ],
)
def test_hostile_text_survives(store: Store, text: str, kept: str) -> None:
    conversation = store.create_conversation(text, text)
    question = store.add_question(conversation.id, None, text)
    answer = store.begin_answer(question.id)
    store.finish_answer(answer.id, (Part(PartKind.ANSWER, text),), MessageState.COMPLETE, None)
    assert store.message(question.id).parts == (Part(PartKind.TEXT, kept),)
    assert store.message(answer.id).parts == (Part(PartKind.ANSWER, kept),)
    stored = store.conversation(conversation.id)
    assert stored.system_prompt == kept
    store.set_state("draft", text)
    assert store.get_state("draft") == kept


def test_state_values(store: Store) -> None:
    assert store.get_state("last") is None
    store.set_state("last", "a")
    store.set_state("last", "b")
    assert store.get_state("last") == "b"


def test_relations_between_conversations_are_refused(store: Store) -> None:
    _, asked, _ = answered(store, "one", "1")
    second, _, _ = answered(store, "two", "2")
    with pytest.raises(ValueError, match="another conversation"):
        store.add_question(second.id, asked.id, "x")
    with pytest.raises(ValueError, match="another conversation"):
        store.set_head(second.id, asked.id)
    assert len(store.messages(second.id)) == 2
    with pytest.raises(UserError):
        store.message("nothing")


def test_an_import_is_equal_but_for_its_ids(store: Store) -> None:
    original, asked, done = answered(store, "q 利益冲突", "a", think="t")
    store.add_question(original.id, None, "other branch")
    store.set_head(original.id, done.id)
    original = store.conversation(original.id)
    messages = store.messages(original.id)

    copy = store.import_conversation(original, messages)
    copied = store.messages(copy.id)
    assert copy == store.conversation(copy.id)
    ids = {old.id: new.id for old, new in zip(messages, copied, strict=True)}
    assert not set(ids.values()) & set(ids)
    for old, new in zip(messages, copied, strict=True):
        parent = None if old.parent_id is None else ids[old.parent_id]
        assert new == replace(old, id=new.id, conversation_id=copy.id, parent_id=parent)
    assert copy == replace(original, id=copy.id, head_id=ids[done.id])
    assert {hit.message_id for hit in store.search("利益冲突")} == {asked.id, ids[asked.id]}


def message(id: str, parent: str | None) -> Message:
    return Message(id, "c", parent, Role.USER, (Part(PartKind.TEXT, id),), MessageState.COMPLETE, 0.0)


@pytest.mark.parametrize(
    "messages",
    [
        [message("a", "b"), message("b", "a")],
        [message("a", "a")],
        [message("a", None), message("b", "c"), message("c", "d"), message("d", "b")],
        [message("a", "missing")],
        [message("a", None), message("a", None)],
    ],
)
def test_an_import_that_is_no_tree_is_refused_whole(store: Store, messages: list[Message]) -> None:
    with pytest.raises(ValueError, match=r"message|parent|cycle"):
        store.import_conversation(Conversation("c", "t", None, None, 0.0, 0.0), messages)
    assert store.conversations() == []


def test_an_import_may_list_children_first_and_marks_what_was_being_written(store: Store) -> None:
    writing = replace(message("b", "a"), role=Role.ASSISTANT, state=MessageState.WRITING)
    copy = store.import_conversation(Conversation("c", "t", None, "b", 1.0, 2.0), [writing, message("a", None)])
    assert [m.state for m in store.messages(copy.id)] == [MessageState.INTERRUPTED, MessageState.COMPLETE]


def test_errors_and_representations_hold_no_text(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    conversation, asked, _ = answered(store, "secretword", "a")
    store._db.run("UPDATE messages SET parts = '[\"secretword' WHERE id = ?", asked.id)
    with pytest.raises(UserError) as caught:
        store.messages(conversation.id)
    assert caught.value.code is ErrorCode.STORE_DAMAGED
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "secretword" not in str(caught.value)
    assert "secretword" not in caplog.text


def test_only_the_owner_may_read_the_files(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    path.touch(mode=0o666)
    path.chmod(0o666)
    store = open_store(tmp_path)
    try:
        store.create_conversation(None, "t")
        modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
        assert modes == dict.fromkeys(["conversations.db", "conversations.db-wal", "conversations.db-shm"], 0o600)
    finally:
        store.close()


def test_no_text_is_in_the_files_in_the_clear(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    word = "insider-trading-memo"
    try:
        conversation, _, _ = answered(store, f"{word} 利益冲突", word, think=word)
        store.set_state("draft", word)
        store.rename(conversation.id, word)
        files = sorted(tmp_path.iterdir())
        assert len(files) == 3
        for file in files:
            content = file.read_bytes()
            assert word.encode() not in content
            assert b"insider" not in content
            assert "利益".encode() not in content
            assert b"CREATE TABLE" not in content
            assert KEY not in content
    finally:
        store.close()
