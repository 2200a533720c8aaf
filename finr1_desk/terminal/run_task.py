"""`finr1-desk run-task`: one task over the rows of a table.

Owns the loop over the rows and what is said meanwhile; the order of rows, the journal and the table that comes out are
`app.batch`'s. Ctrl-C pauses: the row in work is asked again by `--resume`.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from finr1_desk.app.batch.job import Job, Manner, columns_for
from finr1_desk.app.batch.journal import RowResult
from finr1_desk.app.batch.run import Progress, Run, Start, open_run
from finr1_desk.app.live import LiveStatus
from finr1_desk.app.writing import unsaved_answer
from finr1_desk.core.choices import PRESETS, UNCHOSEN
from finr1_desk.core.conversation import Message
from finr1_desk.core.events import ModelRequest
from finr1_desk.core.tasks.task import Task
from finr1_desk.core.wording import count_text
from finr1_desk.export.table_reading import read_table
from finr1_desk.terminal.answering import Answering
from finr1_desk.terminal.ask import INTERRUPTED, waiting_text
from finr1_desk.terminal.output import StatusLine
from finr1_desk.terminal.tasks import shelf_of
from finr1_desk.terminal.voice import Voice
from finr1_desk.terminal.workspace import Workspace


@dataclass(frozen=True, slots=True)
class RunTaskOptions:
    """What the command line asks for; None leaves it to the task, the settings and the model."""

    name: str
    input: Path
    to: Path
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    model: Path | None = None
    system: str | None = None
    no_system: bool = False
    preset: str | None = None
    sampling: Mapping[str, float | int] = field(default_factory=dict)
    loading: Mapping[str, Any] = field(default_factory=dict)
    max_think: int | None = None
    seed: int | None = None
    think: bool = False
    limit: int | None = None
    start: Start = Start.NEW
    json: bool = False
    server: bool = False


def run_task(workspace: Workspace, options: RunTaskOptions) -> int:
    """Asks the task for each row and writes the table. Returns the exit status.

    Raises:
        UserError: it cannot begin, or cannot go on.
    """
    voice = workspace.voice
    task = shelf_of(workspace).find(options.name)
    table = read_table(options.input.expanduser())
    columns = columns_for(task, table.header, options.columns, options.constants)
    manner = _manner(workspace, task, options)
    job = Job(task, table, columns, options.constants, voice.language, manner)
    report = _Report(voice, as_json=options.json)
    run = open_run(
        job,
        options.to.expanduser(),
        options.start,
        locks=workspace.paths.runtime,
        limit=options.limit,
        thinking=options.think,
        describe=lambda error: voice.sentence(error)[0],
        on_result=report.row,
    )
    report.begin(run, columns)
    answering = Answering(workspace.paths.runtime, workspace.identity, voice.note_retry, workspace.access)
    try:
        paused = _ask_all(run, answering, report)
    finally:
        report.clear()
        try:
            run.close()
        finally:
            answering.close()
    return report.end(paused=paused)


def _manner(workspace: Workspace, task: Task, options: RunTaskOptions) -> Manner:
    if options.server:
        model = ModelRequest(workspace.server().address)
    else:
        model = workspace.model_request(workspace.model(options.model), options.loading)
    preset = PRESETS[options.preset] if options.preset else UNCHOSEN
    settings = workspace.settings
    of_task = task.system_prompt if task.system_prompt is not None else settings.system_prompt
    return Manner(
        model=model,
        system_prompt=None if options.no_system else (options.system or of_task or None),
        overrides=workspace.sampling({**task.sampling, **preset.sampling, **options.sampling}),
        seed=preset.seed if options.seed is None else options.seed,
        max_think=settings.max_think if options.max_think is None else options.max_think,
        stop_loops=settings.stop_loops,
        prompt_lookup=settings.prompt_lookup,
    )


def _ask_all(run: Run, answering: Answering, report: _Report) -> bool:
    """Asks row by row; True where it was paused."""
    with _Pausing() as pausing:
        while (asked := run.next()) is not None:
            if pausing.wanted:
                return True
            report.show()
            answer = answering.write(asked[1], unsaved_answer(), None, report.on_change)
            if not run.take(answer.message, answer.error):
                return True
            pausing.wanted |= answering.interrupted
    return False


class _Pausing:
    """Ctrl-C between two rows, or while one is kept, pauses too; so does a polite request to end. Twice, it ends."""

    def __init__(self) -> None:
        self.wanted = False

    def __enter__(self) -> _Pausing:
        self._interrupt = signal.signal(signal.SIGINT, self._on_interrupt)
        self._terminate = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._interrupt)
        signal.signal(signal.SIGTERM, self._terminate)

    def _on_interrupt(self, *_: object) -> None:
        self.wanted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)


class _Report:
    """What is said of a run: a line that changes on a terminal, or with `--json` one object a line."""

    _run: Run

    def __init__(self, voice: Voice, *, as_json: bool) -> None:
        self._voice = voice
        self._json = as_json
        self._line = StatusLine(sys.stderr)

    def begin(self, run: Run, columns: Mapping[str, str]) -> None:
        self._run = run
        progress = self._run.progress
        if self._json:
            self._print({"event": "begin", "columns": dict(columns), **_progress_json(progress)})
        elif progress.done:
            text = self._voice.translate(
                "Terminal", "%1 of %2 rows are done already.", count_text(progress.done), count_text(progress.total)
            )
            self._voice.note(text)

    def show(self) -> None:
        if not self._json:
            self._line.show(self._where())

    def on_change(self, message: Message, status: LiveStatus) -> None:
        if not self._json:
            self._line.show(f"{self._where()} · {waiting_text(self._voice, status)}")

    def row(self, result: RowResult) -> None:
        if self._json:
            said = {
                "event": "row",
                "row": result.row + 1,
                "result": result.words,
                "value": result.value,
                "boxed": result.boxed,
                "finish": result.finish,
                "tokens": result.tokens,
                "seconds": result.seconds,
                "error": json.loads(result.error) if result.error else None,
            }
            self._print(said | _progress_json(self._run.progress))

    def clear(self) -> None:
        self._line.clear()

    def end(self, *, paused: bool) -> int:
        progress = self._run.progress
        if self._json:
            event = "paused" if paused else "end"
            self._print({"event": event, "output": str(self._run.output), **_progress_json(progress)})
        else:
            print(self._run.output, flush=True)
            self._note_end(progress, paused=paused)
        return INTERRUPTED if paused else 1 if progress.failed else 0

    def _note_end(self, progress: Progress, *, paused: bool) -> None:
        done, total = count_text(progress.done), count_text(progress.total)
        if paused:
            text = self._voice.translate("Terminal", "Paused after %1 of %2 rows; --resume goes on.", done, total)
        elif progress.failed:
            text = self._voice.translate(
                "Terminal",
                "%1 of %2 rows failed; the column “error” says why, --resume tries them again.",
                count_text(progress.failed),
                total,
            )
        else:
            text = self._voice.translate("Terminal", "All %1 rows are done.", total)
        self._voice.note(text)

    def _where(self) -> str:
        progress = self._run.progress
        now = count_text(min(progress.done + 1, progress.total))
        words = [self._voice.translate("Terminal", "Row %1 of %2", now, count_text(progress.total))]
        if progress.failed:
            words.append(self._voice.translate("Terminal", "%1 failed", count_text(progress.failed)))
        if progress.left_s is not None:
            words.append(self._voice.time_left(progress.left_s))
        return " · ".join(words)

    @staticmethod
    def _print(record: Mapping[str, Any]) -> None:
        print(json.dumps(record, ensure_ascii=False), flush=True)


def _progress_json(progress: Progress) -> dict[str, Any]:
    left = None if progress.left_s is None else round(progress.left_s, 1)
    return {"done": progress.done, "failed": progress.failed, "total": progress.total, "left_s": left}
