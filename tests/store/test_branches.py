"""Several answers at once, branches that go and come back, and unsent questions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from finr1_desk.core.choices import Choices
from finr1_desk.core.conversation import Message, MessageState, Role
from finr1_desk.core.draft import Draft
from finr1_desk.core.errors import UserError
from finr1_desk.core.keeping import TRASH_S
from finr1_desk.store.database import Store
from tests.store.opening import Clock, answer_parts, open_store


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    opened = open_store(tmp_path, clock=clock)
    yield opened
    opened.close()


def asked(store: Store, text: str = "first") -> Message:
    conversation = store.create_conversation(None)
    return store.add_question(conversation.id, None, text)


def answered(store: Store, question: Message, text: str) -> Message:
    answer = store.begin_answer(question.id)
    return store.finish_answer(answer.id, answer_parts("hm", text), MessageState.COMPLETE, None)


def shown(store: Store, conversation_id: str) -> str | None:
    return store.conversation(conversation_id).head_id


def test_several_answers_stand_beside_each_other_and_the_first_is_shown(store: Store) -> None:
    question = asked(store)
    answers = store.branches.begin(question.id, 3)
    on_disk = store.messages(question.conversation_id)
    assert [message.id for message in on_disk] == [question.id, *(answer.id for answer in answers)]
    assert {message.parent_id for message in on_disk[1:]} == {question.id}
    assert {message.state for message in on_disk[1:]} == {MessageState.WRITING}
    assert shown(store, question.conversation_id) == answers[0].id


def test_several_answers_survive_the_end_of_their_writer(tmp_path: Path) -> None:
    store = open_store(tmp_path, writer="999999:1")
    question = asked(store)
    answers = store.branches.begin(question.id, 3)
    store.write_answer(answers[1].id, answer_parts("half", ""))
    store.close()
    after = open_store(tmp_path)
    assert {message.state for message in after.recover()} == {MessageState.INTERRUPTED}
    assert after.message(answers[1].id).think == "half"
    after.close()


def test_the_chosen_answer_takes_the_place_of_the_first_with_what_waits_behind_it(store: Store) -> None:
    question = asked(store)
    first, second = store.branches.begin(question.id, 2)
    waiting = store.add_question(question.conversation_id, first.id, "and then?")
    store.branches.choose(second.id, first.id)
    assert store.message(waiting.id).parent_id == second.id
    assert shown(store, question.conversation_id) == waiting.id


def test_the_chosen_answer_leaves_alone_what_was_answered_already(store: Store) -> None:
    question = asked(store)
    first, second = store.branches.begin(question.id, 2)
    later = store.add_question(question.conversation_id, first.id, "and then?")
    answered(store, later, "done")
    store.branches.choose(second.id, first.id)
    assert store.message(later.id).parent_id == first.id


def test_a_deleted_branch_is_not_shown_and_not_found_until_it_comes_back(store: Store) -> None:
    question = asked(store)
    old, new = answered(store, question, "alpha"), answered(store, question, "beta")
    follow = store.add_question(question.conversation_id, new.id, "gamma")
    store.branches.delete(new.id)
    assert [message.id for message in store.messages(question.conversation_id)] == [question.id, old.id]
    assert shown(store, question.conversation_id) == old.id
    assert store.search("beta") == store.search("gamma") == []
    store.branches.restore(new.id)
    assert [hit.message_id for hit in store.search("gamma")] == [follow.id]
    assert shown(store, question.conversation_id) == follow.id


def test_without_another_version_what_it_followed_is_shown(store: Store) -> None:
    question = asked(store)
    answer = answered(store, question, "alpha")
    store.branches.delete(answer.id)
    assert shown(store, question.conversation_id) == question.id
    store.branches.delete(question.id)
    assert shown(store, question.conversation_id) is None


def test_restoring_what_stands_below_something_deleted_brings_that_back_too(store: Store) -> None:
    question = asked(store)
    answer = answered(store, question, "alpha")
    store.branches.delete(answer.id)
    store.branches.delete(question.id)
    store.branches.restore(answer.id)
    assert len(store.messages(question.conversation_id)) == 2


def test_a_deleted_branch_is_removed_for_good_after_its_time(tmp_path: Path, clock: Clock) -> None:
    store = open_store(tmp_path, clock=clock)
    question = asked(store)
    answer = answered(store, question, "alpha")
    store.branches.delete(answer.id)
    store.close()
    clock.now += TRASH_S - 100
    store = open_store(tmp_path, clock=clock)
    assert store.message(answer.id).answer == "alpha"
    store.close()
    clock.now += 200
    store = open_store(tmp_path, clock=clock)
    with pytest.raises(UserError):
        store.message(answer.id)
    assert store.message(question.id) == question
    store.close()


def test_what_is_needed_is_never_purged(store: Store, clock: Clock) -> None:
    question = asked(store)
    answer = answered(store, question, "alpha")
    store.branches.delete(answer.id)
    late = store.add_question(question.conversation_id, answer.id, "by a process that knew nothing of it")
    clock.now += TRASH_S + 100
    store.branches.purge()
    assert store.message(late.id).parent_id == answer.id
    assert store.message(answer.id).role is Role.ASSISTANT


def test_choices_are_kept_with_the_conversation(store: Store) -> None:
    chosen = Choices(temperature=0.0, seed=2**64 - 1, samples=8)
    conversation = store.create_conversation("p", choices=chosen)
    assert store.conversation(conversation.id).choices == chosen
    changed = store.set_choices(conversation.id, None, Choices())
    assert (changed.system_prompt, changed.choices) == (None, Choices())
    copy = store.import_conversation(conversation, [])
    assert store.conversation(copy.id).choices == chosen


def test_choices_that_make_no_sense_do_not_keep_a_conversation_from_being_read(store: Store) -> None:
    conversation = store.create_conversation(None)
    store._db.run('UPDATE conversations SET choices = \'{"seed": "x"}\'')
    assert store.conversation(conversation.id).choices == Choices()


def test_drafts_are_kept_by_place_and_an_empty_one_is_none(store: Store) -> None:
    conversation = store.create_conversation(None)
    mine = Draft("净利润\n\ud83d\ude00", 3, 1, 2, "q", "before")
    store.drafts.keep(conversation.id, mine)
    store.drafts.keep("", Draft("new"))
    found = store.drafts.all()
    assert found[""] == Draft("new")
    assert (found[conversation.id].cursor, found[conversation.id].editing) == (3, "q")
    store.drafts.keep("", Draft())
    assert set(store.drafts.all()) == {conversation.id}
    store.trash.put([conversation.id])
    store.trash.remove([conversation.id])
    assert store.drafts.all() == {}


def test_a_draft_that_cannot_be_read_is_left_out(store: Store) -> None:
    store.drafts.keep("", Draft("new"))
    store._db.run("INSERT INTO drafts VALUES ('a', '[]'), ('b', '{\"text\": 1}'), ('c', '{')")
    assert set(store.drafts.all()) == {""}
