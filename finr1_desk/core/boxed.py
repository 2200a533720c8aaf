r"""Finds the final answer, `\boxed{…}`, and reads it as plain text.

Owns the reading of boxed answers; it renders nothing. Fin-R1 boxes numbers (`150,\!000`, `-15\%`), words
(`\text{No}`, `是`), whole sentences, and writes `boxed{…}` without the backslash at times. The last one counts.
"""

from __future__ import annotations

import re
from typing import Final

# Not \b before the name: a Chinese character counts as a letter there, and 答案是boxed{5} is a boxed answer.
_OPEN: Final = re.compile(r"\\?(?<![A-Za-z])(?:boxed|fbox)\s*\{")
_BRACES: Final = re.compile(r"\\[\s\S]|[{}]")  # an escaped brace is none
_TEXT_COMMAND: Final = re.compile(
    r"\\(?:text|textbf|textit|mathrm|mathbf|mathit|operatorname)\s*\{((?:[^{}]|\{[^{}]*\})*)\}"
)
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
    openers = {match.end() for match in _OPEN.finditer(text)}
    if not openers:
        return None
    best: tuple[int, int] | None = None
    open_braces: list[int] = []  # behind each brace that is still open; one pass, however many there are
    for match in _BRACES.finditer(text, min(openers) - 1):
        position = match.start()
        if match.group() == "{":
            open_braces.append(position + 1)
        elif match.group() == "}" and open_braces:
            start = open_braces.pop()
            if start in openers and (best is None or start > best[0]):
                best = start, position
    return None if best is None else text[best[0] : best[1]].strip()


def plain(content: str) -> str:
    r"""A boxed answer without its LaTeX: `150,\!000` → `150,000`, `\text{No}` → `No`, `\frac{1}{2}` → `1/2`."""
    before = None
    while before != content:  # commands may be nested
        before = content
        content = _FRACTION.sub(r"\1/\2", _TEXT_COMMAND.sub(r"\1", content))
    content = content.replace("{,}", ",")
    content = _SPACING.sub(lambda match: "" if match.group() in (r"\!", r"\,") else " ", content)
    for command, symbol in _SYMBOLS.items():
        content = re.sub(re.escape(command) + r"(?![A-Za-z])", symbol, content)
    content = _ESCAPED.sub(r"\1", content).replace("\\(", "").replace("\\)", "")
    return " ".join(content.split())


def boxed_answer(text: str) -> str | None:
    """The last boxed answer as plain text; None where there is none."""
    content = last_boxed(text)
    return None if content is None else plain(content)
