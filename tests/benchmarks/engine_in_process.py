"""The engine's loop in this process, over a model loaded as the worker loads it: for benchmarks that force the text."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from finr1_desk.core.events import GenerateRequest, ModelRequest
from finr1_desk.core.prompts import Turn
from finr1_desk.core.sampling import Sampling
from finr1_desk.engine import llama, loading
from finr1_desk.engine.decode.answer import Answer, Measured, Task
from finr1_desk.engine.decode.computing import Read, read_all, run_alone
from finr1_desk.engine.decode.decoding import Control
from finr1_desk.engine.decode.sampler import Logits, Sampler
from finr1_desk.engine.loading import Loaded
from finr1_desk.engine.prompt.template import TemplateProcess

SEQUENCE = 0


@dataclass(frozen=True)
class Took:
    """Seconds of the clock, and of the processor: the latter is what a busy machine changes least, with one thread."""

    seconds: float
    processor_s: float


class Watch:
    """Measures from when it is made."""

    def __init__(self) -> None:
        self._started = time.perf_counter(), time.process_time()

    def took(self) -> Took:
        return Took(time.perf_counter() - self._started[0], time.process_time() - self._started[1])


def median(results: Sequence[Took]) -> Took:
    return Took(
        statistics.median(took.seconds for took in results), statistics.median(took.processor_s for took in results)
    )


def ratio(some: Sequence[Took], others: Sequence[Took]) -> dict[str, float]:
    """The median over rounds of what some took to what the others did, by the clock and by the processor."""
    pairs = list(zip(some, others, strict=True))
    return {
        "clock": statistics.median(one.seconds / other.seconds for one, other in pairs),
        "processor": statistics.median(one.processor_s / other.processor_s for one, other in pairs),
    }


class ForcedSampler(Sampler):
    """Draws as the engine does, and then takes the next token of a given text instead."""

    def force(self, text: Sequence[int], start: int) -> None:
        self._text, self._start = text, start

    def sample(self, logits: Logits, position: int) -> int:
        super().sample(logits, position)
        return self._text[position - self._start]


@dataclass
class Engine:
    loaded: Loaded

    def prefill(self, prompt: Sequence[int]) -> Took:
        """Reads a prompt into an empty cache."""
        context = self.loaded.context
        for sequence in list(context.sequences):
            context.drop(sequence)
        watch = Watch()
        if run_alone(context, read_all(Read(SEQUENCE, prompt))) != 0:
            raise RuntimeError("llama_decode failed")
        return watch.took()

    def task(self, prompt: Sequence[int], tokens: int, *, samples: int = 1, greedy: bool = False) -> Task:
        request = GenerateRequest(self.loaded.facts.request, (Turn("user", "-"),), samples=samples)
        sampling = Sampling(max_tokens=tokens, temperature=0.0 if greedy else 0.7)
        limit = self.loaded.context.length
        return Task("bench", request, self.loaded, sampling, 1, prompt, 0, limit, lambda _event: None)

    def forced(self, prompt: Sequence[int], text: Sequence[int]) -> Answer:
        """An answer that will be this text, whatever the model computes."""
        task = self.task(prompt, len(text))
        answer = Answer(task, Measured())
        sampler = ForcedSampler(task.sampling, 1, task.vocabulary.size, prompt)
        sampler.force(text, len(prompt))
        answer._sampler = sampler
        return answer


def control() -> Control:
    return Control(threading.Event(), threading.Event())


@contextmanager
def engine(path: Path, context_length: int, threads: int) -> Iterator[Engine]:
    templates = TemplateProcess()
    loaded = loading.load(
        ModelRequest(str(path), context_length, threads=threads),
        llama.LlamaLog(lambda _line: None),
        templates,
        on_progress=lambda _fraction: True,
        should_abort=lambda: False,
    )
    loaded.model.vocabulary.ignore_ends()
    try:
        yield Engine(loaded)
    finally:
        loaded.close()


def in_turns(rounds: int, *runs: Callable[[], Took]) -> list[list[Took]]:
    """The results of each run, all of them taking turns; who begins changes from round to round."""
    results: list[list[Took]] = [[] for _ in runs]
    for number in range(rounds):
        order = range(len(runs)) if number % 2 == 0 else reversed(range(len(runs)))
        for which in order:
            results[which].append(runs[which]())
    return results
