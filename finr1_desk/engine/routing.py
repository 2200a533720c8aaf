"""Two engines as one: requests go to this machine's or to a server, as their model says.

Owns the choice for each request, and nothing else. Each engine is made when the first request needs it.
"""

from __future__ import annotations

from collections.abc import Callable

from finr1_desk.core.events import GenerateRequest, ModelRequest
from finr1_desk.core.prompts import Turn
from finr1_desk.core.remote import REQUEST, is_remote
from finr1_desk.engine.interface import Engine


class RoutedEngine:
    """What the methods mean is said in `finr1_desk.engine.interface.Engine`."""

    def __init__(self, make_local: Callable[[], Engine], make_remote: Callable[[], Engine]) -> None:
        self._make_local = make_local
        self._make_remote = make_remote
        self._local: Engine | None = None
        self._remote: Engine | None = None

    @property
    def worker_pid(self) -> int | None:
        return self._local.worker_pid if self._local is not None else None

    def load(self, model: ModelRequest) -> str:
        return self._for(model).load(model)

    def generate(self, request: GenerateRequest) -> str:
        return self._for(request.model).generate(request)

    def count(self, model: ModelRequest, turns: tuple[Turn, ...]) -> str:
        return self._for(model).count(model, turns)

    def plan(self, model: ModelRequest) -> str:
        return self._for(model).plan(model)

    def answer_now(self, request_id: str) -> None:
        for engine in self._of(request_id):
            engine.answer_now(request_id)

    def cancel(self, request_id: str) -> None:
        for engine in self._of(request_id):
            engine.cancel(request_id)

    def forget(self, conversation: str) -> None:
        for engine in self._made():
            engine.forget(conversation)

    def unload(self) -> None:
        if self._local is not None:
            self._local.unload()

    def close(self, timeout: float = 2.0) -> None:
        for engine in self._made():
            engine.close(timeout)

    def _made(self) -> list[Engine]:
        return [engine for engine in (self._local, self._remote) if engine is not None]

    def _of(self, request_id: str) -> list[Engine]:
        engine = self._remote if request_id.startswith(REQUEST) else self._local
        return [engine] if engine is not None else []

    def _for(self, model: ModelRequest) -> Engine:
        if is_remote(model.path):
            if self._remote is None:
                self._remote = self._make_remote()
            return self._remote
        if self._local is None:
            self._local = self._make_local()
        return self._local
