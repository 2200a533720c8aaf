"""The window as a process: what it imports, how it starts, how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

# Starts the window, lets the services open, prints what was asked for, and closes it.
_SCRIPT = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from finr1_desk.app.store_access import Opening
from finr1_desk.ui import desk, main

def look(window_desk):
    services = window_desk.services
    if services is None or isinstance(services.store.status, Opening) or services.models.choice is None:
        QTimer.singleShot(50, lambda: look(window_desk))
        return
    print([name for name in {forbidden!r} if name in sys.modules], flush=True)
    window_desk.window.close()

show = desk.Desk.show
def shown(self):
    show(self)
    QTimer.singleShot(50, lambda: look(self))
desk.Desk.show = shown
sys.exit(main.run(Path({data!r}), None))
"""
_FORBIDDEN = ("llama_cpp", "numpy", "uvicorn", "finr1_desk.engine.worker", "finr1_desk.engine.llama")


def test_the_window_imports_neither_llama_cpp_nor_numpy(data_dir: Path) -> None:
    script = _SCRIPT.format(forbidden=_FORBIDDEN, data=str(data_dir))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() == "[]", done.stderr
    assert done.returncode == 0, done.stderr


def _start(data: Path, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    code = "import sys, pathlib, finr1_desk.ui.main as m; sys.exit(m.run(pathlib.Path(sys.argv[1]), None))"
    return subprocess.Popen(
        [sys.executable, "-c", code, str(data)],
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    """Until the window has opened its store: then the database is there."""
    import time

    deadline = time.monotonic() + 60
    while not path.exists():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="no signals between processes")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_closes_it_in_good_order(data_dir: Path, number: signal.Signals) -> None:
    process = _start(data_dir, os.environ)
    _wait_for(data_dir / "conversations.db", process)
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert (data_dir / "window.json").exists()
    assert "Traceback" not in output


def test_a_second_start_ends_at_once_and_the_first_stays(data_dir: Path) -> None:
    first = _start(data_dir, os.environ)
    _wait_for(data_dir / "conversations.db", first)
    second = _start(data_dir, os.environ)
    output, _ = second.communicate(timeout=60)
    assert second.returncode == 0, output
    assert first.poll() is None
    first.terminate()
    first.communicate(timeout=60)
    assert first.returncode == 0
