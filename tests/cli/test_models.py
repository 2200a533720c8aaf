"""`finr1-desk models` in processes of its own: what is there, what is fetched, checked and removed."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import gguf
import pytest

from tests.cli.conftest import Cli
from tests.convert.checkpoints import make_checkpoint
from tests.helpers.hub_server import Fault, HubServer, running
from tests.library.downloading import FILE, REPOSITORY, contents
from tests.library.test_discovery import write

PATIENCE_S = 60


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with running(HubServer({REPOSITORY: {FILE: contents()}})) as server:
        yield server


@pytest.fixture
def online(cli: Cli, hub: HubServer) -> Cli:
    cli.environment |= {"HF_ENDPOINT": hub.endpoint, "MODELSCOPE_ENDPOINT": hub.endpoint, "HF_HUB_OFFLINE": "0"}
    return cli


def models(cli: Cli) -> Path:
    return cli.data_dir / "models"


def test_what_is_there_is_listed_and_described(cli: Cli) -> None:
    write(models(cli) / "Fin-R1-Q4_K_M.gguf")
    write(cli.home / ".lmstudio/models/a/b/Other.gguf", "Other")
    listed = json.loads(cli.ok("models", "list", "--json"))
    assert [(entry["source"], entry["is_fin_r1"]) for entry in listed] == [
        ("own", True),
        ("lm_studio", False),
        ("built_in", False),
    ]
    info = json.loads(cli.ok("models", "info", "Fin-R1-Q4_K_M", "--json"))
    assert info["verdict"] == "likely"
    assert info["evidence"] == ["name", "shape"]
    text = cli.ok("models", "info", "Fin-R1-Q4_K_M", "--language", "zh_CN")
    assert "架构" in text
    missing = cli.run("models", "info", "Nothing")
    assert (missing.status, missing.err.count("\n")) == (1, 2)


def test_a_model_is_copied_from_a_drive_verified_and_removed(cli: Cli, tmp_path: Path) -> None:
    drive = write(tmp_path / "drive/Fin-R1.gguf")
    added = json.loads(cli.ok("models", "add", drive, "--json"))
    copy = models(cli) / "Fin-R1.gguf"
    assert added["path"] == str(copy)
    assert copy.read_bytes() == drive.read_bytes()
    assert json.loads(cli.ok("models", "verify", "Fin-R1.gguf", "--json"))["as_recorded"] is True
    with copy.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x07")
    spoilt = cli.run("models", "verify", copy)
    assert spoilt.status == 1
    assert "hash" in spoilt.err
    asked = cli.run("models", "remove", "Fin-R1.gguf")
    assert asked.status == 1
    assert copy.exists()
    cli.ok("models", "remove", "Fin-R1.gguf", "--yes")
    assert not copy.exists()


@pytest.mark.slow
def test_only_own_models_are_removed(cli: Cli, tmp_path: Path) -> None:
    other = write(tmp_path / "drive/Fin-R1.gguf")
    done = cli.run("models", "remove", other, "--yes")
    assert done.status == 1
    assert other.exists()


@pytest.mark.slow
def test_a_folder_is_remembered(cli: Cli, tmp_path: Path) -> None:
    path = write(tmp_path / "drive/deep/Fin-R1.gguf")
    cli.ok("models", "add", path, "--in-place")
    cli.ok("models", "add", tmp_path / "drive")
    found = json.loads(cli.ok("models", "list", "--json"))
    assert [(entry["source"], entry["path"]) for entry in found[:-1]] == [("folder", str(path))]
    assert not list(models(cli).glob("*.gguf"))


def test_a_conversion_is_fetched(online: Cli, hub: HubServer) -> None:
    hub.faults.append(Fault(after_bytes=1_000_000))
    done = online.run("models", "download", REPOSITORY, "--quantisation", "q5_k_m", "--json")
    assert done.status == 0, done.err
    assert done.json == {"paths": [str(models(online) / FILE)]}
    assert (models(online) / FILE).read_bytes() == contents()


@pytest.mark.slow
def test_what_went_wrong_is_two_lines(online: Cli, hub: HubServer) -> None:
    done = online.run("models", "download", "nobody/Nothing")
    assert done.status == 1
    assert [line.partition(":")[0] for line in done.err.splitlines()] == ["error", "hint"]
    offline = online.run("models", "download", REPOSITORY, environment={"HF_HUB_OFFLINE": "1"})
    assert "HF_HUB_OFFLINE" in offline.err


@pytest.mark.parametrize("number", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_one_that_was_killed_goes_on_where_it_was(online: Cli, hub: HubServer, number: int) -> None:
    hub.pause_s = 0.02
    process = online.start("models", "download", REPOSITORY, "--file", FILE)
    part = models(online) / ".downloads"
    deadline = time.monotonic() + PATIENCE_S
    while not any(path.stat().st_size > 500_000 for path in part.rglob("*.part")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(number)
    process.communicate(timeout=PATIENCE_S)
    (left,) = part.rglob("*.part")
    size = left.stat().st_size
    hub.pause_s = 0
    before = len(hub.fetched())
    online.ok("models", "download", REPOSITORY, "--file", FILE)
    assert [seen.range for seen in hub.fetched()[before:]] == [f"bytes={size}-"]
    assert (models(online) / FILE).read_bytes() == contents()
    assert not list(part.rglob("*.part"))


@pytest.mark.slow  # the window does the same in tests/app
@pytest.mark.parametrize("source", ["huggingface", "modelscope"])
def test_a_checkpoint_is_fetched_and_converted(online: Cli, hub: HubServer, tmp_path: Path, source: str) -> None:
    folder = make_checkpoint(tmp_path)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    name = "SUFE-AIFLM-Lab/Fin-R1" if source == "huggingface" else "AI-ModelScope/Fin-R1"
    hub.repositories[name] = files
    words = ("models", "download", "SUFE-AIFLM-Lab/Fin-R1", "--checkpoint", "--from", source, "--quantisation", "Q8_0")
    done = online.run(*words, "--json")
    assert done.status == 0, done.err
    path = models(online) / "Fin-R1-Q8_0.gguf"
    assert done.json == {"paths": [str(path)]}
    reader = gguf.GGUFReader(path)
    assert reader.fields["general.architecture"].contents() == "qwen2"
    assert done.err == "" or "warning" in done.err
