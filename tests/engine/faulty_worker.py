"""A worker with a fault that a test chose, everything else being the shipped one.

Run as `python -m tests.engine.faulty_worker FAULT --runtime DIR`. FAULT is `crash-with-extra-buffers` (a real SIGSEGV
in the first prefill, as GCC's AMX kernels have it), `crash-always`, or `hang-on-usr1` (SIGUSR1 from outside stops the
thread that computes, wherever it is, while all others go on).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any

from finr1_desk.engine import llama, worker


def crash(*, only_with_extra_buffers: bool) -> None:
    """The first prefill ends the process, unless the model was loaded with care."""
    load, prefill = llama.Model.__init__, llama.Context.prefill
    careful = False

    def loading(self: llama.Model, *arguments: Any, **options: Any) -> None:
        nonlocal careful
        careful = only_with_extra_buffers and not options.get("extra_buffers", True)
        load(self, *arguments, **options)

    def computing(self: llama.Context, *arguments: Any, **options: Any) -> Any:
        if not careful:
            os.kill(os.getpid(), signal.SIGSEGV)
        return prefill(self, *arguments, **options)

    llama.Model.__init__ = loading  # type: ignore[method-assign]
    llama.Context.prefill = computing  # type: ignore[method-assign]


def main() -> int:
    fault = sys.argv.pop(1)
    if fault == "hang-on-usr1":
        # Python runs handlers in the main thread, which is the one that computes.
        signal.signal(signal.SIGUSR1, lambda *_: threading.Event().wait())
    else:
        crash(only_with_extra_buffers=fault == "crash-with-extra-buffers")
    return worker.run(worker.prepared_runtime())


if __name__ == "__main__":
    sys.exit(main())
