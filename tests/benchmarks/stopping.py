"""How soon a prefill stops, and what the micro-batch that makes it so costs.

Run: `python -m tests.benchmarks.stopping MODEL.gguf [--tokens 512] [--rounds 2] [--threads N] [--stops 5]`. First
llama.cpp alone, the micro-batches taking turns: tokens a second, and the longest time between two nodes of a graph,
which is how long a stop may have to wait. Then the engine: the time from asking for a stop until the request has ended,
at moments spread over a prefill. For Fin-R1's size, take a file that `tests.benchmarks.random_7b` wrote.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Final

from finr1_desk.core.events import Finished, GenerateRequest, ModelRequest, Started
from finr1_desk.core.prompts import Turn
from finr1_desk.engine import llama
from finr1_desk.engine.client import EngineClient
from finr1_desk.engine.plan import micro_batch, offload
from finr1_desk.engine.plan.gguf_facts import read_facts
from tests.helpers.engine_events import Recorder

BATCHES: Final = (32, 64, 128, 512)


def measure_batches(path: Path, tokens: int, rounds: int, threads: int) -> dict[int, dict[str, float]]:
    """For each micro-batch the median speed, by the clock and by the processor's time, and the longest node."""
    gaps: list[float] = []
    last = 0.0

    def node() -> bool:
        nonlocal last
        now = time.perf_counter()
        gaps.append(now - last)
        last = now
        return False

    model = llama.Model(str(path), llama.LlamaLog(lambda _line: None))
    prompt = [1000 + place % 500 for place in range(tokens)]
    speeds: dict[int, list[float]] = {size: [] for size in BATCHES}
    processor: dict[int, list[float]] = {size: [] for size in BATCHES}
    longest: dict[int, list[float]] = {size: [] for size in BATCHES}
    for _ in range(rounds):
        for size in BATCHES:
            context = llama.Context(
                model, length=tokens + 64, threads=threads, threads_prefill=threads, micro_batch=size, should_abort=node
            )
            gaps.clear()
            started, used = time.perf_counter(), time.process_time()
            for start in range(0, tokens, size):
                last = time.perf_counter()
                context.prefill(0, prompt[start : start + size], want_logits=start + size >= tokens)
            speeds[size].append(tokens / (time.perf_counter() - started))
            processor[size].append(tokens / (time.process_time() - used))
            longest[size].append(max(gaps))
            context.close()
    model.close()
    return {
        size: {
            "tokens_per_s": statistics.median(speeds[size]),
            "tokens_per_processor_s": statistics.median(processor[size]),
            "longest_node_ms": 1000 * statistics.median(longest[size]),
        }
        for size in BATCHES
    }


def measure_stops(path: Path, stops: int, threads: int) -> list[float]:
    """Milliseconds from asking for a stop until the request has ended, for stops at random moments of a prefill."""
    choose = random.Random(1)
    question = "profit margin " * 300
    model = ModelRequest(str(path), 8192, gpu_layers=0, threads=threads)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        seen = Recorder()
        client = EngineClient(Path(folder), seen, kind="benchmark")
        try:
            for number in range(stops + 1):
                turns = (Turn("user", f"{number} {question}"),)
                request = client.generate(GenerateRequest(model, turns))
                while not seen.of(Started, request):
                    if seen.of(Finished, request):
                        raise RuntimeError(f"it did not start: {seen.finished(request)}")
                    threading.Event().wait(0.05)
                threading.Event().wait(choose.uniform(0.1, 3.0))
                asked = time.monotonic()
                client.cancel(request)
                seen.finished(request)
                ended = next(
                    when
                    for event, when in zip(seen.events, seen.times, strict=True)
                    if isinstance(event, Finished) and event.request == request
                )
                found.append(1000 * (ended - asked))
        finally:
            client.close(timeout=30.0)
    return found[1:]  # the first one came upon cold memory


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=offload.usable_cores())
    parser.add_argument("--stops", type=int, default=5)
    options = parser.parse_args()
    chosen = micro_batch.on_processor(read_facts(str(options.model)).numbers, options.threads)
    batches = measure_batches(options.model, options.tokens, options.rounds, options.threads)
    ratios = {
        f"chosen_to_fastest_by_{name}": batches[chosen][name] / max(figures[name] for figures in batches.values())
        for name in ("tokens_per_s", "tokens_per_processor_s")
    }
    stops = measure_stops(options.model, options.stops, options.threads)
    result: dict[str, Any] = {
        "threads": options.threads,
        "chosen": chosen,
        "batches": batches,
        **ratios,
        "stop_ms": stops,
        "longest_stop_ms": max(stops),
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
