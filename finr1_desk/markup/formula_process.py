"""The process that draws formulas for a window: one JSON request a line comes in, one answer a line goes out.

`python -m finr1_desk.markup.formula_process`. Owns the protocol and the limits that the process sets itself. It ends
when its standard input does. Drawing holds the interpreter for some 10 ms a formula and may, on an odd one, take long
or much memory: that is why it has a process of its own, which can be ended at any time.

A request is `{"id": 1, "source": "\\\\frac{a}{b}", "displayed": true}`, an answer `{"id": 1, "svg": …, "width": …,
"ascent": …, "depth": …}` in em, or `{"id": 1, "error": …}`.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import IO, Any, Final

from finr1_desk.markup.formulas import FormulaError, render

MOST_MEMORY: Final = 1 << 30  # bytes of address space; a formula takes 100 MB with everything that draws it
_LONGEST_SVG: Final = 2_000_000


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Draws what is asked for, or says why not."""
    try:
        drawn = render(str(request["source"]), displayed=bool(request["displayed"]))
    except (FormulaError, MemoryError) as error:
        return {"id": request["id"], "error": str(error)}
    if len(drawn.svg) > _LONGEST_SVG:
        return {"id": request["id"], "error": "too large"}
    return {"id": request["id"], **asdict(drawn)}


def serve(requests: Iterable[str], answers: IO[str]) -> None:
    for line in requests:
        answers.write(json.dumps(answer(json.loads(line))) + "\n")
        answers.flush()


def _limit() -> None:
    """Yields to the window, and is refused memory beyond a limit, where the system has such limits."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        os.nice(5)
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def main() -> int:
    _limit()
    with contextlib.suppress(FormulaError):
        render("x", displayed=False)  # loads what draws
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        serve(sys.stdin, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
