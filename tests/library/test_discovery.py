"""Models are found where applications keep them, cheaply, and the right one is taken."""

from __future__ import annotations

import os
import time
from pathlib import Path

import gguf
import numpy as np
import pytest

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.library import discovery
from finr1_desk.library.assets import asset
from finr1_desk.library.discovery import default_model, inspect_model, list_models
from finr1_desk.library.places import ModelSource, Place, places


def write(path: Path, name: str = "Fin-R1", *, layers: int = 28, width: int = 64, architecture: str = "qwen2") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name(name)
    writer.add_block_count(layers)
    writer.add_embedding_length(3584)
    writer.add_head_count(28)
    writer.add_tensor("output_norm.weight", np.ones(width, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def at(*folders: Path) -> list[Place]:
    return [Place(ModelSource.OWN, folder) for folder in folders]


def test_every_application_is_looked_at_where_it_keeps_its_models(tmp_path: Path) -> None:
    home = tmp_path
    files = {
        ModelSource.OWN: home / "own/Fin-R1-q4_k.gguf",
        ModelSource.HUGGING_FACE: home
        / ".cache/huggingface/hub/models--bartowski--SUFE-AIFLM-Lab_Fin-R1-GGUF/snapshots/abc"
        / "SUFE-AIFLM-Lab_Fin-R1-Q4_K_M.gguf",
        ModelSource.LM_STUDIO: home / ".lmstudio/models/mradermacher/Fin-R1-GGUF/Fin-R1.Q4_K_M.gguf",
        ModelSource.LLAMA_CPP: home / ".cache/llama.cpp/Fin-R1.gguf",
        ModelSource.JAN: home / ".local/share/Jan/data/llamacpp/models/Fin-R1/model.gguf",
        ModelSource.GPT4ALL: home / ".local/share/nomic.ai/GPT4All/Fin-R1.gguf",
    }
    for path in files.values():
        write(path)
    where = places(home / "own", home=home, environment={}, platform="linux")
    found = {model.source: model.path for model in list_models(home / "own", where=where, built_in=home / "none")}
    assert found == files


def test_the_environment_moves_the_caches(tmp_path: Path) -> None:
    environment = {"HF_HOME": str(tmp_path / "hf"), "LLAMA_CACHE": str(tmp_path / "llama")}
    folders = {place.folder for place in places(tmp_path, home=tmp_path, environment=environment, platform="darwin")}
    assert {tmp_path / "hf" / "hub", tmp_path / "llama"} <= folders
    assert tmp_path / "Library/Application Support/nomic.ai/GPT4All" in folders
    windows = places(tmp_path, home=tmp_path, environment={"LOCALAPPDATA": "/local"}, platform="win32")
    assert Path("/local/nomic.ai/GPT4All") in {place.folder for place in windows}


def test_a_fin_r1_comes_before_the_built_in_model(tmp_path: Path) -> None:
    built_in = write(tmp_path / "assets/demo.gguf", "Built-in demonstration model", layers=6)
    where = at(tmp_path / "models")
    found = default_model(tmp_path, where=where, built_in=built_in)
    assert found is not None
    assert found.is_built_in
    write(tmp_path / "models/llama.gguf", "Llama", architecture="llama")
    assert default_model(tmp_path, where=where, built_in=built_in) == found
    fin_r1 = write(tmp_path / "models/deep/er/Fin-R1.gguf")
    chosen = default_model(tmp_path, where=where, built_in=built_in)
    assert chosen is not None
    assert chosen.path == fin_r1
    assert chosen.is_fin_r1
    assert not chosen.is_built_in


def test_of_several_the_largest_that_fits_is_taken(tmp_path: Path) -> None:
    small = write(tmp_path / "Fin-R1-small.gguf", width=1000)
    large = write(tmp_path / "Fin-R1-large.gguf", width=9000)

    def chosen(memory: int) -> Path | None:
        found = default_model(tmp_path, where=at(tmp_path), built_in=tmp_path / "none", memory_bytes=memory)
        return found.path if found else None

    assert chosen(10**9) == large
    assert chosen(20_000) == small
    assert chosen(100) == small


def test_without_any_model_there_is_none(tmp_path: Path) -> None:
    where = at(tmp_path / "absent")
    assert default_model(tmp_path, where=where, built_in=tmp_path / "none") is None
    assert list_models(tmp_path, where=where, built_in=tmp_path / "none") == []


def test_broken_files_are_passed_over(tmp_path: Path) -> None:
    whole = write(tmp_path / "a/Fin-R1.gguf", width=5000).read_bytes()
    (tmp_path / "Fin-R1-cut.gguf").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "Fin-R1-text.gguf").write_text("not a model")
    (tmp_path / "Fin-R1-gone.gguf").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop").symlink_to(tmp_path)
    found = list_models(tmp_path, where=at(tmp_path), built_in=tmp_path / "none")
    assert [model.path for model in found] == [tmp_path / "a/Fin-R1.gguf"]


def test_one_file_in_two_places_is_found_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a/Fin-R1.gguf")
    (tmp_path / "b").mkdir()
    (tmp_path / "b/Fin-R1.gguf").symlink_to(path)
    found = list_models(tmp_path, where=at(tmp_path / "a", tmp_path / "b"), built_in=tmp_path / "none")
    assert [model.path for model in found] == [path]


def test_of_a_split_model_only_the_first_part_is_listed(tmp_path: Path) -> None:
    for part in (1, 2, 3):
        write(tmp_path / f"Fin-R1-0000{part}-of-00003.gguf")
    found = list_models(tmp_path, where=at(tmp_path), built_in=tmp_path / "none")
    assert [model.path.name for model in found] == ["Fin-R1-00001-of-00003.gguf"]


def test_a_huge_folder_is_not_walked_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(300):
        (tmp_path / f"{number:03}").mkdir()
    opened = 0
    scandir = os.scandir

    def counting(folder: Path) -> object:
        nonlocal opened
        opened += 1
        return scandir(folder)

    monkeypatch.setattr(discovery, "MAX_ENTRIES", 350)
    monkeypatch.setattr(discovery.os, "scandir", counting)
    for number in range(300):
        (tmp_path / f"{number:03}" / "a").touch()
    default_model(tmp_path, where=at(tmp_path), built_in=tmp_path / "none")
    assert opened < 60


def test_the_search_is_quick(tmp_path: Path) -> None:
    for number in range(40):
        write(tmp_path / f"models--x--{number}/snapshots/a/model-{number}.gguf", f"Other {number}")
    started = time.perf_counter()
    default_model(tmp_path, where=at(tmp_path), built_in=tmp_path / "none")
    assert time.perf_counter() - started < 3  # 15 ms on a quiet machine


def test_a_chosen_file_is_inspected(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.gguf", "Mine")
    assert inspect_model(path).source is ModelSource.FILE
    with pytest.raises(UserError) as caught:
        inspect_model(tmp_path / "none.gguf")
    assert caught.value.code is ErrorCode.MODEL_NOT_FOUND
    with pytest.raises(UserError) as caught:
        inspect_model(write(tmp_path / "embedding.gguf", architecture="nomic-bert"))
    assert caught.value.code is ErrorCode.MODEL_UNREADABLE
    assert "nomic-bert" in str(caught.value.params["reason"])


def test_assets_are_found_in_a_checkout() -> None:
    assert asset("builtin_model").parent.name == "assets"
    assert asset("builtin_model").parent.is_dir()
