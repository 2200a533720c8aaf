"""The longest that the pane keeps the window's thread with one thing, for the worst that can be written.

Run: `python -m tests.benchmarks.pane_stalls [--only PART OF A NAME] [--formulas]`. Each of the huge texts is opened as
a finished answer, read to its end while idle, scrolled, searched and copied; then it streams in, and is finished. The
figures are milliseconds of processor time for the longest single call of each kind; no event is handled meanwhile.
"""

from __future__ import annotations

import argparse
import gc
import os
import time
from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from finr1_desk.app.live import LiveStatus, Phase
from finr1_desk.core.conversation import MessageState, Part, PartKind
from finr1_desk.ui.desk import GC_THRESHOLDS
from finr1_desk.ui.look.theme import DARK, LIGHT
from finr1_desk.ui.pane.pane import ChatPane
from tests.ui.pane.huge import HUGE
from tests.ui.pane.samples import answer, question

BAR_MS = 200.0
STEPS = 24  # of a text that streams in
IDLE_S = 60.0  # then a text that is still being read is called endless


class Clock:
    """The longest single call of each kind, in milliseconds."""

    def __init__(self) -> None:
        self.worst: dict[str, float] = {}

    def __call__(self, kind: str, job: Callable[[], object]) -> None:
        started = time.process_time()
        job()
        taken = 1000 * (time.process_time() - started)
        self.worst[kind] = max(self.worst.get(kind, 0.0), taken)


def idle(pane: ChatPane, clock: Clock, kind: str) -> None:
    """Does all that the pane does unasked, one piece of work at a time."""
    deadline = time.process_time() + IDLE_S
    while pane._idle.isActive():
        clock(kind, pane._idle._on_timeout)
        if time.process_time() > deadline:
            raise SystemExit(f"{kind} does not end")


def opened(pane: ChatPane, text: str, clock: Clock) -> None:
    clock("opening", lambda: pane.set_messages([question("q"), answer([Part(PartKind.ANSWER, text)])], {}))
    clock("painting", pane.viewport().repaint)
    idle(pane, clock, "idle")
    bar = pane.verticalScrollBar()
    for value in (0, bar.maximum() // 2, bar.maximum() // 3, bar.maximum() // 3 + 300):
        clock("scrolling", partial(bar.setValue, value))
        clock("painting", pane.viewport().repaint)
    clock("finding", partial(pane.finding.look_for, "1", match_case=False))
    idle(pane, clock, "finding")
    clock("finding", partial(pane.finding.step, forward=True))
    clock("finding", partial(pane.finding.look_for, "", match_case=False))
    for view in pane.flow.views:
        for row in [row for row in view.rows if row.controls][:2]:
            for control in row.controls:
                if control.action.startswith("table:") or control.action.startswith("code:"):
                    clock("pressing", partial(pane.press, view.message.id, control.action))
                    clock("painting", pane.viewport().repaint)
                    idle(pane, clock, "idle")
    clock("copying", pane.select_all)
    clock("copying", pane.copy)
    QGuiApplication.clipboard().clear()
    idle(pane, clock, "idle")
    for kind, change in (
        ("zooming", partial(pane.set_text_scale, 110)),
        ("zooming", partial(pane.set_text_scale, 100)),
        ("resizing", partial(pane.resize, 700, 700)),
        ("resizing", partial(pane.resize, 900, 700)),
        ("theming", partial(pane.set_theme, DARK)),
        ("theming", partial(pane.set_theme, LIGHT)),
    ):
        clock(kind, change)
        clock("painting", pane.viewport().repaint)
        idle(pane, clock, "idle")


def streamed(pane: ChatPane, text: str, clock: Clock) -> None:
    writing = answer([Part(PartKind.ANSWER, text[:1])], state=MessageState.WRITING)
    pane.set_messages([question("q"), writing], {"a1": LiveStatus(Phase.ANSWERING)})
    for step in range(1, STEPS + 1):
        message = answer([Part(PartKind.ANSWER, text[: len(text) * step // STEPS])], state=MessageState.WRITING)
        clock("growing", lambda message=message: pane.update_message(message, LiveStatus(Phase.ANSWERING)))
        clock("painting", pane.viewport().repaint)
        idle(pane, clock, "idle")
    clock("finishing", lambda: pane.update_message(answer([Part(PartKind.ANSWER, text)]), None))
    clock("painting", pane.viewport().repaint)
    idle(pane, clock, "idle")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication([])
    pane = ChatPane(LIGHT)
    pane.resize(900, 700)
    pane.show()
    application.processEvents()
    opened(pane, "warm up $x$ `code`\n\n| a |\n|---|\n| 1 |\n\n```python\nx\n```", Clock())
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    for name, text in HUGE.items():
        if arguments.only in name:
            gc.collect()  # as the application does while it is idle
            clock = Clock()
            opened(pane, text, clock)
            streamed(pane, text, clock)
            pane.set_messages([], {})
            application.processEvents()
            figures = "  ".join(f"{kind} {worst:.0f}" for kind, worst in clock.worst.items())
            verdict = "met" if max(clock.worst.values()) <= BAR_MS else "MISSED"
            print(f"{name:32}{verdict:8}{figures}", flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
