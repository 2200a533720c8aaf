"""The engine's process: `python -m finr1_desk.engine.worker --runtime DIR`.

Owns the start and the end of the one process that runs llama.cpp for a data folder. It meets its clients in the
runtime folder (see `finr1_desk.engine.endpoint`), lives until the last of them has left, and imports no Qt.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Listener
from pathlib import Path
from typing import Final

from finr1_desk.engine import endpoint, protocol
from finr1_desk.engine.service import Service
from finr1_desk.engine.sessions import Sessions
from finr1_desk.engine.survival.safe_mode import SafeModes
from finr1_desk.engine.worker_log import WorkerLog

# How long a worker waits for one that is just leaving, and for the client that started it.
_PREDECESSOR_S: Final = 20.0
_FIRST_CLIENT_S: Final = 30.0


def run(runtime: Path, attend: Callable[[Service], None] | None = None) -> int:
    """Serves clients until none is left; returns the exit status only if it could not begin.

    Args:
        attend: gets the service before the first client comes.
    """
    log = WorkerLog()
    alone = endpoint.FileLock(runtime / endpoint.WORKER_LOCK)
    if not alone.acquire(time.monotonic() + _PREDECESSOR_S):
        log.write("another worker is at work in this folder")
        return endpoint.EXIT_NOT_ALONE
    _give_way_when_memory_is_short()
    previous = endpoint.read(runtime)
    if previous is not None:
        endpoint.withdraw(runtime, previous)
    own = endpoint.new_endpoint(runtime)
    listener = Listener(own.address, own.family, backlog=16)
    if own.family == "AF_UNIX":
        Path(own.address).chmod(0o600)

    def end() -> None:
        # Nothing is to be saved, and llama.cpp may be in the middle of something long: the system frees it all.
        endpoint.withdraw(runtime, own)
        log.write("ended")
        os._exit(0)

    sessions = Sessions(log, on_empty=end)
    service = Service(sessions.scheduler, log, sessions.send, sessions.broadcast, SafeModes(runtime))
    sessions.greeting = lambda: service.loaded
    sessions.count_beside = service.count_beside
    threading.Thread(target=sessions.serve, args=(listener, own.secret), name="accept", daemon=True).start()
    threading.Thread(target=service.watch, name="pulse", daemon=True).start()
    waiting = threading.Timer(_FIRST_CLIENT_S, sessions.leave_if_empty)
    waiting.daemon = True
    waiting.start()
    if attend is not None:
        attend(service)
    endpoint.publish(runtime, own)
    log.write(f"started, process {os.getpid()}, version {protocol.application_version()}")
    service.run()
    return 0


def _give_way_when_memory_is_short() -> None:
    """Asks Linux to end this process, which can be started again, before the window with the conversations."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("800", encoding="ascii")


def prepared_runtime() -> Path:
    """The runtime folder of the command line, in a process that is set up as a worker."""
    parser = argparse.ArgumentParser(prog="finr1_desk.engine.worker")
    parser.add_argument("--runtime", type=Path, required=True)
    arguments = parser.parse_args()
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the client there
    runtime: Path = arguments.runtime
    return runtime


def main() -> int:
    return run(prepared_runtime())


if __name__ == "__main__":
    sys.exit(main())
