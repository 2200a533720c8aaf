"""The worker crashes, hangs and runs out of memory for real, at every stage; the client lives on and says what was."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from finr1_desk.core.conversation import FinishReason
from finr1_desk.core.errors import ErrorCode
from finr1_desk.core.events import (
    EngineDied,
    Finished,
    LoadProgress,
    ModelLoaded,
    PrefillProgress,
    Started,
    TextProduced,
)
from finr1_desk.engine import attachment
from finr1_desk.engine.client import EngineClient
from finr1_desk.engine.survival.safe_mode import SafeModes
from tests.engine.conftest import MakeClient, MakeModel, ask, model_request
from tests.helpers.engine_events import Recorder
from tests.helpers.tiny_models import endless, slow_to_prefill, speaking, write_slow_to_load

ANSWER = speaking("<think>\nx\n</think>\n<answer>\n42\n</answer>")
LONG_QUESTION = "profit margin " * 150
STAGES = ("load", "prefill", "decode", "idle")

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")


def faulty(runtime: Path, fault: str) -> list[str]:
    root = Path(__file__).parents[3]
    start = f"import sys; sys.path[:0] = [{str(root)!r}]; from tests.engine.faulty_worker import main; sys.exit(main())"
    return [sys.executable, "-c", start, fault, "--runtime", str(runtime)]


def prove(client: EngineClient, seen: Recorder, path: Path, context_length: int = 2048) -> None:
    """Has this model answer once, so that a crash is no longer put down to how it is loaded."""
    request = ask(path, context_length=context_length, overrides={"max_tokens": 2})
    assert seen.finished(client.generate(request)).code is None


def reach(client: EngineClient, seen: Recorder, stage: str, make_model: MakeModel, tmp_path: Path) -> str:
    """A request that stands at this stage, with a model that has answered before; returns its id."""
    if stage == "load":
        path = write_slow_to_load(tmp_path / "slow.gguf")
        prove(client, seen, path)
        client.unload()
        count = len(seen.events)
        request = client.generate(ask(path))
        seen.wait_for(LoadProgress, lambda event: event in seen.events[count:])
        return request
    if stage == "prefill":
        path = make_model(slow_to_prefill(endless()))
        prove(client, seen, path, 4096)
        request = client.generate(ask(path, LONG_QUESTION, context_length=4096))
        seen.wait_for(Started, lambda event: event.request == request)
        return request
    path = make_model(endless())
    prove(client, seen, path)
    if stage == "idle":
        return ""
    request = client.generate(ask(path))
    seen.wait_for(TextProduced, lambda event: event.request == request)
    return request


# -- crashes


CRASHES = [
    pytest.param(stage, number, marks=() if (stage, number) in quick else pytest.mark.slow)
    for quick in [{("decode", signal.SIGSEGV), ("prefill", signal.SIGABRT)}]
    for stage in STAGES
    for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL, signal.SIGBUS)
]


@pytest.mark.parametrize(("stage", "number"), CRASHES)
def test_a_crash_ends_what_was_asked_and_the_next_question_is_answered(
    make_client: MakeClient, make_model: MakeModel, tmp_path: Path, stage: str, number: int
) -> None:
    client, seen = make_client()
    request = reach(client, seen, stage, make_model, tmp_path)
    worker = client.worker_pid
    assert worker is not None
    os.kill(worker, number)
    assert seen.wait_for(EngineDied) == EngineDied(-number, stage)
    if request:
        finished = seen.finished(request)
        assert (finished.code, finished.params) == (ErrorCode.ENGINE_DIED, {"stage": stage, "exit_code": -number})
    assert seen.finished(client.generate(ask(make_model(ANSWER)))).reason is FinishReason.STOP
    assert client.worker_pid not in (None, worker)


def test_a_worker_killed_while_it_starts_is_started_again(
    make_client: MakeClient, make_model: MakeModel, runtime: Path, tmp_path: Path
) -> None:
    marker = tmp_path / "died once"
    start = (
        "import os, runpy, signal, sys, pathlib\n"
        f"marker = pathlib.Path({str(marker)!r})\n"
        "if not marker.exists():\n"
        "    marker.touch()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "runpy.run_module('finr1_desk.engine.worker', run_name='__main__', alter_sys=True)\n"
    )
    client, seen = make_client(command=[sys.executable, "-c", start, "--runtime", str(runtime)])
    assert seen.finished(client.generate(ask(make_model(ANSWER)))).reason is FinishReason.STOP
    assert marker.exists()


# -- hangs


@pytest.mark.parametrize(
    ("stage", "number"),
    [
        pytest.param("decode", signal.SIGUSR1),
        pytest.param("decode", signal.SIGSTOP, marks=pytest.mark.slow),
        pytest.param("prefill", signal.SIGUSR1, marks=pytest.mark.slow),
        pytest.param("prefill", signal.SIGSTOP, marks=pytest.mark.slow),
        pytest.param("load", signal.SIGUSR1, marks=pytest.mark.slow),
        pytest.param("load", signal.SIGSTOP, marks=pytest.mark.slow),
    ],
)
def test_a_worker_that_hangs_is_ended_and_started_anew(
    make_client: MakeClient, make_model: MakeModel, runtime: Path, tmp_path: Path, stage: str, number: int
) -> None:
    """SIGUSR1 stops only the thread that computes: the one that tells of progress goes on, and deceives nobody."""
    patience_s = 20.0 if stage == "load" else 3.0  # the file's header is one step, and this machine may be busy
    client, seen = make_client(command=faulty(runtime, "hang-on-usr1"), patience_s=patience_s)
    request = reach(client, seen, stage, make_model, tmp_path)
    worker = client.worker_pid
    assert worker is not None
    os.kill(worker, number)
    finished = seen.finished(request)
    assert (finished.code, finished.params["cause"]) == (ErrorCode.ENGINE_DIED, "hang")
    died = seen.wait_for(EngineDied)
    assert (died.hung, died.exit_code, died.stage) == (True, -signal.SIGKILL, stage)
    assert seen.finished(client.generate(ask(make_model(ANSWER)))).reason is FinishReason.STOP


@pytest.mark.slow
def test_a_worker_stopped_while_idle_does_not_keep_the_next_question_waiting_for_ever(
    make_client: MakeClient, make_model: MakeModel
) -> None:
    client, seen = make_client(patience_s=3.0)
    path = make_model(ANSWER)
    prove(client, seen, path)
    assert client.worker_pid is not None
    os.kill(client.worker_pid, signal.SIGSTOP)
    assert seen.finished(client.generate(ask(path))).params["cause"] == "hang"
    assert seen.finished(client.generate(ask(path))).reason is FinishReason.STOP


@pytest.mark.slow
def test_a_worker_that_does_not_greet_is_ended_and_replaced(
    make_client: MakeClient, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a window finds it whose predecessor died while the worker was stopped."""
    monkeypatch.setattr(attachment, "_GREETING_TIMEOUT", 2.0)
    first, seen = make_client()
    prove(first, seen, make_model(ANSWER))
    worker = first.worker_pid
    assert worker is not None
    os.kill(worker, signal.SIGSTOP)
    second, second_seen = make_client()
    assert second_seen.finished(second.generate(ask(make_model(ANSWER)))).reason is FinishReason.STOP
    assert second.worker_pid not in (None, worker)
    assert seen.wait_for(EngineDied).stage == "idle"


@pytest.mark.slow
def test_a_worker_that_hangs_ends_with_its_last_client_all_the_same(
    make_client: MakeClient, make_model: MakeModel, runtime: Path, tmp_path: Path
) -> None:
    client, seen = make_client(command=faulty(runtime, "hang-on-usr1"))
    reach(client, seen, "decode", make_model, tmp_path)
    assert client.worker_pid is not None
    worker = psutil.Process(client.worker_pid)
    os.kill(worker.pid, signal.SIGUSR1)
    client.close(timeout=30.0)
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE


# -- safe mode


def test_a_crash_in_the_first_prefill_is_tried_again_with_care_and_remembered(
    make_client: MakeClient, make_model: MakeModel, runtime: Path
) -> None:
    command = faulty(runtime, "crash-with-extra-buffers")
    client, seen = make_client(command=command)
    path = make_model(ANSWER)
    request = client.generate(ask(path))
    assert seen.finished(request).reason is FinishReason.STOP
    assert len(seen.of(Finished, request)) == 1
    died = seen.wait_for(EngineDied)
    assert (died.exit_code, died.safe_mode) == (-signal.SIGSEGV, "no_extra_buffers")
    assert seen.of(Started, request)[-1].model.safe_mode == "no_extra_buffers"
    assert [entry.subject.path for entry in SafeModes(runtime).remembered()] == [str(path)]
    client.close(timeout=30.0)

    later, later_seen = make_client(command=command)
    later.load(model_request(path))
    assert later_seen.wait_for(ModelLoaded).model.safe_mode == "no_extra_buffers"
    assert later_seen.finished(later.generate(ask(path))).reason is FinishReason.STOP
    later.close(timeout=30.0)

    assert SafeModes(runtime).forget() == 1
    shipped, shipped_seen = make_client()
    shipped.load(model_request(path))
    assert shipped_seen.wait_for(ModelLoaded).model.safe_mode == ""


def test_after_three_crashes_within_a_minute_nothing_is_started_until_it_is_asked_for(
    make_client: MakeClient, make_model: MakeModel, runtime: Path
) -> None:
    client, seen = make_client(command=faulty(runtime, "crash-always"))
    path = make_model(ANSWER)
    first = client.generate(ask(path))  # in full, then with care
    assert seen.finished(first).code is ErrorCode.ENGINE_DIED
    third = seen.finished(client.generate(ask(path)))
    assert third.code is ErrorCode.ENGINE_GAVE_UP
    report = Path(str(third.params["report"]))
    assert report.read_text().count("exit status -11") == 3
    assert seen.wait_for(EngineDied, lambda event: bool(event.report)).report == str(report)

    deaths = len([event for event in seen.events if isinstance(event, EngineDied)])
    refused = seen.finished(client.generate(ask(path)))
    assert refused.code is ErrorCode.ENGINE_GAVE_UP
    assert client.worker_pid is None
    assert len([event for event in seen.events if isinstance(event, EngineDied)]) == deaths

    client.load(model_request(path))  # on request it is tried again, and it can be loaded
    seen.wait_for(ModelLoaded, lambda event: seen.events.index(event) > seen.events.index(refused))
    assert seen.finished(client.generate(ask(path))).code is ErrorCode.ENGINE_DIED


# -- stopping


def test_stopping_anywhere_in_a_prefill_leaves_a_cache_that_answers_at_once(
    make_client: MakeClient, make_model: MakeModel
) -> None:
    client, seen = make_client()
    path = make_model(slow_to_prefill(ANSWER))
    prove(client, seen, path, 4096)
    for number in range(3):
        request = client.generate(ask(path, f"{number} " + LONG_QUESTION, context_length=4096))
        seen.wait_for(Started if number else PrefillProgress, lambda event, r=request: event.request == r)  # type: ignore[misc]
        client.cancel(request)
        assert seen.finished(request).reason is FinishReason.CANCELLED
        again = client.generate(ask(path, context_length=4096))
        assert seen.finished(again).reason is FinishReason.STOP
        assert seen.text(again) == "<think>\nx\n</think>\n<answer>\n42\n</answer>"
