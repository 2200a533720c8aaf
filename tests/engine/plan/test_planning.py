"""How a model is loaded: what is chosen, what is given up in which order, and that the prediction holds."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import Finished, ModelLoaded, ModelRequest, Planned
from finr1_desk.core.plan import GivenUp, LoadPlan
from finr1_desk.engine import llama, loading
from finr1_desk.engine.llama_devices import Device
from finr1_desk.engine.plan import offload
from finr1_desk.engine.plan.accounting import Account, Candidate, Taken
from finr1_desk.engine.plan.load_plan import load_plan
from finr1_desk.engine.plan.offload import Threads
from finr1_desk.engine.plan.planning import Machine, Planner, lowered
from finr1_desk.engine.prompt.template import TemplateProcess
from tests.engine.conftest import MakeClient, MakeModel, model_request
from tests.helpers.tiny_models import endless

GIB = 2**30
LAYERS, TRAINED = 28, 32768
CPU = Device("CPU", "Processor", "CPU", "CPU", False, False, 0, 0)


def gpu(free: float, *, total: float = 24, shares_memory: bool = False) -> Device:
    return Device("CUDA0", "GPU", "CUDA", "CUDA0", True, shares_memory, int(free * GIB), int(total * GIB))


def account(candidate: Candidate) -> Account:
    """Figures near those of Fin-R1 at Q4_K_M: 0.15 GiB a layer, 0.4 the output layer, 2 KiB a token and layer."""
    per_layer = int(0.15 * GIB) + candidate.context_length * (2048 if candidate.kv_type == "f16" else 1088)
    compute = GIB // 10
    host = Taken(LAYERS - candidate.gpu_layers, (LAYERS - candidate.gpu_layers) * per_layer, 0, compute)
    devices = {"CPU": host}
    if candidate.gpu_layers:
        devices["CUDA0"] = Taken(candidate.gpu_layers, candidate.gpu_layers * per_layer + int(0.4 * GIB), 0, compute)
    return Account(devices, candidate.flash_attention != "off")


def planned(available: float, *gpus: Device, request: ModelRequest | None = None) -> LoadPlan:
    machine = Machine((CPU, *gpus), int(available * GIB), Threads(3, 4))
    return Planner(request or ModelRequest("/model.gguf"), LAYERS, TRAINED, machine, account, 128).plan()


def chosen(plan: LoadPlan) -> tuple[int, int, str]:
    return plan.gpu_layers, plan.context_length, plan.kv_type


@pytest.mark.parametrize(
    ("available", "gpus", "expected"),
    [
        (16, (), (0, 16384, "f16")),
        (16, (gpu(12),), (28, 16384, "f16")),
        (5, (), (0, 16384, "q8_0")),  # half of the cache's bits before half of the context
        (4.7, (), (0, 8192, "q8_0")),
        (4.5, (), (0, 2048, "q8_0")),
        (16, (gpu(5.9),), (28, 16384, "q8_0")),
        (16, (gpu(4),), (16, 16384, "q8_0")),  # then layers, before the context
        (16, (gpu(0.5),), (0, 16384, "f16")),
        (16, (gpu(0, total=0),), (0, 16384, "f16")),  # one that does not tell its memory
        (2.4, (gpu(12),), (28, 16384, "f16")),  # the computer's own memory is not needed then
        (2.4, (gpu(12, shares_memory=True),), None),
        (3, (), None),
    ],
)
def test_what_fits_is_chosen(available: float, gpus: tuple[Device, ...], expected: tuple[int, int, str] | None) -> None:
    if expected is None:
        with pytest.raises(UserError) as raised:
            planned(available, *gpus)
        assert raised.value.code is ErrorCode.MODEL_TOO_LARGE
        assert raised.value.params["available_bytes"] == int(available * GIB)
        assert int(raised.value.params["needed_bytes"] or 0) > int(available * GIB)
    else:
        assert chosen(planned(available, *gpus)) == expected


def test_a_plan_never_takes_more_than_there_is() -> None:
    """Nothing is planned into swap, nor into the last of a GPU's memory."""
    for tenths in range(30, 80):
        for free in (0, 1, 2, 4, 8):
            try:
                plan = planned(tenths / 10, gpu(free))
            except UserError:
                continue
            for share in plan.devices:
                assert share.needed < share.free


def test_what_was_chosen_by_hand_is_kept_or_its_loss_is_told() -> None:
    assert chosen(planned(16, gpu(12), request=ModelRequest("/m", 4096, 10, kv_type="q8_0"))) == (10, 4096, "q8_0")
    plan = planned(16, gpu(4), request=ModelRequest("/m", gpu_layers=28, kv_type="f16"))
    assert (plan.kv_type, plan.given_up) == ("f16", (GivenUp("gpu_layers", "28", str(plan.gpu_layers)),))
    assert 10 < plan.gpu_layers < 16
    plan = planned(16, request=ModelRequest("/m", gpu_layers=28))
    assert plan.given_up == (GivenUp("gpu_layers", "28", "0"),)
    plan = planned(4.7)
    assert plan.given_up == (GivenUp("kv_type", "f16", "q8_0"), GivenUp("context_length", "16384", "8192"))
    plan = planned(16, request=ModelRequest("/m", kv_type="q8_0", flash_attention="off"))
    assert plan.given_up == (GivenUp("flash_attention", "off", "on"),)
    assert planned(16, request=ModelRequest("/m", micro_batch=64)).micro_batch == 64
    assert planned(16).given_up == ()


def test_a_cache_that_llama_cpp_refuses_is_not_planned() -> None:
    """Heads that are no multiple of 32 wide cannot be quantised."""

    def refusing(candidate: Candidate) -> Account | None:
        return account(candidate) if candidate.kv_type == "f16" else None

    def plan(kv_type: str, available: float) -> LoadPlan:
        machine = Machine((CPU,), int(available * GIB), Threads(3, 4))
        request = ModelRequest("/m", kv_type=kv_type)
        return Planner(request, LAYERS, TRAINED, machine, refusing, 128).plan()

    assert plan("q8_0", 16).given_up == (GivenUp("kv_type", "q8_0", "f16"),)
    assert chosen(plan("auto", 5)) == (0, 8192, "f16")


def test_after_a_failure_lesser_things_are_tried_until_nothing_is_left() -> None:
    request = ModelRequest("/m")
    plan, steps = planned(16, gpu(12), request=request), []
    while (lesser := lowered(request, plan)) is not None:
        request, plan = lesser, planned(16, gpu(12), request=lesser)
        steps.append(chosen(plan))
    assert steps[0] == (28, 16384, "q8_0")
    assert [step[0] for step in steps] == sorted((step[0] for step in steps), reverse=True)
    assert steps[-1] == (0, 2048, "q8_0")
    assert len(steps) < 20


def test_a_context_that_cannot_be_had_is_not_even_tried() -> None:
    tried: list[int] = []

    def observed(candidate: Candidate) -> Account:
        tried.append(candidate.context_length)
        return account(candidate)

    machine = Machine((CPU,), 6 * GIB, Threads(1, 1))
    plan = Planner(ModelRequest("/m", 10**9), LAYERS, 10**9, machine, observed, 128).plan()
    assert max(tried) < 10**8
    assert plan.context_length < 100_000
    for length in (0, -5):
        with pytest.raises(UserError) as raised:
            Planner(ModelRequest("/m", length), LAYERS, TRAINED, machine, account, 128).plan()
        assert raised.value.code is ErrorCode.CONTEXT_INVALID


# -- llama.cpp's own figures


@pytest.mark.parametrize("kv_type", ["f16", "q8_0"])
@pytest.mark.parametrize("length", [256, 1024, 4096])
@pytest.mark.parametrize("flash_attention", ["auto", "off"])
def test_memory_is_predicted_as_llama_cpp_then_reports_it(
    tmp_path: Path, make_model: MakeModel, length: int, kv_type: str, flash_attention: str
) -> None:
    path = make_model(replace(endless(), embedding=256, layers=3))  # heads of 64: a quantised cache needs 32
    request = ModelRequest(str(path), length, threads=1, kv_type=kv_type, flash_attention=flash_attention)
    log = llama.LlamaLog(lambda _line: None)
    predicted = load_plan(request, log)
    loaded = loading.load(request, log, TemplateProcess(), on_progress=lambda _: True, should_abort=lambda: False)
    reported = loaded.facts.memory_bytes
    loaded.close()
    (share,) = predicted.devices
    assert (share.name, share.layers) == ("CPU", 3)
    assert share.needed + share.spare == pytest.approx(reported["CPU"], rel=0.1)
    assert predicted.kv_type == kv_type
    assert predicted.flash_attention is (flash_attention == "auto" or kv_type == "q8_0")
    assert share.cache == pytest.approx(length * 3 * 2 * 128 * (2 if kv_type == "f16" else 34 / 32), rel=0.05)


def test_the_engine_tells_its_plan_before_it_loads_and_keeps_it(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    request = model_request(make_model(endless()))
    asked = client.plan(request)
    before = seen.wait_for(Planned, lambda event: event.request == asked).plan
    assert not [event for event in seen.events if isinstance(event, ModelLoaded)]
    client.load(request)
    loaded = seen.wait_for(ModelLoaded).model
    assert loaded.plan is not None
    assert replace(loaded.plan, devices=()) == replace(before, devices=())
    again = client.plan(request)
    assert seen.wait_for(Planned, lambda event: event.request == again).plan == loaded.plan
    missing = client.plan(replace(request, path="/nowhere.gguf"))
    assert seen.wait_for(Finished, lambda event: event.request == missing).code is ErrorCode.MODEL_NOT_FOUND


SHRINKING = """
import json, resource, sys
from finr1_desk.core.events import ModelRequest
from finr1_desk.engine import llama, loading
from finr1_desk.engine.plan import offload
from finr1_desk.engine.prompt.template import TemplateProcess

path, room = sys.argv[1], int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
by_plan = loading._by_plan
def shrunk(*arguments):
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + room, resource.RLIM_INFINITY))
    try:
        return by_plan(*arguments)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
loading._by_plan = shrunk
try:
    loaded = loading.load(ModelRequest(path, 131072, threads=1), llama.LlamaLog(lambda line: None), TemplateProcess(),
                          on_progress=lambda fraction: True, should_abort=lambda: False)
    plan = loaded.facts.plan
    print(json.dumps([plan.context_length, plan.kv_type, [[g.what, g.wanted, g.got] for g in plan.given_up],
                      loaded.serves(ModelRequest(path, 131072, threads=1))]))
except Exception as error:
    print(json.dumps([type(error).__name__, str(getattr(error, "code", error))]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_memory_that_shrinks_between_plan_and_load_is_stepped_down_to(make_model: MakeModel) -> None:
    """A cache of 200 MB is planned, and what loads is then given room for less: llama.cpp's allocations do fail."""
    path = make_model(replace(endless(), embedding=256, layers=3, context=131072))

    def run(room: int) -> list[object]:
        done = subprocess.run(
            [sys.executable, "-c", SHRINKING, str(path), str(room)], capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr[-1500:]
        found: list[object] = json.loads(done.stdout)
        return found

    halved = run(120 * 2**20)
    assert halved[:2] == [65536, "q8_0"]
    assert halved[2] == [["kv_type", "f16", "q8_0"], ["context_length", "131072", "65536"]]
    assert halved[3] is True  # the same request is served without loading again


def test_where_nothing_can_be_allocated_it_is_said_after_the_last_step(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[tuple[int, str]] = []

    def failing(_path: str, plan: LoadPlan, *_rest: object) -> None:
        tried.append((plan.context_length, plan.kv_type))
        raise llama.LlamaError("no context", ["failed to allocate buffer for kv cache"])

    monkeypatch.setattr(loading, "_by_plan", failing)
    path = make_model(replace(endless(), embedding=256, layers=3))
    with pytest.raises(UserError) as raised:
        loading.load(
            ModelRequest(str(path), 4096, threads=1),
            llama.LlamaLog(lambda _line: None),
            TemplateProcess(),
            on_progress=lambda _: True,
            should_abort=lambda: False,
        )
    assert raised.value.code is ErrorCode.OUT_OF_MEMORY
    assert tried == [(4096, "f16"), (4096, "q8_0"), (2048, "q8_0")]


def test_memory_that_can_be_had_is_within_the_own_group(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("1000000\n")
    (tmp_path / "memory.current").write_text("400000\n")
    (tmp_path / "memory.stat").write_text("anon 5\ninactive_file 1000\nactive_file 500\nfile_mapped 3\n")
    assert offload._room_in(tmp_path) == 601_500
    (tmp_path / "memory.max").write_text("max\n")
    assert offload._room_in(tmp_path) is None
    assert offload.available_memory() > 0
