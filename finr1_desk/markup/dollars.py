r"""Tells formulas between dollar signs from amounts of money.

Owns this one decision: `$x^2$` and `$r = 5\%$` are formulas; `$1,000 to $2,000`, `US$5`, `$ALLY`, `(in $ millions)` are
text. Where it is not sure it says text: an amount that vanishes into a formula is worse than a formula shown as its
source. It knows nothing of Markdown beyond what cannot stand in a formula.
"""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 1000  # characters between the dollars
_MOST_LINES: Final = 3

_DOLLAR: Final = re.compile(r"(?<!\\)\$")
_LATIN: Final = re.compile(r"[A-Za-z0-9\u00c0-\u024f]")
_COMMAND: Final = re.compile(r"\\[A-Za-z]+")
_LONE_COMMAND: Final = re.compile(r"\\[A-Za-z]+\Z")
_STRUCTURE: Final = re.compile(r"\{,\}|\\[A-Za-z]{2,}|\\[,;:!%{}$]|[\^_]\{?\\?[A-Za-z0-9(+\-*'\u2e80-\u9fff]")
_NAMED_TEXT: Final = re.compile(r"\\(?:text\w*|math\w*|mbox|operatorname)\s*")
_GROUP: Final = re.compile(r"\{[^{}]*\}")
_FOREIGN: Final = re.compile(r"`|\]\(|\*\*|\n\s*\n|://|~~")
_NO_BEGIN: Final = re.compile(r"[\s)\]},.;:!?/%&，。；：、）」]")
_AMOUNT_AND_WORD: Final = re.compile(r"[\d][\d,.]*\s*[A-Za-z]{2,}|[\d][\d,.]*\s*[\u2e80-\u9fff]")
_AMOUNT_AND_SIGN: Final = re.compile(r"\d[\d,.]*\s*[+\-−–*/=]\Z")  # $5,121 +$ 300
_PROSE: Final = re.compile(r"[A-Za-z]{2,}[,;:]?\s+[A-Za-z]{2,}")
_WORD_BESIDE_FIGURE: Final = re.compile(r"\d\s+[A-Za-z]{2,}|[A-Za-z]{2,}\s+\d")
_HAN: Final = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff01-\uff60]")
_NAME: Final = re.compile(r"[A-Za-z]{1,12}'*\Z")
_PLAIN_FORMULA: Final = re.compile(r"[A-Za-z0-9\s.,()\[\]|+\-−–*/=<>≤≥≠≈×÷·!':%±∞∑∏√∂∆∇α-ωΑ-Ω]+\Z")
_NEEDS_CLOSING: Final = re.compile(r"\\[A-Za-z]{2,}|[\^_]\{|[A-Za-z0-9)][\^_][A-Za-z0-9\\{]|[A-Za-z]\s*=\s*\\?")


def formula_end(text: str, start: int, limit: int) -> int | None:
    """The position behind the formula whose first dollar is at `start`; None where there is no formula.

    `limit` is the end of the text that may be looked at.
    """
    match = _DOLLAR.search(text, start + 1, min(limit, start + LONGEST + 2))
    if match is None:
        return None
    content = text[start + 1 : match.start()]
    end = match.end()
    before = text[start - 1] if start else ""
    after = text[end] if end < limit else ""
    if after == "$" or before in ("$", "\\") or not content or content[0] == "$":
        return None
    if _LONE_COMMAND.match(content) and not (before.isalpha() and before.isascii()):
        return end  # 3$\times$5
    if _LATIN.match(before) or _LATIN.match(after):
        return None
    return end if reads_as_formula(content) else None


def reads_as_formula(content: str) -> bool:
    """Whether what stands between two dollars is a formula rather than text between two amounts."""
    if content[-1].isspace() or content[-1] == "\\" or _NO_BEGIN.match(content) or _FOREIGN.search(content):
        return False
    if content.count("\n") >= _MOST_LINES or not _is_balanced(content):
        return False
    if _AMOUNT_AND_WORD.match(content) or _AMOUNT_AND_SIGN.match(content):
        return False
    bare = _without_groups(content)
    if _PROSE.search(bare) or _WORD_BESIDE_FIGURE.search(bare):
        return False
    if _STRUCTURE.search(content):
        return True
    if _HAN.search(content) or not _PLAIN_FORMULA.match(content):
        return False
    return (
        _NAME.match(content) is not None or any(char in content for char in "0123456789=+<>≤≥≈×|") or len(content) < 8
    )


def is_opening(text: str) -> bool:
    """Whether the text ends within what is about to become a formula, so that it may be shown as one already."""
    dollars = [match.start() for match in _DOLLAR.finditer(text.replace("$$", "  "))]
    position, last = 0, -1
    while position < len(dollars):  # as the text is read, from left to right
        end = formula_end(text, dollars[position], len(text))
        last = dollars[position] if end is None else -1
        position += 1 if end is None else 2
    if last < 0 or last != dollars[-1]:
        return False
    start = last
    content = text[start + 1 :]
    if not content or len(content) > LONGEST or (start and _LATIN.match(text[start - 1])):
        return False
    if _NO_BEGIN.match(content) or _FOREIGN.search(content) or _AMOUNT_AND_WORD.match(content):
        return False
    return _NEEDS_CLOSING.search(content) is not None and not _PROSE.search(_without_groups(content))


def _is_balanced(content: str) -> bool:
    r"""Whether every bracket closes one that was opened. `[0, 1)` is an interval, so round and square ones may mix."""
    braces = brackets = 0
    position = 0
    while position < len(content):
        char = content[position]
        if char == "\\":
            position += 2
            continue
        braces += (char == "{") - (char == "}")
        brackets += (char in "([") - (char in ")]")
        if braces < 0 or brackets < 0:
            return False
        position += 1
    return braces == brackets == 0


def _without_groups(content: str) -> str:
    """The content without what stands in braces and without commands: what is left is symbols, or prose."""
    content = _NAMED_TEXT.sub(" ", content)
    before = None
    while before != content:
        before = content
        content = _GROUP.sub(" ", content)
    return _COMMAND.sub(" = ", content)
