from __future__ import annotations

import json
import platform
from dataclasses import replace
from pathlib import Path

import pytest

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.settings import Settings
from finr1_desk.store.paths import DataPaths, resolve_data_dir
from finr1_desk.store.settings_file import (
    load_model_settings,
    load_settings,
    load_window_state,
    save_model_settings,
    save_settings,
    save_window_state,
)


@pytest.fixture
def paths(tmp_path: Path) -> DataPaths:
    return resolve_data_dir(tmp_path)


def test_settings_come_back(paths: DataPaths) -> None:
    assert load_settings(paths).settings == Settings()
    chosen = replace(Settings(), theme="dark", temperature=0.0, system_prompt="简短\n", fold_thinking=False)
    save_settings(paths, chosen)
    loaded = load_settings(paths)
    assert (loaded.settings, loaded.problem) == (chosen, None)
    assert paths.settings.stat().st_mode & 0o777 == 0o600


def test_only_what_was_chosen_is_written(paths: DataPaths) -> None:
    save_settings(paths, replace(Settings(), theme="dark"))
    assert json.loads(paths.settings.read_text()) == {"theme": "dark"}
    save_settings(paths, Settings())
    assert json.loads(paths.settings.read_text()) == {}


def test_names_of_another_version_are_kept(paths: DataPaths) -> None:
    paths.settings.write_text('{"of_the_future": [1], "theme": "dark"}')
    loaded = load_settings(paths)
    assert (loaded.settings.theme, loaded.problem) == ("dark", None)
    save_settings(paths, replace(loaded.settings, theme="light"))
    assert json.loads(paths.settings.read_text()) == {"of_the_future": [1], "theme": "light"}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null", b"[" * 100_000])
def test_a_damaged_file_is_moved_aside_and_reported(paths: DataPaths, content: bytes) -> None:
    for number in (1, 2):
        paths.settings.write_bytes(content)
        loaded = load_settings(paths)
        assert loaded.settings == Settings()
        assert loaded.problem is not None
        assert loaded.problem.code is ErrorCode.SETTINGS_DAMAGED
        aside = paths.root / f"settings.json.damaged-{number}"
        assert loaded.problem.params["path"] == str(aside)
        assert aside.read_bytes() == content
        assert not paths.settings.exists()


def test_one_bad_value_costs_only_itself(paths: DataPaths) -> None:
    paths.settings.write_text('{"theme": "dark", "temperature": "hot", "threads": -3}')
    loaded = load_settings(paths)
    assert loaded.settings == replace(Settings(), theme="dark")
    assert loaded.problem is not None
    assert loaded.problem.params["reason"] in ("temperature", "threads")


def test_window_state_comes_back(paths: DataPaths) -> None:
    assert load_window_state(paths) == {}
    save_window_state(paths, {"geometry": "AAEC", "sidebar": 240})
    assert load_window_state(paths) == {"geometry": "AAEC", "sidebar": 240}
    paths.window.write_text("spoilt")
    assert load_window_state(paths) == {}


def test_what_cannot_be_written_is_said(paths: DataPaths) -> None:
    paths.settings.mkdir()
    with pytest.raises(UserError) as caught:
        save_settings(paths, replace(Settings(), theme="dark"))
    assert caught.value.code is ErrorCode.FILE_UNWRITABLE
    assert list(paths.root.glob(".*")) == []  # nothing half-written stays


def test_an_unreadable_file_is_no_reason_to_stop(paths: DataPaths) -> None:
    paths.settings.mkdir()
    loaded = load_settings(paths)
    assert loaded.settings == Settings()
    assert loaded.problem is not None


def test_a_model_has_settings_of_its_own_on_each_machine(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    model, other = Path("/models/模型.gguf"), Path("/models/other.gguf")
    assert load_model_settings(paths, model) == {}
    save_model_settings(paths, model, {"context_length": 4096, "kv_type": "q8_0"})
    save_model_settings(paths, other, {"gpu_layers": 3})
    assert load_model_settings(paths, model) == {"context_length": 4096, "kv_type": "q8_0"}
    monkeypatch.setattr("platform.node", lambda: "another machine")
    assert load_model_settings(paths, model) == {}
    save_model_settings(paths, model, {"threads": 2})
    monkeypatch.undo()
    save_model_settings(paths, model, {})
    assert load_model_settings(paths, model) == {}
    assert load_model_settings(paths, other) == {"gpu_layers": 3}
    with pytest.raises(UserError) as raised:
        save_model_settings(paths, model, {"kv_type": "q3"})
    assert raised.value.code is ErrorCode.BAD_VALUE


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"NODE": []}', '{"NODE": {"/m.gguf": 3}}', '{"NODE": {"/m.gguf": {"kv_type": 7}}}']
)
def test_damaged_settings_of_models_are_as_if_there_were_none(paths: DataPaths, content: str) -> None:
    paths.model_settings.write_text(content.replace("NODE", platform.node()))
    assert load_model_settings(paths, Path("/m.gguf")) == {}
