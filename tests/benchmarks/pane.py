"""What the chat pane costs: while a long answer streams in, when a long conversation is opened, when it is scrolled.

Run: `python -m tests.benchmarks.pane [stream|open] [--rounds N] [--seconds S] [--sources] [--offscreen]`.
Each measurement is a process of its own with the application's own window, under Xvfb where there is one and
offscreen. Delays are told by a second process, as events from outside are: from the moment at which it writes a byte
to the moment at which the window has handled it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from contextlib import nullcontext
from typing import Any

from tests.helpers import x11

BARS = {
    "stall_p99_ms": 16.0,
    "stall_worst_ms": 60.0,
    "processor_share": 0.35,
    "last_against_first": 1.3,
    "key_p99_ms": 16.0,
    "first_screen_ms": 150.0,
    "more_memory_mb": 250.0,
    "scroll_p99_ms": 16.0,
}


def child(part: str, *arguments: str, display: str | None) -> dict[str, Any]:
    """Runs one measurement in a fresh interpreter; its last line of output is the result."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "xcb" if display else "offscreen"}
    if display:
        environment["DISPLAY"] = display
    command = [sys.executable, "-m", "tests.benchmarks.pane_child", part, *arguments]
    output = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    result: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    return result


def show(title: str, result: dict[str, Any]) -> None:
    print(title)
    for name, value in result.items():
        bar = BARS.get(name)
        verdict = "" if bar is None else f"   bar {bar:g}: {'met' if value <= bar else 'MISSED'}"
        print(f"    {name:22}{value:10.2f}{verdict}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=("stream", "open"))
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=54.0, help="how much of the answer is streamed, 54 s is all")
    parser.add_argument("--sources", action="store_true", help="formulas are shown as their sources, not drawn")
    parser.add_argument("--offscreen", action="store_true", help="not under Xvfb as well")
    arguments = parser.parse_args()
    formulas = "sources" if arguments.sources else "drawn"
    parts = {"stream": (formulas, str(arguments.seconds)), "open": (formulas,)}
    under_x11 = x11.is_available() and not arguments.offscreen
    with x11.virtual_screen() if under_x11 else nullcontext(None) as screen:
        for display in (None, screen) if under_x11 else (None,):
            for name, extra in parts.items():
                if arguments.part in (None, name):
                    for number in range(arguments.rounds):
                        title = f"{name} {'under Xvfb' if display else 'offscreen'}, round {number + 1}"
                        show(title, child(name, *extra, display=display))


if __name__ == "__main__":
    main()
