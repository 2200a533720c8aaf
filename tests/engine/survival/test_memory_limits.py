"""Memory runs out for the worker, by a limit on its addresses or by the kernel's hand; the client gets a sentence."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from finr1_desk.core.conversation import FinishReason
from finr1_desk.core.errors import ErrorCode
from finr1_desk.core.events import EngineDied, Finished, ModelLoaded, Started, TextProduced
from finr1_desk.engine.client import EngineClient
from tests.engine.conftest import MakeClient, MakeModel, ask, model_request
from tests.engine.survival.test_survival import LONG_QUESTION, prove
from tests.helpers.engine_events import Recorder
from tests.helpers.tiny_models import QWEN2, endless, slow_to_prefill, speaking

if sys.platform != "linux":
    pytest.skip("limits from outside are Linux's", allow_module_level=True)
import resource

ANSWER = speaking("<think>\nx\n</think>\n<answer>\n42\n</answer>")
# A cache of 800 MB at its full context, with hardly any weights.
WIDE = replace(QWEN2, layers=24, embedding=1024, feed_forward=256, context=8192)
CODES = (ErrorCode.OUT_OF_MEMORY, ErrorCode.MODEL_LOAD_FAILED, ErrorCode.DECODE_FAILED, ErrorCode.ENGINE_DIED)


@contextlib.contextmanager
def no_more_memory(client: EngineClient, room: int) -> Iterator[None]:
    """The worker may map `room` bytes more than it has, and no more, within this block."""
    assert client.worker_pid is not None
    worker = psutil.Process(client.worker_pid)
    _, hard = resource.prlimit(worker.pid, resource.RLIMIT_AS)
    resource.prlimit(worker.pid, resource.RLIMIT_AS, (worker.memory_info().vms + room, hard))
    yield
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(worker.pid, resource.RLIMIT_AS, (hard, hard))


def ends_well_or_says_why(seen: Recorder, client: EngineClient, request: str) -> None:
    """Whatever it had left to allocate: the request ends, and if not well then with a reason."""
    client.cancel(request)
    finished = seen.finished(request)
    assert finished.reason is not FinishReason.ERROR or finished.code in CODES


def is_refusal(event: object, request: str) -> bool:
    return isinstance(event, Finished) and event.request == request and event.code in CODES


def was_loaded_by_another_worker(event: object, path: Path) -> bool:
    """One that could not say that it had no memory died of it; the next one has no such limit."""
    return isinstance(event, ModelLoaded) and event.model.request.path == str(path) and event.model.safe_mode != ""


def has_written(event: object, request: str, tokens: int) -> bool:
    return isinstance(event, TextProduced) and event.request == request and event.tokens > tokens


@pytest.mark.parametrize("room", [pytest.param(0, marks=pytest.mark.slow), 64 * 2**20])
def test_no_memory_for_loading(make_client: MakeClient, make_model: MakeModel, room: int) -> None:
    client, seen = make_client()
    small, large = make_model(ANSWER), make_model(endless(model=WIDE))
    prove(client, seen, small)
    with no_more_memory(client, room):
        request = client.load(model_request(large, 8192))
        seen.wait_for(object, lambda event: is_refusal(event, request) or was_loaded_by_another_worker(event, large))
    assert seen.finished(client.generate(ask(small))).reason is FinishReason.STOP


def test_no_memory_while_it_reads_a_prompt(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(slow_to_prefill(endless()))
    prove(client, seen, path, 4096)
    request = client.generate(ask(path, LONG_QUESTION, context_length=4096))
    seen.wait_for(Started, lambda event: event.request == request)
    with no_more_memory(client, 0):
        ends_well_or_says_why(seen, client, request)
    assert seen.finished(client.generate(ask(make_model(ANSWER)))).reason is FinishReason.STOP


@pytest.mark.slow
def test_no_memory_while_it_writes(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(endless())
    prove(client, seen, path, 4096)
    request = client.generate(ask(path, context_length=4096))
    seen.wait_for(TextProduced, lambda event: event.request == request)
    with no_more_memory(client, 0):
        seen.wait_for(object, lambda event: is_refusal(event, request) or has_written(event, request, 20))
        ends_well_or_says_why(seen, client, request)
        again = client.generate(ask(path, context_length=4096, overrides={"max_tokens": 20}))
        ends_well_or_says_why(seen, client, again)
    assert seen.finished(client.generate(ask(make_model(ANSWER)))).reason is FinishReason.STOP


# -- the kernel's hand


class MemoryGroup:
    """A control group with little memory, of either version."""

    def __init__(self, limit: int) -> None:
        root = Path("/sys/fs/cgroup")
        v2 = (root / "cgroup.controllers").exists()
        self.folder = (root if v2 else root / "memory") / f"finr1-test-{os.getpid()}"
        self.folder.mkdir()
        try:
            (self.folder / ("memory.max" if v2 else "memory.limit_in_bytes")).write_text(str(limit))
        except OSError:
            self.folder.rmdir()
            raise

    def add(self, pid: int) -> None:
        (self.folder / "cgroup.procs").write_text(str(pid))

    def remove(self) -> None:
        self.folder.rmdir()


@pytest.fixture
def small_group() -> Iterator[MemoryGroup]:
    try:
        group = MemoryGroup(300 * 2**20)
    except OSError as error:
        pytest.skip(f"control groups are not ours to make: {error}")
    yield group
    group.remove()


def test_the_kernel_ends_a_worker_that_takes_too_much(
    make_client: MakeClient, make_model: MakeModel, small_group: MemoryGroup
) -> None:
    """It dies of it in the first load of this model; the next worker, outside of the group, takes over the request."""
    client, seen = make_client()
    small, large = make_model(ANSWER), make_model(endless(model=WIDE))
    prove(client, seen, small)
    worker = client.worker_pid
    assert worker is not None
    small_group.add(worker)
    request = client.load(model_request(large, 8192))
    died = seen.wait_for(EngineDied)
    assert (died.exit_code, died.stage, died.safe_mode) == (-9, "load", "no_extra_buffers")
    assert seen.wait_for(ModelLoaded, lambda event: event.model.request.path == str(large)).model.safe_mode
    assert not seen.of(Finished, request)
    assert seen.finished(client.generate(ask(small))).reason is FinishReason.STOP
