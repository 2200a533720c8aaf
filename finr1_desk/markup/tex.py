r"""Makes TeX as models write it fit for latex2mathml.

Owns what happens to the source of a formula before it is read: signs that TeX would take for its own (`5%`, `$500`),
stretches of text, which are hidden so that nothing in them is taken for a command, and the many names of the same
environment. It reads no structure beyond braces, draws nothing, and refuses what is too long or does not balance.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 4000  # characters of one formula
DEEPEST: Final = 12  # braces, brackets that grow, and environments in each other
MOST_WORK: Final = 9000  # characters, each times two to the power of its depth: the time for drawing grows with it
HIDDEN: Final = "".join(map(chr, range(0xE000, 0xE100)))  # each stands for a stretch of text
ROW_RULE: Final = "\ue100"  # stands for a rule between two rows
FIRST_COLUMN: Final = 0xE101  # of the signs that stand for a rule left of a column
FIRST_START: Final = 0xE140  # of the signs for the column with which a rule below a part of a row begins
FIRST_END: Final = 0xE180  # of those, right behind, for the column in front of which it ends
RULES: Final = "".join(map(chr, range(0xE100, 0xE1C0)))

_TEXT: Final = re.compile(r"\\(?:text(?:rm|sf|tt|up|normal)?|mbox|hbox)\s*\{|\\(?:textbf|textit|textmd)\s*\{")
_BRACED: Final = re.compile(r"\\[\\{}]|[{}]")
_NESTED: Final = re.compile(r"\\[\\{}]|[{}]|\\(?:left|right)(?![A-Za-z])")
_DROPPED: Final = re.compile(
    r"\\(?:label|vspace|hfill|vphantom|eqno)\s*(?:\{[^{}]*\})?|\\(?:notag|nonumber|limits|nolimits|middle|displaylimits)(?![A-Za-z])"
)
_TAG: Final = re.compile(r"\\tag\*?\s*\{([^{}]*)\}")
_FBOX: Final = re.compile(r"\\fbox(?![A-Za-z])")
_BINOM: Final = re.compile(r"\\[dt]?binom(?![A-Za-z])\s*")
_ENVIRONMENT: Final = re.compile(r"\\(begin|end)\s*\{([A-Za-z]+\*?)\}(?:\s*\{\d+\}(?=[^{]))?")
_RULE: Final = re.compile(r"\\(?:hline|hdashline|toprule|midrule|bottomrule)(?![A-Za-z])")
_PART_RULE: Final = re.compile(r"\\c(?:line|midrule)\s*(?:\([lr]+\)\s*)?\{\s*(\d{1,2})\s*-\s*(\d{1,2})\s*\}")
_ARRAY: Final = re.compile(r"\\begin\{array\}\s*\{([lcr|\s]*)\}")
_UNESCAPED: Final = re.compile(r"(?<!\\)((?:\\\\)*)([%$#])")
_TITLES: Final = {
    **dict.fromkeys(("align", "align*", "aligned", "alignat", "alignat*", "eqnarray", "eqnarray*", "split"), "align*"),
    **dict.fromkeys(("gather", "gather*", "gathered", "multline", "multline*"), "gathered"),
    **dict.fromkeys(("dcases", "cases"), "cases"),
    "tabular": "array",
}
_WITHOUT: Final = ("equation", "equation*", "displaymath", "math", "center")
_DRAWN: Final = frozenset(
    {"align*", "gathered", "cases", "array", "matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "Vmatrix"}
    | {"smallmatrix", "rcases"}
)
_ESCAPED_IN_TEXT: Final = re.compile(r"\\([%$&#_{} ])")
_COMMAND_IN_TEXT: Final = re.compile(r"\\(?:quad|qquad|ldots|dots|,|;|:|!|\\)")
_SPACES_IN_TEXT: Final = {"\\quad": "\u2003", "\\qquad": "\u2003\u2003", "\\ldots": "…", "\\dots": "…", "\\!": ""}


@dataclass(frozen=True, slots=True)
class Prepared:
    r"""TeX that can be read; character `HIDDEN[i]` in a `\text{}` stands for `texts[i]`."""

    tex: str
    texts: tuple[str, ...]


class _UnreadableError(Exception):
    """The source is refused."""


def prepare(source: str) -> Prepared | None:
    """The formula as latex2mathml reads it; None where it is refused."""
    if not source.strip() or len(source) > LONGEST or any(char in HIDDEN or char in RULES for char in source):
        return None
    source = "".join(char for char in source if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cf", "Cs"))
    texts: list[str] = []
    try:
        _check_nesting(source)
        result = _hide_texts(" ".join(source.split()), texts)
        result = _TAG.sub(lambda match: r"\qquad " + _hidden(f"({match.group(1)})", "text", texts), result)
        result = _FBOX.sub(r"\\boxed", _DROPPED.sub(" ", result))
        result = _UNESCAPED.sub(r"\1\\\2", _binomials(result))
        result = _rules(_rows(_environments(result)))
    except _UnreadableError:
        return None
    return Prepared(result, tuple(texts)) if result.strip() else None


def group_end(text: str, start: int, limit: int | None = None) -> int:
    """The position behind the brace that closes the one at `start`; -1 where none does. Escaped braces are none."""
    depth = 0
    for match in _BRACED.finditer(text, start, len(text) if limit is None else limit):
        depth += {"{": 1, "}": -1}.get(match.group(), 0)
        if depth == 0:
            return match.end()
    return -1


def _check_nesting(source: str) -> None:
    """Refuses what does not balance, and what would take long to draw."""
    braces = pairs = work = position = 0
    for match in _NESTED.finditer(source):
        work += (match.end() - position) << (braces + pairs)
        position = match.end()
        braces += {"{": 1, "}": -1}.get(match.group(), 0)
        pairs += {"\\left": 1, "\\right": -1}.get(match.group(), 0)
        if min(braces, pairs) < 0 or braces + pairs > DEEPEST or work > MOST_WORK:
            raise _UnreadableError
    if braces or pairs:
        raise _UnreadableError


# -- text


def _hide_texts(source: str, texts: list[str]) -> str:
    pieces: list[str] = []
    position = 0
    while (match := _TEXT.search(source, position)) is not None:
        end = group_end(source, match.end() - 1)
        if end < 0:
            raise _UnreadableError
        pieces.append(source[position : match.start()])
        command = match.group().rstrip("{ ")[1:]
        pieces.append(_text(source[match.end() : end - 1], command, texts))
        position = end
    pieces.append(source[position:])
    return "".join(pieces)


def _text(content: str, command: str, texts: list[str]) -> str:
    r"""Text, with the formulas that stand in it (`\text{if $x > 0$}`) taken out of it."""
    parts = re.split(r"(?<!\\)\$", content)
    if len(parts) % 2 == 0:  # a lone dollar is an amount
        parts = [content]
    return "".join(
        f"{{{part}}}" if index % 2 and part.strip() else _hidden(part, command, texts)
        for index, part in enumerate(parts)
    )


def _hidden(content: str, command: str, texts: list[str]) -> str:
    shown = _plain(content)
    if not shown:
        return " "
    if len(texts) == len(HIDDEN):
        raise _UnreadableError
    texts.append(shown)
    style = {"textbf": "textbf", "textit": "textit"}.get(command, "text")
    return f"\\{style}{{{HIDDEN[len(texts) - 1]}}}"


def _plain(content: str) -> str:
    content = _COMMAND_IN_TEXT.sub(lambda match: _SPACES_IN_TEXT.get(match.group(), " "), content)
    while (match := _TEXT.search(content)) is not None:  # text in text
        end = group_end(content, match.end() - 1)
        if end < 0:
            raise _UnreadableError
        content = content[: match.start()] + content[match.end() : end - 1] + content[end:]
    content = re.sub(r"(?<!\\)[{}]", "", content).replace("~", "\u00a0")
    content = _ESCAPED_IN_TEXT.sub(r"\1", content)
    if "\\" in content:
        raise _UnreadableError  # a command that would be shown as such
    return content.replace("-", "\u2010")  # the library draws a bar for a hyphen


# -- structure


def _binomials(source: str) -> str:
    r"""`\binom{n}{k}` by means of `\atop`, which is what can be drawn."""
    position = 0
    while (match := _BINOM.search(source, position)) is not None:
        if not source.startswith("{", match.end()):
            raise _UnreadableError
        middle = group_end(source, match.end())
        if not source.startswith("{", middle):
            raise _UnreadableError
        end = group_end(source, middle)
        upper, lower = source[match.end() + 1 : middle - 1], source[middle + 1 : end - 1]
        source = f"{source[: match.start()]}\\left( {{{upper}}} \\atop {{{lower}}} \\right){source[end:]}"
        position = match.start() + len("\\left( ")
    return source


def _environments(source: str) -> str:
    open_names: list[str] = []

    def renamed(match: re.Match[str]) -> str:
        verb, name = match.groups()
        title = _TITLES.get(name, name)
        if name in _WITHOUT:
            return " "
        if title not in _DRAWN:
            raise _UnreadableError
        if verb == "begin":
            open_names.append(title)
            if len(open_names) > DEEPEST:
                raise _UnreadableError
        elif not open_names or open_names.pop() != title:
            raise _UnreadableError
        rest = match.group()[match.group().index("}") + 1 :] if title == "array" else ""
        return f"\\{verb}{{{title}}}{rest}"

    result = _ENVIRONMENT.sub(renamed, source)
    if open_names:
        raise _UnreadableError
    return result


def _rules(source: str) -> str:
    """Signs in the place of rules, at the beginning of the row below, or of the first row for those of columns."""

    def with_signs(match: re.Match[str]) -> str:
        columns, signs = "", ""
        for char in match.group(1):
            if char == "|":
                signs += chr(min(FIRST_COLUMN + len(columns), FIRST_START - 1))
            elif not char.isspace():
                columns += char
        return f"\\begin{{array}}{{{columns}}}{' '.join(signs)} "

    def part(match: re.Match[str]) -> str:
        first, last = sorted((max(int(match.group(1)), 1) - 1, int(match.group(2))))
        most = FIRST_END - FIRST_START - 1
        return f" {chr(FIRST_START + min(first, most))} {chr(FIRST_END + min(last, most))} "

    return _ARRAY.sub(with_signs, _PART_RULE.sub(part, _RULE.sub(f" {ROW_RULE} ", source)))


def _rows(source: str) -> str:
    r"""Rows that stand in no environment get one; a lone `&` is the sign."""
    depth = 0
    has_rows = has_columns = False
    for match in re.finditer(r"\\begin\{|\\end\{|\\\\|\\&|&", source):
        token = match.group()
        depth += {"\\begin{": 1, "\\end{": -1}.get(token, 0)
        if depth == 0:
            has_rows = has_rows or token == "\\\\"
            has_columns = has_columns or token == "&"
    if has_rows:
        title = "align*" if has_columns else "gathered"
        body = re.sub(r"(?:\s|\\\\)+\Z", "", source)
        return f"\\begin{{{title}}}{body}\\end{{{title}}}"
    return re.sub(r"(?<!\\)&", r"\\&", source) if has_columns and "\\begin{" not in source else source
