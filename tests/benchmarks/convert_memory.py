"""Memory and disk of converting a checkpoint of Fin-R1's size, under a limit on each process's memory (Linux).

Run: `python -m tests.benchmarks.convert_memory CHECKPOINT [--type f16 …] [--limit MIB]`, where CHECKPOINT is a folder
that `tests.benchmarks.random_checkpoint --shape fin-r1 --zeros` wrote: 15.2 GB that take no room. The output does, and
is removed again. What does not fit under the limit fails.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.convert_speed import run


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--type", action="append")
    parser.add_argument("--limit", type=int, default=1536, help="MiB, of each process")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.checkpoint.parent) as temporary:
        output = Path(temporary) / "output.gguf"
        command = [sys.executable, "-m", "finr1_convert", str(arguments.checkpoint), str(output)]
        for kind in arguments.type or ["f16", "Q4_K_M"]:
            options = ["--type", kind, "--threads", str(arguments.threads)]
            cost = run([*command, *options], Path(temporary), arguments.limit << 20)
            print(
                f"{kind}: {cost.memory / 1e6:.0f} MB of anonymous memory, {cost.disk / 1e9:.2f} GB of disk,"
                f" {output.stat().st_size / 1e9:.2f} GB of file, {cost.wall:.0f} s, {cost.processor:.0f} s processor",
                flush=True,
            )
            output.unlink()


if __name__ == "__main__":
    main()
