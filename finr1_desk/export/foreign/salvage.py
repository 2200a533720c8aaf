"""JSON that was cut off: as much of it as can be had.

Owns the search for the last place at which the text can be closed. It knows nothing of what the JSON means.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

_TOKENS: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)
_CLOSERS: Final = {"[": "]", "{": "}"}
_Open = tuple[str, Any]  # the closer that is wanted, and what is open around it


def load(text: str) -> tuple[Any, bool]:
    """The value, and whether it is whole.

    Raises:
        ValueError: this is no JSON, not even the beginning of some.
    """
    try:
        return json.loads(text), True
    except json.JSONDecodeError as error:
        return json.loads(_closed(text[: error.pos])), False
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _closed(text: str) -> str:
    """The text up to the last comma, or the last bracket that closed something, with what was open closed."""
    opened: _Open | None = None
    end, around = 0, opened
    for token in _TOKENS.finditer(text):
        mark = token.group()
        if mark in _CLOSERS:
            opened = (_CLOSERS[mark], opened)
        elif mark == ",":
            end, around = token.start(), opened
        elif mark in ("]", "}") and opened is not None:
            opened = opened[1]
            end, around = token.end(), opened
    closers = []
    while around is not None:
        closer, around = around
        closers.append(closer)
    if not end:
        raise ValueError("nothing of it is whole")
    return text[:end] + "".join(closers)
