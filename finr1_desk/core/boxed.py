r"""Finds the final answer, `\boxed{…}`, and reads it as plain text.

Owns the reading of boxed answers; it renders nothing. Fin-R1 boxes numbers (`150,\!000`, `-15\%`), words
(`\text{No}`, `是`), whole sentences, and writes `boxed{…}` without the backslash at times. The last one counts.
"""

from __future__ import annotations

import re
from typing import Final

_OPEN: Final = re.compile(r"\\?\b(?:boxed|fbox)\s*\{")
_TEXT_COMMAND: Final = re.compile(r"\\(?:text|textbf|textit|mathrm|mathbf|mathit|operatorname)\s*\{([^{}]*)\}")
_FRACTION: Final = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_SPACING: Final = re.compile(r"\\[!,;:> ]|\\q?quad\b|~")
_ESCAPED: Final = re.compile(r"\\([%$&#_{}])")
_SYMBOLS: Final = {
    r"\times": "×",
    r"\approx": "≈",
    r"\cdot": "·",
    r"\pm": "±",
    r"\leq": "≤",
    r"\geq": "≥",
    r"\%": "%",
}


def last_boxed(text: str) -> str | None:
    r"""The content of the last complete `\boxed{…}`, as written; None where there is none."""
    for match in reversed(list(_OPEN.finditer(text))):
        content = _balanced(text, match.end())
        if content is not None:
            return content.strip()
    return None


def _balanced(text: str, start: int) -> str | None:
    depth = 1
    position = start
    while position < len(text):
        char = text[position]
        if char == "\\":
            position += 2
            continue
        if char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                return text[start:position]
        position += 1
    return None


def plain(content: str) -> str:
    r"""A boxed answer without its LaTeX: `150,\!000` → `150,000`, `\text{No}` → `No`, `\frac{1}{2}` → `1/2`."""
    before = None
    while before != content:  # commands may be nested
        before = content
        content = _FRACTION.sub(r"\1/\2", _TEXT_COMMAND.sub(r"\1", content))
    content = _SPACING.sub(lambda match: "" if match.group() in (r"\!", r"\,") else " ", content)
    for command, symbol in _SYMBOLS.items():
        content = re.sub(re.escape(command) + r"(?![A-Za-z])", symbol, content)
    content = _ESCAPED.sub(r"\1", content).replace("\\(", "").replace("\\)", "")
    return " ".join(content.split())


def boxed_answer(text: str) -> str | None:
    """The last boxed answer as plain text; None where there is none."""
    content = last_boxed(text)
    return None if content is None else plain(content)
