"""Files and locks in the runtime folder."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from finr1_desk.engine import endpoint


def test_an_endpoint_is_for_this_user_alone_and_read_back(runtime: Path) -> None:
    made = endpoint.new_endpoint(runtime)
    endpoint.publish(runtime, made)
    assert endpoint.read(runtime) == made
    assert len(made.secret) == 32
    if os.name == "posix":
        assert stat.S_IMODE((runtime / endpoint.ENDPOINT_FILE).stat().st_mode) == 0o600
    endpoint.publish(runtime, endpoint.new_endpoint(runtime))
    endpoint.withdraw(runtime, made)
    assert endpoint.read(runtime) is not None  # the later one is not ours to remove


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"address": 1, "family": 2, "key": "zz", "pid": 3}'])
def test_a_damaged_endpoint_file_is_none(runtime: Path, text: str) -> None:
    (runtime / endpoint.ENDPOINT_FILE).write_text(text, encoding="utf-8")
    assert endpoint.read(runtime) is None


@pytest.mark.skipif(sys.platform == "win32", reason="pipes have no path")
def test_a_long_folder_gets_a_short_socket_elsewhere(tmp_path: Path) -> None:
    runtime = tmp_path / ("x" * 120)
    runtime.mkdir()
    made = endpoint.new_endpoint(runtime)
    assert len(os.fsencode(made.address)) <= 100
    folder = Path(made.address).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    endpoint.remove_socket(runtime, made)
    assert not folder.exists()


def test_a_lock_keeps_others_out_until_it_is_released(runtime: Path) -> None:
    first, second = endpoint.FileLock(runtime / "l"), endpoint.FileLock(runtime / "l")
    assert first.try_acquire()
    assert not second.try_acquire()
    assert not second.acquire(time.monotonic() + 0.05)
    first.release()
    assert second.try_acquire()
    second.release()


def test_a_killed_process_leaves_no_lock(runtime: Path) -> None:
    code = (
        "import sys, time, pathlib; from finr1_desk.engine.endpoint import FileLock\n"
        "lock = FileLock(pathlib.Path(sys.argv[1])); print(lock.try_acquire(), flush=True); time.sleep(600)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(runtime / "l")], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    with holder.stdout:
        assert holder.stdout.readline().strip() == b"True"
        lock = endpoint.FileLock(runtime / "l")
        assert not lock.try_acquire()
        holder.kill()
        holder.wait(60)
    assert lock.acquire(time.monotonic() + 60)
    lock.release()
