from __future__ import annotations

import os
import socket
from pathlib import Path

import platformdirs
import pytest

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.store.paths import DATA_DIR_VARIABLE, resolve_data_dir


def test_the_argument_comes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(tmp_path / "environment"))
    assert resolve_data_dir(tmp_path / "argument").root == tmp_path / "argument"
    assert resolve_data_dir(None).root == tmp_path / "environment"


def test_without_either_the_platform_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DATA_DIR_VARIABLE, raising=False)
    monkeypatch.setattr(platformdirs, "user_data_path", lambda name, appauthor: tmp_path / name)
    assert resolve_data_dir().root == tmp_path / "finr1-desk"


def test_the_folders_are_private_and_exist(tmp_path: Path) -> None:
    paths = resolve_data_dir(tmp_path / "a" / "b")
    for folder in (paths.root, paths.logs, paths.models, paths.backups, paths.runtime):
        assert folder.is_dir()
        assert folder.stat().st_mode & 0o777 == 0o700
    assert resolve_data_dir(tmp_path / "a" / "b") == paths
    assert paths.database.parent == paths.root


def test_a_folder_that_is_there_keeps_its_rights(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o750)
    resolve_data_dir(shared)
    assert shared.stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize("inside", ["file", "file/below"])
def test_a_folder_that_cannot_be_made(tmp_path: Path, inside: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError) as caught:
        resolve_data_dir(tmp_path / inside)
    assert caught.value.code is ErrorCode.DATA_DIR_UNWRITABLE
    assert caught.value.params["path"] == str(tmp_path / inside)
    assert caught.value.params["reason"]


def test_a_folder_nobody_may_write_in() -> None:
    with pytest.raises(UserError) as caught:  # also root cannot make folders there
        resolve_data_dir(Path("/proc/finr1-desk"))
    assert caught.value.code is ErrorCode.DATA_DIR_UNWRITABLE


def test_a_deep_data_folder_gets_a_runtime_folder_a_socket_fits_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = tmp_path / "run"
    short.mkdir()
    monkeypatch.setattr("finr1_desk.store.paths._SOCKET_ADDRESS", len(os.fsencode(short)) + 80)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
    deep = tmp_path / ("d" * 100)
    paths = resolve_data_dir(deep)
    assert paths.runtime.parent == short
    assert paths.runtime.stat().st_mode & 0o777 == 0o700
    assert resolve_data_dir(deep).runtime == paths.runtime
    assert resolve_data_dir(tmp_path / ("e" * 100)).runtime != paths.runtime


def test_a_socket_with_a_name_of_32_bytes_fits(tmp_path: Path) -> None:
    paths = resolve_data_dir(tmp_path / ("深" * 60))
    address = paths.runtime / ("s" * 31)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
    address.unlink()
    if paths.runtime.parent != paths.root:
        paths.runtime.rmdir()


@pytest.mark.parametrize("planted", ["open", "link"])
def test_a_runtime_folder_somebody_else_prepared_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planted: str
) -> None:
    short = tmp_path / "run"
    short.mkdir()
    monkeypatch.setattr("finr1_desk.store.paths._SOCKET_ADDRESS", len(os.fsencode(short)) + 80)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
    deep = tmp_path / ("d" * 100)
    prepared = resolve_data_dir(deep).runtime
    prepared.rmdir()
    if planted == "open":
        prepared.mkdir()
        prepared.chmod(0o777)
    else:
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        prepared.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError) as caught:
        resolve_data_dir(deep)
    assert caught.value.code is ErrorCode.DATA_DIR_UNWRITABLE
