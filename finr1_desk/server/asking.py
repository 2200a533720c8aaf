"""The engine as coroutines see it: a request goes out, its events come back one by one.

Owns the crossing from the engine client's thread to the event loop, the bound on how many requests are at work or wait,
and that a request which nobody reads any more is cancelled. Whose turn it is, is the engine's decision.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Final

from finr1_desk.core.events import (
    EngineEvent,
    Finished,
    GenerateRequest,
    LoadedModel,
    ModelLoaded,
    ModelRequest,
    ModelUnloaded,
)
from finr1_desk.engine.interface import Engine
from finr1_desk.server.errors import RefusalError

MOST_AT_ONCE: Final = 64  # at work or waiting


class Asking:
    """For the thread of the event loop.

    Args:
        make_engine: makes the engine's client, given what gets its events.
        model: what is served.

    `loaded` is what the engine holds in memory now.
    """

    def __init__(self, make_engine: Callable[[Callable[[EngineEvent], None]], Engine], model: ModelRequest) -> None:
        self._loop = asyncio.get_running_loop()
        self._inboxes: dict[str, asyncio.Queue[EngineEvent]] = {}
        self._model = model
        self._engine = make_engine(self._on_event)
        self._taken = 0
        self._loading: asyncio.Queue[EngineEvent] | None = None
        self.loaded: LoadedModel | None = None

    async def load(self) -> Finished | None:
        """Has the model loaded, and waits for it. Returns how that ended where it is not loaded."""
        request = self._engine.load(self._model)
        inbox = self._inboxes[request] = asyncio.Queue()
        self._loading = inbox
        try:
            while True:
                event = await inbox.get()
                if isinstance(event, Finished):
                    return event
                if isinstance(event, ModelLoaded) and event.model.request.path == self._model.path:
                    return None
        finally:
            self._loading = None
            del self._inboxes[request]

    @property
    def waiting(self) -> int:
        """How many requests are at work or wait."""
        return self._taken

    async def ask(self, request: GenerateRequest) -> AsyncGenerator[EngineEvent, None]:
        """The events of one answer, up to `Finished`. Leaving off cancels it.

        Raises:
            RefusalError: 429: too many are waiting already.
        """
        if self._taken >= MOST_AT_ONCE:
            raise RefusalError(
                429, f"{MOST_AT_ONCE} requests are at work or waiting; try again later.", code="queue_full"
            )
        self._taken += 1
        id_ = self._engine.generate(request)
        inbox = self._inboxes[id_] = asyncio.Queue()
        ended = False
        try:
            while not ended:
                event = await inbox.get()
                ended = isinstance(event, Finished)
                yield event
        finally:
            del self._inboxes[id_]
            self._taken -= 1
            if not ended:
                self._engine.cancel(id_)

    def close(self) -> None:
        """Leaves the engine; may wait a moment."""
        self._engine.close(10.0)

    # -- from the client's thread

    def _on_event(self, event: EngineEvent) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._deliver, event)

    def _deliver(self, event: EngineEvent) -> None:
        if isinstance(event, ModelLoaded):
            self.loaded = event.model
            if self._loading is not None:
                self._loading.put_nowait(event)
        elif isinstance(event, ModelUnloaded):
            self.loaded = None
        inbox = self._inboxes.get(getattr(event, "request", ""))
        if inbox is not None:
            inbox.put_nowait(event)
