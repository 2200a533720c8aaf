"""How far the worker has come with what it is doing, so that a client can tell slow from hanging.

Owns the count of finished steps and the thread that tells it once a second while something is computed. The count
comes from whoever computes: nodes of a graph from llama.cpp's abort callback, tokens, pieces of a file. The thread
reports it and never adds to it, so a computation that stands still cannot look alive.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Final

from finr1_desk.engine.protocol import Pulse

PULSE_S: Final = 1.0

# Without a finished step for so long, the worker hangs. A node of a graph takes well below a second on a slow
# processor; a GPU tells of whole batches only. Before a model has computed anything, drivers may be compiling for
# minutes, and a cache of many gigabytes may be filled.
PATIENCE_NODES_S: Final = 60.0
PATIENCE_BATCHES_S: Final = 120.0
PATIENCE_FIRST_S: Final = 300.0


class Progress:
    """`steps` is added to by the one thread that computes; the rest is thread-safe."""

    def __init__(self) -> None:
        self.steps = 0
        self.patience_s = PATIENCE_FIRST_S
        self._working = 0
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Something is being computed within this block."""
        self.steps += 1
        with self._changed:
            self._working += 1
            self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._working -= 1

    def step(self) -> None:
        self.steps += 1

    def tell(self, send: Callable[[Pulse], None], look: Callable[[], int]) -> None:
        """Sends pulses for ever, while something is computed.

        Args:
            look: called before each pulse; what it returns counts as steps too.
        """
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._working > 0)
            send(Pulse(self.steps + look(), self.patience_s))
            threading.Event().wait(PULSE_S)
