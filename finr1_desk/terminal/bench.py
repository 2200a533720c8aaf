"""`finr1-desk bench`: how quick a model runs on this machine, and which number of threads is best.

Owns the order of what is measured. It measures with a worker and a runtime folder of its own, so that an open window
keeps its model; only `--tune` changes anything, and says what.
"""

from __future__ import annotations

import secrets
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from finr1_desk.core.events import ModelRequest, SnapshotPlace
from finr1_desk.core.wording import percent_text
from finr1_desk.engine import endpoint
from finr1_desk.engine.bench import conversation as bench_conversation
from finr1_desk.engine.bench.conversation import Kept
from finr1_desk.engine.bench.measuring import Bench
from finr1_desk.engine.bench.results import FirstToken, Measured, Plan, Sample
from finr1_desk.engine.bench.system import Machine, logical_cores
from finr1_desk.engine.bench.tuning import Tuning, tune
from finr1_desk.engine.plan import offload
from finr1_desk.store.settings_file import save_settings
from finr1_desk.terminal.bench_report import BenchReport
from finr1_desk.terminal.conversations import print_json
from finr1_desk.terminal.output import StatusLine
from finr1_desk.terminal.voice import CommandError
from finr1_desk.terminal.workspace import Workspace

_TUNING_TOKENS: Final = 24
_STEPS: Final = 6
_OTHERS_WORTH_SAYING: Final = 0.1


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """What was asked on the command line; sizes in tokens."""

    model: Path | None
    loading: Mapping[str, Any]
    rounds: int
    prompt: int
    tokens: int
    conversation: int
    as_json: bool
    tune: bool


def bench(workspace: Workspace, options: BenchOptions) -> int:
    """Measures, and prints a table or one JSON object.

    Raises:
        UserError: there is no model, or it cannot be run.
        CommandError: `--tune` while the application uses its engine.
    """
    in_use = endpoint.at_work(workspace.paths.runtime)
    if in_use:
        _speak_of_other_engine(workspace, tune=options.tune)
    request = workspace.model_request(workspace.model(options.model), options.loading)
    if options.tune:
        request = replace(request, threads=0)  # so that the plan tells what is used where none is set
    measured: Measured | None = None
    tuning: Tuning | None = None
    with _status(workspace) as status, _folder(workspace) as folder:
        kept: Kept | None = None
        with Bench(folder, request, status.loading) as running:
            plan = running.load()
            if options.tune:
                tuning = _tuned(running, plan, options.rounds, status)
            else:
                measured, kept = _measured(running, options, status, folder)
            machine = Machine(offload.usable_cores(), logical_cores(), running.others_at_work(), in_use)
        if measured is not None and kept is not None:
            measured = replace(measured, reopened=_reopened(workspace, request, kept, options.rounds, status))
    before = workspace.settings.threads
    if tuning is not None and tuning.threads != before:
        save_settings(workspace.paths, replace(workspace.settings, threads=tuning.threads))
    workspace.voice.note_given_up(plan.model.plan)
    report = BenchReport(workspace.voice, plan, measured, tuning, before, machine)
    if options.as_json:
        print_json(report.values())
    else:
        report.print()
    if machine.others > _OTHERS_WORTH_SAYING:
        workspace.voice.note(
            workspace.voice.translate(
                "Terminal",
                "Other programs took %1 % of the processor meanwhile. Ratios hold; the speeds could be higher.",
                percent_text(machine.others),
            )
        )
    return 0


def _speak_of_other_engine(workspace: Workspace, *, tune: bool) -> None:
    translate = workspace.voice.translate
    if tune:
        raise CommandError(
            translate("Terminal", "The application is open and would keep its own number of threads."),
            translate("Terminal", "Close its windows and terminals, then tune again."),
        )
    workspace.voice.note(
        translate("Terminal", "The application is open; its model stays, and what it does slows this measurement.")
    )


def _measured(running: Bench, options: BenchOptions, status: _Status, folder: Path) -> tuple[Measured, Kept]:
    """The follow-ups first: after them the memory is the engine's alone, as the bare loop has not run yet."""
    status.at(1)
    after_pause, at_once = bench_conversation.follow_ups(running, options.conversation, options.rounds)
    memory = running.memory()
    status.at(2)
    prefill = running.prefill(options.prompt, options.rounds)
    status.at(3)
    greedy = running.decode(options.tokens, options.rounds, greedy=True)
    status.at(4)
    sampled = running.decode(options.tokens, options.rounds, greedy=False)
    status.at(5)
    place = SnapshotPlace(str(folder / "snapshots" / "bench.kv"), secrets.token_hex(32))
    kept = bench_conversation.keep(running, options.conversation, place)
    return Measured(after_pause, at_once, None, prefill, greedy, sampled, memory), kept


def _reopened(workspace: Workspace, request: ModelRequest, kept: Kept, rounds: int, status: _Status) -> FirstToken:
    """In another engine, as after a restart; the time that loading takes is told elsewhere."""
    with _folder(workspace) as folder, Bench(folder, request, status.loading) as running:
        running.load()
        status.at(6)
        return bench_conversation.reopened(running, kept, rounds)


def _tuned(running: Bench, plan: Plan, rounds: int, status: _Status) -> Tuning:
    def decode(threads: int) -> Sample:
        status.trying(threads)
        return running.decode_with(threads, _TUNING_TOKENS)

    return tune(decode, plan.model.threads, offload.usable_cores(), logical_cores(), rounds)


class _Status:
    """What is being waited for, on a terminal's standard error."""

    def __init__(self, workspace: Workspace) -> None:
        self._translate = workspace.voice.translate
        self._line = StatusLine(sys.stderr)

    def loading(self, fraction: float) -> None:
        self._line.show(self._translate("Terminal", "Loading the model… %1 %", percent_text(fraction)))

    def at(self, step: int) -> None:
        self._line.show(self._translate("Terminal", "Measuring: %1 of %2", str(step), str(_STEPS)))

    def trying(self, threads: int) -> None:
        self._line.show(self._translate("Terminal", "Measuring with %1 threads", str(threads)))

    def clear(self) -> None:
        self._line.clear()


@contextmanager
def _status(workspace: Workspace) -> Iterator[_Status]:
    status = _Status(workspace)
    try:
        yield status
    finally:
        status.clear()


@contextmanager
def _folder(workspace: Workspace) -> Iterator[Path]:
    place = workspace.paths.runtime
    with tempfile.TemporaryDirectory(prefix="bench-", dir=place, ignore_cleanup_errors=True) as folder:
        yield Path(folder)
