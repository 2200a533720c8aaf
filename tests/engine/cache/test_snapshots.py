"""Conversations on disk: they come back when the engine has lost them, and never as something else."""

from __future__ import annotations

import os
import random
import shutil
import signal
import struct
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from finr1_desk.core.conversation import FinishReason
from finr1_desk.core.events import EngineDied, GenerateRequest, SnapshotPlace
from finr1_desk.core.prompts import Turn
from finr1_desk.engine import llama
from finr1_desk.engine.cache.sealed import UNFINISHED
from tests.engine.conftest import MakeClient, MakeModel, ask
from tests.engine.serving import Serving, files
from tests.helpers.tiny_models import endless, speaking

KEY = "0123456789abcdef" * 4
MODEL = replace(speaking("<think>\nRose: 12 less 5.\n</think>\n<answer>\nProfit is 7.\n</answer>"), mixing=0.3)
QUESTION = "What did the annual report say? " * 10
MARKS = 16
NOISE = 0.02  # in logits, as in test_cache


@pytest.fixture
def serving(runtime: Path) -> Iterator[Serving]:
    made = Serving(runtime)
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "snapshots"


def place(folder: Path, name: str = "c", budget: int = 2**30) -> SnapshotPlace:
    return SnapshotPlace(str(folder / f"{name}.kv"), KEY, budget)


def conversation(path: Path, folder: Path, name: str = "c", budget: int = 2**30) -> GenerateRequest:
    request = ask(path, f"{name}: {QUESTION}", conversation=name, snapshot=place(folder, name, budget))
    return replace(request, overrides={"max_tokens": 60, "temperature": 0.0})


def answered(serving: Serving, request: GenerateRequest) -> GenerateRequest:
    """Has it answered and kept; returns what is asked next."""
    finished = serving.ask(request)
    assert finished.reason is FinishReason.STOP
    serving.settle()
    return serving.following(request, finished, "Why?")


def logits_after(serving: Serving, request: GenerateRequest) -> llama.Logits:
    """The logits after the prompt of a request, whose answer ends with its first token."""
    seen: list[llama.Logits] = []
    with serving.service.holding_model() as loaded:
        assert loaded is not None
        original = loaded.context.logits
        loaded.context.logits = lambda row=-1: seen.append(original(row).copy()) or original(row)  # type: ignore[method-assign]
        try:
            serving.ask(replace(request, overrides={"max_tokens": 1, "temperature": 0.0}))
        finally:
            del loaded.context.logits  # type: ignore[method-assign]
    return seen[0]


def test_a_conversation_comes_back_as_it_was(serving: Serving, make_model: MakeModel, folder: Path) -> None:
    follow_up = answered(serving, conversation(make_model(MODEL), folder))
    assert files(folder) == ["c.kv"]
    assert (folder / "c.kv").stat().st_mode & 0o077 == 0
    held = serving.held("c")
    in_memory = serving.ask(follow_up)
    serving.unload()
    reopened = serving.ask(follow_up)
    assert held is not None
    assert reopened.usage.cached_tokens == in_memory.usage.cached_tokens == len(held)
    assert reopened.usage.prompt_tokens - reopened.usage.cached_tokens < len("Why?") + MARKS
    assert serving.text(reopened) == serving.text(in_memory)


def test_what_comes_back_is_what_would_be_computed(serving: Serving, make_model: MakeModel, folder: Path) -> None:
    follow_up = answered(serving, conversation(make_model(MODEL), folder))
    serving.unload()
    serving.ask(conversation(make_model(MODEL), folder, "other"))  # so that the cells lie elsewhere
    reopened = logits_after(serving, follow_up)
    anew = logits_after(serving, replace(follow_up, seed=1))
    other = replace(follow_up, turns=(follow_up.turns[0], Turn("user", "How? " * 50), *follow_up.turns[2:]), seed=1)
    assert abs(reopened - anew).max() < NOISE < abs(logits_after(serving, other) - anew).max() / 5


def test_nothing_can_be_read_from_the_file(serving: Serving, make_model: MakeModel, folder: Path) -> None:
    path = make_model(MODEL)
    answered(serving, conversation(path, folder))
    content, held = (folder / "c.kv").read_bytes(), serving.held("c")
    assert held is not None
    for text in (b"annual report", b"Profit is", path.name.encode(), KEY.encode(), bytes.fromhex(KEY)):
        assert text not in content
    ids = struct.pack("<8i", *held[:8])
    assert ids not in content
    assert struct.pack("<4i", 0, 1, 2, 3) not in content  # positions
    assert KEY not in repr(place(folder))


def test_a_snapshot_of_what_grew_takes_the_place_of_the_one_before(
    serving: Serving, make_model: MakeModel, folder: Path
) -> None:
    follow_up = answered(serving, conversation(make_model(MODEL), folder))
    before = (folder / "c.kv").stat().st_size
    third = answered(serving, follow_up)
    assert files(folder) == ["c.kv"]
    assert (folder / "c.kv").stat().st_size > before
    serving.unload()
    finished = serving.ask(third)
    assert finished.usage.prompt_tokens - finished.usage.cached_tokens < len("Why?") + MARKS


# -- what is not restored


@pytest.mark.parametrize("part", ["magic", "salt", "length", "record", "tokens", "state", "end"])
def test_a_changed_byte_deletes_the_snapshot(serving: Serving, make_model: MakeModel, folder: Path, part: str) -> None:
    follow_up = answered(serving, conversation(make_model(MODEL), folder))
    file = folder / "c.kv"
    content = bytearray(file.read_bytes())
    place = {"magic": 3, "salt": 10, "length": 25, "record": 60, "tokens": 800, "state": -5000, "end": -1}[part]
    content[place] ^= 1 << random.Random(part).randrange(8)
    file.write_bytes(content)
    serving.unload()
    finished = serving.ask(follow_up)
    assert finished.usage.cached_tokens == 0
    assert finished.reason is FinishReason.STOP
    assert files(folder) == []


def test_a_snapshot_of_another_model_is_deleted(serving: Serving, make_model: MakeModel, folder: Path) -> None:
    """The other one has the same tokens and the same shape, so that its state could be loaded."""
    follow_up = answered(serving, conversation(make_model(MODEL), folder))
    other = replace(follow_up.model, path=str(make_model(replace(MODEL, seed=2))))
    finished = serving.ask(replace(follow_up, model=other))
    assert finished.usage.cached_tokens == 0
    assert files(folder) == []


def test_a_model_file_that_was_replaced_is_another_model(
    serving: Serving, make_model: MakeModel, folder: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(make_model(MODEL), tmp_path / "model.gguf"))
    follow_up = answered(serving, conversation(path, folder))
    shutil.copy(make_model(replace(MODEL, seed=2)), path)
    assert serving.ask(follow_up).usage.cached_tokens == 0
    assert files(folder) == []


def test_a_model_is_known_by_its_hash_wherever_it_lies(
    serving: Serving, make_model: MakeModel, folder: Path, tmp_path: Path
) -> None:
    known = replace(place(folder), model_sha256="ab" * 32)
    first = replace(conversation(make_model(MODEL), folder), snapshot=known)
    follow_up = answered(serving, first)
    moved = Path(shutil.copy(make_model(MODEL), tmp_path / "moved.gguf"))
    elsewhere = replace(follow_up, model=replace(follow_up.model, path=str(moved)))
    assert serving.ask(elsewhere).usage.cached_tokens > 200
    serving.unload()
    serving.settle()
    stranger = replace(elsewhere, snapshot=replace(known, model_sha256="cd" * 32))
    assert serving.ask(stranger).usage.cached_tokens == 0


@pytest.mark.parametrize("name", ["REQUIRED_VERSION", "kind"])
def test_another_build_and_another_kind_of_cache_do_not_fit(
    serving: Serving, make_model: MakeModel, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    follow_up = answered(serving, conversation(make_model(MODEL), folder))
    serving.unload()
    owner = llama if name == "REQUIRED_VERSION" else llama.Context
    monkeypatch.setattr(owner, name, "another")
    assert serving.ask(follow_up).usage.cached_tokens == 0
    assert files(folder) == []


def test_a_snapshot_under_another_name_or_key_is_deleted(serving: Serving, make_model: MakeModel, folder: Path) -> None:
    follow_up = answered(serving, conversation(make_model(MODEL), folder))
    (folder / "c.kv").rename(folder / "d.kv")
    serving.unload()
    renamed = replace(follow_up, conversation="d", snapshot=place(folder, "d"))
    assert serving.ask(renamed).usage.cached_tokens == 0
    assert files(folder) == []


def test_an_edit_takes_what_fits_and_deletes_the_rest(serving: Serving, make_model: MakeModel, folder: Path) -> None:
    first = conversation(make_model(MODEL), folder)
    second = answered(serving, first)
    answered(serving, second)
    serving.unload()
    edited = replace(second, turns=(*second.turns[:-1], Turn("user", "And the year before?")))
    finished = serving.ask(edited)
    assert finished.usage.prompt_tokens - finished.usage.cached_tokens < len("And the year before?") + MARKS
    assert files(folder) == []
    serving.settle()
    assert files(folder) == ["c.kv"]  # of what it is now


def test_an_edit_of_the_first_question_leaves_nothing_to_take(
    serving: Serving, make_model: MakeModel, folder: Path
) -> None:
    follow_up = answered(serving, conversation(make_model(MODEL), folder))
    serving.unload()
    edited = replace(follow_up, turns=(follow_up.turns[0], Turn("user", "Something else entirely. " * 10)))
    assert serving.ask(edited).usage.cached_tokens == 0
    assert files(folder) == []


def test_a_seed_takes_nothing_from_disk(serving: Serving, make_model: MakeModel, folder: Path) -> None:
    follow_up = answered(serving, conversation(make_model(MODEL), folder))
    serving.unload()
    assert serving.ask(replace(follow_up, seed=1)).usage.cached_tokens == 0
    assert files(folder) == ["c.kv"]


# -- what is kept


def test_the_oldest_go_when_the_budget_is_used_up(serving: Serving, make_model: MakeModel, folder: Path) -> None:
    path = make_model(MODEL)
    answered(serving, conversation(path, folder, "a"))
    size = (folder / "a.kv").stat().st_size
    budget = 2 * size + size // 2
    for name in "bcd":
        answered(serving, conversation(path, folder, name, budget))
        newest = folder / f"{name}.kv"
        os.utime(newest, (newest.stat().st_atime, time.time() + ord(name)))  # clearly one after the other
    assert files(folder) == ["c.kv", "d.kv"]
    answered(serving, conversation(path, folder, "e", size // 2))  # has no room at all, and takes none from others
    assert files(folder) == ["c.kv", "d.kv"]


def test_short_conversations_and_standing_questions_are_not_kept(
    serving: Serving, make_model: MakeModel, folder: Path
) -> None:
    path = make_model(speaking("Yes."))
    serving.ask(replace(conversation(path, folder), turns=(Turn("user", "Is it?"),)))
    serving.settle()
    serving.ask(replace(conversation(path, folder, "d"), snapshot=None))
    serving.settle()
    assert files(folder) == []


def test_what_is_forgotten_leaves_no_file(serving: Serving, make_model: MakeModel, folder: Path) -> None:
    path = make_model(MODEL)
    answered(serving, conversation(path, folder, "a"))
    serving.ask(conversation(path, folder, "b"))
    while files(folder) == ["a.kv"] and not serving.service.is_settled:
        serving.settle(most_steps=1)  # the file of the other one is being written
    serving.forget("b")
    serving.settle()
    assert files(folder) == ["a.kv"]
    serving.forget("")
    assert files(folder) == ["a.kv"]  # of what is not being written, the store takes care


def test_a_full_disk_costs_the_snapshot_only(serving: Serving, make_model: MakeModel, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    first = conversation(make_model(MODEL), blocked)
    follow_up = answered(serving, first)
    assert serving.ask(follow_up).reason is FinishReason.STOP


# -- with real workers


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_new_worker_reopens_what_a_killed_one_kept(
    make_client: MakeClient, make_model: MakeModel, folder: Path
) -> None:
    client, seen = make_client()
    first = conversation(make_model(MODEL), folder)
    finished = seen.finished(client.generate(first))
    deadline = time.monotonic() + 30
    while files(folder) != ["c.kv"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert client.worker_pid is not None
    os.kill(client.worker_pid, signal.SIGKILL)
    seen.wait_for(EngineDied)
    shown = "\n<answer>\nProfit is 7.\n</answer>"
    follow_up = replace(first, turns=(*first.turns, Turn("assistant", shown), Turn("user", "Why?")))
    again = seen.finished(client.generate(follow_up))
    assert again.usage.cached_tokens > finished.usage.prompt_tokens - MARKS
    assert again.usage.prompt_tokens - again.usage.cached_tokens < len("Why?") + MARKS


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("rounds", [2, pytest.param(30, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
def test_a_worker_killed_while_it_writes_leaves_nothing_that_is_taken_for_a_snapshot(
    make_client: MakeClient, make_model: MakeModel, folder: Path, rounds: int
) -> None:
    """Killed at other moments each time: there is the whole file under its name, or none."""
    path = make_model(replace(endless(), layers=16, embedding=512))
    moments = random.Random(rounds)
    unfinished = 0
    for number in range(rounds):
        client, seen = make_client()  # another one each time: after three deaths a client gives up
        request = replace(conversation(path, folder, f"c{number}"), overrides={"max_tokens": 100})
        assert seen.finished(client.generate(request)).reason is FinishReason.LENGTH
        deadline = time.monotonic() + 30
        while not [name for name in files(folder) if name.startswith(f"c{number}.")]:
            assert time.monotonic() < deadline
        if number:
            time.sleep(moments.random() * 0.02)
        assert client.worker_pid is not None
        os.kill(client.worker_pid, signal.SIGKILL)
        seen.wait_for(EngineDied)
        seen.events.clear()
        found = files(folder)
        unfinished += any(name.endswith(UNFINISHED) for name in found)
        again = seen.finished(client.generate(replace(request, overrides={"max_tokens": 1})))
        whole = again.usage.prompt_tokens - 1 if f"c{number}.kv" in found else 0
        assert again.usage.cached_tokens == whole
    assert unfinished  # the first one at least was in the middle
