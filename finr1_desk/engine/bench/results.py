"""What measuring the engine gives: samples, the same work by engine and bare loop, and their ratio.

Owns the arithmetic of medians and ratios. It measures nothing and writes no sentences.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from finr1_desk.core.events import LoadedModel
from finr1_desk.engine.bench.system import WorkerMemory


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement: tokens, seconds by the clock, seconds of the processor (with the reading of the prompt)."""

    tokens: int
    seconds: float
    processor_s: float

    @property
    def tokens_per_s(self) -> float:
        return self.tokens / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Ratio:
    """The median over rounds of one thing to another, and the least and the greatest."""

    median: float
    least: float
    greatest: float

    @staticmethod
    def of(pairs: Sequence[tuple[float, float]]) -> Ratio:
        ratios = [ours / other if other > 0 else 0.0 for ours, other in pairs]
        return Ratio(statistics.median(ratios), min(ratios), max(ratios))


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same work by the engine and by the bare loop, round by round."""

    prompt_tokens: int
    ours: tuple[Sample, ...]
    bare: tuple[Sample, ...]

    @property
    def speed(self) -> float:
        return statistics.median(sample.tokens_per_s for sample in self.ours)

    @property
    def bare_speed(self) -> float:
        return statistics.median(sample.tokens_per_s for sample in self.bare)

    @property
    def ratio(self) -> Ratio:
        """Of tokens per second: 1 is as quick as llama.cpp itself."""
        return Ratio.of([(a.tokens_per_s, b.tokens_per_s) for a, b in zip(self.ours, self.bare, strict=True)])

    @property
    def processor_ratio(self) -> Ratio:
        """The same by seconds of the processor: what a busy machine does not change much."""
        return Ratio.of([(b.processor_s, a.processor_s) for a, b in zip(self.ours, self.bare, strict=True)])


@dataclass(frozen=True, slots=True)
class FirstToken:
    """The first token of an answer in a long conversation: with what could be reused, and with nothing.

    The seconds are those from asking until the token is there, round by round.
    """

    prompt_tokens: int
    cached_tokens: int
    seconds: tuple[float, ...]
    whole_seconds: tuple[float, ...]

    @property
    def median_s(self) -> float:
        return statistics.median(self.seconds)

    @property
    def whole_median_s(self) -> float:
        return statistics.median(self.whole_seconds)

    @property
    def ratio(self) -> Ratio:
        return Ratio.of(list(zip(self.seconds, self.whole_seconds, strict=True)))


@dataclass(frozen=True, slots=True)
class Plan:
    """How the model was loaded."""

    model: LoadedModel
    ready_s: float
    kv_type: str
    threads_prefill: int
    micro_batch: int
    llama_cpp: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Measured:
    """All of one run. `memory` is the worker's after the follow-ups, before the bare loop was there."""

    after_pause: FirstToken
    at_once: FirstToken
    reopened: FirstToken | None
    prefill: Comparison
    greedy: Comparison
    sampled: Comparison
    memory: WorkerMemory
