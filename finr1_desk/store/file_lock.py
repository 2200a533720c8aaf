"""A lock between processes on a file, which the system takes back when its holder dies.

Owns nothing but the lock; the file stays, empty.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


@contextmanager
def locked(path: Path, timeout_s: float) -> Iterator[None]:
    """Holds the lock inside the block.

    Raises:
        TimeoutError: another process held it all the time.
        OSError: the file could not be made.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + timeout_s
        while not _taken(handle):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path.name} is held by another process")
            time.sleep(0.02)
        yield
    finally:
        os.close(handle)


def _taken(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
