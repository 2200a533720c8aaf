"""The engine on this machine, from the application's side: requests go to the worker, events come back.

Owns one client's conversation with the worker: what was asked for, what of it is still owed, and what becomes of that
when the worker dies or hangs. A thread of its own does the waiting and calls back with events. It imports neither
llama.cpp nor numpy nor Qt, and decides nothing about conversations.

When the worker dies, every open request ends with an error and the next request starts a new worker; what died while
a model was tried for the first time is asked again in a safe mode instead. After three deaths within a minute nothing
is started for a while. Events that arrive for a request that has ended are dropped.
"""

from __future__ import annotations

import logging
import queue
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing import connection as mp
from multiprocessing.connection import Connection
from pathlib import Path

from finr1_desk.core.conversation import FinishReason
from finr1_desk.core.errors import ErrorCode, Param, UserError
from finr1_desk.core.events import (
    EngineDied,
    EngineEvent,
    Finished,
    GenerateRequest,
    LoadedModel,
    LoadProgress,
    ModelLoaded,
    ModelRequest,
    ModelUnloaded,
    Planned,
    PrefillProgress,
    Started,
    TextProduced,
    TokensCounted,
)
from finr1_desk.core.prompts import Turn
from finr1_desk.engine import endpoint, protocol
from finr1_desk.engine.attachment import Attachment, WorkerCrashedError
from finr1_desk.engine.protocol import (
    AnswerNow,
    Bye,
    Cancel,
    Command,
    Count,
    Done,
    Forget,
    Generate,
    Hello,
    Load,
    PlanLoad,
    Pulse,
    Reply,
    Unload,
)
from finr1_desk.engine.survival.crashes import Crash, Crashes
from finr1_desk.engine.survival.safe_mode import SafeModes
from finr1_desk.engine.survival.watch import TICK_S, Watch

_log = logging.getLogger(__name__)

_STAGES = ("decode", "prefill", "load")  # the furthest first


@dataclass(slots=True)
class _Open:
    """A request that has not ended. `stage` is the furthest it is known to have come."""

    command: Load | Generate | Count | PlanLoad | Unload | Forget
    stage: str = "idle"


class EngineClient:
    """Attaches to the worker of a data folder; thread-safe, and no method waits for the worker.

    Args:
        runtime_dir: the folder where worker and clients meet; it has to exist when the first request is made.
        on_event: called from the client's own thread, in order; it must not call `close`.
        kind: how the worker's log names this client.
        command: what starts a worker; None starts the installed one.
        patience_s: after how long without progress a worker is ended as hanging; None leaves it to the worker.
    """

    def __init__(
        self,
        runtime_dir: Path,
        on_event: Callable[[EngineEvent], None],
        *,
        kind: str = "window",
        command: Sequence[str] | None = None,
        patience_s: float | None = None,
    ) -> None:
        self._on_event = on_event
        self._lock = threading.Lock()
        self._outbox: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._wake_in: Connection | None = None
        self._wake_out: Connection | None = None
        self._closed = False
        # Touched by the client's thread alone:
        self._link = Attachment(runtime_dir, kind, list(command) if command else endpoint.default_command(runtime_dir))
        self._open: dict[str, _Open] = {}
        self._again: deque[Command] = deque()  # what is asked a second time, before anything else
        self._watch = Watch(patience_s)
        self._crashes = Crashes(runtime_dir)
        self._modes = SafeModes(runtime_dir)
        self._loaded: LoadedModel | None = None

    @property
    def worker_pid(self) -> int | None:
        """The process that this client is attached to; None where it is not."""
        return self._link.pid

    def load(self, model: ModelRequest) -> str:
        return self._ask(lambda request: Load(request, model))

    def generate(self, request: GenerateRequest) -> str:
        return self._ask(lambda request_id: Generate(request_id, request))

    def count(self, model: ModelRequest, turns: tuple[Turn, ...]) -> str:
        return self._ask(lambda request: Count(request, model, turns))

    def plan(self, model: ModelRequest) -> str:
        return self._ask(lambda request: PlanLoad(request, model))

    def answer_now(self, request_id: str) -> None:
        self._post(AnswerNow(request_id))

    def cancel(self, request_id: str) -> None:
        self._post(Cancel(request_id))

    def forget(self, conversation: str) -> None:
        self._ask(lambda request: Forget(request, conversation))

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
        if not thread.is_alive():
            self._link.release(deadline)

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
        with self._lock, suppress(OSError):
            if self._wake_in is not None:
                self._wake_in.send_bytes(b"!")

    # -- the client's thread

    def _run(self) -> None:
        assert self._wake_out is not None
        try:
            while True:
                while self._again:
                    self._send(self._again.popleft())
                connection = self._link.connection
                waiting = [self._wake_out] if connection is None else [self._wake_out, connection]
                owed = bool(self._open) and connection is not None
                ready = mp.wait(waiting, TICK_S if owed else None)
                if connection is not None and connection in ready:
                    self._receive(connection)
                if self._wake_out in ready:
                    self._wake_out.recv_bytes()
                    command = self._outbox.get()
                    if command is None:
                        return
                    self._send(command)
                if owed and self._open and self._link.connection is connection and self._watch.hangs():
                    self._link.kill()
                    self._on_death(hung=True)
        finally:
            self._link.say_farewell()
            with self._lock:
                for end in (self._wake_in, self._wake_out):
                    if end is not None:
                        end.close()
                self._wake_in = self._wake_out = None

    def _send(self, command: Command) -> None:
        if isinstance(command, Unload | Forget) and self._link.connection is None:
            return  # no worker, so nothing is loaded
        if isinstance(command, Load | Generate | Count | PlanLoad | Unload | Forget):
            if not self._open:
                self._watch.begin()
            self._open[command.request] = _Open(command)
            if self._crashes.too_many and not isinstance(command, Load):  # to load is to try once more
                self._finish(command.request, ErrorCode.ENGINE_GAVE_UP, self._report_params())
                return
        elif command.request not in self._open:
            return
        try:
            connection = self._link.connection or self._attach()
            connection.send_bytes(protocol.encode(command))
        except UserError as error:
            self._fail_all(error.code, error.params)
        except WorkerCrashedError as crash:
            self._on_death(crash)
        except (OSError, EOFError):
            self._on_death()

    def _attach(self) -> Connection:
        """Raises UserError, WorkerCrashedError: as `Attachment.attach`, if two workers died in a row."""
        try:
            connection = self._link.attach()
        except WorkerCrashedError as first:
            self._crashes.note(Crash("start", first.exit_code), None)
            if self._crashes.too_many:
                raise
            connection = self._link.attach()
        self._watch.begin()
        return connection

    def _receive(self, connection: Connection) -> None:
        try:
            message = protocol.decode(connection.recv_bytes(protocol.MAX_MESSAGE_BYTES))
        except (OSError, EOFError, protocol.ProtocolError):
            self._on_death()
            return
        self._watch.heard(message if isinstance(message, Pulse) else None)
        self._dispatch(message)

    def _dispatch(self, message: Hello | Bye | Command | Reply) -> None:
        if isinstance(message, Done):
            done = self._open.pop(message.request, None)
            if done is not None and isinstance(done.command, Load) and self._crashes.too_many:
                self._crashes.forget()
        elif isinstance(message, LoadProgress | ModelLoaded | ModelUnloaded):
            if isinstance(message, LoadProgress):
                for known in self._open.values():
                    if known.stage == "idle":
                        known.stage = "load"
            else:
                self._loaded = message.model if isinstance(message, ModelLoaded) else None
            self._tell(message)
        elif isinstance(message, EngineEvent):
            opened = self._open.get(getattr(message, "request", ""))
            if opened is None:
                return  # late: the request has ended
            if isinstance(message, Started | PrefillProgress):
                opened.stage = "prefill"
            elif isinstance(message, TextProduced):
                opened.stage = "decode"
            elif isinstance(message, Finished | TokensCounted | Planned):
                del self._open[message.request]
            self._tell(message)

    def _tell(self, event: EngineEvent) -> None:
        try:
            self._on_event(event)
        except Exception:  # a bug of the listener's must not leave every later request without an answer
            _log.exception("the listener failed on %s", type(event).__name__)

    # -- the worker's end

    def _on_death(self, at_start: WorkerCrashedError | None = None, *, hung: bool = False) -> None:
        """The worker has died: what is owed is asked again in a safe mode, or ends with an error."""
        pid = self._link.pid if at_start is None else at_start.pid
        stages = [opened.stage for opened in self._open.values()]
        exit_code = self._link.drop()
        if at_start is not None:
            exit_code, stages = at_start.exit_code, ["start"]
        stage = next((name for name in ("start", *_STAGES) if name in stages), "idle")
        crash = Crash(stage, exit_code, hung)
        self._crashes.note(crash, self._loaded)
        self._loaded = None
        gave_up = self._crashes.too_many
        tried = pid is not None and bool(self._open) and stage != "decode" and not gave_up
        mode = self._modes.after_crash(pid) if tried and pid is not None else None
        _log.warning("the engine died: %s%s", crash, f"; again with {mode}" if mode else "")
        for request, opened in list(self._open.items()):
            if mode is not None:
                self._again.append(opened.command)
                continue
            params: dict[str, Param] = {"stage": stage if at_start else opened.stage, "exit_code": exit_code}
            if hung:
                params["cause"] = "hang"
            code = ErrorCode.ENGINE_GAVE_UP if gave_up else ErrorCode.ENGINE_DIED
            self._finish(request, code, params | (self._report_params() if gave_up else {}))
        self._tell(EngineDied(exit_code, stage, hung, mode or "", str(self._crashes.report_path) if gave_up else ""))

    def _report_params(self) -> dict[str, Param]:
        return {"report": str(self._crashes.report_path)}

    def _fail_all(self, code: ErrorCode, params: Mapping[str, Param]) -> None:
        self._link.drop()
        for request in list(self._open):
            self._finish(request, code, params)

    def _finish(self, request: str, code: ErrorCode, params: Mapping[str, Param]) -> None:
        del self._open[request]
        self._tell(Finished(request, FinishReason.ERROR, code=code, params=params))
