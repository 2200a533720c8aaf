"""Verifying a model against its reference, beside llama.cpp's own perplexity tool with both of its passes.

Run: `python -m tests.benchmarks.verify_speed MODEL.gguf REFERENCE.gguf LLAMA_PERPLEXITY TEXT [--chunks 32]`, with files
converted from a checkpoint that `tests.benchmarks.random_checkpoint` wrote, say. Both programs take turns over the same
chunks, so that a busy machine slows them alike. Printed are seconds by the clock and of the processor, the ratio, and
with `--figures` how far the figures are apart. Where other work runs beside, look at processor seconds with
`--threads 1`: with more, llama.cpp's threads wait for each other by turning round.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from finr1_convert.verification import Verification, verify
from tests.convert.record_verification import figures


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of the processor, of this process's children."""
    before, started = os.times(), time.perf_counter()
    work()
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - started, used


def both_passes(tool: str, model: Path, reference: Path, text: Path, chunks: int, threads: int) -> None:
    """What is done by hand with llama.cpp: the reference's logits into a file, then the comparison."""
    with tempfile.TemporaryDirectory(dir=model.parent) as folder:
        common = ["-c", "512", "-t", str(threads), "--chunks", str(chunks)]
        common += ["--kl-divergence-base", str(Path(folder) / "base")]
        for arguments in (["-m", str(reference), "-f", str(text)], ["-m", str(model), "--kl-divergence"]):
            subprocess.run([tool, *arguments, *common], check=True, capture_output=True)


def compare_figures(found: Verification, tool: dict[str, float]) -> None:
    """Print every figure of both and the distance."""
    ours = found.figures
    pairs = {
        "reference_perplexity": ours.reference_perplexity.value,
        "perplexity": ours.perplexity.value,
        "divergence": ours.divergence.value,
        "divergence_median": ours.divergence_median,
        "divergence_p95": ours.divergence_p95,
        "divergence_p99": ours.divergence_p99,
        "divergence_max": ours.divergence_max,
        "same_first_choice": ours.same_first_choice.value,
    }
    for name, value in pairs.items():
        print(f"{name:22} {value:16.6f} {tool[name]:16.6f}  {value / tool[name] - 1:+.3%}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("reference", type=Path)
    parser.add_argument("tool")
    parser.add_argument("text", type=Path)
    parser.add_argument("--chunks", type=int, default=32, help="of 512 tokens")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--figures", action="store_true", help="compare the figures, too: two more passes of the tool")
    arguments = parser.parse_args()
    model, reference, text = arguments.model, arguments.reference, arguments.text
    chunks, threads = arguments.chunks, arguments.threads
    theirs: list[tuple[float, float]] = []
    ours: list[tuple[float, float]] = []
    for _ in range(arguments.rounds):
        theirs.append(timed(lambda: both_passes(arguments.tool, model, reference, text, chunks, threads)))
        ours.append(timed(lambda: verify(model, reference, text, chunks=chunks, threads=threads)))
    for index, name in enumerate(("by the clock", "of the processor")):
        pairs = [(mine[index], yours[index]) for mine, yours in zip(ours, theirs, strict=True)]
        each = ", ".join(f"{mine:.1f} and {yours:.1f} s" for mine, yours in pairs)
        print(f"seconds {name}: ratio {statistics.median(mine / yours for mine, yours in pairs):.3f} ({each})")
    if arguments.figures:
        found = verify(model, reference, text, chunks=chunks, threads=threads)
        compare_figures(found, figures(arguments.tool, model, reference, text, 512, chunks))


if __name__ == "__main__":
    main()
