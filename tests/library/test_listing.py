"""The listing: Ollama's blobs, added folders, what is the same twice, and the second time without reading."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from finr1_desk.library import header_cache
from finr1_desk.library.discovery import FoundModel, list_models
from finr1_desk.library.hashing import HashCache
from finr1_desk.library.header_cache import HeaderCache
from finr1_desk.library.places import ModelSource, Place, folders_of, places, setting_of
from tests.library.test_discovery import at, write


def ollama(folder: Path, name: str, tag: str, model: Path) -> Path:
    """Puts a model where Ollama keeps it, as `ollama pull` does."""
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    blob = folder / "blobs" / f"sha256-{digest}"
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(model.read_bytes())
    manifest = folder / "manifests" / name / tag
    manifest.parent.mkdir(parents=True, exist_ok=True)
    layers = [
        {"mediaType": "application/vnd.ollama.image.license", "digest": "sha256:" + "0" * 64, "size": 3},
        {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}", "size": 9},
    ]
    manifest.write_text(json.dumps({"schemaVersion": 2, "layers": layers}))
    return blob


def listed(tmp_path: Path, where: list[Place], **options: object) -> list[FoundModel]:
    return list_models(tmp_path, where=where, built_in=tmp_path / "none", **options)  # type: ignore[arg-type]


def test_ollamas_blobs_are_found_through_its_manifests(tmp_path: Path) -> None:
    folder = tmp_path / "ollama"
    blob = ollama(folder, "registry.ollama.ai/library/fin-r1", "latest", write(tmp_path / "x/a.gguf", "Fin-R1"))
    other = ollama(folder, "hf.co/someone/Fin-R1-GGUF", "Q4_K_M", write(tmp_path / "x/b.gguf", "Fin-R1 b"))
    (folder / "blobs" / ("sha256-" + "1" * 64)).write_bytes(blob.read_bytes())  # of no manifest
    (folder / "manifests" / "broken").write_text("{")
    found = listed(tmp_path, [Place(ModelSource.OLLAMA, folder)])
    assert {(model.path, model.label) for model in found} == {
        (blob, "fin-r1:latest"),
        (other, "hf.co/someone/Fin-R1-GGUF:Q4_K_M"),
    }
    assert all(model.sha256 == hashlib.sha256(model.path.read_bytes()).hexdigest() for model in found)
    assert all(model.sha256_stated for model in found)


@pytest.mark.parametrize("digest", ["sha256:../../../etc/passwd", "sha256:" + "A" * 64, 7, "md5:0"])
def test_a_manifest_leads_nowhere_else(tmp_path: Path, digest: object) -> None:
    manifest = tmp_path / "manifests/registry.ollama.ai/library/evil/latest"
    manifest.parent.mkdir(parents=True)
    layers = [{"mediaType": "application/vnd.ollama.image.model", "digest": digest}]
    manifest.write_text(json.dumps({"layers": layers}))
    assert listed(tmp_path, [Place(ModelSource.OLLAMA, tmp_path)]) == []


def test_folders_that_were_added_are_searched(tmp_path: Path) -> None:
    path = write(tmp_path / "drive/Fin-R1.gguf")
    setting = setting_of([tmp_path / "drive", tmp_path / "gone", tmp_path / "drive"])
    assert folders_of(setting) == [tmp_path / "drive", tmp_path / "gone"]
    where = places(tmp_path / "own", added=folders_of(setting), home=tmp_path / "home", environment={})
    found = listed(tmp_path, list(where))
    assert [(model.source, model.path) for model in found] == [(ModelSource.FOLDER, path)]


def test_the_hugging_face_cache_states_the_hash(tmp_path: Path) -> None:
    content = write(tmp_path / "x.gguf").read_bytes()
    blob = tmp_path / "hub/models--a/blobs" / hashlib.sha256(content).hexdigest()
    link = tmp_path / "hub/models--a/snapshots/1/Fin-R1.gguf"
    for path in (blob, link):
        path.parent.mkdir(parents=True)
    blob.write_bytes(content)
    link.symlink_to(os.path.relpath(blob, link.parent))
    (model,) = listed(tmp_path, [Place(ModelSource.HUGGING_FACE, tmp_path / "hub")])
    assert (model.path, model.sha256, model.sha256_stated) == (link, blob.name, True)


def test_the_same_file_twice_is_told(tmp_path: Path) -> None:
    first = write(tmp_path / "a/Fin-R1.gguf")
    copy = tmp_path / "b/Renamed.gguf"
    copy.parent.mkdir()
    copy.write_bytes(first.read_bytes())
    other = write(tmp_path / "b/Fin-R2.gguf", "Fin-R2")  # as long, and another
    assert other.stat().st_size == first.stat().st_size
    found = listed(tmp_path, at(tmp_path / "a", tmp_path / "b"))
    assert {model.path: model.same_as for model in found} == {first: None, copy: first, other: None}


def test_a_hash_that_was_computed_is_known(tmp_path: Path) -> None:
    path = write(tmp_path / "a/Fin-R1.gguf")
    hashes = HashCache(tmp_path / "hashes.json")
    sha256 = hashes.compute(path)
    (model,) = listed(tmp_path, at(tmp_path / "a"), hashes=hashes)
    assert (model.sha256, model.sha256_stated) == (sha256, False)


def test_the_second_listing_reads_no_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a/Fin-R1.gguf")
    changing = write(tmp_path / "a/Other.gguf", "Other")
    (tmp_path / "a/broken.gguf").write_text("no model")
    cache = tmp_path / "headers.json"
    first = listed(tmp_path, at(tmp_path / "a"), headers=HeaderCache(cache))
    read: list[Path] = []
    original = header_cache.read_header
    monkeypatch.setattr(header_cache, "read_header", lambda path, known: (read.append(path), original(path, known))[1])
    assert listed(tmp_path, at(tmp_path / "a"), headers=HeaderCache(cache)) == first
    assert read == []
    write(changing, "Another name")
    again = listed(tmp_path, at(tmp_path / "a"), headers=HeaderCache(cache))
    assert read == [changing]
    assert "Another name" in {model.header.name for model in again}


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"version": 1, "files": {"x": 3}}', '{"version": 99, "files": {}}']
)
def test_a_damaged_cache_costs_nothing_but_time(tmp_path: Path, content: str) -> None:
    path = write(tmp_path / "a/Fin-R1.gguf")
    cache = tmp_path / "headers.json"
    cache.write_text(content.replace('"x"', json.dumps(str(path))))
    assert [model.path for model in listed(tmp_path, at(tmp_path / "a"), headers=HeaderCache(cache))] == [path]
    assert json.loads(cache.read_text())["files"]
