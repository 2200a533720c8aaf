"""Values put into sentences: numbers, sizes and the places that a translator may move.

Owns their written form, which is the same in both languages. It holds no sentences.
"""

from __future__ import annotations

import math
from typing import Final

_GB: Final = 1_000_000_000
_MB: Final = 1_000_000


def size_text(size: float) -> str:
    """A size in bytes as users read it: `4.68 GB`; below a tenth of that unit `12.3 MB`."""
    if size >= _GB / 10:
        return f"{size / _GB:,.2f} GB"
    return f"{size / _MB:,.1f} MB"


def count_text(count: int) -> str:
    """A number with separators: `16,384`."""
    return f"{count:,}"


def percent_text(share: float) -> str:
    """A share between 0 and 1 in per cent: `97.9`. Cut, not rounded, so that `100.0` means all of it."""
    return f"{math.floor(share * 1000 + 1e-9) / 10:.1f}"


def filled(template: str, *values: str) -> str:
    """The template with `%1`, `%2`, … replaced, in one pass: a value that contains `%2` stays as it is."""
    result, rest = [], template
    while True:
        head, percent, tail = rest.partition("%")
        result.append(head)
        if not percent:
            return "".join(result)
        number = int(tail[0]) if tail[:1].isdecimal() and tail[:1].isascii() else 0
        known = 1 <= number <= len(values)
        result.append(values[number - 1] if known else "%")
        rest = tail[1:] if known else tail
