"""A run of a job: which row comes next, what became of each, how long it will take, and the table that comes out.

Owns the order of the rows and the output. Who asks the engine, and waits for it, is the caller: the terminal in a loop,
the window with signals. Rows are asked one at a time, so that each can be stopped, and the same seed gives the same
answer whatever else runs.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from finr1_desk.app.batch.job import Job
from finr1_desk.app.batch.journal import Journal, RowResult, journal_path
from finr1_desk.core.boxed import boxed_answer
from finr1_desk.core.conversation import FinishReason, Message
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import GenerateRequest
from finr1_desk.core.tasks.results import read
from finr1_desk.export.table_files import ENDINGS, Cell, write_table
from finr1_desk.store.file_lock import locked

Describe = Callable[[UserError], str]
OnResult = Callable[[RowResult], None]

_RECENT: Final = 20  # rows by whose time the rest is reckoned
_REFRESH_S: Final = 60.0  # how old the table on disk may become while rows come
_COLUMNS: Final = ("result", "boxed", "answer", "thinking", "finish", "tokens", "seconds", "model", "seed", "error")
# Not a row's fault: the next one would fail as well.
_FATAL: Final = frozenset(
    {
        ErrorCode.ENGINE_GAVE_UP,
        ErrorCode.ENGINE_START_FAILED,
        ErrorCode.ENGINE_VERSION,
        ErrorCode.NO_MODEL,
        ErrorCode.SERVER_CHANGED,
        ErrorCode.SERVER_FORBIDDEN,
        *(code for code in ErrorCode if code.name.startswith("MODEL_")),
    }
)


class Start(Enum):
    """What is done where the output, or the journal of an earlier run, is there already."""

    NEW = "new"  # refuse
    RESUME = "resume"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Progress:
    """How a run stands. `left_s` is None until a row has been answered."""

    done: int
    failed: int
    total: int
    left_s: float | None


class Run:
    """An open run; close it, whatever happens.

    Args:
        limit: only so many rows from the first; None for all.
        describe: makes a sentence of an error, for the table.
        on_result: told of every row that is done, on disk already.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        job: Job,
        output: Path,
        journal: Journal,
        *,
        limit: int | None = None,
        thinking: bool = False,
        describe: Describe,
        on_result: OnResult = lambda _result: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.job = job
        self.output = output
        self._journal = journal
        self._describe = describe
        self._on_result = on_result
        self._clock = clock
        self._columns = tuple(name for name in _COLUMNS if thinking or name != "thinking")
        total = len(job.table.rows)
        self._rows = range(total if limit is None else min(limit, total))
        self._waiting = deque(row for row in self._rows if self._is_open(row))
        self._failed = 0  # in this run; those of an earlier one wait again
        self._began = 0.0
        self._written = clock()
        self._took: deque[float] = deque(maxlen=_RECENT)

    # -- rows

    def next(self) -> tuple[int, GenerateRequest] | None:
        """The next row and what to ask for it; rows that cannot be asked are noted on the way. None at the end.

        Raises:
            UserError: the journal cannot be written.
        """
        while self._waiting:
            row = self._waiting[0]
            self._began = self._clock()
            try:
                return row, self.job.request(row)
            except UserError as error:
                self._keep(RowResult(row, error=error.to_json()))
        return None

    def take(self, message: Message, error: UserError | None) -> bool:
        """Keeps the answer of the row that `next` gave; False where it was stopped, and stands to be asked again.

        Raises:
            UserError: the answer could not be had for a reason that concerns every row; or it cannot be kept.
        """
        row = self._waiting[0]
        if error is not None and error.code in _FATAL:
            raise error
        generation = message.generation
        finish = generation.finish_reason if generation is not None else None
        if finish is FinishReason.CANCELLED:
            return False
        result = _result_of(self.job, row, message, error)
        self._took.append(self._clock() - self._began)
        self._keep(result)
        if self._clock() - self._written > _REFRESH_S:
            self.write()
        return True

    def _keep(self, result: RowResult) -> None:
        self._journal.add(result)
        self._waiting.popleft()
        self._failed += bool(result.error)
        self._on_result(result)

    def _is_open(self, row: int) -> bool:
        known = self._journal.results.get(row)
        return known is None or bool(known.error)

    @property
    def progress(self) -> Progress:
        open_ = len(self._waiting)
        mean = sum(self._took) / len(self._took) if self._took else None
        return Progress(len(self._rows) - open_, self._failed, len(self._rows), None if mean is None else mean * open_)

    # -- the table

    def write(self) -> None:
        """Writes the table with all rows that are done.

        Raises:
            UserError: `FILE_UNWRITABLE`.
        """
        write_table(self.output, self._table())
        self._written = self._clock()

    def close(self) -> None:
        """Writes the table; the journal goes where every row of the input has its answer.

        Raises:
            UserError: `FILE_UNWRITABLE`.
        """
        try:
            self.write()
            if not any(self._is_open(row) for row in range(len(self.job.table.rows))):
                self._journal.remove()
        finally:
            self._journal.close()

    def release(self) -> None:
        """Lets go of the files as they are: the journal has every row that is done."""
        self._journal.close()

    def _table(self) -> Iterator[list[Cell]]:
        header = list(self.job.table.header)
        yield [*header, *(_free(name, header) for name in self._columns)]
        for row in self._rows:
            result = self._journal.results.get(row)
            if result is not None:
                yield [*self.job.table.rows[row], *(self._cell(result, name) for name in self._columns)]

    def _cell(self, result: RowResult, name: str) -> Cell:
        match name:
            case "result":
                return result.words
            case "error":
                error = UserError.from_json(result.error) if result.error else None
                return self._describe(error) if error is not None else result.error
            case "seed":  # 64 bits are more than a spreadsheet's numbers hold
                return "" if result.seed is None else str(result.seed)
            case "tokens" | "seconds" if result.error and not result.answer:
                return None
            case _:
                value: Cell = getattr(result, name)
                return value


def open_run(
    job: Job,
    output: Path,
    start: Start,
    *,
    locks: Path,
    limit: int | None = None,
    thinking: bool = False,
    describe: Describe,
    on_result: OnResult = lambda _result: None,
) -> Run:
    """Begins a run, or goes on with one that was paused, interrupted or killed.

    Args:
        output: a path that ends in `.csv` or `.xlsx`.
        locks: a folder for the lock that keeps a second process off the same output.

    Raises:
        UserError: `BAD_VALUE` for another ending, `OUTPUT_EXISTS`, `RUN_EXISTS`, `RUN_BUSY`, `RUN_CHANGED`,
            `RUN_DAMAGED`, or a file cannot be read or written.
    """
    if output.suffix.lower() not in ENDINGS:
        raise UserError(ErrorCode.BAD_VALUE, name="--to", value=output.name)
    output = output.absolute()
    path = journal_path(output)
    held = ExitStack()
    name = hashlib.sha256(os.fsencode(output)).hexdigest()[:16]
    try:
        held.enter_context(locked(locks / f"run-{name}.lock", 0.0))
    except TimeoutError:
        raise UserError(ErrorCode.RUN_BUSY, path=str(output)) from None
    if start is Start.NEW and (path.exists() or output.exists()):
        held.close()
        code = ErrorCode.RUN_EXISTS if path.exists() else ErrorCode.OUTPUT_EXISTS
        raise UserError(code, path=str(output))
    going_on = start is Start.RESUME and path.exists()
    if start is Start.RESUME and not going_on and output.exists():  # it was done, or is somebody else's
        held.close()
        raise UserError(ErrorCode.OUTPUT_EXISTS, path=str(output))
    journal = (Journal.resume if going_on else Journal.begin)(path, job.marks(), held)
    return Run(job, output, journal, limit=limit, thinking=thinking, describe=describe, on_result=on_result)


def _result_of(job: Job, row: int, message: Message, error: UserError | None) -> RowResult:
    generation = message.generation
    result = read(job.task.result, message.answer) if message.answer else None
    asked_in = job.language
    model = generation.model if generation is not None else None
    timing = generation.timing if generation is not None else None
    return RowResult(
        row=row,
        value=result.value if result is not None else "",
        words=result.words.said(asked_in) if result is not None else "",
        boxed=boxed_answer(message.answer) or "",
        answer=message.answer,
        thinking=message.think,
        finish=generation.finish_reason.value if generation is not None and generation.finish_reason else "",
        tokens=generation.usage.completion_tokens if generation is not None else 0,
        seconds=round(timing.prefill_s + timing.decode_s, 3) if timing is not None else 0.0,
        model=" ".join(filter(None, (model.name or model.file_name, model.quantisation))) if model is not None else "",
        seed=generation.seed if generation is not None else None,
        error=error.to_json() if error is not None else "",
    )


def _free(name: str, taken: list[str]) -> str:
    """The heading, with a number behind it where the input has one of that name."""
    folded, number, free = [heading.casefold() for heading in taken], 2, name
    while free in folded:
        free, number = f"{name} ({number})", number + 1
    return free
