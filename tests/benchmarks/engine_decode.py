"""Tokens per second through worker, sampler and client against a bare llama_decode loop, as a ratio in one run.

Run: `python -m tests.benchmarks.engine_decode [--threads N] [--vocabulary N] [--rounds N]`. The model is small, with
a large vocabulary and peaked logits, so that what surrounds llama.cpp weighs as much as it can. Both loops take turns
within one run, so a busy machine slows them alike; the median over rounds is the result.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import psutil

from finr1_desk.core.events import GenerateRequest, ModelLoaded, ModelRequest
from finr1_desk.core.prompts import Turn
from finr1_desk.engine import llama
from finr1_desk.engine.client import EngineClient
from tests.helpers.engine_events import Recorder
from tests.helpers.tiny_models import QWEN2, endless, write_model

TOKENS = 1500
CONTEXT = 2048


def bare(path: Path, threads: int) -> tuple[float, float]:
    """Tokens per second, and per second of processor time, of `llama_decode` and argmax and nothing else."""
    log = llama.LlamaLog(lambda _line: None)
    model = llama.Model(str(path), log)
    context = llama.Context(
        model,
        length=CONTEXT,
        threads=threads,
        threads_prefill=threads,
        micro_batch=128,
        should_abort=lambda: False,
    )
    context.prefill(0, model.vocabulary.tokenise("Hello\n", parse_special=False), want_logits=True)
    started, used = time.perf_counter(), time.process_time()
    for _ in range(TOKENS):
        context.append(0, int(context.logits().argmax()))
    took, used = time.perf_counter() - started, time.process_time() - used
    context.close()
    model.close()
    return TOKENS / took, TOKENS / used


def engine(client: EngineClient, recorder: Recorder, path: Path, threads: int) -> tuple[float, float]:
    """The same with everything around it, as a client sees it; sampled as Fin-R1 is by default."""
    assert client.worker_pid is not None
    worker = psutil.Process(client.worker_pid)
    used = -_processor_time(worker)
    request = client.generate(
        GenerateRequest(
            ModelRequest(str(path), CONTEXT, threads=threads),
            (Turn("user", "Hello"),),
            overrides={"max_tokens": TOKENS},
        )
    )
    finished = recorder.finished(request)
    assert finished.usage.completion_tokens == TOKENS, finished
    used += _processor_time(worker)
    times = [
        at
        for event, at in zip(recorder.events, recorder.times, strict=True)
        if getattr(event, "request", None) == request
    ]
    started = times[2]  # after Started and PrefillProgress: the first text
    return TOKENS / (times[-1] - started), TOKENS / used


def _processor_time(worker: psutil.Process) -> float:
    theirs = worker.cpu_times()
    return theirs.user + theirs.system + time.process_time()


def _line(name: str, ours: list[float], raw: list[float]) -> str:
    ratios = [a / b for a, b in zip(ours, raw, strict=True)]
    each = " ".join(f"{ratio:.2f}" for ratio in ratios)
    return (
        f"{name}: bare {statistics.median(raw):6.0f}, engine {statistics.median(ours):6.0f}, "
        f"ratio {statistics.median(ratios):.3f}  ({each})"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--vocabulary", type=int, default=151_936)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--embedding", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = write_model(
            Path(folder) / "model.gguf",
            endless(
                model=replace(
                    QWEN2,
                    vocabulary=arguments.vocabulary,
                    layers=arguments.layers,
                    embedding=arguments.embedding,
                )
            ),
        )
        recorder = Recorder()
        client = EngineClient(Path(folder), recorder, kind="benchmark")
        client.load(ModelRequest(str(path), CONTEXT, threads=arguments.threads))
        recorder.wait_for(ModelLoaded)
        engine(client, recorder, path, arguments.threads)  # warm
        raw: list[tuple[float, float]] = []
        ours: list[tuple[float, float]] = []
        for _ in range(arguments.rounds):
            raw.append(bare(path, arguments.threads))
            ours.append(engine(client, recorder, path, arguments.threads))
        client.close(timeout=10.0)
    print(_line("tokens per second          ", [a for a, _ in ours], [a for a, _ in raw]))
    print(_line("tokens per processor second", [b for _, b in ours], [b for _, b in raw]))


if __name__ == "__main__":
    main()
