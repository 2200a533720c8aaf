"""A run of a task over a file, in the window: begun, paused, gone on with, while chats go on beside it.

Owns the one run there is at a time, and its row in work. The files are written on another thread; the order of rows,
the journal and the table are `batch`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from finr1_desk.app.background import Pool
from finr1_desk.app.batch.job import Job, Manner
from finr1_desk.app.batch.run import Describe, Run, Start, open_run
from finr1_desk.app.engine_link import EngineLink
from finr1_desk.app.models import Models
from finr1_desk.app.settings import SettingsController
from finr1_desk.app.writing import Writing, unsaved_answer
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import EngineEvent, Finished, GenerateRequest, LoadProgress
from finr1_desk.core.settings import sampling_overrides
from finr1_desk.core.tasks.task import Task
from finr1_desk.export.table_reading import Table
from finr1_desk.store.paths import DataPaths


class RunState(StrEnum):
    NONE = "none"
    BEGINNING = "beginning"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"  # ended before its last row; `start` with `RESUME` goes on
    DONE = "done"


class TaskRuns(QObject):
    tableRead = Signal(object, object)  # Path, Table
    stateChanged = Signal(object)  # RunState
    progressed = Signal(object)  # Progress
    grew = Signal(object)  # LiveStatus of the row in work
    failed = Signal(object)  # UserError

    def __init__(
        self,
        paths: DataPaths,
        models: Models,
        settings: SettingsController,
        link: EngineLink,
        pool: Pool,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._paths = paths
        self._models = models
        self._settings = settings
        self._link = link
        self._pool = pool
        self._run: Run | None = None
        self._writing: Writing | None = None
        self.state = RunState.NONE
        self.output: Path | None = None
        link.received.connect(self._on_event)

    # -- what the user does

    def read_table(self, path: Path) -> None:
        """Reads a table of inputs; `tableRead` brings it."""

        def work() -> Table:
            from finr1_desk.export.table_reading import read_table

            return read_table(path)

        self._pool.run(work, lambda table: self.tableRead.emit(path, table), self.failed.emit)

    def start(
        self,
        task: Task,
        table: Table,
        columns: Mapping[str, str],
        constants: Mapping[str, str],
        language: str,
        output: Path,
        start: Start,
        *,
        limit: int | None = None,
        seed: int | None = None,
        thinking: bool = False,
        describe: Describe,
    ) -> None:
        """Begins a run, or goes on with one; nothing happens while another is under way."""
        if self._run is not None or self.state is RunState.BEGINNING:
            return
        model = self._models.request()
        if model is None:
            self.failed.emit(UserError(ErrorCode.NO_MODEL))
            return
        settings = self._settings.value
        system = task.system_prompt if task.system_prompt is not None else settings.system_prompt
        overrides = {**sampling_overrides(settings), **task.sampling}
        manner = Manner(
            model, system or None, overrides, seed, settings.max_think, settings.stop_loops, settings.prompt_lookup
        )
        job = Job(task, table, columns, constants, language, manner)
        self.output = output
        self._set_state(RunState.BEGINNING)

        def work() -> tuple[Run, GenerateRequest | None]:
            run = open_run(
                job, output, start, locks=self._paths.runtime, limit=limit, thinking=thinking, describe=describe
            )
            return run, _request(run)

        self._pool.run(work, lambda pair: self._on_open(*pair), self._on_not_opened)

    def pause(self) -> None:
        """Stops after what is written so far of the row in work; the rows that are done are in the table."""
        if self.state is RunState.RUNNING:
            self._set_state(RunState.PAUSING)
            if self._writing is not None:
                self._link.client.cancel(self._writing.request_id)

    @property
    def is_active(self) -> bool:
        return self.state in (RunState.BEGINNING, RunState.RUNNING, RunState.PAUSING)

    def close(self) -> None:
        """The application is left: what is done is in the journal, from which the run can go on."""
        if self._run is not None:
            self._run.release()
            self._run = None

    # -- row by row

    def _on_open(self, run: Run, request: GenerateRequest | None) -> None:
        self._run = run
        self._models.hold(True)
        self._set_state(RunState.RUNNING)
        self.progressed.emit(run.progress)
        self._ask(request)

    def _on_not_opened(self, error: UserError) -> None:
        self._set_state(RunState.NONE)
        self.failed.emit(error)

    def _ask(self, request: GenerateRequest | None) -> None:
        if request is None:
            self._end(RunState.DONE)
        elif self.state is RunState.PAUSING:
            self._end(RunState.PAUSED)
        else:
            self._writing = Writing(unsaved_answer(), request.model.path)
            self._writing.request_id = self._link.client.generate(request)

    def _on_event(self, event: EngineEvent) -> None:
        writing = self._writing
        if writing is None:
            return
        if isinstance(event, LoadProgress) or getattr(event, "request", None) == writing.request_id:
            writing.take(event)
            if isinstance(event, Finished):
                self._on_answered(writing)
            else:
                self.grew.emit(writing.status)

    def _on_answered(self, writing: Writing) -> None:
        self._writing = None
        run = self._run
        if run is None:
            return
        identity = self._models.identity(writing.started.model) if writing.started is not None else None
        message, error = writing.ended(identity), writing.error

        def work() -> tuple[bool, GenerateRequest | None]:
            taken = run.take(message, error)
            return taken, _request(run) if taken else None

        self._pool.run(work, self._on_taken, self._on_run_failed)

    def _on_taken(self, result: tuple[bool, GenerateRequest | None]) -> None:
        taken, request = result
        if self._run is None:
            return
        self.progressed.emit(self._run.progress)
        if not taken:
            self._end(RunState.PAUSED)
        else:
            self._ask(request)

    def _on_run_failed(self, error: UserError) -> None:
        """Something that concerns every row: the run is paused where it stands."""
        self.failed.emit(error)
        self._end(RunState.PAUSED)

    def _end(self, state: RunState) -> None:
        run, self._run = self._run, None
        self._models.hold(False)
        if run is None:
            return

        def failed(error: UserError) -> None:
            self.failed.emit(error)
            self._set_state(RunState.PAUSED)

        self._pool.run(run.close, lambda _: self._set_state(state), failed)

    def _set_state(self, state: RunState) -> None:
        self.state = state
        self.stateChanged.emit(state)


def _request(run: Run) -> GenerateRequest | None:
    asked = run.next()
    return asked[1] if asked is not None else None
