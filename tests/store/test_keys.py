from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from keyring.backends import fail, null
from keyring.errors import InitError, KeyringLocked, NoKeyringError, PasswordSetError

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.store.keychain import SERVICE, KeychainBackend
from finr1_desk.store.keys import obtain_key
from finr1_desk.store.paths import DataPaths, resolve_data_dir
from tests.store.keychains import Hanging, Raising, Working
from tests.store.opening import PROJECT, PYTHON


@pytest.fixture
def paths(tmp_path: Path) -> DataPaths:
    return resolve_data_dir(tmp_path / "data")


def pretend_a_store(paths: DataPaths) -> None:
    paths.database.write_bytes(b"x" * 4096)


def reason(work: Callable[[], object]) -> object:
    with pytest.raises(UserError) as caught:
        work()
    assert caught.value.code is ErrorCode.KEY_UNAVAILABLE
    return caught.value.params["reason"]


def test_a_working_keychain_keeps_the_key_and_no_file_does(paths: DataPaths) -> None:
    keychain = Working()
    made = obtain_key(paths, keychain)
    assert (made.place, made.note, len(made.key)) == ("keychain", "", 32)
    assert list(keychain.entries.values()) == [made.key.hex()]
    assert [service for service, _ in keychain.entries] == [SERVICE]
    pretend_a_store(paths)
    assert obtain_key(paths, keychain) == made
    assert not paths.key_file.exists()
    assert all(made.key.hex().encode() not in f.read_bytes() for f in paths.root.rglob("*") if f.is_file())


def test_each_data_folder_has_its_own_entry_and_may_be_moved(tmp_path: Path) -> None:
    keychain = Working()
    first = resolve_data_dir(tmp_path / "first")
    key = obtain_key(first, keychain).key
    assert obtain_key(resolve_data_dir(tmp_path / "second"), keychain).key != key
    assert len(keychain.entries) == 2
    first.root.rename(tmp_path / "moved")
    assert obtain_key(resolve_data_dir(tmp_path / "moved"), keychain).key == key


@pytest.mark.parametrize(
    ("backend", "note"),
    [
        (fail.Keyring(), "no_keychain"),
        (Raising(NoKeyringError("none"), None), "no_keychain"),
        (Raising(InitError("locked"), None), "locked"),
        (Raising(KeyringLocked("locked"), None), "locked"),
        (Raising(None, PasswordSetError("no")), "failed"),
        (Raising(OSError("bus"), None), "failed"),
        (null.Keyring(), "failed"),  # accepts everything and keeps nothing
    ],
)
def test_without_a_keychain_the_key_lies_in_a_private_file(
    paths: DataPaths, backend: KeychainBackend, note: str
) -> None:
    made = obtain_key(paths, backend)
    assert (made.place, made.note) == ("file", note)
    assert paths.key_file.stat().st_mode & 0o777 == 0o600
    pretend_a_store(paths)
    again = obtain_key(paths, Working())  # it stays in the file, also where a keychain appears later
    assert (again.key, again.place) == (made.key, "file")


def test_a_keychain_that_hangs_is_given_up(paths: DataPaths) -> None:
    keychain = Hanging()
    try:
        made = obtain_key(paths, keychain, timeout_s=0.1)
        assert (made.place, made.note) == ("file", "timeout")
    finally:
        keychain.released.set()
        assert keychain.left.wait(30)


def test_no_second_key_is_made_for_a_store_that_exists(paths: DataPaths) -> None:
    keychain = Working()
    obtain_key(paths, keychain)
    pretend_a_store(paths)
    assert reason(lambda: obtain_key(paths, Working())) == "missing"
    assert reason(lambda: obtain_key(paths, fail.Keyring())) == "no_keychain"
    assert reason(lambda: obtain_key(paths, Raising(InitError(), None))) == "locked"
    hanging = Hanging()
    try:
        assert reason(lambda: obtain_key(paths, hanging, timeout_s=0.1)) == "timeout"
    finally:
        hanging.released.set()
        assert hanging.left.wait(30)
    assert not paths.key_file.exists()
    assert len(keychain.entries) == 1
    assert obtain_key(paths, keychain).place == "keychain"  # it comes back when the keychain does


def test_a_store_whose_folder_lost_the_name_of_its_key(paths: DataPaths) -> None:
    keychain = Working()
    obtain_key(paths, keychain)
    pretend_a_store(paths)
    paths.key_name.unlink()
    assert reason(lambda: obtain_key(paths, keychain)) == "missing"
    assert not paths.key_name.exists()


@pytest.mark.parametrize("content", [b"", b"not a key", b"ab" * 31, b"\xff" * 64])
def test_a_damaged_key_file_is_reported_and_left_alone(paths: DataPaths, content: bytes) -> None:
    paths.key_file.write_bytes(content)
    assert reason(lambda: obtain_key(paths, Working())) == "file_damaged"
    assert paths.key_file.read_bytes() == content


def test_a_damaged_entry_is_not_replaced(paths: DataPaths) -> None:
    keychain = Working()
    obtain_key(paths, keychain)
    pretend_a_store(paths)
    for entry in keychain.entries:
        keychain.entries[entry] = "spoilt"
    assert reason(lambda: obtain_key(paths, keychain)) == "failed"
    assert list(keychain.entries.values()) == ["spoilt"]


def test_the_key_is_not_in_its_representation(paths: DataPaths) -> None:
    made = obtain_key(paths, Working())
    assert made.key.hex() not in repr(made)
    assert repr(made.key) not in repr(made)


CREATE = """
import json, sys
from pathlib import Path
from keyring.backends import fail
from finr1_desk.store.keys import obtain_key
from finr1_desk.store.paths import resolve_data_dir
paths = resolve_data_dir(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
made = obtain_key(paths, fail.Keyring())
print(json.dumps([made.key.hex(), made.place]))
"""


def test_processes_that_make_the_key_at_once_agree(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [PYTHON, "-c", CREATE, str(tmp_path / "data")],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    outcomes = set()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        outcomes.add(tuple(json.loads(output)))
    assert len(outcomes) == 1
