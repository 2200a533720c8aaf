"""One client's tie to the worker of a data folder: found, or started, greeted, left, and ended where it hangs.

Owns the connection and, where this client started it, the worker's process. It sends no requests and decides nothing
about them. Used from one thread.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from multiprocessing import AuthenticationError
from multiprocessing import connection as mp
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.engine import endpoint, protocol
from finr1_desk.engine.protocol import Bye, Farewell, Hello, Refused, Welcome

ATTACH_TIMEOUT: Final = 60.0
_GREETING_TIMEOUT: Final = 30.0
_REAP_TIMEOUT: Final = 5.0
_FAREWELL_TIMEOUT: Final = 1.0

# On Windows a crash is an NTSTATUS of severity «error».
_WINDOWS_CRASH: Final = 0xC0000000


class WorkerCrashedError(Exception):
    """A worker that was being started died of a signal or of an exception of the system's."""

    def __init__(self, exit_code: int, pid: int) -> None:
        super().__init__(f"exit status {exit_code}")
        self.exit_code = exit_code
        self.pid = pid


class Attachment:
    """Attached or not; `connection` and `pid` are None where it is not.

    Args:
        runtime: the folder where worker and clients meet; it has to exist when the first attempt is made.
        kind: how the worker's log names this client.
        command: what starts a worker.
    """

    def __init__(self, runtime: Path, kind: str, command: Sequence[str]) -> None:
        self._runtime = runtime
        self._kind = kind
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._started_here = False
        self._was_last = False
        self.connection: Connection | None = None
        self.pid: int | None = None

    def attach(self) -> Connection:
        """Connects to the worker, starting one if there is none.

        Raises:
            UserError: `ENGINE_VERSION`, `ENGINE_START_FAILED`.
            WorkerCrashedError: the worker that was started for it died.
        """
        deadline = time.monotonic() + ATTACH_TIMEOUT
        try:
            self._started_here = False
            while (connection := self._try_connect()) is None:
                if time.monotonic() >= deadline:
                    raise UserError(ErrorCode.ENGINE_START_FAILED, reason="timeout")
                lock = endpoint.FileLock(self._runtime / endpoint.SPAWN_LOCK)
                with endpoint.holding(lock, deadline) as held:
                    if not held:
                        raise UserError(ErrorCode.ENGINE_START_FAILED, reason="timeout")
                    # Another client may have been quicker.
                    connection = self._try_connect() or self._start(deadline)
                    if connection is not None:
                        return connection
        except OSError as error:
            raise UserError(ErrorCode.ENGINE_START_FAILED, reason=str(error)) from error
        return connection

    def drop(self) -> int | None:
        """Closes the connection; returns the exit status of a worker that has ended and was started here."""
        connection, self.connection, self.pid = self.connection, None, None
        if connection is not None:
            connection.close()
        if self._process is None or connection is None or not self._started_here:
            return None
        try:
            return self._process.wait(_REAP_TIMEOUT)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """Ends a worker that no longer answers, whoever started it; its connection ends with it."""
        if self.pid is not None:
            _kill(self.pid)

    def say_farewell(self) -> None:
        """Leaves the worker, and learns whether it ends."""
        connection, self.connection, self.pid = self.connection, None, None
        if connection is None:
            return
        with contextlib.suppress(OSError, EOFError, protocol.ProtocolError), connection:
            connection.send_bytes(protocol.encode(Bye()))
            while connection.poll(_FAREWELL_TIMEOUT):
                message = protocol.decode(connection.recv_bytes(protocol.MAX_MESSAGE_BYTES))
                if isinstance(message, Farewell):
                    self._was_last = message.last
                    return

    def release(self, deadline: float) -> None:
        """After the farewell: waits until `deadline` for a worker that ends with this client.

        One that goes on for other clients is no business of ours any more.
        """
        process = self._process
        if process is None:
            return
        if self._was_last:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.05, deadline - time.monotonic()))
        self._disown()

    def _disown(self) -> None:
        """Without a status the interpreter would warn of a process left running."""
        if self._process is not None and self._process.poll() is None:
            self._process.returncode = 0

    # -- finding or starting a worker

    def _start(self, deadline: float) -> Connection | None:
        """Starts a worker and connects to it; None if it found another one at work.

        Raises:
            UserError: `ENGINE_START_FAILED`, `ENGINE_VERSION`.
            WorkerCrashedError: it died.
        """
        self._disown()
        process = self._process = endpoint.spawn(self._runtime, self._command)
        while (connection := self._try_connect()) is None:
            status = process.poll()
            if status == endpoint.EXIT_NOT_ALONE:
                return None
            if status is not None and (status < 0 or status >= _WINDOWS_CRASH):
                raise WorkerCrashedError(status, process.pid)
            if status is not None:
                raise UserError(
                    ErrorCode.ENGINE_START_FAILED,
                    reason=endpoint.log_tail(self._runtime).rpartition("\n")[2] or f"exit {status}",
                )
            if time.monotonic() >= deadline:
                process.kill()
                process.wait()
                raise UserError(ErrorCode.ENGINE_START_FAILED, reason="timeout")
            time.sleep(0.02)
        self._started_here = True
        return connection

    def _try_connect(self) -> Connection | None:
        """The connection to the published worker; None where it was not reached or did not accept this client.

        Raises:
            UserError: `ENGINE_VERSION`.
        """
        found = endpoint.read(self._runtime)
        if found is None:
            return None
        try:
            connected = mp.Client(found.address, found.family)
        except (OSError, ValueError):
            return None
        # Somebody listens there, so the process that published it lives. One that has stopped answering is ended,
        # which ends the waiting as well.
        overdue = threading.Timer(_GREETING_TIMEOUT, _kill, (found.pid,))
        overdue.daemon = True
        overdue.start()
        try:
            mp.answer_challenge(connected, found.secret)
            mp.deliver_challenge(connected, found.secret)
            own = protocol.application_version()
            hello = Hello(protocol.PROTOCOL_VERSION, own, self._kind, os.getpid())
            connected.send_bytes(protocol.encode(hello))
            answer = protocol.decode(connected.recv_bytes(protocol.MAX_MESSAGE_BYTES))
        except (OSError, EOFError, AuthenticationError):  # it is just leaving, or not the one that published
            connected.close()
            return None
        except protocol.ProtocolError:
            answer = Refused(0, "unknown")
        finally:
            overdue.cancel()
        if not isinstance(answer, Welcome):
            connected.close()
            actual = f"{answer.version}/{answer.protocol}" if isinstance(answer, Refused) else "unknown"
            raise UserError(ErrorCode.ENGINE_VERSION, expected=f"{own}/{protocol.PROTOCOL_VERSION}", actual=actual)
        self.connection, self.pid = connected, answer.pid
        return connected


def _kill(pid: int) -> None:
    """Ends a process at once, even one that is stopped."""
    if pid == os.getpid():
        return  # a listener of this very process, as tests have them
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
