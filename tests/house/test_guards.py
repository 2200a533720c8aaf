"""The fixtures that hold every test to its house: each of them must be able to let a test fail."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import guards
from tests.helpers.source_tree import ROOT

ILL_BEHAVED = """
import os, pathlib, socket, subprocess, sys, threading, warnings

import pytest

from tests.helpers import guards

guards.GRACE_S = 0.3
end = threading.Event()

def test_thread():
    threading.Thread(target=end.wait, name="the thread").start()

def test_child():
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)  # the child"], start_new_session=True)

def test_orphan():
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)  # the orphan"]
    subprocess.run([sys.executable, "-c", f"import subprocess; subprocess.Popen({sleeper!r})"], check=True)

def test_network():
    with socket.socket() as connection:
        try:
            connection.connect(("192.0.2.1", 80))
        except OSError:
            pass

def test_name():
    with pytest.raises(OSError):
        socket.getaddrinfo("finr1.example", 80)

def test_home():
    (pathlib.Path.home() / "notes.txt").write_text("x")

def test_data():
    folder = pathlib.Path(os.environ["XDG_DATA_HOME"]) / "finr1-desk"
    folder.mkdir()
    (folder / "settings.json").touch()

def test_warning():
    warnings.warn("old", DeprecationWarning)

def test_good():
    end.set()
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        subprocess.run([sys.executable, "-c", ""], check=True)
"""


def test_what_is_left_behind_fails_the_test(tmp_path: Path) -> None:
    (tmp_path / "test_ill_behaved.py").write_text(ILL_BEHAVED, "utf-8")
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-p", "tests.conftest"]
    command += ["-p", "no:cacheprovider", "-q", "--tb=short", "-rA", str(tmp_path)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    report = result.stdout
    for test, said in {
        "thread": "thread left running: the thread",
        "child": "process left running: .*the child",
        "orphan": "process left running: .*the orphan",
        "network": r"network used: socket.connect \('192.0.2.1', 80\)",
        "name": r"network used: socket.getaddrinfo \('finr1.example',\)",
        "home": "written to the home directory: .*notes.txt",
        "data": "written to the home directory: .*settings.json",
    }.items():
        assert re.search(rf"ERROR at teardown of test_{test} .*?{said}", report, re.DOTALL), report
    assert re.search("^FAILED .*test_warning", report, re.MULTILINE), report
    assert re.search("^PASSED .*test_good", report, re.MULTILINE), report
    assert re.search(r"\b7 errors\b", report), report


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("::1%lo", True),
        ("", True),
        (None, True),
        (b"localhost", True),
        ("192.168.1.1", False),
        ("fe80::1%eth0", False),
        ("localhost.example", False),
        ("0.0.0.0", True),
    ],
)
def test_what_counts_as_this_machine(host: object, here: bool) -> None:
    assert guards.is_on_this_machine(host) is here
