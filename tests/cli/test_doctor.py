"""`doctor` and `example`: what an installation is told about itself."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from finr1_desk.engine.plan import probe
from finr1_desk.engine.survival.safe_mode import SafeMode, SafeModes, Subject
from finr1_desk.library.assets import asset
from finr1_desk.library.discovery import built_in_model
from finr1_desk.library.verification import FORMAT, VERSION, fingerprint, sidecar_path
from finr1_desk.store.paths import resolve_data_dir
from finr1_desk.terminal import fonts
from tests.cli.conftest import Cli


def choose(cli: Cli, model: Path) -> None:
    (cli.data_dir / "settings.json").write_text(json.dumps({"threads": 1, "model_path": str(model)}))


def test_the_facts_are_told_to_machines(cli: Cli, speaking_model: Path) -> None:
    choose(cli, speaking_model)
    done = cli.run("doctor", "--json")
    assert done.status == 0, done.out
    found = done.json
    assert found["ok"] is True
    assert set(found) == {
        "ok", "versions", "llama_cpp", "data_folder", "keychain", "store", "model", "safe_modes", "fonts", "display",
    }  # fmt: skip
    assert "CPU" in found["llama_cpp"]["backends"]
    assert found["llama_cpp"]["devices"][0]["free_bytes"] > 0
    assert found["versions"]["packages"]["llama-cpp-python"] == found["llama_cpp"]["llama_cpp_python"]
    assert found["keychain"]["state"] == "file"  # the tests have no keychain
    assert found["keychain"]["note"] == "no_keychain"
    assert found["data_folder"] == {
        "ok": True,
        "essential": True,
        "path": str(cli.data_dir),
        "writable": True,
        "bytes": found["data_folder"]["bytes"],
        "free_bytes": found["data_folder"]["free_bytes"],
    }
    assert found["store"]["opens"] is True
    assert found["store"]["schema"] >= 1
    assert found["model"]["path"] == str(speaking_model)


def test_the_same_is_told_to_people_in_both_languages(cli: Cli, speaking_model: Path) -> None:
    choose(cli, speaking_model)
    lines = cli.ok("doctor").splitlines()
    marked = [line for line in lines if not line.startswith(" ")]
    assert len(marked) == 9
    assert all(line.startswith(("ok ", "problem ")) for line in marked)
    if asset("translations", "finr1_desk_zh_CN.qm").exists():
        assert re.search("[\u4e00-\u9fff]", cli.ok("doctor", "--language", "zh_CN"))


def test_what_the_models_quantisation_cost_is_told_where_it_was_measured(
    cli: Cli, speaking_model: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(speaking_model.read_bytes())
    choose(cli, model)
    assert cli.run("doctor", "--json").json["model"]["verification"] is None
    record = {
        "format": FORMAT,
        "version": VERSION,
        "model": {"bytes": model.stat().st_size, "fingerprint": fingerprint(model)},
        "reference": {"file_type": "F32"},
        "figures": {"tokens": 510, "same_first_choice": {"value": 0.979}, "divergence": {"value": 0.01}},
    }
    sidecar_path(model).write_text(json.dumps(record))
    assert cli.run("doctor", "--json").json["model"]["verification"] == {
        "reference": "F32",
        "tokens": 510,
        "same_first_choice": 0.979,
        "divergence": 0.01,
    }
    assert "same first choice on 97.9 % of tokens" in cli.ok("doctor")
    if asset("translations", "finr1_desk_zh_CN.qm").exists():
        assert "97.9% 的词元首选相同" in cli.ok("doctor", "--language", "zh_CN")


def test_models_that_are_run_with_care_are_named_and_can_be_forgotten(cli: Cli, speaking_model: Path) -> None:
    choose(cli, speaking_model)
    assert "No model needs it" in cli.ok("doctor")
    runtime = resolve_data_dir(cli.data_dir).runtime
    subject = Subject("/models/Fin-R1.gguf", 1, 2, "a processor", "a build", uses_gpu=False)
    modes = SafeModes(runtime)
    modes.begin_trial(subject)
    assert modes.after_crash(os.getpid()) is SafeMode.NO_EXTRA_BUFFERS
    (found,) = cli.run("doctor", "--json").json["safe_modes"]["models"]
    assert (found["path"], found["mode"]) == ("/models/Fin-R1.gguf", "no_extra_buffers")
    out = cli.ok("doctor")
    assert "Fin-R1.gguf (weights not rearranged)" in out
    assert "--forget-safe-modes" in out
    assert cli.run("doctor", "--forget-safe-modes", "--json").json["safe_modes"]["models"] == []
    assert modes.begin_trial(subject) is SafeMode.NONE


def test_what_is_essential_and_missing_is_status_1(cli: Cli) -> None:
    (cli.data_dir / "conversations.db").write_bytes(b"no database" * 1000)
    (cli.data_dir / "store.key").write_text("00" * 32)
    done = cli.run("doctor", "--json")
    assert done.status == 1
    assert done.json["ok"] is False
    assert done.json["store"]["ok"] is False
    assert done.json["store"]["error"]["code"] in ("store_wrong_key", "store_damaged")
    assert done.json["store"]["hint"]
    assert cli.run("doctor").status == 1


def test_a_folder_that_cannot_be_used_does_not_stop_the_other_checks(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = cli.run("doctor", "--json", "--data-dir", tmp_path / "file")
    assert done.status == 1
    assert done.json["data_folder"]["error"]["code"] == "data_dir_unwritable"
    assert done.json["llama_cpp"]["ok"] is True


def test_chinese_fonts_are_asked_of_qt_where_fontconfig_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    by_fontconfig = fonts.chinese_fonts()
    monkeypatch.setenv("PATH", "/nowhere")
    by_qt = fonts.chinese_fonts()
    assert by_qt is not None
    if by_fontconfig is not None:
        assert bool(by_qt) == bool(by_fontconfig)


def test_the_probe_names_backends_and_the_devices_of_each() -> None:
    found = probe.facts()
    assert found["backends"][-1] == "CPU"
    assert {device["backend"] for device in found["devices"]} <= set(found["backends"])


def test_the_example_is_answered_and_says_how_to_go_on(cli: Cli, speaking_model: Path) -> None:
    choose(cli, speaking_model)
    out = cli.ok("example")
    assert "growth rate" in out
    assert "-15" in out
    assert "finr1-desk chat" in out


def test_without_any_fin_r1_the_built_in_model_answers(cli: Cli) -> None:
    if not built_in_model().exists():
        pytest.skip("the built-in model is not there")
    found = cli.run("ask", "Was ist das?", "--json", "--max-tokens", "30").json
    assert found["model"]["path"] == str(built_in_model())
