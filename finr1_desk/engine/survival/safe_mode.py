"""Which models crash llama.cpp on this machine unless they are run more carefully, and how carefully.

Owns the file that remembers it, in the runtime folder: for a model, a machine and a build of llama.cpp the mode in
which it is run. A worker notes a trial before it loads a model for the first time; the trial ends well with the first
token. A client whose worker died in between takes the next mode, which the next worker then tries. The file is
changed under a lock; without it, or where it is damaged, everything is run as if nothing were known.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from finr1_desk.engine.endpoint import FileLock

FILE: Final = "safe-modes.json"
_LOCK: Final = "safe-modes.lock"
_LOCK_S: Final = 2.0
_KEPT: Final = 100  # models; the oldest go


class SafeMode(StrEnum):
    """How carefully a model is run; each mode does without what the one before it uses, too."""

    NONE = ""
    NO_EXTRA_BUFFERS = "no_extra_buffers"  # weights as they are in the file, not rearranged for the processor
    NO_GPU = "no_gpu"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a mode is remembered for: a file as it is, on this machine, with this build."""

    path: str
    file_bytes: int
    modified_ns: int
    machine: str
    build: str
    uses_gpu: bool

    @property
    def key(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:24]

    def after(self, mode: SafeMode) -> SafeMode | None:
        """The mode to try after a crash in this one; None where there is none left."""
        if mode is SafeMode.NONE:
            return SafeMode.NO_EXTRA_BUFFERS
        if mode is SafeMode.NO_EXTRA_BUFFERS and self.uses_gpu:
            return SafeMode.NO_GPU
        return None


@dataclass(frozen=True, slots=True)
class Remembered:
    """One entry of the file. `proven` says that a first answer was begun in this mode; `when` is Unix time."""

    subject: Subject
    mode: SafeMode
    proven: bool
    when: float


class SafeModes:
    """The file of one runtime folder. Every method may be called from any process at any time."""

    def __init__(self, runtime: Path) -> None:
        self._runtime = runtime

    def begin_trial(self, subject: Subject) -> SafeMode:
        """The mode to load a model in. Where it is not proven yet, this process is noted as the one that tries it."""
        with self._changing() as content:
            known = content.models.get(subject.key)
            mode = known.mode if known is not None else SafeMode.NONE
            content.trial = content.crashed = None
            if known is None or not known.proven:
                content.trial = _Trial(os.getpid(), Remembered(subject, mode, proven=False, when=time.time()))
            return mode

    def end_trial(self, *, well: bool) -> None:
        """This process's trial is over: the mode serves, or something else came between."""
        with self._changing() as content:
            trial, content.trial = content.trial, None
            if trial is not None and trial.pid == os.getpid() and well:
                entry = replace(trial.entry, proven=True, when=time.time())
                content.models[entry.subject.key] = entry

    def after_crash(self, pid: int) -> SafeMode | None:
        """The mode in which to try again what the dead process tried; None where it tried none, or there is no other.

        Several clients of a dead worker get the same answer.
        """
        with self._changing() as content:
            trial = content.trial
            if trial is not None and trial.pid == pid:
                following = trial.entry.subject.after(trial.entry.mode)
                content.trial, content.crashed = None, _Crashed(pid, following)
                if following is None:
                    content.models.pop(trial.entry.subject.key, None)  # it was not the mode's fault
                else:
                    content.models[trial.entry.subject.key] = replace(trial.entry, mode=following)
            crashed = content.crashed
            return crashed.following if crashed is not None and crashed.pid == pid else None

    def remembered(self) -> list[Remembered]:
        """The models that are run in a safe mode, newest first."""
        entries = _Content.read(self._runtime / FILE).models.values()
        return sorted((entry for entry in entries if entry.mode), key=lambda entry: -entry.when)

    def mode_of(self, subject: Subject) -> SafeMode:
        """The mode in which a model will be run."""
        return next((entry.mode for entry in self.remembered() if entry.subject == subject), SafeMode.NONE)

    def forget(self) -> int:
        """Forgets all safe modes, so that the next loading tries everything again; returns how many there were."""
        with self._changing() as content:
            safe = [key for key, entry in content.models.items() if entry.mode]
            for key in safe:
                del content.models[key]
            return len(safe)

    @contextlib.contextmanager
    def _changing(self) -> Iterator[_Content]:
        lock = FileLock(self._runtime / _LOCK)
        path = self._runtime / FILE
        held = False
        with contextlib.suppress(OSError):
            held = lock.acquire(time.monotonic() + _LOCK_S)
        try:
            content = _Content.read(path)
            before = content.to_json()
            yield content
            after = content.to_json()
            if held and after != before:
                with contextlib.suppress(OSError):  # not to remember it is no reason not to answer
                    temporary = path.with_name(f".{FILE}.{os.getpid()}")
                    temporary.write_text(after, encoding="utf-8")
                    temporary.replace(path)
        finally:
            lock.release()


@dataclass(frozen=True, slots=True)
class _Trial:
    pid: int
    entry: Remembered


@dataclass(frozen=True, slots=True)
class _Crashed:
    """The last trial that ended in a crash, and what followed from it."""

    pid: int
    following: SafeMode | None


@dataclass(slots=True)
class _Content:
    models: dict[str, Remembered]
    trial: _Trial | None = None
    crashed: _Crashed | None = None

    @staticmethod
    def read(path: Path) -> _Content:
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            entries = [_entry(item) for item in data["models"]]
            trial, crashed = data["trial"], data["crashed"]
            return _Content(
                {entry.subject.key: entry for entry in entries},
                None if trial is None else _Trial(int(trial["pid"]), _entry(trial["entry"])),
                None if crashed is None else _Crashed(int(crashed["pid"]), _mode_or_none(crashed["following"])),
            )
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return _Content({})

    def to_json(self) -> str:
        kept = sorted(self.models.values(), key=lambda entry: -entry.when)[:_KEPT]
        return json.dumps(
            {
                "models": [asdict(entry) for entry in kept],
                "trial": None if self.trial is None else asdict(self.trial),
                "crashed": None if self.crashed is None else asdict(self.crashed),
            },
            indent=1,
        )


def _entry(data: Mapping[str, Any]) -> Remembered:
    subject = data["subject"]
    return Remembered(
        Subject(
            str(subject["path"]),
            int(subject["file_bytes"]),
            int(subject["modified_ns"]),
            str(subject["machine"]),
            str(subject["build"]),
            bool(subject["uses_gpu"]),
        ),
        SafeMode(data["mode"]),
        bool(data["proven"]),
        float(data["when"]),
    )


def _mode_or_none(value: str | None) -> SafeMode | None:
    return None if value is None else SafeMode(value)
