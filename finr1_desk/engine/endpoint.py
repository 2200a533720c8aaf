"""Where the worker of a data folder is found, and how one is started.

Owns the files in the runtime folder: `engine.json` (address and key, for the user alone), `engine.lock` (held by a
client while it starts a worker), `worker.lock` (held by a worker for its life), `engine.log`, and the folder `bare`
with the second address of a worker that is measured. It speaks no protocol.

Locks are the operating system's, so a killed process leaves none behind; everything else a dead worker leaves is
replaced by the next one.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Final

ENDPOINT_FILE: Final = "engine.json"
LOG_FILE: Final = "engine.log"
SPAWN_LOCK: Final = "engine.lock"
WORKER_LOCK: Final = "worker.lock"
BARE_FOLDER: Final = "bare"

# GNU OpenMP's threads wait for each other by spinning for 3 ms before they sleep. Where another program wants the
# same cores, that is time taken from the very thread they wait for: measured with two threads on two busy cores, 3 to
# 20 tokens a second instead of 106 with 1,000 spins (10 µs). Nearly all waits on an idle machine are shorter.
_SPINS: Final = {"GOMP_SPINCOUNT": "1000"}

# Exit status of a worker that found another one at work in its folder.
EXIT_NOT_ALONE: Final = 75

# Shorter than the limit for a Unix socket's path on macOS (104 bytes with the closing zero).
_SOCKET_PATH_LIMIT: Final = 100


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How to reach a worker. `family` is one of multiprocessing's: `AF_UNIX` or `AF_PIPE`."""

    address: str
    family: str
    key: str
    pid: int

    @property
    def secret(self) -> bytes:
        return bytes.fromhex(self.key)


def new_endpoint(runtime: Path) -> Endpoint:
    """An endpoint for this process: a fresh key, and an address of which nothing exists yet."""
    key = secrets.token_hex(32)
    if sys.platform == "win32":
        return Endpoint(rf"\\.\pipe\finr1-desk-{secrets.token_hex(16)}", "AF_PIPE", key, os.getpid())
    path = runtime / f"engine-{secrets.token_hex(4)}.sock"
    if len(os.fsencode(path)) > _SOCKET_PATH_LIMIT:  # then in a folder only this user may enter
        path = Path(tempfile.mkdtemp(prefix="finr1-")) / "engine.sock"
    return Endpoint(str(path), "AF_UNIX", key, os.getpid())


def publish(runtime: Path, endpoint: Endpoint) -> None:
    """Makes the endpoint known to clients; readable for this user only."""
    temporary = runtime / f".{ENDPOINT_FILE}.{os.getpid()}"
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(endpoint), file)
    temporary.replace(runtime / ENDPOINT_FILE)


def read(runtime: Path) -> Endpoint | None:
    """The endpoint that was published last, of a living worker or a dead one; None where there is none."""
    try:
        data = json.loads((runtime / ENDPOINT_FILE).read_text(encoding="utf-8"))
        endpoint = Endpoint(str(data["address"]), str(data["family"]), str(data["key"]), int(data["pid"]))
        bytes.fromhex(endpoint.key)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return endpoint


def withdraw(runtime: Path, endpoint: Endpoint) -> None:
    """Removes what `publish` and the listener left; of this endpoint only."""
    if read(runtime) == endpoint:
        with contextlib.suppress(OSError):
            (runtime / ENDPOINT_FILE).unlink()
    remove_socket(runtime, endpoint)


def remove_socket(runtime: Path, endpoint: Endpoint) -> None:
    """Removes an endpoint's socket, and the folder that was made for it."""
    if endpoint.family != "AF_UNIX":
        return
    socket = Path(endpoint.address)
    with contextlib.suppress(OSError):
        socket.unlink()
    if socket.parent != runtime and socket.parent.name.startswith("finr1-"):
        with contextlib.suppress(OSError):
            socket.parent.rmdir()


def at_work(runtime: Path) -> bool:
    """Whether a worker lives in this folder."""
    lock = FileLock(runtime / WORKER_LOCK)
    try:
        free = lock.try_acquire()
    except OSError:
        return False
    lock.release()
    return not free


class FileLock:
    """A lock between processes. It ends with its holder, however that ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def try_acquire(self) -> bool:
        """Takes the lock if it is free.

        Raises:
            OSError: the file cannot be made.
        """
        file = self._path.open("ab")
        if _lock(file):
            self._file = file
            return True
        file.close()
        return False

    def acquire(self, deadline: float, poll: float = 0.02) -> bool:
        """Takes the lock, waiting until `deadline` on the monotonic clock."""
        while not self.try_acquire():
            if time.monotonic() >= deadline:
                return False
            time.sleep(poll)
        return True

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> bool:
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextlib.contextmanager
def holding(lock: FileLock, deadline: float) -> Iterator[bool]:
    """The lock within a block; False where it was not to be had in time."""
    held = lock.acquire(deadline)
    try:
        yield held
    finally:
        if held:
            lock.release()


def default_command(runtime: Path) -> list[str]:
    """What starts a worker from an installed package; -P keeps modules in the current folder out of it."""
    return [sys.executable, "-P", "-m", "finr1_desk.engine.worker", "--runtime", str(runtime.absolute())]


def spawn(runtime: Path, command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Starts a worker that outlives this process, its output going to the log.

    Raises:
        OSError: it could not be started.
    """
    with (runtime / LOG_FILE).open("ab") as log:
        flags = 0
        if sys.platform == "win32":
            flags = subprocess.CREATE_NO_WINDOW
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=runtime,
            start_new_session=True,
            close_fds=True,
            creationflags=flags,
            env={**_SPINS, **os.environ},
        )


def log_tail(runtime: Path, limit: int = 2000) -> str:
    """The end of the log, for a report on why a worker did not start."""
    try:
        with (runtime / LOG_FILE).open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - limit))
            return file.read().decode("utf-8", "replace").strip()
    except OSError:
        return ""
