"""Models that load, and every reason why one does not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from finr1_desk.core.conversation import FinishReason
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import LoadProgress, ModelLoaded, ModelRequest, ModelUnloaded, Started, TokensCounted
from finr1_desk.engine import loading
from finr1_desk.engine.client import EngineClient
from finr1_desk.engine.llama import LlamaLog, LoadCancelledError
from finr1_desk.engine.plan import offload
from finr1_desk.engine.prompt.template import TemplateProcess
from tests.engine.conftest import MakeClient, MakeModel, ask, model_request
from tests.helpers.engine_events import PATIENCE_S, Recorder
from tests.helpers.tiny_models import LLAMA, endless, speaking, write_model, write_slow_to_load


def load(path: Path, context_length: int = 512) -> loading.Loaded:
    return loading.load(
        ModelRequest(str(path), context_length, threads=1),
        LlamaLog(lambda _line: None),
        TemplateProcess(),
        on_progress=lambda _fraction: True,
        should_abort=lambda: False,
    )


def failure(path: Path, context_length: int = 512) -> UserError:
    with pytest.raises(UserError) as raised:
        load(path, context_length).close()
    return raised.value


def test_a_file_that_is_missing_or_a_folder(tmp_path: Path) -> None:
    assert failure(tmp_path / "none.gguf").code is ErrorCode.MODEL_NOT_FOUND
    assert failure(tmp_path).code is ErrorCode.MODEL_UNREADABLE
    assert failure(tmp_path / "zero\0.gguf").code is ErrorCode.MODEL_UNREADABLE


@pytest.mark.parametrize("content", [b"", b"GGU", b"PK\x03\x04 a zip file", b"{}" * 100])
def test_a_file_that_is_no_gguf(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "no.gguf"
    path.write_bytes(content)
    assert failure(path).code is ErrorCode.MODEL_NOT_GGUF


@pytest.mark.parametrize("share", [0.00001, 0.0001, 0.001, 0.003, 0.01, 0.3, 0.999])
def test_a_file_that_is_cut_off(make_model: MakeModel, tmp_path: Path, share: float) -> None:
    whole = make_model(endless()).read_bytes()
    path = tmp_path / "cut.gguf"
    path.write_bytes(whole[: max(6, int(len(whole) * share))])
    error = failure(path)
    assert error.code is ErrorCode.MODEL_TRUNCATED
    assert error.params["actual_bytes"] == path.stat().st_size
    if share > 0.1:  # the header is complete, so it is known what is missing
        expected = int(error.params["expected_bytes"] or 0)
        assert len(whole) - 32 <= expected <= len(whole)


def test_an_unknown_architecture_is_named(make_model: MakeModel, tmp_path: Path) -> None:
    raw = make_model(endless()).read_bytes()
    path = tmp_path / "future.gguf"
    path.write_bytes(raw.replace(b"\x05\x00\x00\x00\x00\x00\x00\x00qwen2", b"\x05\x00\x00\x00\x00\x00\x00\x00quux9", 1))
    error = failure(path)
    assert error.code is ErrorCode.MODEL_UNKNOWN_ARCHITECTURE
    assert error.params["architecture"] == "quux9"


def test_a_header_of_nonsense_is_an_error(make_model: MakeModel, tmp_path: Path) -> None:
    raw = bytearray(make_model(endless()).read_bytes())
    raw[16:24] = (2**60).to_bytes(8, "little")  # so many entries
    path = tmp_path / "bad.gguf"
    path.write_bytes(raw)
    assert failure(path).code is ErrorCode.MODEL_TRUNCATED
    raw[4:8] = (77).to_bytes(4, "little")
    path.write_bytes(raw)
    assert failure(path).code is ErrorCode.MODEL_UNREADABLE


def test_a_model_larger_than_memory_is_refused_before_loading(tmp_path: Path) -> None:
    gigabytes = psutil.virtual_memory().total / 2**30 * 2
    path = write_slow_to_load(tmp_path / "huge.gguf", gigabytes)  # one hole: it takes no room on the disk
    error = failure(path)
    assert error.code is ErrorCode.MODEL_TOO_LARGE
    needed, available = int(error.params["needed_bytes"] or 0), int(error.params["available_bytes"] or 0)
    assert needed > path.stat().st_size > available


def test_a_model_whose_tensors_are_missing_says_why(tmp_path: Path) -> None:
    path = write_model(tmp_path / "odd.gguf", replace(endless(), architecture="gemma"))
    error = failure(path)
    assert error.code is ErrorCode.MODEL_LOAD_FAILED
    assert error.params["reason"]


def test_loading_can_be_stopped(tmp_path: Path) -> None:
    fractions: list[float] = []

    def on_progress(fraction: float) -> bool:
        fractions.append(fraction)
        return fraction < 0.3

    with pytest.raises(LoadCancelledError):
        loading.load(
            ModelRequest(str(write_slow_to_load(tmp_path / "slow.gguf", 0.2))),
            LlamaLog(lambda _line: None),
            TemplateProcess(),
            on_progress=on_progress,
            should_abort=lambda: False,
        )
    assert fractions == sorted(fractions)
    assert 0.3 <= fractions[-1] < 0.7


@pytest.mark.parametrize(("asked", "given"), [(1, 1), (300, 300), (4096, 4096), (5000, 4096), (10**9, 4096)])
def test_the_context_is_never_longer_than_trained(make_model: MakeModel, asked: int, given: int) -> None:
    loaded = load(make_model(endless()), asked)
    assert loaded.facts.context_length == given
    assert loaded.facts.trained_context == 4096
    loaded.close()


@pytest.mark.parametrize("asked", [0, -1, -(10**9)])
def test_a_context_of_nothing_is_an_error(make_model: MakeModel, asked: int) -> None:
    error = failure(make_model(endless()), asked)
    assert (error.code, error.params["value"]) == (ErrorCode.CONTEXT_INVALID, asked)


def test_a_context_too_small_for_anything_is_too_long_a_question(
    make_client: MakeClient, make_model: MakeModel
) -> None:
    client, seen = make_client()
    finished = seen.finished(client.generate(ask(make_model(endless()), context_length=1)))
    assert finished.code is ErrorCode.CONTEXT_TOO_LONG


def test_errors_reach_the_client_and_the_next_model_loads(
    make_client: MakeClient, make_model: MakeModel, tmp_path: Path
) -> None:
    client, seen = make_client()
    broken = tmp_path / "no.gguf"
    broken.write_bytes(b"no")
    assert seen.finished(client.load(model_request(broken))).code is ErrorCode.MODEL_NOT_GGUF
    assert seen.finished(client.load(replace(model_request(broken), context_length=-3))).code in (
        ErrorCode.MODEL_NOT_GGUF,
        ErrorCode.CONTEXT_INVALID,
    )
    answered = client.generate(ask(make_model(speaking("Yes"))))
    assert seen.finished(answered).reason is FinishReason.STOP


def test_a_file_that_was_replaced_is_loaded_again(
    make_client: MakeClient, make_model: MakeModel, tmp_path: Path
) -> None:
    client, seen = make_client()
    path = tmp_path / "model.gguf"
    shutil.copy(make_model(speaking("Old words")), path)
    first = client.generate(ask(path))
    seen.finished(first)
    new = tmp_path / "new.gguf"
    shutil.copy(make_model(speaking("New words")), new)
    new.replace(path)
    second = client.generate(ask(path))
    seen.finished(second)
    assert (seen.text(first), seen.text(second)) == ("Old words", "New words")


def test_a_different_model_takes_the_place_of_the_first(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    first = client.generate(ask(make_model(speaking("One"))))
    second = client.generate(ask(make_model(speaking("Two", model=LLAMA, after="\n\n"))))
    seen.finished(second)
    assert (seen.text(first), seen.text(second)) == ("One", "Two")
    assert seen.of(Started, second)[0].model.architecture == "llama"
    seen.wait_for(ModelUnloaded)


# -- memory


def resident(pid: int) -> int:
    return int(psutil.Process(pid).memory_info().rss)


def test_unloading_gives_the_memory_back(make_client: MakeClient, tmp_path: Path) -> None:
    client, seen = make_client()
    path = write_slow_to_load(tmp_path / "large.gguf", 0.2)
    small = client.count(model_request(path), ())
    seen.wait_for(TokensCounted, lambda event: event.request == small)
    assert client.worker_pid is not None
    before = resident(client.worker_pid)
    client.load(model_request(path))
    seen.wait_for(ModelLoaded)
    while_loaded = resident(client.worker_pid)
    assert while_loaded - before > 150 * 2**20
    client.unload()
    seen.wait_for(ModelUnloaded)
    assert resident(client.worker_pid) - before < 50 * 2**20


def test_an_idle_worker_uses_no_processor_time(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    seen.finished(client.generate(ask(make_model(speaking("Yes")))))
    assert client.worker_pid is not None
    worker = psutil.Process(client.worker_pid)
    before = worker.cpu_times()
    with pytest.raises(psutil.TimeoutExpired):
        worker.wait(3.0)
    after = worker.cpu_times()
    assert (after.user + after.system) - (before.user + before.system) < 0.1


def test_progress_is_told_to_everyone_and_seldom(runtime: Path, tmp_path: Path) -> None:
    asking, watching = Recorder(), Recorder()
    client, other = EngineClient(runtime, asking), EngineClient(runtime, watching)
    try:
        other.count(ModelRequest(str(tmp_path / "none.gguf")), ())
        watching.wait_for_any(1)
        client.load(model_request(write_slow_to_load(tmp_path / "slow.gguf", 1.0)))
        asking.wait_for(ModelLoaded)
        watching.wait_for(ModelLoaded)
    finally:
        client.close(PATIENCE_S)
        other.close(PATIENCE_S)
    for seen in (asking, watching):
        fractions = [event.fraction for event in seen.events if isinstance(event, LoadProgress)]
        assert fractions == sorted(fractions)
        assert fractions[-1] == 1.0
        told = [at for event, at in zip(seen.events, seen.times, strict=True) if isinstance(event, LoadProgress)]
        assert len(told) <= (told[-1] - told[0]) * 10 + 4


# -- what is chosen


@pytest.mark.parametrize(
    ("asked", "cores", "decode", "prefill"), [(0, 1, 1, 1), (0, 2, 2, 2), (0, 4, 3, 4), (0, 8, 7, 8), (3, 8, 3, 3)]
)
def test_threads(asked: int, cores: int, decode: int, prefill: int) -> None:
    assert offload.choose_threads(asked, cores) == offload.Threads(decode, prefill)


def test_cores_are_at_least_one_and_not_more_than_there_are() -> None:
    assert 1 <= offload.usable_cores() <= (psutil.cpu_count() or 1)
