"""How an answer that is being written stands, as one value for everything that shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    QUEUED = "queued"
    WAITING = "waiting"  # for a server that is busy
    LOADING = "loading"
    PREFILL = "prefill"
    THINKING = "thinking"
    ANSWERING = "answering"


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """`ahead` counts the requests before this one; fractions run from 0 to 1; `think_s` is in seconds.

    `wait_s` is how long a busy server is left alone. `left_out` counts the messages that the model does not see, None
    before that is known; `think_cut` says that the thinking was closed in the model's place.
    """

    phase: Phase
    ahead: int = 0
    load_fraction: float = 0.0
    prefill_fraction: float = 0.0
    think_s: float = 0.0
    think_tokens: int = 0
    tokens: int = 0
    tokens_per_s: float = 0.0
    wait_s: float = 0.0
    left_out: int | None = None
    think_cut: bool = False
