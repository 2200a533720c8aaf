"""Converting and quantising against llama.cpp's own script and tool, as ratios in one run.

Run: `python -m tests.benchmarks.convert_speed CHECKPOINT --script convert_hf_to_gguf.py --python PYTHON --quantize
llama-quantize [--rounds N] [--threads N] [--type Q4_K_M]`, where CHECKPOINT is a folder that
`tests.benchmarks.random_checkpoint` wrote and PYTHON has what the script needs (torch, transformers, sentencepiece).
Each round runs all of them in turn, so that a busy machine slows them alike; the median over the rounds is the result.
The files are compared byte for byte. Disk is what lay in the folder of the outputs at most, memory the anonymous memory
of all processes together (Linux).
"""

from __future__ import annotations

import argparse
import filecmp
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import psutil

SAMPLE_SECONDS = 0.05
PACKAGE = Path(__file__).parents[2] / "convert"


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock and of the processor; bytes of disk and of anonymous memory at most."""

    wall: float
    processor: float
    disk: int
    memory: int

    def after(self, other: Cost) -> Cost:
        """The cost of ``other`` and then this."""
        disk, memory = max(self.disk, other.disk), max(self.memory, other.memory)
        return Cost(self.wall + other.wall, self.processor + other.processor, disk, memory)


class Watch:
    """Samples a folder and a process with its children while they are in work."""

    def __init__(self, process: psutil.Process, folder: Path) -> None:
        self.disk = self.memory = 0
        self._process = process
        self._folder = folder
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()

    def _sample(self) -> None:
        while not self._over.wait(SAMPLE_SECONDS):
            self.disk = max(self.disk, sum(_occupied(path) for path in self._folder.iterdir()))
            try:
                family = [self._process, *self._process.children(recursive=True)]
            except psutil.NoSuchProcess:
                continue
            self.memory = max(self.memory, sum(_anonymous(process.pid) for process in family))

    def stop(self) -> None:
        self._over.set()
        self._thread.join()


def _occupied(path: Path) -> int:
    try:
        return path.stat().st_blocks * 512
    except FileNotFoundError:
        return 0


def _anonymous(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    values = [int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon:")]
    return sum(values) * 1024


def run(command: list[str], folder: Path, limit: int | None = None) -> Cost:
    """Run the command to its end and say what it cost. What it prints goes nowhere; its failure ends the benchmark.

    With a ``limit``, none of its processes gets more than so many bytes of memory of its own.
    """
    # What others left to be written would be charged to this one.
    os.sync()
    before = os.times()
    started = perf_counter()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(PACKAGE), os.getenv("PYTHONPATH")]))}
    prefix = ["prlimit", f"--data={limit}"] if limit is not None else []
    with subprocess.Popen(
        [*prefix, *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment
    ) as child:
        watch = Watch(psutil.Process(child.pid), folder)
        _, stderr = child.communicate()
        watch.stop()
    wall = perf_counter() - started
    after = os.times()
    if child.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{stderr.decode()[-2000:]}")
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(wall, used, watch.disk, watch.memory)


def one_round(arguments: argparse.Namespace, folder: Path) -> dict[str, Cost]:
    """All the commands in turn; the outputs are compared and removed."""
    ours = [sys.executable, "-m", "finr1_convert", str(arguments.checkpoint)]
    script = [str(arguments.python), str(arguments.script), str(arguments.checkpoint)]
    paths = {name: folder / f"{name}.gguf" for name in ("f16", "their_f16", "stored", "quantised", "their_quantised")}
    # Ours lie elsewhere while theirs are made, so that each is charged with its own disk only.
    kept = folder.with_name("kept.gguf")
    costs = {"f16": run([*ours, str(paths["f16"]), "--type", "f16"], folder)}
    shutil.move(paths["f16"], kept)
    costs["their f16"] = run([*script, "--outfile", str(paths["their_f16"]), "--outtype", "f16"], folder)
    _same(kept, paths["their_f16"])
    kind, threads = arguments.type, str(arguments.threads)
    costs["quantised"] = run([*ours, str(paths["quantised"]), "--type", kind, "--threads", threads], folder)
    shutil.move(paths["quantised"], kept)
    stored = run([*script, "--outfile", str(paths["stored"]), "--outtype", "auto"], folder)
    tool = [str(arguments.quantize), str(paths["stored"]), str(paths["their_quantised"]), kind, threads]
    costs["their quantised"] = run(tool, folder).after(stored)
    _same(kept, paths["their_quantised"])
    paths["stored"].unlink()
    return costs


def _same(mine: Path, theirs: Path) -> None:
    if not filecmp.cmp(mine, theirs, shallow=False):
        sys.exit(f"{theirs.name} differs from ours")
    mine.unlink()
    theirs.unlink()


def _column(rounds: list[dict[str, Cost]], name: str, field: str) -> list[float]:
    return [getattr(costs[name], field) for costs in rounds]


def report(rounds: list[dict[str, Cost]]) -> None:
    """Medians of times and of their ratios, maxima of disk and memory."""
    for name in rounds[0]:
        wall, used = (statistics.median(_column(rounds, name, field)) for field in ("wall", "processor"))
        disk, memory = (max(_column(rounds, name, field)) / 1e6 for field in ("disk", "memory"))
        print(f"{name:16} {wall:7.1f} s  {used:7.1f} s processor  {disk:8.0f} MB disk  {memory:6.0f} MB memory")
    for name in ("f16", "quantised"):
        for field, meaning in (("wall", "by the clock"), ("processor", "of the processor")):
            pairs = zip(_column(rounds, name, field), _column(rounds, f"their {name}", field), strict=True)
            print(f"{name}: {statistics.median(mine / theirs for mine, theirs in pairs):.2f} x {meaning}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint", type=Path)
    for name in ("--script", "--python", "--quantize"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--type", default="Q4_K_M")
    arguments = parser.parse_args()
    rounds: list[dict[str, Cost]] = []
    with tempfile.TemporaryDirectory(dir=arguments.checkpoint.parent) as temporary:
        folder = Path(temporary) / "outputs"
        folder.mkdir()
        for number in range(arguments.rounds):
            rounds.append(one_round(arguments, folder))
            print(f"round {number + 1}, load {os.getloadavg()[0]:.1f}: same bytes", flush=True)
    report(rounds)


if __name__ == "__main__":
    main()
