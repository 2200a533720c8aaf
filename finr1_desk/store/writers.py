"""Which process writes an answer, and whether it still lives.

Owns the name of a writer: a process id alone may be given to another process later, so the time at which the
process started stands beside it.
"""

from __future__ import annotations

from typing import Final

import psutil

# Computed from the time of boot, which the system corrects by a little now and then.
_TOLERANCE_S: Final = 2.0


def this_writer() -> str:
    """This process's name as a writer: `pid:seconds since the epoch at which it started`."""
    process = psutil.Process()
    return f"{process.pid}:{process.create_time():.2f}"


def is_alive(writer: str) -> bool:
    """Whether the process of that name still runs; False for a name that is none."""
    pid, _, created = writer.partition(":")
    try:
        process = psutil.Process(int(pid))
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return abs(process.create_time() - float(created)) <= _TOLERANCE_S
    except psutil.AccessDenied:
        return True  # somebody's: rather a message that waits than one taken from its writer
    except (ValueError, OverflowError, psutil.NoSuchProcess):
        return False
