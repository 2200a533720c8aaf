"""Stores for tests: real files, real encryption, a clock that can be set."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from finr1_desk.core.conversation import Generation, ModelIdentity, Part, PartKind, Timing, Usage
from finr1_desk.core.sampling import Sampling
from finr1_desk.store.database import Store
from finr1_desk.store.writers import this_writer

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
PYTHON = sys.executable
PROJECT = Path(__file__).parents[2]


@dataclass
class Clock:
    """Seconds since the epoch; every reading is one second later than the last."""

    now: float = 1_750_000_000.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def open_store(folder: Path, *, key: bytes = KEY, writer: str | None = None, clock: Clock | None = None) -> Store:
    return Store.open(folder / "conversations.db", key, writer=writer or this_writer(), clock=clock or Clock())


def answer_parts(think: str, answer: str) -> tuple[Part, ...]:
    """The parts of a well-formed output."""
    return (
        Part(PartKind.TAG, "<think>\n"),
        Part(PartKind.THINK, think),
        Part(PartKind.TAG, "\n</think>\n<answer>\n"),
        Part(PartKind.ANSWER, answer),
        Part(PartKind.TAG, "\n</answer>"),
    )


GENERATION = Generation(
    model=ModelIdentity("Fin-R1", "Fin-R1-Q4_K_M.gguf", "Q4_K_M"),
    sampling=Sampling(),
    seed=2**64 - 1,
    application_version="0.1.0",
    usage=Usage(87, 3, 900, 812),
    timing=Timing(1.5, 0.25, 60.0, 34.0, 15.0),
)
