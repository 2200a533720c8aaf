"""What the window costs: to start, to paint an answer, to stand idle; each as a ratio to a plain one in the same run.

Run: `python -m tests.benchmarks.window [start|speed|idle] [--rounds N]`. Each measurement is a process of its own,
under Xvfb where there is one, else offscreen. Plain and ours take turns, so a busy machine slows both.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.helpers import x11

STORED = 10_000
SPEED_TOKENS = 3000
IDLE_S = 10.0


def child(part: str, *arguments: str, display: str | None) -> dict[str, Any]:
    """Runs one measurement in a fresh interpreter; its last line of output is the result."""
    environment = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", "STARTED": str(time.time())}
    environment["QT_QPA_PLATFORM"] = "xcb" if display else "offscreen"
    if display:
        environment["DISPLAY"] = display
    command = [sys.executable, "-m", "tests.benchmarks.window_child", part, *arguments]
    output = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    result: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    return result


def median_ratio(ours: list[float], plain: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(ours, plain, strict=True))


def fill_store(data_dir: Path) -> None:
    from finr1_desk.store.database import Store
    from finr1_desk.store.keys import obtain_key
    from finr1_desk.store.paths import resolve_data_dir
    from finr1_desk.store.writers import this_writer

    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    paths = resolve_data_dir(data_dir)
    store = Store.open(paths.database, obtain_key(paths).key, writer=this_writer())
    store._db.row("PRAGMA synchronous = OFF")  # filling it is not what is measured
    for number in range(STORED):
        conversation = store.create_conversation(None)
        store.add_question(conversation.id, None, f"Question {number}: 第{number}季度的净利润率是多少？")
    store.close()


def start(folder: Path, display: str | None, rounds: int) -> None:
    data = folder / "data"
    fill_store(data)
    plain, ready, listed = [], [], []
    for _ in range(rounds):
        plain.append(child("bare", display=display)["painted"])
        ours = child("start", str(data), display=display)
        ready.append(ours["painted"])
        listed.append(ours["listed"])
    print(f"bare window painted {statistics.median(plain) * 1000:7.0f} ms")
    for what, times in (("composer ready     ", ready), (f"list of {STORED:,}     ", listed)):
        print(f"{what} {statistics.median(times) * 1000:7.0f} ms, ratio {median_ratio(times, plain):.2f}")


def speed(folder: Path, display: str | None, rounds: int) -> None:
    from tests.helpers.tiny_models import QWEN2, endless, write_model

    shape = replace(QWEN2, vocabulary=32_000, layers=4, embedding=256, feed_forward=512, context=8192)
    model = write_model(folder / "model.gguf", endless(model=shape, words=2000, paragraph=50, opening=("<think>\n",)))
    for threads in (1, 2):
        without, painted = [], []
        for number in range(rounds):
            without.append(
                child("write", str(folder / f"a{threads}{number}"), str(model), str(threads), display=display)
            )
            painted.append(
                child("paint", str(folder / f"b{threads}{number}"), str(model), str(threads), display=display)
            )
        slow = [result["tokens_per_s"] for result in without]
        fast = [result["tokens_per_s"] for result in painted]
        print(
            f"{threads} thread(s): without a window {statistics.median(slow):6.0f} tokens/s, "
            f"with one painting {statistics.median(fast):6.0f}, ratio {median_ratio(fast, slow):.3f}"
        )


def idle(folder: Path, display: str | None, rounds: int) -> None:
    data = folder / "data"
    fill_store(data)
    plain, ours, used = [], [], []
    for _ in range(rounds):
        plain.append(child("bare-idle", display=display)["memory"])
        result = child("idle", str(data), display=display)
        ours.append(result["memory"])
        used.append(result["processor_share"])
    more = statistics.median(a - b for a, b in zip(ours, plain, strict=True))
    print(f"memory beyond a bare window    {more / 1e6:6.0f} MB")
    print(f"processor share while idle     {statistics.median(used) * 100:6.2f} % of one core")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("part", nargs="?", choices=("start", "speed", "idle"))
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    parts = {"start": start, "speed": speed, "idle": idle}
    with x11.virtual_screen() if x11.is_available() else nullcontext(None) as display:
        for name, measure in parts.items():
            if arguments.part in (None, name):
                with tempfile.TemporaryDirectory() as folder:
                    measure(Path(folder), display, arguments.rounds)


if __name__ == "__main__":
    main()
