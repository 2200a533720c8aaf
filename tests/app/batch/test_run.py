"""A run over a table without an engine: rows in order, a journal that survives, and what refuses to go on."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from finr1_desk.app.batch.job import Job, Manner, columns_for
from finr1_desk.app.batch.journal import journal_path
from finr1_desk.app.batch.run import Run, Start, open_run
from finr1_desk.app.writing import unsaved_answer
from finr1_desk.core.conversation import (
    FinishReason,
    Generation,
    Message,
    MessageState,
    ModelIdentity,
    Part,
    PartKind,
    Usage,
)
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import ModelRequest
from finr1_desk.core.sampling import Sampling
from finr1_desk.core.tasks.task import Task
from finr1_desk.export.table_reading import Table
from finr1_desk.library.assets import asset
from finr1_desk.store.task_files import TaskFiles

TABLE = Table(("id", "Description", "answer"), (("1", "a", "x"), ("2", "", "y"), ("3", "=c", "z")), "0" * 64)
GENERATION = Generation(ModelIdentity("Played", "p.gguf", "F16"), Sampling(), 7, "1", Usage(completion_tokens=3))


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return TaskFiles(asset("tasks"), tmp_path / "tasks").shelf().find("compliance-check")


def job(task: Task, table: Table = TABLE) -> Job:
    return Job(task, table, columns_for(task, table.header, {}, {}), {}, "en", Manner(ModelRequest("/m.gguf"), None))


def answer(text: str, reason: FinishReason = FinishReason.STOP) -> Message:
    parts = (Part(PartKind.THINK, "hm"), Part(PartKind.ANSWER, text))
    generation = replace(GENERATION, finish_reason=reason)
    return replace(unsaved_answer(), parts=parts, state=MessageState.COMPLETE, generation=generation)


def opened(task: Task, folder: Path, start: Start = Start.NEW, table: Table = TABLE, **options: object) -> Run:
    return open_run(
        job(task, table),
        folder / "out.csv",
        start,
        locks=folder,
        describe=lambda error: error.code.value,
        **options,  # type: ignore[arg-type]
    )


def rows(folder: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO((folder / "out.csv").read_text("utf-8-sig"), newline="")))


def test_rows_become_a_table(task: Task, tmp_path: Path) -> None:
    run = opened(task, tmp_path, thinking=True)
    asked = run.next()
    assert asked is not None
    assert asked[0] == 0
    assert asked[1].turns[-1].content.endswith("问题: a")
    assert run.take(answer(r"\boxed{否}"), None)
    assert run.next() is not None  # the empty row was noted on the way
    assert run.take(answer(r"\boxed{是}"), None)
    assert run.next() is None
    assert (run.progress.done, run.progress.failed, run.progress.total) == (3, 1, 3)
    run.close()
    header, first, second, third = rows(tmp_path)
    assert header[:5] == ["id", "Description", "answer", "result", "boxed"]
    assert header[5] == "answer (2)"
    assert dict(zip(header, first, strict=True))["thinking"] == "hm"
    assert (first[3], third[3], third[1]) == ("No", "Yes", "'=c")
    assert second[-1] == "task_field"
    assert journal_path(tmp_path / "out.csv").exists()  # a row failed, and can be tried again


def test_a_killed_run_goes_on_where_it_was(task: Task, tmp_path: Path) -> None:
    run = opened(task, tmp_path)
    run.next()
    run.take(answer(r"\boxed{否}"), None)
    run.release()  # as a process that is killed leaves it: no table, and
    path = journal_path(tmp_path / "out.csv")
    with path.open("ab") as file:  # half of the row in work
        file.write(b'{"row": 2, "answ')
    with pytest.raises(UserError) as raised:
        opened(task, tmp_path)
    assert raised.value.code is ErrorCode.RUN_EXISTS
    run = opened(task, tmp_path, Start.RESUME)
    asked = run.next()
    assert asked is not None
    assert asked[0] == 2
    run.take(answer(r"\boxed{是}"), None)
    run.close()
    assert [row[3] for row in rows(tmp_path)[1:]] == ["No", "", "Yes"]


@pytest.mark.parametrize("what", ["input", "task", "options", "model"])
def test_other_work_is_refused(task: Task, tmp_path: Path, what: str) -> None:
    opened(task, tmp_path).release()
    before = job(task)
    changed = {
        "input": replace(before, table=replace(TABLE, sha256="1" * 64)),
        "task": replace(before, task=replace(task, prompts={"zh_CN": "{description}!"})),
        "options": replace(before, manner=replace(before.manner, seed=1)),
        "model": replace(before, manner=replace(before.manner, model=ModelRequest("/other.gguf"))),
    }[what]
    with pytest.raises(UserError) as raised:
        open_run(changed, tmp_path / "out.csv", Start.RESUME, locks=tmp_path, describe=str)
    assert (raised.value.code, raised.value.params["what"]) == (ErrorCode.RUN_CHANGED, what)
    opened(task, tmp_path, Start.REPLACE).release()


def test_a_stopped_row_is_asked_again(task: Task, tmp_path: Path) -> None:
    run = opened(task, tmp_path)
    run.next()
    assert not run.take(answer("half", FinishReason.CANCELLED), None)
    asked = run.next()
    assert asked is not None
    assert asked[0] == 0
    run.close()


def test_one_output_has_one_run(task: Task, tmp_path: Path) -> None:
    run = opened(task, tmp_path)
    with pytest.raises(UserError) as raised:
        opened(task, tmp_path, Start.RESUME)
    assert raised.value.code is ErrorCode.RUN_BUSY
    run.release()


def test_what_concerns_every_row_ends_the_run(task: Task, tmp_path: Path) -> None:
    run = opened(task, tmp_path)
    run.next()
    with pytest.raises(UserError):
        run.take(answer(""), UserError(ErrorCode.MODEL_NOT_FOUND, path="/m.gguf"))
    with pytest.raises(UserError):  # rows go to the server that they were to go to, or nowhere
        run.take(answer(""), UserError(ErrorCode.SERVER_CHANGED, host="desk.example"))
    run.next()
    assert run.take(answer(""), UserError(ErrorCode.CONTEXT_TOO_LONG, tokens=9, limit=8, over=1))
    assert run.progress.failed == 1
    run.close()


def test_a_finished_output_is_not_written_over(task: Task, tmp_path: Path) -> None:
    run = opened(task, tmp_path, limit=1)
    run.next()
    run.take(answer(r"\boxed{是}"), None)
    assert run.next() is None
    run.close()
    assert len(rows(tmp_path)) == 2
    run = opened(task, tmp_path, Start.RESUME)  # without the limit it goes on
    assert run.progress.done == 1
    run.release()
    with pytest.raises(UserError) as raised:
        open_run(job(task), tmp_path / "out.json", Start.NEW, locks=tmp_path, describe=str)
    assert raised.value.code is ErrorCode.BAD_VALUE


def test_columns_are_found_by_name_or_label(task: Task) -> None:
    assert columns_for(task, ["描述", "x"], {}, {}) == {"description": "描述"}
    assert columns_for(task, ["whatever"], {}, {}) == {"description": "whatever"}
    assert columns_for(task, ["a", "B"], {"description": "b"}, {}) == {"description": "B"}
    assert columns_for(task, ["a", "b"], {}, {"description": "fixed"}) == {}
    for given, code in (({}, ErrorCode.COLUMN_MISSING), ({"description": "c"}, ErrorCode.COLUMN_UNKNOWN)):
        with pytest.raises(UserError) as raised:
            columns_for(task, ["a", "b"], given, {})
        assert raised.value.code is code
