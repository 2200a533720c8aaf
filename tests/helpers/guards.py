"""What a test may not leave behind or reach for: threads, child processes, the network, the home directory.

Owns the looking; the fixtures in `tests/conftest.py` decide when to look and let the test fail.
"""

from __future__ import annotations

import ipaddress
import os
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

# Every process that a test starts inherits this variable, also one whose parent has ended meanwhile.
SESSION_VARIABLE = "FINR1_TEST_SESSION"

# A thread or process that has been told to end gets this long on a busy machine, in seconds.
GRACE_S = 15.0

# Helpers of the standard library that live as long as their process, on purpose.
_LASTING_PROCESSES = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")

# Written by Qt's file dialogs and by font configuration, whatever the application does.
_HOME_FILES_OF_LIBRARIES = frozenset({"QtProject.conf"})


def living_threads() -> set[threading.Thread]:
    """Python's own threads. One made by Qt is known to Python as a dummy that outlives it, so it tells nothing."""
    return {
        thread
        for thread in threading.enumerate()
        if thread is not threading.main_thread() and not isinstance(thread, threading._DummyThread)
    }


def leaked_threads(before: set[threading.Thread]) -> list[str]:
    """The names of threads that were not there before and do not end within the grace."""
    deadline = time.monotonic() + GRACE_S
    for thread in living_threads() - before:
        thread.join(max(0.0, deadline - time.monotonic()))
    return sorted(thread.name for thread in living_threads() - before)


def living_children(session: str) -> dict[int, psutil.Process]:
    """Processes that descend from this test run, by their id; those that have ended and wait to be reaped are not."""
    found: dict[int, psutil.Process] = {}
    for pid in _inheriting(session):
        try:
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            if not any(name in " ".join(process.cmdline()) for name in _LASTING_PROCESSES):
                found[pid] = process
        except (psutil.Error, OSError):
            continue  # ended meanwhile, or another user's
    return found


def _inheriting(session: str) -> list[int]:
    """The other processes with the session's variable. Asked twice a test, so /proc itself is read."""
    found = []
    if not sys.platform.startswith("linux"):
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if process.pid != os.getpid() and process.environ().get(SESSION_VARIABLE) == session:
                    found.append(process.pid)
        return found
    mark = f"{SESSION_VARIABLE}={session}".encode()
    for pid in psutil.pids():
        if pid != os.getpid():
            with suppress(OSError):
                if mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                    found.append(pid)
    return found


def leaked_children(session: str, before: Iterable[int]) -> list[str]:
    """Command lines of processes that were not there before and do not end within the grace. They are killed."""
    known = set(before)
    leaked = {pid: process for pid, process in living_children(session).items() if pid not in known}
    if not leaked:
        return []
    _, alive = psutil.wait_procs(list(leaked.values()), timeout=GRACE_S)
    lines = []
    for process in alive:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            lines.append(f"{process.pid}: {' '.join(process.cmdline())}")
            process.kill()
        except psutil.Error:
            continue
    return lines


def home_files(*folders: Path) -> list[str]:
    """Files in folders that only a program which ignores its data folder would write to."""
    return sorted(
        str(path)
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and path.name not in _HOME_FILES_OF_LIBRARIES
    )


class NetworkGuard:
    """Refuses, in this process, every connection and look-up that is not on this machine, and remembers it.

    Remembered, because the code under test may swallow the refusal. An audit hook also sees connections made from C.
    Child processes are kept off by a proxy that does not exist (see `tests/conftest.py`).
    """

    def __init__(self) -> None:
        self.attempts: list[str] = []

    def install(self) -> None:
        sys.addaudithook(self._on_event)

    def _on_event(self, event: str, args: tuple[Any, ...]) -> None:
        if event in ("socket.connect", "socket.sendto"):
            address = args[1]
        elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
            address = (args[0],)
        else:
            return
        # A Unix socket's address is text or bytes; a network address is a tuple that begins with the host.
        if isinstance(address, tuple) and not is_on_this_machine(address[0]):
            self.attempts.append(f"{event} {address}")
            raise PermissionError(f"a test may not use the network: {event} {address}")


def is_on_this_machine(host: object) -> bool:
    if host is None or host == "":
        return True
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    if text == "localhost":
        return True
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified  # to connect to 0.0.0.0 is to connect to this machine
