"""What an engine is to the application, wherever it runs.

Owns the interface only. `finr1_desk.engine.client.EngineClient` is the engine on this machine; another one may speak
to a server. An engine is made with a callback that gets its events (`finr1_desk.core.events`) from a thread of its own.
"""

from __future__ import annotations

from typing import Protocol

from finr1_desk.core.events import GenerateRequest, ModelRequest
from finr1_desk.core.prompts import Turn


class Engine(Protocol):
    """Thread-safe; every method returns at once, and what comes of it arrives as events."""

    @property
    def worker_pid(self) -> int | None:
        """The process that does the work, if there is one on this machine."""
        ...

    def load(self, model: ModelRequest) -> str:
        """Loads a model ahead of its use. Returns a request id; `ModelLoaded` comes, or `Finished` with an error."""
        ...

    def generate(self, request: GenerateRequest) -> str:
        """Writes an answer. Returns a request id; `Started`, text and `Finished` come."""
        ...

    def count(self, model: ModelRequest, turns: tuple[Turn, ...]) -> str:
        """Counts the tokens of a prompt. Returns a request id; `TokensCounted` comes, or `Finished` with an error."""
        ...

    def plan(self, model: ModelRequest) -> str:
        """Asks how a model would be loaded now. Returns a request id; `Planned` comes, or `Finished` with an error."""
        ...

    def answer_now(self, request_id: str) -> None:
        """Ends the thinking of a request and lets the model answer; nothing where it does not think."""
        ...

    def cancel(self, request_id: str) -> None:
        """Ends a request wherever it stands; `Finished` with `CANCELLED` comes."""
        ...

    def forget(self, conversation: str) -> None:
        """Keeps nothing of a conversation, in memory or on disk; of none, where it is empty."""
        ...

    def unload(self) -> None:
        """Gives the model's memory back, unless another client's request needs it."""
        ...

    def close(self, timeout: float = 2.0) -> None:
        """Cancels this client's requests and leaves; waits `timeout` seconds at most."""
        ...
