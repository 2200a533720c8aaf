"""Measures the engine as a client sees it, beside a bare llama.cpp loop in the worker's own process.

Owns a worker for itself, what it is asked, and the arithmetic of the results; the texts it asks are its own and mean
nothing. Ours and bare take turns within one run, so that a busy machine slows both alike: their ratio is the result,
the absolute figures belong to the moment. It says nothing in any language and changes no setting.
"""

from __future__ import annotations

import json
import queue
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import connection as mp
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import psutil

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import (
    EngineEvent,
    Finished,
    GenerateRequest,
    LoadedModel,
    LoadProgress,
    ModelLoaded,
    ModelRequest,
    PrefillProgress,
    Started,
    TextProduced,
    TokensCounted,
)
from finr1_desk.core.prompts import Turn
from finr1_desk.engine import endpoint
from finr1_desk.engine.bench.results import Comparison, Plan, Sample
from finr1_desk.engine.bench.system import OthersAtWork, WorkerMemory, worker_memory
from finr1_desk.engine.client import EngineClient

_POLL_S: Final = 0.1  # how soon Ctrl-C is noticed where the system does not wake us
_LEAVE_S: Final = 15.0
LONGEST_PIECE: Final = 10  # characters of text to have at hand for each token that is wanted
SEED: Final = 1  # a given seed starts from an empty cache
_WARM_UP_TOKENS: Final = 8
ANSWER_ROOM: Final = 64  # the engine leaves that much of a context to the answer, however short it is to be
_QUESTION: Final = "What do these figures say about the growth of revenue and profit? 请说明理由。"
GREEDY: Final = {"temperature": 0.0, "repetition_penalty": 1.0}


@dataclass(frozen=True, slots=True)
class Answered:
    """A request from asking to its end; times are of `time.perf_counter`."""

    started: Started
    finished: Finished
    text: str
    sent_at: float
    started_at: float
    prefilled_at: float
    finished_at: float
    processor_s: float


class Bench:
    """A worker of its own with one model; to be used as a context, by one thread.

    Args:
        runtime: an empty folder that exists, for this alone: the application's own worker is not disturbed.
        on_progress: gets a fraction from 0 to 1 while the model loads.
    """

    def __init__(self, runtime: Path, model: ModelRequest, on_progress: Callable[[float], None]) -> None:
        self._runtime = runtime
        self._model = model
        self._on_progress = on_progress
        self._events: queue.SimpleQueue[tuple[float, EngineEvent]] = queue.SimpleQueue()
        command = [sys.executable, "-P", "-m", "finr1_desk.engine.bench.worker", "--runtime", str(runtime.absolute())]
        self._client = EngineClient(
            runtime, lambda event: self._events.put((time.perf_counter(), event)), kind="bench", command=command
        )
        self._bare: Connection | None = None
        self._others = OthersAtWork()
        self._loaded: LoadedModel | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._client.close(_LEAVE_S)
        if self._bare is not None:
            self._bare.close()
        found = endpoint.read(self._runtime / endpoint.BARE_FOLDER)
        if found is not None:
            endpoint.withdraw(self._runtime / endpoint.BARE_FOLDER, found)

    def load(self) -> Plan:
        """Starts the worker and loads the model.

        Raises:
            UserError: any of the model and engine codes.
        """
        asked_at = time.perf_counter()
        request = self._client.load(self._model)
        while True:
            at, event = self._next()
            if isinstance(event, LoadProgress):
                self._on_progress(event.fraction)
            elif isinstance(event, ModelLoaded):
                self._loaded = event.model
                break
            elif isinstance(event, Finished) and event.request == request:
                _check(event)
        self._bare = self._connected()
        found = self._ask_bare({"ask": "prepare"})
        return Plan(
            model=self._loaded,
            ready_s=at - asked_at,
            kv_type=found["kv_type"],
            threads_prefill=found["threads_prefill"],
            micro_batch=found["micro_batch"],
            llama_cpp=found["llama_cpp"],
        )

    def memory(self) -> WorkerMemory:
        """What the worker holds now; take it before the bare loop has run, whose context is not the engine's."""
        try:
            return worker_memory(self._pid, self._model.path, self._facts.memory_bytes)
        except psutil.Error as error:
            raise UserError(ErrorCode.ENGINE_DIED, stage="idle", exit_code=None) from error

    def others_at_work(self) -> float:
        """The share of the machine that went to other programs so far, from 0 to 1."""
        return self._others.share(self._pid)

    # -- what is measured

    def prefill(self, tokens: int, rounds: int) -> Comparison:
        """Reading a prompt of about so many tokens, or of what fits, into an empty cache.

        Raises:
            UserError: whatever keeps the engine from answering.
        """
        turns = self.sized(min(tokens, self._facts.context_length - ANSWER_ROOM))

        def ours() -> Sample:
            self.empty()
            answered = self.answer(turns, 1, GREEDY, seed=SEED)
            took = answered.prefilled_at - answered.started_at
            return Sample(answered.started.prompt_tokens, took, answered.processor_s)

        def bare() -> Sample:
            done = self._bare_run(turns, 1)
            return Sample(int(done["prompt_tokens"]), done["prefill_s"], done["processor_s"])

        return self._compared(ours, bare, rounds)

    def decode(self, tokens: int, rounds: int, *, greedy: bool) -> Comparison:
        """Writing so many tokens, or what fits; greedily, or sampled as the model recommends.

        Raises:
            UserError: whatever keeps the engine from answering.
        """
        turns = (Turn("user", _QUESTION),)
        prompt_tokens = self.count(turns)
        tokens = max(2, min(tokens, self._facts.context_length - prompt_tokens - 1))
        sampling = GREEDY if greedy else {}

        def ours() -> Sample:
            self.empty()
            answered = self.answer(turns, tokens, sampling, seed=SEED)
            took = answered.finished_at - answered.prefilled_at
            return Sample(answered.finished.usage.completion_tokens, took, answered.processor_s)

        def bare() -> Sample:
            done = self._bare_run(turns, tokens)
            return Sample(tokens, done["decode_s"], done["processor_s"])

        return self._compared(ours, bare, rounds, prompt_tokens)

    def decode_with(self, threads: int, tokens: int) -> Sample:
        """Decoding with so many threads, by the bare loop: nothing has to be loaded again.

        Raises:
            UserError: `OUT_OF_MEMORY`, `DECODE_FAILED`, `ENGINE_DIED`.
        """
        turns = (Turn("user", _QUESTION),)
        self._bare_run(turns, 2, threads)  # a new context's first token costs more
        done = self._bare_run(turns, tokens, threads)
        return Sample(tokens, done["decode_s"], done["processor_s"])

    def _compared(
        self, ours: Callable[[], Sample], bare: Callable[[], Sample], rounds: int, prompt_tokens: int | None = None
    ) -> Comparison:
        """Both in turns, and each first in every other round, for what one leaves in the processor's caches."""
        warm = (Turn("user", "."),)
        self.answer(warm, _WARM_UP_TOKENS, GREEDY, seed=SEED)
        self._bare_run(warm, _WARM_UP_TOKENS)
        pairs = []
        for number in range(rounds):
            if number % 2:
                second = bare()
                pairs.append((ours(), second))
            else:
                pairs.append((ours(), bare()))
        read = pairs[0][0].tokens if prompt_tokens is None else prompt_tokens
        return Comparison(read, tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs))

    # -- prompts of a given size

    def sized(self, tokens: int) -> tuple[Turn, ...]:
        """A question whose prompt has at most so many tokens, and nearly as many.

        Raises:
            UserError: `CONTEXT_TOO_LONG`: not even an empty one is that short.
        """
        least = self.count((Turn("user", "."),))
        if tokens < least:
            limit = self._facts.context_length
            raise UserError(ErrorCode.CONTEXT_TOO_LONG, tokens=limit - tokens + least, limit=limit, over=least - tokens)
        text = "".join(map(_line, range(tokens * LONGEST_PIECE // len(_line(0)) + 1)))
        fits, too_long = 1, len(text) + 1
        while too_long - fits > 1:
            middle = (fits + too_long) // 2
            if self.count((Turn("user", text[:middle]),)) <= tokens:
                fits = middle
            else:
                too_long = middle
        return (Turn("user", text[:fits]),)

    def count(self, turns: tuple[Turn, ...]) -> int:
        request = self._client.count(self._model, turns)
        while True:
            _, event = self._next()
            if isinstance(event, TokensCounted) and event.request == request:
                return event.tokens
            if isinstance(event, Finished) and event.request == request:
                _check(event)

    # -- the two sides

    def settle(self) -> None:
        """Waits until the engine has nothing left to do, for nobody either."""
        self._ask_bare({"ask": "settle"})

    def empty(self) -> None:
        """Waits as `settle` does; then the engine holds no conversation any more."""
        self._ask_bare({"ask": "empty"})

    def answer(
        self,
        turns: tuple[Turn, ...],
        tokens: int,
        sampling: Mapping[str, float | int],
        seed: int | None = None,
        **more: Any,
    ) -> Answered:
        """Asks, and waits for the end; `more` goes into the `GenerateRequest`.

        Raises:
            UserError: what the answer ended with.
        """
        processor = self._processor_s()
        sent_at = time.perf_counter()
        request = self._client.generate(
            GenerateRequest(
                self._model,
                turns,
                overrides={**sampling, "max_tokens": tokens},
                seed=seed,
                prompt_lookup=False,  # the bare loop computes every token by itself
                **more,
            )
        )
        started: Started | None = None
        started_at = prefilled_at = sent_at
        text = ""
        while True:
            at, event = self._next()
            if getattr(event, "request", None) != request:
                continue
            if isinstance(event, Started):
                started, started_at = event, at
            elif isinstance(event, PrefillProgress):
                prefilled_at = at
            elif isinstance(event, TextProduced):
                text += event.text
            elif isinstance(event, Finished):
                _check(event)
                assert started is not None
                used = self._processor_s() - processor
                return Answered(started, event, text, sent_at, started_at, prefilled_at, at, used)

    def _bare_run(self, turns: Sequence[Turn], tokens: int, threads: int = 0) -> dict[str, float]:
        return self._ask_bare(
            {
                "ask": "run",
                "turns": [[turn.role, turn.content] for turn in turns],
                "tokens": tokens,
                "threads": threads,
            }
        )

    def _ask_bare(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        assert self._bare is not None
        try:
            self._bare.send_bytes(json.dumps(asked).encode())
            while not self._bare.poll(_POLL_S):
                pass
            answer: dict[str, Any] = json.loads(self._bare.recv_bytes())
        except (OSError, EOFError) as error:
            raise UserError(ErrorCode.ENGINE_DIED, stage="decode", exit_code=None) from error
        if "code" in answer:
            raise UserError(ErrorCode(answer["code"]), **answer["params"])
        return answer

    def _connected(self) -> Connection:
        found = endpoint.read(self._runtime / endpoint.BARE_FOLDER)
        try:
            if found is None:
                raise FileNotFoundError(endpoint.BARE_FOLDER)
            return mp.Client(found.address, found.family, authkey=found.secret)
        except (OSError, EOFError) as error:
            raise UserError(ErrorCode.ENGINE_START_FAILED, reason=str(error)) from error

    def _next(self) -> tuple[float, EngineEvent]:
        while True:
            try:
                return self._events.get(timeout=_POLL_S)
            except queue.Empty:
                continue

    def _processor_s(self) -> float:
        """Seconds of the processor that worker and client have used."""
        try:
            theirs = psutil.Process(self._pid).cpu_times()
        except psutil.Error as error:
            raise UserError(ErrorCode.ENGINE_DIED, stage="idle", exit_code=None) from error
        return float(theirs.user + theirs.system) + time.process_time()

    @property
    def context_length(self) -> int:
        return self._facts.context_length

    @property
    def _pid(self) -> int:
        pid = self._client.worker_pid
        if pid is None:
            raise UserError(ErrorCode.ENGINE_DIED, stage="idle", exit_code=None)
        return pid

    @property
    def _facts(self) -> LoadedModel:
        assert self._loaded is not None
        return self._loaded


def _line(number: int) -> str:
    """A line of figures as reports have them, no two alike."""
    revenue, growth = 1200 + 37 * number, (number * 7) % 40 - 12
    return (
        f"In quarter {number + 1} revenue was {revenue:,} million yuan, a change of {growth}%. "
        f"第{number + 1}季度营业收入{revenue}百万元，同比变化{growth}%。\n"
    )


def _check(finished: Finished) -> None:
    if finished.code is not None:
        raise UserError(finished.code, **finished.params)
