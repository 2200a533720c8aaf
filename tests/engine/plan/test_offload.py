"""Layers on a second device, without a GPU: llama.cpp's RPC server on loopback is one.

Deselected by default, as it builds llama.cpp once (`pytest -m offload`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import ModelLoaded, ModelRequest, Planned
from finr1_desk.core.plan import GivenUp
from finr1_desk.library.assets import asset
from finr1_desk.ui.words.sentences import sentence
from tests.engine.conftest import MakeClient
from tests.helpers import rpc_llama

pytestmark = [pytest.mark.offload, pytest.mark.timeout(rpc_llama.BUILD_S)]
PATIENCE_S = 600
SHARE = 0.1  # how far a prediction may be from what llama.cpp reports


@pytest.fixture(scope="module")
def built() -> Path:
    try:
        return rpc_llama.libraries()
    except rpc_llama.UnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture
def device(built: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    with rpc_llama.server(built) as found:
        yield found


def child(built: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Our code over that llama.cpp, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "tests.engine.offload_child", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env={**os.environ, "LLAMA_CPP_LIB_PATH": str(built)},
    )


def model() -> tuple[Path, tuple[int, int, int]]:
    """A model, with none, half and all of its layers; `FINR1_OFFLOAD_MODEL` and `FINR1_OFFLOAD_LAYERS` name another."""
    named = os.environ.get("FINR1_OFFLOAD_MODEL")
    whole = int(os.environ.get("FINR1_OFFLOAD_LAYERS", "6"))
    path = Path(named) if named else asset("builtin_model", "builtin-demonstration-model.gguf")
    return path, (0, whole // 2, whole)


def test_layers_are_placed_as_planned_and_compute_the_same(
    built: Path, device: tuple[str, subprocess.Popen[bytes]]
) -> None:
    path, layers = model()
    done = child(built, str(path), device[0], *map(str, layers))
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert [(known["name"], known["backend"]) for known in found["devices"]] == [("CPU", "CPU"), ("RPC0", "RPC")]
    alone = {(each["kv_type"], each["context"]): each["logits"] for each in found["results"] if each["asked"] == 0}
    assert len(found["results"]) == 12
    for each in found["results"]:
        check_placed(each, layers[-1])
        check_predicted(each)
        reference = alone[each["kv_type"], each["context"]]
        # On a real model of many layers batches of another shape differ in the last bits.
        assert max(abs(ours - theirs) for ours, theirs in zip(each["logits"], reference, strict=True)) < 0.4
        assert len(reference) == len(each["logits"]) > 100


def check_placed(each: dict[str, Any], whole: int) -> None:
    plan = each["plan"]
    by_name = {share["name"]: share["layers"] for share in plan["devices"]}
    assert (plan["layers"], plan["gpu_layers"], plan["kv_type"]) == (whole, each["asked"], each["kv_type"])
    assert by_name.get("RPC0", 0) == each["asked"]
    assert by_name["CPU"] == whole - each["asked"]
    assert plan["given_up"] == []


def check_predicted(each: dict[str, Any]) -> None:
    predicted = {
        share["name"]: share["weights"] + share["spare"] + share["cache"] + share["compute"]
        for share in each["plan"]["devices"]
    }
    assert predicted.keys() == each["reported"].keys()
    for name, size in each["reported"].items():
        assert abs(predicted[name] - size) <= SHARE * size, (name, each)


def test_a_device_that_disappears_takes_the_worker_alone_and_the_next_one_does_without(
    built: Path,
    device: tuple[str, subprocess.Popen[bytes]],
    make_client: MakeClient,
    runtime: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, layers = model()
    monkeypatch.setenv("LLAMA_CPP_LIB_PATH", str(built))
    command = [sys.executable, "-m", "tests.engine.offload_worker", device[0], "--runtime", str(runtime)]
    client, seen = make_client(command=command)
    request = ModelRequest(str(path), 512, gpu_layers=layers[-1], threads=1)
    client.plan(request)
    planned = seen.wait_for(Planned)
    assert [share.name for share in planned.plan.devices] == ["RPC0", "CPU"]
    device[1].kill()
    device[1].wait()
    failed = seen.finished(client.load(request))
    assert failed.code is ErrorCode.ENGINE_DIED
    assert sentence(UserError(failed.code, **failed.params)).text
    client.load(request)
    loaded = seen.wait_for(ModelLoaded).model
    assert (loaded.gpu_layers, loaded.device) == (0, "CPU")
    assert loaded.plan is not None
    assert loaded.plan.given_up == (GivenUp("gpu_layers", str(layers[-1]), "0"),)
