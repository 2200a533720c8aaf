"""`bench`: what it tells machines and people, what it changes, and what it leaves alone."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from finr1_desk.engine import endpoint
from finr1_desk.library.assets import asset
from finr1_desk.store.paths import resolve_data_dir
from tests.cli.conftest import PATIENCE_S, Cli
from tests.helpers.tiny_models import write_slow_to_load

SMALL = ("--rounds", "2", "--prompt", "300", "--tokens", "20", "--conversation", "600")
NUMBER = (int, float)
RATIO = {"median": NUMBER, "least": NUMBER, "greatest": NUMBER}
SIDE = {"tokens": int, "seconds": NUMBER, "processor_s": NUMBER}
COMPARISON = {
    "prompt_tokens": int,
    "tokens": int,
    "tokens_per_s": NUMBER,
    "bare_tokens_per_s": NUMBER,
    "ratio": RATIO,
    "processor_ratio": RATIO,
    "rounds": [{"ours": SIDE, "bare": SIDE}],
}
PLAN = {
    "model": {"path": str, "name": str, "architecture": str, "quantisation": str, "parameters": int},
    "llama_cpp": {
        "llama_cpp_python": str,
        "ggml": str,
        "build": str,
        "backends": [str],
        "gpu_offload": bool,
        "devices": list,
    },
    "plan": {
        "context_length": int,
        "trained_context": int,
        "kv_type": str,
        "device": str,
        "layers": int,
        "gpu_layers": int,
        "threads": int,
        "threads_prefill": int,
        "micro_batch": int,
        "buffer_bytes": dict,
        "batch": int,
        "flash_attention": bool,
        "devices": [
            {
                "name": str,
                "description": str,
                "is_gpu": bool,
                "free": int,
                "total": int,
                "layers": int,
                "weights": int,
                "cache": int,
                "compute": int,
                "spare": int,
            },
        ],
        "given_up": list,
    },
    "load": {"load_s": NUMBER, "ready_s": NUMBER},
    "machine": {"physical_cores": int, "logical_cores": int, "others": NUMBER, "engine_in_use": bool},
}
FIRST_TOKEN = {
    "prompt_tokens": int,
    "cached_tokens": int,
    "first_token_s": NUMBER,
    "whole_first_token_s": NUMBER,
    "ratio": RATIO,
    "rounds": [{"first_token_s": NUMBER, "whole_first_token_s": NUMBER}],
}
OPTIONAL = (int, type(None))
MEASURED = PLAN | {
    "prefill": COMPARISON,
    "decode": COMPARISON,
    "decode_sampled": COMPARISON,
    "follow_up": FIRST_TOKEN,
    "follow_up_at_once": FIRST_TOKEN,
    "reopened": FIRST_TOKEN,
    "memory": {
        "rss": int,
        "rss_peak": OPTIONAL,
        "uss": OPTIONAL,
        "mapped": OPTIONAL,
        "mapped_size": OPTIONAL,
        "buffers": int,
        "beyond": OPTIONAL,
    },
}
TUNED = PLAN | {
    "tune": {
        "speeds": [{"threads": int, "tokens_per_s": NUMBER}],
        "default": int,
        "best": int,
        "gain": RATIO,
        "setting_before": int,
        "setting": int,
    }
}


def wait_until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.02)
    return True


def check(value: Any, schema: Any, place: str = "") -> None:
    if isinstance(schema, dict):
        assert isinstance(value, dict), place
        assert set(value) == set(schema), place
        for name, inner in schema.items():
            check(value[name], inner, f"{place}.{name}")
    elif isinstance(schema, list):
        assert isinstance(value, list), place
        assert value, place
        for item in value:
            check(item, schema[0], f"{place}[]")
    else:
        assert isinstance(value, schema), place


def test_everything_is_told_to_machines_and_nothing_is_changed(cli: Cli, speaking_model: Path) -> None:
    settings = (cli.data_dir / "settings.json").read_bytes()
    done = cli.run("bench", "--model", speaking_model, "--json", *SMALL)
    assert done.status == 0, done.err
    found = done.json
    check(found, MEASURED)
    assert found["model"]["path"] == str(speaking_model)
    assert found["plan"]["threads"] == 1
    assert found["plan"]["context_length"] == 2048
    assert found["decode"]["tokens"] == found["decode_sampled"]["tokens"] == 20
    assert len(found["decode"]["rounds"]) == 2
    assert 280 <= found["prefill"]["tokens"] <= 300
    assert found["machine"]["engine_in_use"] is False
    assert (cli.data_dir / "settings.json").read_bytes() == settings
    assert not list((cli.data_dir / "runtime").glob("bench-*"))


def test_the_same_is_told_to_people_in_both_languages(cli: Cli, speaking_model: Path) -> None:
    words = ("bench", "--model", speaking_model, "--rounds", "1", *SMALL[2:])
    lines = cli.ok(*words).splitlines()
    assert len(lines) == 12
    assert any(re.search(r"^Answer of 20 tokens, likeliest +[\d.,]+ tokens/s, .*ratio \d", line) for line in lines)
    if asset("translations", "finr1_desk_zh_CN.qm").exists():
        chinese = cli.ok("--language", "zh_CN", *words).splitlines()
        assert len(chinese) == 12
        assert sum(bool(re.search("[\u4e00-\u9fff]", line)) for line in chinese) == 11  # all but that of llama.cpp


def test_tuning_keeps_the_quickest_and_says_so(cli: Cli, speaking_model: Path) -> None:
    done = cli.run("bench", "--tune", "--json", "--model", speaking_model, "--rounds", "1")
    assert done.status == 0, done.err
    check(done.json, TUNED)
    tune = done.json["tune"]
    assert tune["setting_before"] == 1
    assert tune["setting"] in (0, tune["best"])
    assert {item["threads"] for item in tune["speeds"]} >= {1, tune["default"]}
    saved = json.loads((cli.data_dir / "settings.json").read_text())
    assert saved.get("threads", 0) == tune["setting"]
    assert saved["context_length"] == 2048
    assert "Processor threads" in cli.ok("bench", "--tune", "--model", speaking_model, "--rounds", "1")


def test_an_open_application_keeps_its_engine(cli: Cli, speaking_model: Path, endless_model: Path) -> None:
    runtime = resolve_data_dir(cli.data_dir).runtime
    chat = cli.start("chat", "--model", endless_model)
    assert wait_until(lambda: endpoint.read(runtime) is not None)
    other = endpoint.read(runtime)
    done = cli.run("bench", "--model", speaking_model, "--json", *SMALL)
    assert done.status == 0, done.err
    assert "note: The application is open" in done.err
    assert done.json["machine"]["engine_in_use"] is True
    assert endpoint.read(runtime) == other
    assert chat.poll() is None
    settings = (cli.data_dir / "settings.json").read_bytes()
    refused = cli.run("bench", "--tune", "--model", speaking_model)
    assert refused.status == 1
    assert "error: The application is open" in refused.err
    assert (cli.data_dir / "settings.json").read_bytes() == settings


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a signal")
def test_ctrl_c_ends_it_with_its_worker(cli: Cli, endless_model: Path) -> None:
    runtime = resolve_data_dir(cli.data_dir).runtime
    process = cli.start("bench", "--model", endless_model, "--rounds", "1000")
    assert wait_until(lambda: any(map(endpoint.read, runtime.glob("bench-*"))))
    found = next(filter(None, map(endpoint.read, runtime.glob("bench-*"))))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, err
    assert out == b""
    assert b"Traceback" not in err
    assert wait_until(lambda: not psutil.pid_exists(found.pid))
    assert not list(runtime.glob("bench-*"))


def test_models_that_cannot_run_are_told_as_elsewhere(cli: Cli, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"no model")
    large = write_slow_to_load(tmp_path / "large.gguf", gigabytes=2000)
    for path in (tmp_path / "none.gguf", broken, large):
        done = cli.run("bench", "--json", "--model", path)
        assert (done.status, done.out) == (1, ""), path
        assert done.err.count("error: ") == done.err.count("hint: ") == 1
    assert not list((cli.data_dir / "runtime").glob("bench-*"))


@pytest.mark.parametrize("words", [("--rounds", "0"), ("--tokens", "1"), ("--prompt", "0"), ("--ctx", "0")])
def test_values_that_make_no_sense_are_wrong_usage(cli: Cli, words: tuple[str, str]) -> None:
    done = cli.run("bench", *words)
    assert (done.status, done.out) == (2, "")
    assert words[0] in done.err
