r"""Formulas in text that somebody typed, which is no Markdown: `$x^2$`, `\( … \)`, `\[ … \]`, `$$ … $$`.

Owns where they begin and end. Everything else stays as it was typed, code between backticks and amounts of money too.
"""

from __future__ import annotations

import re
from typing import Final

from finr1_desk.markup.dollars import LONGEST, formula_end, reads_as_formula
from finr1_desk.markup.markdown import Run, RunKind

_SIGN: Final = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|\\[\\$]|\\\(|\\\[|\$\$|\$", re.DOTALL)
_STRUCTURE: Final = re.compile(r"[\\^_=<>+*/]")
_CLOSERS: Final = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}


def typed_runs(text: str) -> list[Run]:
    """The text as runs of plain text and of formulas with their delimiters; together they are the text."""
    runs: list[Run] = []
    begin = position = 0
    while (match := _SIGN.search(text, position)) is not None:
        end = _formula_end(text, match)
        if end is None:
            position = match.end()
            continue
        if match.start() > begin:
            runs.append(Run(text[begin : match.start()]))
        runs.append(Run(text[match.start() : end], RunKind.MATHS))
        begin = position = end
    if begin < len(text) or not runs:
        runs.append(Run(text[begin:]))
    return runs


def _formula_end(text: str, match: re.Match[str]) -> int | None:
    """Where the formula ends that a sign may begin; None where it begins none."""
    sign = match.group()
    if sign == "$":
        return formula_end(text, match.start(), len(text))
    closer = _CLOSERS.get(sign)
    if closer is None:
        return None
    end = text.find(closer, match.end(), match.end() + LONGEST)
    content = text[match.end() : end].strip() if end >= 0 else ""
    if not content or sign in content or "\n\n" in content or (sign == "$$" and not _is_formula(content)):
        return None
    return end + len(closer)


def _is_formula(content: str) -> bool:
    """Whether what stands between two pairs of dollars is a formula: a word alone may be anything."""
    return reads_as_formula(content) and _STRUCTURE.search(content) is not None
