"""Whatever is written is shown at once, opens nothing, and is given back when it is copied."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QApplication

from finr1_desk.app.live import LiveStatus, Phase
from finr1_desk.core.conversation import MessageState, Part, PartKind
from finr1_desk.markup.markdown import cleaned
from finr1_desk.ui.pane.pane import ChatPane
from tests.ui.pane.fuzz import messages
from tests.ui.pane.samples import answer

FEW, MANY = 300, 100_000
STALL_S = 0.2  # of processor time, since others may be at work on the machine
_LOOKED_AT = ("open", "socket.connect", "socket.getaddrinfo", "os.open", "subprocess.Popen", "os.system")
_watched: list[list[str]] = []


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if _watched and event.startswith(_LOOKED_AT):
        _watched[-1].append(f"{event} {arguments[:1]}")


@pytest.fixture(scope="module", autouse=True)
def _hook() -> None:
    sys.addaudithook(_audit)  # it cannot be taken away again; it does nothing while nobody watches


@contextmanager
def nothing_opened() -> Iterator[None]:
    """Files of Python itself are no concern: a module is imported when it is first needed."""
    touched: list[str] = []
    _watched.append(touched)
    try:
        yield
    finally:
        _watched.pop()
    assert [event for event in touched if ".py" not in event and "site-packages" not in event] == []


class Clock:
    """The longest that the window's thread was busy with one thing."""

    def __init__(self) -> None:
        self.worst = 0.0
        self.at = ""

    @contextmanager
    def __call__(self, what: str) -> Iterator[None]:
        started = time.process_time()
        yield
        taken = time.process_time() - started
        if taken > self.worst:
            self.worst, self.at = taken, what


def _show(pane: ChatPane, seed: int, text: str, clock: Clock) -> None:
    """Shows a message, half of it written first now and then, scrolls, and copies it."""
    if seed % 3 == 0:
        half = answer([Part(PartKind.ANSWER, text[: len(text) // 2])], state=MessageState.WRITING)
        with clock(f"half of {seed}"):
            pane.set_messages([half], {"a1": LiveStatus(Phase.ANSWERING)})
        with clock(f"the rest of {seed}"):
            pane.update_message(answer([Part(PartKind.ANSWER, text)]), None)
    else:
        with clock(f"showing {seed}"):
            pane.set_messages([answer([Part(PartKind.ANSWER, text)])], {})
    with clock(f"painting {seed}"):
        pane.viewport().repaint(QRect(pane.viewport().rect()))
    with clock(f"scrolling {seed}"):
        pane.verticalScrollBar().setValue(0)
        pane.viewport().repaint()
    with clock(f"copying {seed}"):
        pane.select_all()
        copied = pane.selected_text()
    assert _body(copied) == _body(cleaned(text)), seed


def _body(text: str) -> str:
    """What matters of a copied text: neither the room around its blocks nor the final answer said once more."""
    return "".join(text.split())


def _fuzz(pane: ChatPane, first: int, count: int) -> Clock:
    clock = Clock()
    _show(pane, 0, "warm up $x$ `code`\n\n```python\nx\n```", Clock())
    with nothing_opened():
        for seed, text in messages(first, count):
            _show(pane, seed, text, clock)
            if seed % 50 == 0:
                with clock(f"events after {seed}"):
                    QApplication.processEvents()
    return clock


def test_some_messages(pane: ChatPane) -> None:
    clock = _fuzz(pane, 0, FEW)
    assert clock.worst < 2 * STALL_S, clock.at


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_many_messages(pane: ChatPane) -> None:
    """Eight minutes of processor time."""
    clock = _fuzz(pane, FEW, MANY)
    print(f"{MANY} messages; the longest: {1000 * clock.worst:.0f} ms, {clock.at}")
    assert clock.worst < STALL_S, clock.at
