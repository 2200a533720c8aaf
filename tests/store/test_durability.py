"""What a method of the store has returned from survives the end of the process, and a full disk."""

from __future__ import annotations

import os
import random
import select
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from finr1_desk.core.conversation import MessageState, Part, PartKind
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.store.database import Store
from finr1_desk.store.writers import is_alive, this_writer
from tests.store.opening import PROJECT, PYTHON, Clock, open_store

WAIT_S = 60

# Each line says what is on disk now; it is written after the method returned.
WRITER = """
import sys
from pathlib import Path
from finr1_desk.core.conversation import MessageState, Part, PartKind
from tests.store.opening import open_store

store = open_store(Path(sys.argv[1]))
conversation = store.create_conversation(None, "round")
while True:
    head = store.conversation(conversation.id).head_id
    question = store.add_question(conversation.id, head, "question")
    print("question", question.id, 0, flush=True)
    answer = store.begin_answer(question.id)
    for length in range(1, 30):
        store.write_answer(answer.id, (Part(PartKind.ANSWER, "净" * length * 100),))
        print("answer", answer.id, length * 100, flush=True)
    store.finish_answer(answer.id, (Part(PartKind.ANSWER, "净利润"),), MessageState.COMPLETE, None)
    print("finished", answer.id, 3, flush=True)
"""


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [PYTHON, "-c", code, *arguments], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def read_until(process: subprocess.Popen[str], lines: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(lines)]


def end(process: subprocess.Popen[str]) -> str:
    """Kills without a chance to clean up; returns what the process had still said."""
    process.kill()
    rest, _ = process.communicate(timeout=WAIT_S)
    return rest


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    chance = random.Random(7)
    for _ in range(8):
        process = start(WRITER, str(tmp_path))
        said = read_until(process, chance.randint(1, 60))
        time.sleep(chance.random() * 0.02)  # the moment of the kill, not a wait for something
        lines = said + end(process).splitlines()

        store = open_store(tmp_path)
        for message in store.recover():
            assert message.state is MessageState.INTERRUPTED
        acknowledged = {line.split()[1]: line.split() for line in lines if line.count(" ") == 2}
        for kind, id, length in acknowledged.values():
            message = store.message(id)
            if kind == "finished":
                assert (message.state, message.answer) == (MessageState.COMPLETE, "净利润")
            elif kind == "answer" and message.state is MessageState.INTERRUPTED:
                assert len(message.answer) >= int(length)
            else:
                assert message.answer
        assert acknowledged
        found = {hit.message_id for hit in store.search("净利润")}
        assert found >= {id for kind, id, _ in acknowledged.values() if kind == "finished"}
        store._db.run("INSERT INTO search_index (search_index) VALUES ('integrity-check')")
        assert store._db.rows("PRAGMA integrity_check") == [("ok",)]
        assert store._db.rows("PRAGMA foreign_key_check") == []
        store.close()


OPENER = """
import sys
from pathlib import Path
from tests.store.opening import open_store

print("opening", flush=True)
open_store(Path(sys.argv[1])).create_conversation(None, "made")
print("made", flush=True)
"""


def test_a_store_whose_making_was_cut_short_can_be_opened(tmp_path: Path) -> None:
    chance = random.Random(3)
    for number in range(6):
        folder = tmp_path / str(number)
        folder.mkdir()
        process = start(OPENER, str(folder))
        assert read_until(process, 1) == ["opening"]
        time.sleep(chance.random() * 0.04)  # the moment of the kill
        made = "made" in end(process)
        store = open_store(folder)
        titles = [c.title for c in store.conversations()]
        assert titles == ["made"] if made else titles in ([], ["made"])
        store.close()


OTHER = """
import sys
from pathlib import Path
from tests.store.opening import open_store

store = open_store(Path(sys.argv[1]))
print("ready", flush=True)
for line in sys.stdin:
    command, _, argument = line.strip().partition(" ")
    if command == "create":
        print(store.create_conversation(None, argument).id, flush=True)
    elif command == "changed":
        print(store.changed_elsewhere(), flush=True)
    elif command == "titles":
        print(",".join(sorted(c.title for c in store.conversations())), flush=True)
"""


def ask(process: subprocess.Popen[str], line: str) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def test_two_processes_see_each_others_changes(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    process = start(OTHER, str(tmp_path))
    try:
        assert read_until(process, 1) == ["ready"]
        assert not store.changed_elsewhere()
        assert ask(process, "changed") == "False"

        store.create_conversation(None, "ours")
        assert not store.changed_elsewhere()  # our own changes do not count
        assert ask(process, "changed") == "True"
        assert ask(process, "changed") == "False"
        assert ask(process, "titles") == "ours"

        assert ask(process, "create theirs")
        assert store.changed_elsewhere()
        assert not store.changed_elsewhere()
        assert sorted(c.title for c in store.conversations()) == ["ours", "theirs"]
    finally:
        end(process)
        store.close()


MANY = """
import sys
from pathlib import Path
from tests.store.opening import open_store

store = open_store(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(40):
    conversation = store.create_conversation(None)
    store.add_question(conversation.id, None, f"{sys.argv[2]}-{number} question")
print("done", flush=True)
store.close()
"""


def test_processes_that_write_at_once_all_succeed(tmp_path: Path) -> None:
    processes = [start(MANY, str(tmp_path), name) for name in ("a", "b", "c")]  # all make the file at once, too
    for process in processes:
        assert read_until(process, 1) == ["ready"]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        assert process.communicate(timeout=WAIT_S)[0] == "done\n"
    store = open_store(tmp_path)
    titles = {c.title for c in store.conversations()}
    assert titles == {f"{name}-{number} question" for name in "abc" for number in range(40)}
    assert len(store.search("question", limit=1000)) == 120
    store.close()


def test_a_store_that_another_process_holds_too_long_is_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finr1_desk.store.connection.BUSY_TIMEOUT_S", 0.05)
    holder, waiter = open_store(tmp_path), open_store(tmp_path)
    with holder._db.writing():
        with pytest.raises(UserError) as caught:
            waiter.create_conversation(None, "too early")
        assert caught.value.code is ErrorCode.STORE_BUSY
        assert waiter.conversations() == []  # reading goes on
    assert waiter.create_conversation(None, "now") in waiter.conversations()
    holder.close()
    waiter.close()


# -- writers


def test_this_process_lives() -> None:
    assert is_alive(this_writer())


def test_a_process_that_took_over_the_number_is_another_writer() -> None:
    pid = os.getpid()
    started = psutil.Process(pid).create_time()
    assert not is_alive(f"{pid}:{started - 60:.2f}")
    assert is_alive(f"{pid}:{started + 1:.2f}")  # the system corrects its idea of when it booted


@pytest.mark.parametrize("name", ["", "nobody", "1", "1:", ":1", "-1:0", "99999999999999999999:1", "1:nan"])
def test_a_name_that_is_none_is_dead(name: str) -> None:
    assert not is_alive(name)


def test_a_killed_process_is_dead_before_anybody_has_waited_for_it() -> None:
    process = start("import sys; print('ready', flush=True); sys.stdin.readline()")
    assert read_until(process, 1) == ["ready"]
    name = f"{process.pid}:{psutil.Process(process.pid).create_time():.2f}"
    assert is_alive(name)
    process.kill()
    deadline = time.monotonic() + WAIT_S
    while is_alive(name):
        assert time.monotonic() < deadline
        select.select([], [], [], 0.01)
    process.communicate(timeout=WAIT_S)


def test_only_answers_of_dead_writers_are_interrupted(tmp_path: Path) -> None:
    dead = start("")
    dead.communicate(timeout=WAIT_S)
    clock = Clock()
    ids = {}
    for name, writer in (("dead", f"{dead.pid}:1.00"), ("alive", this_writer())):
        store = open_store(tmp_path, writer=writer, clock=clock)
        conversation = store.create_conversation(None)
        answer = store.begin_answer(store.add_question(conversation.id, None, "q").id)
        store.write_answer(answer.id, (Part(PartKind.THINK, f"{name} thought"),))
        ids[name] = answer.id
        store.close()
    store = open_store(tmp_path)
    [recovered] = store.recover()
    assert recovered == store.message(ids["dead"])
    assert (recovered.state, recovered.think) == (MessageState.INTERRUPTED, "dead thought")
    assert store.message(ids["alive"]).state is MessageState.WRITING
    assert [hit.message_id for hit in store.search("thought")] == [ids["dead"]]
    assert store.recover() == []
    store.close()


def test_an_answer_taken_for_abandoned_goes_on(tmp_path: Path) -> None:
    slow = open_store(tmp_path, writer="1:1.00")  # a name that looks dead, of a store that is not
    answer = slow.begin_answer(slow.add_question(slow.create_conversation(None).id, None, "q").id)
    slow.write_answer(answer.id, (Part(PartKind.ANSWER, "first words"),))
    other = open_store(tmp_path)
    assert [message.id for message in other.recover()] == [answer.id]
    slow.write_answer(answer.id, (Part(PartKind.ANSWER, "second words"),))
    assert other.message(answer.id).state is MessageState.WRITING
    done = slow.finish_answer(answer.id, (Part(PartKind.ANSWER, "third words"),), MessageState.COMPLETE, None)
    assert other.message(answer.id) == done
    assert other.search("first") == []
    assert len(other.search("third")) == 1
    slow.close()
    other.close()


# -- a full disk


def fill(store: Store, rounds: int) -> list[str]:
    """Adds questions until the store is full; returns the ids of those that were acknowledged."""
    acknowledged = []
    conversation = store.create_conversation(None)
    with pytest.raises(UserError) as caught:  # noqa: PT012 - which round fails is not known before
        for _ in range(rounds):
            acknowledged.append(store.add_question(conversation.id, None, "x" * 20_000).id)
    assert caught.value.code is ErrorCode.STORE_FULL
    assert "xxx" not in str(caught.value)
    return acknowledged


def test_a_full_store_keeps_what_it_has_and_goes_on_later(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    limit = store._db.rows("PRAGMA page_count")[0][0] + 60
    store._db.rows(f"PRAGMA max_page_count = {limit}")
    acknowledged = fill(store, 100)
    assert acknowledged
    for id in acknowledged:
        assert len(store.message(id).raw) == 20_000
    store._db.rows("PRAGMA max_page_count = 1000000")
    conversation = store.create_conversation(None, "there is room again")
    assert store.conversation(conversation.id) == conversation
    assert store._db.rows("PRAGMA integrity_check") == [("ok",)]
    store.close()


ON_A_FULL_DISK = """
import subprocess, sys
from pathlib import Path
from finr1_desk.core.errors import ErrorCode, UserError
from tests.store.opening import open_store
from tests.store.test_durability import fill

folder = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], check=True)
print("mounted", flush=True)
store = open_store(folder)
acknowledged = fill(store, 500)
assert acknowledged
for id in acknowledged:
    assert len(store.message(id).raw) == 20_000
store.close()

(folder / "filler").write_bytes(b"")
with (folder / "filler").open("wb", buffering=0) as filler:
    try:
        while filler.write(b"x" * 4096):
            pass
    except OSError:
        pass
try:
    store = open_store(folder)
    for _ in range(100):  # what is left of a page or of the log takes a few
        store.create_conversation("x" * 4096)
except UserError as error:
    assert error.code is ErrorCode.STORE_FULL, error
else:
    raise AssertionError("there was room")

subprocess.run(["mount", "-o", "remount,size=8m", folder], check=True)
store = open_store(folder)
for id in acknowledged:
    assert len(store.message(id).raw) == 20_000
store.add_question(store.create_conversation(None).id, None, "there is room again")
assert store._db.rows("PRAGMA integrity_check") == [("ok",)]
store.close()
print("kept", len(acknowledged) > 5, flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a small file system")
def test_a_full_disk(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    # A mount namespace of its own: the mount is seen by nobody else, and goes with the process.
    command = ["unshare", "--user", "--map-root-user", "--mount", PYTHON, "-c", ON_A_FULL_DISK, str(folder)]
    outcome = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=WAIT_S, check=False)
    if "mounted" not in outcome.stdout:
        pytest.skip("no file system can be mounted here")
    assert outcome.stdout.splitlines() == ["mounted", "kept True"], outcome.stderr
