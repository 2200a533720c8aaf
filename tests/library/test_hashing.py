"""Hashes are right, remembered for the very file, and never in the way."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from finr1_desk.library.hashing import HashCache, HashingCancelledError


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "模型.gguf"
    path.write_bytes(os.urandom(9_000_001))
    return path


def test_a_hash_is_computed_once_and_known_to_others(tmp_path: Path, model: Path) -> None:
    cache = HashCache(tmp_path / "hashes.json")
    assert cache.known(model) is None
    expected = hashlib.sha256(model.read_bytes()).hexdigest()
    assert cache.compute(model) == expected
    other = HashCache(tmp_path / "hashes.json")
    assert other.known(model) == expected
    model_again = Path(os.path.relpath(model))
    assert other.known(model_again) == expected


def test_a_replaced_file_is_not_known(tmp_path: Path, model: Path) -> None:
    cache = HashCache(tmp_path / "hashes.json")
    first = cache.compute(model)
    status = model.stat()
    replacement = tmp_path / "new"
    replacement.write_bytes(os.urandom(status.st_size))
    os.utime(replacement, ns=(status.st_atime_ns, status.st_mtime_ns))
    replacement.replace(model)
    assert cache.known(model) is None  # same size and time, another inode
    assert cache.compute(model) != first


def test_cancelling_ends_it_and_remembers_nothing(tmp_path: Path, model: Path) -> None:
    cache = HashCache(tmp_path / "hashes.json")
    with pytest.raises(HashingCancelledError):
        cache.compute(model, lambda: True)
    assert cache.known(model) is None


def test_a_file_that_grows_while_it_is_read_gets_no_hash(tmp_path: Path, model: Path) -> None:
    def append() -> bool:
        with model.open("ab") as file:
            file.write(b"more")
        return False

    cache = HashCache(tmp_path / "hashes.json")
    with pytest.raises(OSError, match="changed"):
        cache.compute(model, append)
    assert cache.known(model) is None


def test_damaged_and_unwritable_caches_cost_nothing_but_time(tmp_path: Path, model: Path) -> None:
    for content in ("", "[]", "{", '{"x": 1}', "\udcff".encode("utf-8", "surrogateescape").decode("latin-1")):
        (tmp_path / "hashes.json").write_text(content, "utf-8")
        assert HashCache(tmp_path / "hashes.json").known(model) is None
    expected = hashlib.sha256(model.read_bytes()).hexdigest()
    assert HashCache(tmp_path / "absent" / "hashes.json").compute(model) == expected


def test_a_file_that_is_gone_is_an_os_error(tmp_path: Path) -> None:
    cache = HashCache(tmp_path / "hashes.json")
    assert cache.known(tmp_path / "none") is None
    with pytest.raises(FileNotFoundError):
        cache.compute(tmp_path / "none")
