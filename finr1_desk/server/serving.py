"""The local API while it runs: its addresses, its socket, its end.

Owns the routes and the life of the HTTP server in a process of its own. Who may ask is `guard`'s, what is answered is
`answering`'s. Nothing of a request is logged.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import EngineEvent
from finr1_desk.engine.interface import Engine
from finr1_desk.server.answering import AnswerEndpoint, Served
from finr1_desk.server.asking import Asking
from finr1_desk.server.bodies import chat, completion
from finr1_desk.server.errors import RefusalError
from finr1_desk.server.guard import Guard, allowed_hosts

LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_LEAVE_S: Final = 2
_IDLE_S: Final = 30
_BACKLOG: Final = 128

MakeEngine = Callable[[Callable[[EngineEvent], None]], Engine]


@dataclass(frozen=True, slots=True)
class Place:
    """Where is served, and for whom.

    Attributes:
        names: beside those of loopback and `host`, what the Host header may name.
    """

    host: str
    port: int
    key: str
    names: tuple[str, ...] = ()

    @property
    def is_loopback(self) -> bool:
        return self.host in LOOPBACK or self.host.startswith("127.")

    def hosts(self, port: int) -> frozenset[str]:
        """What the Host header may be; a wildcard is no name, unless it is allowed as one."""
        own = () if self.host in ("0.0.0.0", "::") else (self.host,)
        return allowed_hosts((*LOOPBACK, *own, *self.names), port)


def bound(place: Place) -> socket.socket:
    """The socket to listen at.

    Raises:
        UserError: `ADDRESS_UNAVAILABLE`.
    """
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    try:
        made = socket.socket(family, socket.SOCK_STREAM)
        try:
            if sys.platform != "win32":  # there it would let another program take the same port
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((place.host, place.port))
            made.listen(_BACKLOG)
        except BaseException:
            made.close()
            raise
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(ErrorCode.ADDRESS_UNAVAILABLE, address=f"{place.host}:{place.port}", reason=reason) from None
    return made


class Serving:
    """One server. `run` is called once, from the main thread; `stop` from any.

    Args:
        on_ready: told the port once requests are answered.
        on_loaded: told that the model was loaded, or why not; None: it is loaded for the first request.
    """

    def __init__(
        self,
        place: Place,
        served: Served,
        make_engine: MakeEngine,
        on_ready: Callable[[int], None],
        on_loaded: Callable[[UserError | None], None] | None,
    ) -> None:
        self._place = place
        self._served = served
        self._make_engine = make_engine
        self._on_ready = on_ready
        self._on_loaded = on_loaded
        self._since = int(time.time())
        self._server: uvicorn.Server | None = None
        self._asking: Asking | None = None
        self._stopped = False

    def run(self) -> None:
        """Serves until it is stopped, by `stop` or a signal.

        Raises:
            UserError: `ADDRESS_UNAVAILABLE`.
        """
        listening = bound(self._place)
        try:
            asyncio.run(self._run(listening))
        finally:
            listening.close()

    def stop(self) -> None:
        self._stopped = True
        if self._server is not None:
            self._server.should_exit = True

    async def _run(self, listening: socket.socket) -> None:
        port = listening.getsockname()[1]
        asking = self._asking = Asking(self._make_engine, self._served.model)
        config = uvicorn.Config(
            Guard(self._application(), self._place.key, self._place.hosts(port)),
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_IDLE_S,
            timeout_graceful_shutdown=_LEAVE_S,
        )
        server = self._server = _Server(config, lambda: self._on_ready(port))
        if self._stopped:
            server.should_exit = True
        loading = None if self._on_loaded is None else asyncio.create_task(self._load(asking, self._on_loaded))
        try:
            await server.serve(sockets=[listening])
        finally:
            if loading is not None:
                loading.cancel()
            await asyncio.to_thread(asking.close)

    @staticmethod
    async def _load(asking: Asking, on_loaded: Callable[[UserError | None], None]) -> None:
        ended = await asking.load()
        if ended is None:
            on_loaded(None)
        elif ended.code is not None:
            on_loaded(UserError(ended.code, **ended.params))

    # -- what is served

    def _application(self) -> Starlette:
        def asking() -> Asking:
            assert self._asking is not None
            return self._asking

        routes = [
            Route("/health", self._health, methods=["GET"]),
            Route("/v1/models", self._models, methods=["GET"]),
            Route("/v1/models/{name:path}", self._model, methods=["GET"]),
            Route("/v1/chat/completions", AnswerEndpoint(self._served, asking, chat), methods=["POST"]),
            Route("/v1/completions", AnswerEndpoint(self._served, asking, completion), methods=["POST"]),
        ]
        handlers: dict[Any, Any] = {HTTPException: _on_http_error, Exception: _on_bug}
        return Starlette(routes=routes, exception_handlers=handlers)

    async def _health(self, _request: Request) -> Response:
        loaded = self._asking is not None and self._asking.loaded is not None
        return JSONResponse({"status": "ok", "model_loaded": loaded})

    async def _models(self, _request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [self._described()]})

    async def _model(self, request: Request) -> Response:
        if request.path_params["name"] != self._served.name:
            refusal = RefusalError(404, "The model is not served here.", code="model_not_found", param="model")
            return JSONResponse(refusal.body, 404)
        return JSONResponse(self._described())

    def _described(self) -> dict[str, Any]:
        loaded = self._asking.loaded if self._asking is not None else None
        return {
            "id": self._served.name,
            "object": "model",
            "created": self._since,
            "owned_by": "finr1-desk",
            "max_model_len": self._served.model.context_length if loaded is None else loaded.context_length,
        }


class _Server(uvicorn.Server):
    """Tells when it listens, and takes the signals that end it for a wish: who runs it ends as it likes."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_started()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


async def _on_http_error(_request: Request, error: HTTPException) -> Response:
    words = {404: "There is nothing at this address.", 405: "This address takes another method."}
    refusal = RefusalError(error.status_code, words.get(error.status_code, str(error.detail)))
    return JSONResponse(refusal.body, error.status_code, error.headers)


async def _on_bug(_request: Request, _error: Exception) -> Response:
    return JSONResponse(RefusalError(500, "The server failed.").body, 500)
