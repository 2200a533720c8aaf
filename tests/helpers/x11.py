"""A virtual X11 screen for tests that need a real window."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


def is_available() -> bool:
    return shutil.which("Xvfb") is not None


@contextmanager
def virtual_screen(size: str = "1440x1000x24") -> Iterator[str]:
    """Runs Xvfb on a display number that it chooses itself; gives the value for DISPLAY."""
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", size, "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(command, pass_fds=[writer], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writer)
    try:
        with os.fdopen(reader, "rb") as answer:
            number = answer.readline().strip().decode()  # ends, empty, if the server cannot start
        if not number:
            raise RuntimeError(f"Xvfb ended with status {server.wait(30)}")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(30)
