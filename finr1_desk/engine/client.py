"""A process's connection to the engine worker.

Owns one thread, which finds or starts the worker, sends what the application asks for and calls back with events.
It imports neither llama.cpp nor numpy nor Qt, and decides nothing about conversations.

When the worker dies, every open request ends with an error and the next request starts a new worker. Events that
arrive for a request that has ended are dropped.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import secrets
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import AuthenticationError, Pipe
from multiprocessing import connection as mp
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from finr1_desk.core.conversation import FinishReason
from finr1_desk.core.errors import ErrorCode, Param, UserError
from finr1_desk.core.events import (
    EngineDied,
    EngineEvent,
    Finished,
    GenerateRequest,
    LoadProgress,
    ModelLoaded,
    ModelRequest,
    ModelUnloaded,
    PrefillProgress,
    Started,
    TextProduced,
    TokensCounted,
)
from finr1_desk.core.prompts import Turn
from finr1_desk.engine import endpoint, protocol
from finr1_desk.engine.protocol import (
    AnswerNow,
    Bye,
    Cancel,
    Command,
    Count,
    Done,
    Farewell,
    Generate,
    Hello,
    Load,
    Refused,
    Reply,
    Unload,
    Welcome,
)

_log = logging.getLogger(__name__)

ATTACH_TIMEOUT: Final = 60.0
_ANSWER_TIMEOUT: Final = 15.0
_REAP_TIMEOUT: Final = 5.0
_FAREWELL_TIMEOUT: Final = 1.0


@dataclass(slots=True)
class _Open:
    """A request that has not ended. `stage` is the furthest it is known to have come."""

    stage: str = "idle"


class EngineClient:
    """Attaches to the worker of a data folder; thread-safe, and no method waits for the worker.

    Args:
        runtime_dir: the folder where worker and clients meet; it has to exist when the first request is made.
        on_event: called from the client's own thread, in order; it must not call `close`.
        kind: how the worker's log names this client.
        command: what starts a worker; None starts the installed one.
    """

    def __init__(
        self,
        runtime_dir: Path,
        on_event: Callable[[EngineEvent], None],
        *,
        kind: str = "window",
        command: Sequence[str] | None = None,
    ) -> None:
        self._runtime = runtime_dir
        self._on_event = on_event
        self._kind = kind
        self._command = list(command) if command else endpoint.default_command(runtime_dir)
        self._lock = threading.Lock()
        self._outbox: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._wake_in: Connection | None = None
        self._wake_out: Connection | None = None
        self._closed = False
        # Touched by the client's thread alone:
        self._connection: Connection | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._open: dict[str, _Open] = {}
        self._worker_pid: int | None = None
        self._was_last = False

    @property
    def worker_pid(self) -> int | None:
        """The process that this client is attached to; None where it is not."""
        return self._worker_pid

    def load(self, model: ModelRequest) -> str:
        return self._ask(lambda request: Load(request, model))

    def generate(self, request: GenerateRequest) -> str:
        return self._ask(lambda request_id: Generate(request_id, request))

    def count(self, model: ModelRequest, turns: tuple[Turn, ...]) -> str:
        return self._ask(lambda request: Count(request, model, turns))

    def answer_now(self, request_id: str) -> None:
        self._post(AnswerNow(request_id))

    def cancel(self, request_id: str) -> None:
        self._post(Cancel(request_id))

    def unload(self) -> None:
        self._ask(Unload)

    def close(self, timeout: float = 2.0) -> None:
        """Leaves the worker, which cancels this client's requests and ends with its last client.

        No event comes after this has returned in time.
        """
        deadline = time.monotonic() + timeout
        with self._lock:
            self._closed = True
            thread = self._thread
        if thread is None:
            return
        self._outbox.put(None)
        self._wake()
        thread.join(timeout)
        process = self._process
        if process is None or thread.is_alive():
            return
        if self._was_last:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.05, deadline - time.monotonic()))
        if process.poll() is None:
            # It goes on for other clients and is no business of ours any more; without a status the interpreter
            # would warn of a process left running.
            process.returncode = 0

    # -- from any thread

    def _ask(self, make: Callable[[str], Command]) -> str:
        request = secrets.token_hex(8)
        self._post(make(request))
        return request

    def _post(self, command: Command) -> None:
        with self._lock:
            if self._closed:
                return
            if self._thread is None:
                self._wake_out, self._wake_in = Pipe(duplex=False)
                self._thread = threading.Thread(target=self._run, name="engine-client", daemon=True)
                self._thread.start()
        self._outbox.put(command)
        self._wake()

    def _wake(self) -> None:
        with self._lock, contextlib.suppress(OSError):
            if self._wake_in is not None:
                self._wake_in.send_bytes(b"!")

    # -- the client's thread

    def _run(self) -> None:
        assert self._wake_out is not None
        try:
            while True:
                waiting: list[Connection] = [self._wake_out]
                if self._connection is not None:
                    waiting.append(self._connection)
                ready = mp.wait(waiting)
                if self._connection in ready:
                    self._receive()
                if self._wake_out in ready:
                    self._wake_out.recv_bytes()
                    if not self._send_next():
                        return
        finally:
            self._say_farewell()
            with self._lock:
                for end in (self._wake_in, self._wake_out):
                    if end is not None:
                        end.close()
                self._wake_in = self._wake_out = None

    def _say_farewell(self) -> None:
        """Leaves the worker, and learns whether it ends."""
        connection, self._connection = self._connection, None
        self._worker_pid = None
        if connection is None:
            return
        with contextlib.suppress(OSError, EOFError, protocol.ProtocolError), connection:
            connection.send_bytes(protocol.encode(Bye()))
            while connection.poll(_FAREWELL_TIMEOUT):
                message = protocol.decode(connection.recv_bytes(protocol.MAX_MESSAGE_BYTES))
                if isinstance(message, Farewell):
                    self._was_last = message.last
                    return

    def _send_next(self) -> bool:
        """Sends one command; False when the client was closed."""
        command = self._outbox.get()
        if command is None:
            return False
        if isinstance(command, Unload) and self._connection is None:
            return True  # no worker, so nothing is loaded
        if isinstance(command, Load | Generate | Count | Unload):
            self._open[command.request] = _Open()
        elif command.request not in self._open:
            return True
        try:
            if self._connection is None:
                self._attach()
            assert self._connection is not None
            self._connection.send_bytes(protocol.encode(command))
        except UserError as error:
            self._fail_all(error.code, error.params)
        except (OSError, EOFError):
            self._on_death()
        return True

    def _receive(self) -> None:
        assert self._connection is not None
        try:
            message = protocol.decode(self._connection.recv_bytes(protocol.MAX_MESSAGE_BYTES))
        except (OSError, EOFError, protocol.ProtocolError):
            self._on_death()
            return
        self._dispatch(message)

    def _dispatch(self, message: Hello | Bye | Command | Reply) -> None:
        if isinstance(message, Done):
            self._open.pop(message.request, None)
        elif isinstance(message, LoadProgress | ModelLoaded | ModelUnloaded):
            if isinstance(message, LoadProgress):
                for known in self._open.values():
                    if known.stage == "idle":
                        known.stage = "load"
            self._tell(message)
        elif isinstance(message, EngineEvent):
            opened = self._open.get(getattr(message, "request", ""))
            if opened is None:
                return  # late: the request has ended
            if isinstance(message, Started | PrefillProgress):
                opened.stage = "prefill"
            elif isinstance(message, TextProduced):
                opened.stage = "decode"
            elif isinstance(message, Finished | TokensCounted):
                del self._open[message.request]
            self._tell(message)

    def _tell(self, event: EngineEvent) -> None:
        try:
            self._on_event(event)
        except Exception:  # a bug of the listener's must not leave every later request without an answer
            _log.exception("the listener failed on %s", type(event).__name__)

    # -- the worker's end

    def _on_death(self) -> None:
        exit_code = self._drop_connection()
        stages = [opened.stage for opened in self._open.values()]
        stage = next((name for name in ("decode", "prefill", "load") if name in stages), "idle")
        for request, opened in list(self._open.items()):
            params: dict[str, Param] = {"stage": opened.stage, "exit_code": exit_code}
            self._finish(request, ErrorCode.ENGINE_DIED, params)
        self._tell(EngineDied(exit_code, stage))

    def _fail_all(self, code: ErrorCode, params: Mapping[str, Param]) -> None:
        self._drop_connection()
        for request in list(self._open):
            self._finish(request, code, params)

    def _finish(self, request: str, code: ErrorCode, params: Mapping[str, Param]) -> None:
        del self._open[request]
        self._tell(Finished(request, FinishReason.ERROR, code=code, params=params))

    def _drop_connection(self) -> int | None:
        """Closes the connection; returns the exit status of a worker that has ended and was started here."""
        connected = self._connection is not None
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._worker_pid = None
        if self._process is None or not connected:
            return None
        try:
            return self._process.wait(_REAP_TIMEOUT)
        except subprocess.TimeoutExpired:
            return None

    # -- finding or starting a worker

    def _attach(self) -> None:
        """Connects to the worker, starting one if there is none.

        Raises:
            UserError: `ENGINE_VERSION`, `ENGINE_START_FAILED`.
        """
        deadline = time.monotonic() + ATTACH_TIMEOUT
        try:
            while not self._try_connect():
                if time.monotonic() >= deadline:
                    raise UserError(ErrorCode.ENGINE_START_FAILED, reason="timeout")
                lock = endpoint.FileLock(self._runtime / endpoint.SPAWN_LOCK)
                with endpoint.holding(lock, deadline) as held:
                    if not held:
                        raise UserError(ErrorCode.ENGINE_START_FAILED, reason="timeout")
                    if self._try_connect() or self._start(deadline):  # another client may have been quicker
                        return
        except OSError as error:
            raise UserError(ErrorCode.ENGINE_START_FAILED, reason=str(error)) from error

    def _start(self, deadline: float) -> bool:
        """Starts a worker and connects to it; False if it found another one at work.

        Raises:
            UserError: `ENGINE_START_FAILED`, `ENGINE_VERSION`.
        """
        if self._process is not None and self._process.poll() is None:
            self._process.returncode = 0  # an earlier one that lives on without us
        process = self._process = endpoint.spawn(self._runtime, self._command)
        while not self._try_connect():
            status = process.poll()
            if status == endpoint.EXIT_NOT_ALONE:
                return False
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
        return True

    def _try_connect(self) -> bool:
        """Whether the published worker was reached and accepts this client.

        Raises:
            UserError: `ENGINE_VERSION`.
        """
        found = endpoint.read(self._runtime)
        if found is None:
            return False
        try:
            connected = mp.Client(found.address, found.family)
        except (OSError, ValueError):
            return False
        try:
            if not connected.poll(_ANSWER_TIMEOUT):
                raise UserError(ErrorCode.ENGINE_START_FAILED, reason="no answer")
            mp.answer_challenge(connected, found.secret)
            mp.deliver_challenge(connected, found.secret)
            own = protocol.application_version()
            hello = Hello(protocol.PROTOCOL_VERSION, own, self._kind, os.getpid())
            connected.send_bytes(protocol.encode(hello))
            answer = protocol.decode(connected.recv_bytes(protocol.MAX_MESSAGE_BYTES))
        except (OSError, EOFError, AuthenticationError):  # it is just leaving, or not the one that published
            connected.close()
            return False
        except UserError:
            connected.close()
            raise
        except protocol.ProtocolError:
            answer = Refused(0, "unknown")
        if not isinstance(answer, Welcome):
            connected.close()
            actual = f"{answer.version}/{answer.protocol}" if isinstance(answer, Refused) else "unknown"
            raise UserError(ErrorCode.ENGINE_VERSION, expected=f"{own}/{protocol.PROTOCOL_VERSION}", actual=actual)
        self._connection = connected
        self._worker_pid = answer.pid
        return True
