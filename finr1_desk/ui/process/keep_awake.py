"""Keeps the machine from falling asleep while answers are written, and only then.

Owns the one request to the operating system. Every way ends with this process, however it ends: a helper process
reads a pipe until its end, and Windows forgets the request of a process that is gone.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Protocol

log = logging.getLogger(__name__)

END_S = 2.0


class Hold(Protocol):
    """A request that stands until `release`."""

    def release(self) -> None: ...


class HelperProcess:
    """A request held by a process: it ends when its standard input does, so it cannot outlive us."""

    def __init__(self, command: list[str]) -> None:
        import subprocess  # like shutil below only when there is work: neither belongs to the window's start

        self._timed_out = subprocess.TimeoutExpired
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def release(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(END_S)
        except self._timed_out:
            self._process.kill()
            self._process.wait()


class WindowsExecutionState:
    """A request held by this thread's execution state."""

    CONTINUOUS = 0x80000000
    SYSTEM_REQUIRED = 0x00000001

    def __init__(self, set_state: Callable[[int], int]) -> None:
        self._set_state = set_state
        self._set_state(self.CONTINUOUS | self.SYSTEM_REQUIRED)

    def release(self) -> None:
        self._set_state(self.CONTINUOUS)


def helper_command(platform: str, which: Callable[[str], str | None]) -> list[str] | None:
    """The command that keeps this platform awake while `cat` reads from us; None where there is none."""
    cat = which("cat")
    if platform == "darwin":
        keeper = which("caffeinate")
        return [keeper, "-i", cat] if keeper and cat else None
    keeper = which("systemd-inhibit")
    why = "An answer is being written"
    names = ["--what=idle:sleep", "--mode=block", "--who=Fin-R1 Desk", f"--why={why}"]
    return [keeper, *names, cat] if keeper and cat else None


def request() -> Hold | None:
    """Asks this operating system to stay awake; None where it cannot be asked."""
    if sys.platform == "win32":
        import ctypes

        return WindowsExecutionState(ctypes.windll.kernel32.SetThreadExecutionState)
    import shutil

    command = helper_command(sys.platform, shutil.which)
    return HelperProcess(command) if command else None


class KeepAwake:
    """Holds a request while there is work."""

    def __init__(self, make_request: Callable[[], Hold | None] = request) -> None:
        self._make_request = make_request
        self._hold: Hold | None = None

    def set_working(self, working: bool) -> None:
        if working and self._hold is None:
            try:
                self._hold = self._make_request()
            except OSError as error:
                log.info("the machine may fall asleep: %s", error)
        elif not working and self._hold is not None:
            self._hold.release()
            self._hold = None
