"""The tasks on disk: shipped and own, kept whole, taken in, removed without being lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.tasks.words import Words
from finr1_desk.library.assets import asset
from finr1_desk.store.task_files import REMOVED, TaskFiles, write_task


@pytest.fixture
def files(tmp_path: Path) -> TaskFiles:
    return TaskFiles(asset("tasks"), tmp_path / "tasks")


def test_own_tasks_stand_beside_those_of_the_application(files: TaskFiles, tmp_path: Path) -> None:
    shipped = files.shelf().find("compliance-check")
    copy = replace(shipped, id="", name=Words("House rules", "内部规定"), order=1000)
    kept = files.save(copy)
    assert (kept.id, kept.is_own) == ("house-rules", True)
    assert files.save(copy).id == "house-rules-2"
    shelf = files.shelf()
    assert shelf.problems == ()
    assert shelf.find("内部规定").id == "house-rules"
    assert shelf.tasks[0].id == "compliance-check"
    changed = files.save(replace(kept, description=Words("Ours", "")))
    assert files.shelf().find("house-rules") == changed
    files.remove("house-rules")
    assert len(list((tmp_path / "tasks" / REMOVED).glob("house-rules-*.toml"))) == 1
    with pytest.raises(UserError) as raised:
        files.shelf().find("house-rules")
    assert raised.value.code is ErrorCode.TASK_NOT_FOUND


def test_a_damaged_file_is_named_and_left_alone(files: TaskFiles, tmp_path: Path) -> None:
    folder = tmp_path / "tasks"
    folder.mkdir()
    (folder / "mine.toml").write_bytes(b"name = \xff")
    (folder / "other.toml").write_text('name = "A"\nprompt = 1\n', "utf-8")
    (folder / "notes.txt").write_text("not a task", "utf-8")
    shelf = files.shelf()
    assert [error.params["where"] for error in shelf.problems] == ["", "prompt"]
    assert len(shelf.tasks) == 13
    assert (folder / "mine.toml").read_bytes() == b"name = \xff"


def test_a_task_is_given_away_and_taken_in(files: TaskFiles, tmp_path: Path) -> None:
    task = files.shelf().find("robo-advice")
    path = tmp_path / "Beratung für Kunden.toml"
    write_task(task, path)
    taken = files.take_in(path)
    assert taken.is_own
    assert taken.id.startswith("beratung-f")
    assert taken.fields == task.fields
    with pytest.raises(UserError) as raised:
        files.take_in(tmp_path / "missing.toml")
    assert raised.value.code is ErrorCode.FILE_UNREADABLE


def test_what_could_not_be_read_is_not_written(files: TaskFiles, tmp_path: Path) -> None:
    task = replace(files.shelf().find("robo-advice"), id="broken", prompts={"en": "{nobody}"}, examples=())
    with pytest.raises(UserError) as raised:
        files.save(task)
    assert raised.value.code is ErrorCode.TASK_DAMAGED
    assert not (tmp_path / "tasks").exists()
