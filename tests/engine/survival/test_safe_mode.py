"""What is remembered of crashes, in which order modes are tried, and that a damaged memory is no obstacle."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finr1_desk.core.events import LoadedModel, ModelRequest
from finr1_desk.engine import endpoint
from finr1_desk.engine.survival.crashes import Crash, Crashes
from finr1_desk.engine.survival.safe_mode import FILE, SafeMode, SafeModes, Subject

SUBJECT = Subject("/models/a.gguf", 100, 5, "a processor, a GPU", "0.3.36", uses_gpu=True)
ON_CPU = replace(SUBJECT, uses_gpu=False)


@pytest.fixture
def modes(tmp_path: Path) -> SafeModes:
    return SafeModes(tmp_path)


def crash(modes: SafeModes, subject: Subject) -> SafeMode | None:
    """Loads it in a process that dies of it. Trials are noted for the own process: nobody else's is at hand."""
    modes.begin_trial(subject)
    return modes.after_crash(os.getpid())


def test_first_the_extra_buffers_go_then_the_gpu(modes: SafeModes) -> None:
    assert modes.begin_trial(SUBJECT) is SafeMode.NONE
    assert modes.after_crash(os.getpid()) is SafeMode.NO_EXTRA_BUFFERS
    assert modes.begin_trial(SUBJECT) is SafeMode.NO_EXTRA_BUFFERS
    assert modes.after_crash(os.getpid()) is SafeMode.NO_GPU
    assert modes.begin_trial(SUBJECT) is SafeMode.NO_GPU
    assert modes.after_crash(os.getpid()) is None
    assert modes.begin_trial(SUBJECT) is SafeMode.NONE, "no mode helped, so none is to blame"


def test_without_a_gpu_there_is_one_mode(modes: SafeModes) -> None:
    assert crash(modes, ON_CPU) is SafeMode.NO_EXTRA_BUFFERS
    assert crash(modes, ON_CPU) is None


def test_a_mode_that_served_is_kept_and_a_later_crash_does_not_change_it(modes: SafeModes) -> None:
    crash(modes, SUBJECT)
    modes.begin_trial(SUBJECT)
    modes.end_trial(well=True)
    (entry,) = modes.remembered()
    assert (entry.subject, entry.mode, entry.proven) == (SUBJECT, SafeMode.NO_EXTRA_BUFFERS, True)
    assert crash(modes, SUBJECT) is None
    assert modes.begin_trial(SUBJECT) is SafeMode.NO_EXTRA_BUFFERS


@pytest.mark.parametrize(
    "other",
    [
        replace(SUBJECT, modified_ns=6),
        replace(SUBJECT, path="/models/b.gguf"),
        replace(SUBJECT, machine="another processor"),
        replace(SUBJECT, build="0.3.37"),
    ],
)
def test_another_file_machine_or_build_is_tried_in_full(modes: SafeModes, other: Subject) -> None:
    crash(modes, SUBJECT)
    assert modes.begin_trial(other) is SafeMode.NONE


def test_only_the_death_of_the_process_that_tries_counts(modes: SafeModes) -> None:
    modes.begin_trial(SUBJECT)
    assert modes.after_crash(os.getpid() + 1) is None
    modes.end_trial(well=False)  # unloaded before it wrote anything
    assert modes.after_crash(os.getpid()) is None
    assert modes.begin_trial(SUBJECT) is SafeMode.NONE


def test_all_clients_of_the_dead_get_the_same_answer(modes: SafeModes, tmp_path: Path) -> None:
    modes.begin_trial(SUBJECT)
    answers = {SafeModes(tmp_path).after_crash(os.getpid()) for _ in range(3)}
    assert answers == {SafeMode.NO_EXTRA_BUFFERS}


def test_it_can_be_forgotten(modes: SafeModes) -> None:
    crash(modes, SUBJECT)
    crash(modes, replace(SUBJECT, path="/models/b.gguf"))
    modes.begin_trial(ON_CPU)
    modes.end_trial(well=True)  # in no safe mode
    assert modes.forget() == 2
    assert modes.remembered() == []
    assert modes.begin_trial(SUBJECT) is SafeMode.NONE


@given(raw=st.binary(max_size=200) | st.just(b"{}") | st.just(b'{"models": [{}], "trial": 1, "crashed": []}'))
def test_a_damaged_memory_is_none(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    folder = tmp_path_factory.mktemp("runtime")
    (folder / FILE).write_bytes(raw)
    modes = SafeModes(folder)
    assert modes.remembered() == []
    assert crash(modes, SUBJECT) is SafeMode.NO_EXTRA_BUFFERS
    assert json.loads((folder / FILE).read_text())["models"]


def test_without_a_folder_nothing_is_remembered_and_nothing_fails(tmp_path: Path) -> None:
    modes = SafeModes(tmp_path / "nowhere")
    assert modes.begin_trial(SUBJECT) is SafeMode.NONE
    modes.end_trial(well=True)
    assert modes.after_crash(os.getpid()) is None
    assert modes.forget() == 0


# -- how often is too often


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_three_within_a_minute_are_too_many_and_a_minute_later_it_is_tried_again(tmp_path: Path) -> None:
    clock = Clock()
    crashes = Crashes(tmp_path, clock)
    for now in (0.0, 30.0, 61.0):
        clock.now = now
        crashes.note(Crash("decode", -11), None)
    assert not crashes.too_many
    clock.now = 80.0
    crashes.note(Crash("decode", -11), None)
    assert crashes.too_many
    clock.now = 141.0
    assert not crashes.too_many


def test_the_report_says_what_ran_and_what_it_died_of(tmp_path: Path) -> None:
    (tmp_path / endpoint.LOG_FILE).write_text("GGML_ASSERT(x) failed\n")
    crashes = Crashes(tmp_path)
    model = LoadedModel(
        ModelRequest("/private/a.gguf"), "A", "a.gguf", "qwen2", "Q4_K_M", 7, 1, 1, "CPU", 28, 0, 2, 1.0
    )
    crashes.note(Crash("load", None), model)
    crashes.note(Crash("prefill", -11), model)
    assert not crashes.report_path.exists()
    crashes.note(Crash("decode", -9, hung=True), model)
    report = crashes.report_path.read_text()
    for fact in ("qwen2 Q4_K_M", "stage prefill, exit status -11", "stage decode, hung", "GGML_ASSERT", "Python"):
        assert fact in report
    assert "/private" not in report
