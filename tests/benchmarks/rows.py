"""What several rows cost at once in llama.cpp itself, by the ways in which it can be set up.

Run: `python -m tests.benchmarks.rows MODEL.gguf [--ways NAME …] [--rows N …] [--steps N] [--rounds N] [--held N]`, with
a file that `tests.benchmarks.random_7b` wrote, for example. A row is the next token of a sequence of its own, with its
logits, as it is when several programs are answered at once; each sequence holds so many tokens already. There is
nothing around `llama_decode`. Row counts take turns within each way.

`gain` is how many times as many tokens come as from a single row, set up as it is by default.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llama_cpp


@dataclass(frozen=True)
class Way:
    """One way to set llama.cpp up. `threads` 0 for all processors there are."""

    extra_buffers: bool = True
    flash_attention: bool = True
    threads: int = 0
    micro_batch: int = 64


WAYS = {
    "default": Way(),
    "no repacked weights": Way(extra_buffers=False),
    "no flash attention": Way(flash_attention=False),
    "one thread": Way(threads=1),
    "twice the threads": Way(threads=2 * (os.cpu_count() or 1)),
    "large micro-batch": Way(micro_batch=512),
}


_SILENCE = llama_cpp.llama_log_callback(lambda *_: None)  # kept as long as llama.cpp calls it


@contextmanager
def loaded(path: Path, way: Way) -> Iterator[Any]:
    params = llama_cpp.llama_model_default_params()
    params.n_gpu_layers = 0
    params.use_extra_bufts = way.extra_buffers
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
    assert model
    yield model
    llama_cpp.llama_model_free(model)


class Rows:
    """A context in which sequences grow side by side."""

    def __init__(self, model: Any, way: Way, most: int, held: int, steps: int) -> None:
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = held + most * (steps + 1) + 256
        params.n_batch = params.n_ubatch = max(way.micro_batch, most)
        params.n_seq_max = params.n_outputs_max = most
        params.n_threads = params.n_threads_batch = way.threads or os.cpu_count() or 1
        params.kv_unified = True
        params.no_perf = True
        enabled, disabled = llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED, llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.flash_attn_type = enabled if way.flash_attention else disabled
        self._context = llama_cpp.llama_init_from_model(model, params)
        assert self._context
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._size = max(way.micro_batch, most)
        self._batch = llama_cpp.llama_batch_init(self._size, 0, 1)
        self._held = held
        for start in range(0, held, self._size):
            places = range(start, min(start + self._size, held))
            self._decode([(place, 0, 1000 + place % 997) for place in places], wanted=False)
        for sequence in range(1, most):
            llama_cpp.llama_memory_seq_cp(self._memory, 0, sequence, 0, -1)

    def _decode(self, rows: list[tuple[int, int, int]], *, wanted: bool = True) -> None:
        batch = self._batch
        batch.n_tokens = len(rows)
        for index, (place, sequence, token) in enumerate(rows):
            batch.token[index], batch.pos[index] = token, place
            batch.n_seq_id[index], batch.seq_id[index][0], batch.logits[index] = 1, sequence, wanted
        assert llama_cpp.llama_decode(self._context, batch) == 0

    def seconds(self, rows: int, steps: int) -> float:
        """Of one step, the median of so many."""
        took = []
        for step in range(steps):
            began = time.perf_counter()
            self._decode([(self._held + step, sequence, 2000 + 31 * sequence + step) for sequence in range(rows)])
            llama_cpp.llama_synchronize(self._context)
            took.append(time.perf_counter() - began)
        for sequence in range(rows):
            llama_cpp.llama_memory_seq_rm(self._memory, sequence, self._held, -1)
        return statistics.median(took)

    def close(self) -> None:
        llama_cpp.llama_batch_free(self._batch)
        llama_cpp.llama_free(self._context)


def be_quiet() -> None:
    """Begins with llama.cpp, which then says nothing."""
    llama_cpp.llama_log_set(_SILENCE, None)
    llama_cpp.llama_backend_init()


def measured(path: Path, way: Way, counts: list[int], *, held: int, steps: int, rounds: int) -> dict[int, float]:
    """Seconds of a step with so many rows."""
    with loaded(path, way) as model:
        rows = Rows(model, way, max(counts), held, steps)
        rows.seconds(max(counts), 1)
        found: dict[int, list[float]] = {count: [] for count in counts}
        for number in range(rounds):
            for count in counts if number % 2 == 0 else reversed(counts):
                found[count].append(rows.seconds(count, steps))
        rows.close()
    return {count: statistics.median(times) for count, times in found.items()}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--rows", nargs="+", type=int, default=[1, 2, 4, 6, 8, 10, 12, 15, 16, 24, 32])
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--held", type=int, default=256)
    options = parser.parse_args()
    be_quiet()
    how = {"held": options.held, "steps": options.steps, "rounds": options.rounds}
    alone = 0.0
    for name in dict.fromkeys(["default", *options.ways]):
        found = measured(options.model, WAYS[name], sorted({1, *options.rows}), **how)
        alone = alone or found[1]
        gains = {str(count): round(count * alone / seconds, 2) for count, seconds in found.items()}
        costs = {str(count): round(seconds / found[1], 2) for count, seconds in found.items()}
        print(json.dumps({"way": name, "one_row_s": round(found[1], 4), "cost": costs, "gain": gains}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
