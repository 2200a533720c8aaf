"""Keys for other machines: in the keychain where there is one, each for its own host only."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
from keyring.errors import NoKeyringError

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.store.paths import DataPaths, resolve_data_dir
from finr1_desk.store.secrets import Secrets
from tests.store.keychains import Hanging, Raising, Working


@pytest.fixture
def paths(tmp_path: Path) -> DataPaths:
    return resolve_data_dir(tmp_path / "data")


def test_a_key_lies_in_the_keychain_and_not_in_the_folder(paths: DataPaths) -> None:
    secrets = Secrets(paths, Working())
    assert secrets.get("server", "desk.example:8000") is None
    assert secrets.set("server", "desk.example:8000", "k-1234") == "keychain"
    assert secrets.get("server", "desk.example:8000") == "k-1234"
    assert all(b"k-1234" not in file.read_bytes() for file in paths.root.rglob("*") if file.is_file())


def test_a_key_is_for_its_own_host_and_purpose(paths: DataPaths) -> None:
    secrets = Secrets(paths, Working())
    secrets.set("hub", "huggingface.co", "hf_1")
    assert secrets.get("hub", "HuggingFace.co") == "hf_1"
    assert secrets.get("hub", "hf-mirror.com") is None
    assert secrets.get("server", "huggingface.co") is None


def test_two_data_folders_do_not_share_keys(tmp_path: Path) -> None:
    keychain = Working()
    one, other = (Secrets(resolve_data_dir(tmp_path / name), keychain) for name in ("one", "other"))
    one.set("server", "h", "a")
    other.set("server", "h", "b")
    assert (one.get("server", "h"), other.get("server", "h")) == ("a", "b")


def test_a_deleted_key_is_gone(paths: DataPaths) -> None:
    keychain = Working()
    secrets = Secrets(paths, keychain)
    secrets.set("server", "h", "a")
    secrets.delete("server", "h")
    secrets.delete("server", "h")
    assert secrets.get("server", "h") is None
    assert keychain.entries == {}


def test_without_a_keychain_it_is_a_file_of_the_users_alone(paths: DataPaths) -> None:
    secrets = Secrets(paths, Raising(NoKeyringError(), NoKeyringError()))
    assert secrets.set("server", "h", "a") == "file"
    assert secrets.get("server", "h") == "a"
    if sys.platform != "win32":
        assert stat.S_IMODE(paths.secrets.stat().st_mode) == 0o600
    # A keychain that comes later takes the key over when it is set again.
    assert Secrets(paths, Working()).set("server", "h", "b") == "keychain"
    assert b'"b"' not in paths.secrets.read_bytes()
    secrets.delete("server", "h")


def test_a_keychain_that_hangs_is_not_waited_for_without_end(paths: DataPaths) -> None:
    Secrets(paths, Working()).set("server", "h", "a")
    keychain = Hanging()
    assert Secrets(paths, keychain, timeout_s=0.05).get("server", "h") is None
    keychain.released.set()
    assert keychain.left.wait(30)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff{", b'{"server h": 3}'])
def test_a_damaged_file_holds_no_keys(paths: DataPaths, content: bytes) -> None:
    paths.secrets.write_bytes(content)
    secrets = Secrets(paths, Working())
    assert secrets.get("server", "h") is None
    secrets.set("server", "h", "a")
    assert secrets.get("server", "h") == "a"


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_cannot_be_written_is_said(paths: DataPaths) -> None:
    paths.root.chmod(0o500)
    with pytest.raises(UserError) as caught:
        Secrets(paths, Working()).set("server", "h", "a")
    paths.root.chmod(0o700)
    assert caught.value.code is ErrorCode.FILE_UNWRITABLE
