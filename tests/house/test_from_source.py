"""The set-up script's own decisions, with a stand-in for uv: what it runs, what it says, and what it starts.

The real set-up, from nothing, is what continuous integration does before it comes here.
"""

from __future__ import annotations

import os
import pty
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.helpers.source_tree import ROOT

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the stand-ins are for Linux")

UV = """#!/bin/sh
[ "$1" = --version ] && echo "uv 0.13.9" && exit 0
echo "uv $*" >>"$CALLS"
[ "$1" = export ] && exit 0
if [ -n "$REGISTRY_FAILS" ]; then echo "no way to the registry"; exit 3; fi
case $* in *GGML_CUDA=ON*) if [ -n "$CUDA_FAILS" ]; then echo "nvcc gave up"; exit 4; fi ;; esac
mkdir -p "$UV_PROJECT_ENVIRONMENT/bin"
cp "$STAND_INS/finr1-desk" "$STAND_INS/python" "$UV_PROJECT_ENVIRONMENT/bin"
"""
DESK = """#!/bin/sh
printf 'desk'
for word in "$@"; do printf ' <%s>' "$word"; done
echo
"""
PYTHON = """#!/bin/sh
[ "$1" = -c ] && exit 0
echo "$QT_QPA_PLATFORM: $*"
exit 7
"""
APT_GET = """#!/bin/sh
echo "apt-get $*" >>"$CALLS"
"""
SUDO = """#!/bin/sh
case $1 in -*) ;; *) exec "$@" ;; esac
"""


@dataclass(frozen=True)
class Checkout:
    """A copy of what the script reads, and an environment in which uv and the package manager are stand-ins."""

    root: Path
    environment: dict[str, str]

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", str(self.root / "installers" / "from_source.sh"), *words],
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def calls(self, program: str = "uv") -> list[str]:
        """What was asked of a stand-in since the last time; of the others, nothing is remembered either."""
        calls = Path(self.environment["CALLS"])
        lines = calls.read_text("utf-8").splitlines() if calls.exists() else []
        calls.unlink(missing_ok=True)
        return [line.removeprefix(f"{program} ") for line in lines if line.startswith(f"{program} ")]


def program(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
    path.chmod(0o755)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    root = tmp_path / "a project"
    stand_ins, runtime = tmp_path / "bin", tmp_path / "run"
    for folder in (root / "installers", stand_ins, runtime):
        folder.mkdir(parents=True)
    for file in ("uv.lock", "pyproject.toml", "installers/from_source.sh"):
        shutil.copy(ROOT / file, root / file)
    for name, text in {
        "uv": UV,
        "finr1-desk": DESK,
        "python": PYTHON,
        "apt-get": APT_GET,
        "sudo": SUDO,
    }.items():
        program(stand_ins / name, text)
    environment = {
        "PATH": f"{stand_ins}:/usr/bin:/bin",
        "HOME": os.environ["HOME"],
        "LANG": "C.UTF-8",
        "CALLS": str(tmp_path / "calls"),
        "STAND_INS": str(stand_ins),
        "XDG_RUNTIME_DIR": str(runtime),
    }
    return Checkout(root, environment)


def test_wrong_usage(checkout: Checkout) -> None:
    for words in ([], ["walk"]):
        result = checkout.run(*words)
        assert result.returncode == 2
        assert "usage:" in result.stderr
    assert checkout.run("--help").returncode == 0
    assert checkout.calls() == []


def test_without_display_and_terminal_an_example_is_answered(checkout: Checkout) -> None:
    result = checkout.run("run", "--yes")
    assert (result.returncode, result.stdout) == (0, "desk <example>\n")
    assert "[4/4] llama.cpp" in result.stderr
    syncs = [call for call in checkout.calls() if call.startswith("sync")]
    assert len(syncs) == 2
    assert all("--frozen --inexact" in call and "dev" not in call for call in syncs)
    assert "FINR1_DESK_BUILT_FOR=" in syncs[1]


def test_the_second_time_nothing_is_in_the_way(checkout: Checkout) -> None:
    checkout.run("run", "--yes")
    checkout.calls()
    result = checkout.run("run", "ask", "a  b", "--json")
    assert (result.stdout, result.stderr) == ("desk <ask> <a  b> <--json>\n", "")
    assert checkout.calls() == []
    assert checkout.run("run", "--", "--yes").stdout == "desk <example> <--yes>\n"


def test_a_changed_lock_file_is_noticed(checkout: Checkout) -> None:
    checkout.run("run", "--yes")
    checkout.calls()
    with (checkout.root / "uv.lock").open("a", encoding="utf-8") as lock:
        lock.write("\n")
    checkout.run("run", "--yes")
    assert checkout.calls()


def test_a_moved_folder_is_set_up_again(checkout: Checkout, tmp_path: Path) -> None:
    checkout.run("run", "--yes")
    old = checkout.root / ".venv" / "from the old place"
    old.touch()
    moved = Checkout(checkout.root.rename(tmp_path / "elsewhere"), checkout.environment)
    result = moved.run("run", "--yes")
    assert result.stdout == "desk <example>\n"
    assert "has moved" in result.stderr
    assert not (moved.root / ".venv" / old.name).exists()


def test_a_display_gets_the_window(checkout: Checkout) -> None:
    place = Path(checkout.environment["XDG_RUNTIME_DIR"])
    with socket.socket(socket.AF_UNIX) as server:
        before = Path.cwd()
        os.chdir(place)  # a Unix socket's path is short, a test folder's is not
        try:
            server.bind("wayland-7")
        finally:
            os.chdir(before)
        assert checkout.run("run", "--yes", WAYLAND_DISPLAY="wayland-7").stdout == "desk\n"
    assert checkout.run("run", DISPLAY="elsewhere:0").stdout == "desk\n"
    assert checkout.run("run", WAYLAND_DISPLAY="wayland-8", DISPLAY=":4711").stdout == "desk <example>\n"


def test_a_terminal_gets_the_chat(checkout: Checkout) -> None:
    checkout.run("run", "--yes")
    ours, theirs = pty.openpty()
    try:
        script = ["sh", str(checkout.root / "installers" / "from_source.sh"), "run", "--think"]
        process = subprocess.Popen(script, env=checkout.environment, stdin=theirs, stdout=theirs, stderr=theirs)
        assert process.wait(60) == 0
        assert os.read(ours, 4096).decode().strip() == "desk <chat> <--think>"
    finally:
        os.close(ours)
        os.close(theirs)


def test_the_tests_get_their_packages_and_decide_the_status(checkout: Checkout) -> None:
    result = checkout.run("test", "--yes", "-k", "x y")
    assert (result.returncode, result.stdout) == (7, "offscreen: -m pytest -k x y\n")
    assert all("--group dev" in call for call in checkout.calls() if call.startswith("sync"))
    # What the tests need stays for a later run, and a run alone is not enough for the tests.
    assert checkout.run("run").stdout == "desk <example>\n"
    assert checkout.calls() == []


def test_a_failing_step_is_named(checkout: Checkout) -> None:
    result = checkout.run("run", "--yes", REGISTRY_FAILS="yes")
    assert result.returncode == 1
    assert "error: step 3 of 4 failed: Python packages" in result.stderr
    assert str(checkout.root / ".build-log") in result.stderr
    assert "no way to the registry" in result.stderr
    assert result.stdout == ""
    assert checkout.run("run", "--yes").stdout == "desk <example>\n"


def test_cuda_is_built_where_card_and_compiler_are(checkout: Checkout) -> None:
    stand_ins = Path(checkout.environment["STAND_INS"])
    program(stand_ins / "nvcc", "#!/bin/sh\n")
    program(stand_ins / "nvidia-smi", "#!/bin/sh\necho 'GPU 0: a card'\n")
    failed = checkout.run("run", "--yes", CUDA_FAILS="yes")
    assert failed.stdout == "desk <example>\n"
    assert "build with CUDA failed" in failed.stderr
    assert "nvcc gave up" in (checkout.root / ".build-log-cuda").read_text("utf-8")
    assert [("GGML_CUDA=ON" in call) for call in checkout.calls()] == [False, True, False]
    # It is not tried again with every set-up, only when something has changed.
    checkout.run("test", "--yes", CUDA_FAILS="yes")
    assert not any("GGML_CUDA=ON" in call for call in checkout.calls())
    (checkout.root / "uv.lock").write_text("another\n", "utf-8")
    checkout.run("run", "--yes")
    assert f"CMAKE_CUDA_COMPILER={stand_ins / 'nvcc'}" in checkout.calls()[-1]


def test_pip_s_mirror_is_used(checkout: Checkout) -> None:
    mirror = {"PIP_INDEX_URL": "https://mirror.example/simple"}
    assert checkout.run("run", "--yes", **mirror).stdout == "desk <example>\n"
    calls = checkout.calls()
    assert not any(call.startswith("sync") for call in calls)
    assert [call for call in calls if call.startswith("pip install") and "--require-hashes" in call]


def test_nothing_is_installed_unasked(checkout: Checkout) -> None:
    refused = checkout.run("run", CC="no-compiler")
    assert refused.returncode == 1
    assert "apt-get: gcc" in refused.stderr
    assert "--yes" in refused.stderr
    assert not Path(checkout.environment["CALLS"]).exists()
    checkout.run("run", "--yes", CC="no-compiler")
    assert any("install" in call and call.endswith(" gcc") for call in checkout.calls("apt-get"))


def test_the_script_is_plain_sh() -> None:
    script = ROOT / "installers" / "from_source.sh"
    for shell in ("dash", "bash --posix", "busybox sh"):
        words = shell.split()
        if shutil.which(words[0]):
            subprocess.run([*words, "-n", str(script)], check=True, timeout=30)
    assert script.read_text("utf-8").startswith("#!/bin/sh\n")
