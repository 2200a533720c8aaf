r"""The Markdown dialect of the application: markdown-it-py, and the rules in which the models' text departs from it.

Owns the parser's configuration and the reading of inline text into runs; it knows nothing of Qt and loads nothing.
Five rules are its own: emphasis beside Chinese punctuation (`**净利润**增长` is bold although CommonMark's flanking
rules say otherwise), formulas that Markdown must not touch (`\( … \)`, `\[ … \]`, `$$ … $$`, and `$ … $` where it is
no amount), boxed answers, footnotes, and a limit of nesting below which text stays as it is instead of being dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter
from markdown_it.token import Token

from finr1_desk.core.boxed import plain
from finr1_desk.markup import dollars, footnotes
from finr1_desk.markup.tex import group_end

MOST_COLUMNS: Final = 250  # of a table; more are text
MAX_NESTING: Final = 24  # tokens deep: 12 lists in each other, or 24 quotes
UNFINISHED: Final = "\ufdd0"  # before a closer that is not there yet; `cleaned` leaves none in a text
Env = dict[str, Any]  # the parser's: definitions of references and of footnotes, by label

_LINK_SCHEMES: Final = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
_UNSHOWABLE: Final = re.compile("[\x00\ud800-\udfff\ufdd0-\ufdef\ufffc\ufffe\uffff]")
_LINE_ENDS: Final = re.compile("\r\n?")
_OTHER_BREAKS: Final = re.compile("[\x0b\x0c\x85\u2028\u2029]")
_BARE_BOXED: Final = r"(?<![A-Za-z\\])boxed\{"
_BOXED: Final = re.compile(r"\\(?:boxed|fbox)\s*\{|" + _BARE_BOXED)
_CLOSERS: Final = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}
_BLOCK_MATHS: Final = ("\\[", "$$")
# Han, kana, hangul, their punctuation and the full-width forms.
_CJK: Final = re.compile(
    "[\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f"
    "\uff00-\uffef\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)
_SHARED_PUNCTUATION: Final = "“”‘’…—·"  # written in Chinese and in Western text alike
_OPENERS: Final = re.compile(r"(?:!?\[)+")


class RunKind(StrEnum):
    TEXT = "text"
    CODE = "code"
    MATHS = "maths"  # TeX source, with its delimiters
    HALF = "half"  # the TeX source of a formula that is still being written, with its opener
    BOXED = "boxed"  # a final answer as plain text
    IMAGE = "image"  # its alternative text; nothing is ever loaded
    BREAK = "break"
    NOTE = "note"  # the label of a footnote


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of inline text in one style; `href` is empty or an http, https or mailto address."""

    text: str
    kind: RunKind = RunKind.TEXT
    bold: bool = False
    italic: bool = False
    struck: bool = False
    href: str = ""


def cleaned(text: str) -> str:
    """The text without what a text layout takes for its own marks, and with plain line ends.

    NULs, lone surrogates and non-characters become U+FFFD, separators that Qt reads as the end of a paragraph a space.
    A text that grows stays a prefix of itself, but for a carriage return at its end.
    """
    text = _LINE_ENDS.sub("\n", text)
    return _OTHER_BREAKS.sub(" ", _UNSHOWABLE.sub("\ufffd", text))


def allowed_link(href: str) -> bool:
    return _LINK_SCHEMES.match(href) is not None


class Markdown:
    """The parser. Inline text is read when a block is shown, not when the block structure is."""

    def __init__(self) -> None:
        parser = MarkdownIt("commonmark", {"html": False, "maxNesting": MAX_NESTING + 8})
        parser.enable(["table", "strikethrough"])
        parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
        parser.block.ruler.before("table", "nesting_limit", _nesting_limit)
        parser.block.ruler.before(
            "table", "maths_block", _maths_block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
        )
        parser.validateLink = lambda url: True  # type: ignore[method-assign]  # every link is read; few become clickable
        parser.block.ruler.before("reference", "footnote", footnotes.definition, {"alt": ["paragraph", "reference"]})
        parser.inline.ruler.before("escape", "maths", _maths)
        parser.inline.ruler.before("link", "footnote", footnotes.reference)
        parser.inline.ruler.before("footnote", "unclosed", _unclosed)
        text_end = re.compile(f"{parser.inline.terminator_re.pattern}|{_BARE_BOXED}")
        parser.inline.ruler.at("text", _text_until(text_end))
        parser.inline.ruler.at("emphasis", _emphasis)
        parser.inline.ruler.at("strikethrough", _strikethrough)
        self._parser = parser

    def blocks(self, source: str, env: Env) -> list[Token]:
        """The block tokens of `source`; text inside them is not parsed yet. `env` collects reference definitions."""
        tokens: list[Token] = []
        self._parser.block.parse(source, self._parser, env, tokens)
        return tokens

    def runs(self, text: str, env: Env) -> list[Run]:
        """The inline text of a paragraph, heading or cell as runs."""
        children: list[Token] = []
        try:
            self._parser.inline.parse(text, self._parser, env, children)
        except RecursionError:  # brackets in brackets; shown as they stand
            return [Run(text)]
        return _runs(children)


def _runs(tokens: list[Token]) -> list[Run]:
    runs: list[Run] = []
    style = Run("")
    counts = {"strong": 0, "em": 0, "s": 0}
    for token in tokens:
        kind = token.type.rpartition("_")[0]
        if kind in counts:
            counts[kind] += token.nesting
            style = replace(style, bold=counts["strong"] > 0, italic=counts["em"] > 0, struck=counts["s"] > 0)
        elif token.type == "link_open":
            href = str(token.attrs.get("href", ""))
            style = replace(style, href=href if allowed_link(href) else "")
        elif token.type == "link_close":
            style = replace(style, href="")
        elif token.type in ("softbreak", "hardbreak"):
            runs.append(replace(style, kind=RunKind.BREAK, text="\n"))
        elif token.type == "image":
            runs.append(replace(style, kind=RunKind.IMAGE, text=_plain_text(token.children or [])))
        elif token.type == "maths_inline" and UNFINISHED in token.content:
            runs.append(replace(style, kind=RunKind.HALF, text=token.content.partition(UNFINISHED)[0]))
        elif token.content:
            inline_kind = _KIND_OF_TOKEN.get(token.type, RunKind.TEXT)
            runs.append(Run(token.content, inline_kind, style.bold, style.italic, style.struck, style.href))
    return runs


_KIND_OF_TOKEN: Final = {
    "code_inline": RunKind.CODE,
    "maths_inline": RunKind.MATHS,
    "boxed_inline": RunKind.BOXED,
    "footnote_ref": RunKind.NOTE,
}


def _plain_text(tokens: list[Token]) -> str:
    return "".join("\n" if token.type in ("softbreak", "hardbreak") else token.content for token in tokens)


# -- emphasis


def _kind_of_side(src: str, position: int, step: int) -> str:
    """What stands at `position`, seen from a run of markers: "space", "cjk", "mark" (punctuation) or "word".

    Chinese punctuation counts as Chinese, not as punctuation, and so do quotation marks that touch Chinese text.
    """
    if not 0 <= position < len(src):
        return "space"
    char = src[position]
    if char.isspace():
        return "space"
    if _CJK.match(char):
        return "cjk"
    if char in _SHARED_PUNCTUATION:
        beyond = position + step
        return "cjk" if 0 <= beyond < len(src) and _CJK.match(src[beyond]) else "mark"
    return "word" if char.isalnum() else "mark"


def _delimiter_run(state: StateInline, splits_words: bool) -> tuple[int, bool, bool]:
    """Length of the run of markers at the current position, and whether it may open and may close."""
    start, marker = state.pos, state.src[state.pos]
    end = start
    while end < state.posMax and state.src[end] == marker:
        end += 1
    before = _kind_of_side(state.src, start - 1, -1)
    after = _kind_of_side(state.src[: state.posMax], end, 1) if end < state.posMax else "space"
    left = after != "space" and (after != "mark" or before != "word")
    right = before != "space" and (before != "mark" or after != "word")
    if splits_words:
        return end - start, left, right
    return end - start, left and (not right or before == "mark"), right and (not left or after == "mark")


def _push_delimiters(state: StateInline, text: str, count: int, length: int, can: tuple[bool, bool]) -> None:
    for _ in range(count):
        state.push("text", "", 0).content = text
        state.delimiters.append(
            Delimiter(
                marker=ord(text[0]), length=length, token=len(state.tokens) - 1, end=-1, open=can[0], close=can[1]
            )
        )


def _emphasis(state: StateInline, silent: bool) -> bool:
    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    length, can_open, can_close = _delimiter_run(state, splits_words=marker == "*")
    _push_delimiters(state, marker, length, length, (can_open, can_close))
    state.pos += length
    return True


def _strikethrough(state: StateInline, silent: bool) -> bool:
    """`~~struck~~`; single tildes are text, since `~5%` means "about" and comes in pairs."""
    if silent or state.src[state.pos] != "~":
        return False
    length, can_open, can_close = _delimiter_run(state, splits_words=True)
    if length != 2:
        state.push("text", "", 0).content = "~" * length
    else:
        _push_delimiters(state, "~~", 1, 0, (can_open, can_close))
    state.pos += length
    return True


# -- formulas


def _maths(state: StateInline, silent: bool) -> bool:
    r"""`\( … \)`, `\[ … \]`, `$$ … $$`, `$ … $`, `\boxed{…}` in a paragraph; an opener without its closer is text."""
    opener = state.src[state.pos : state.pos + 2]
    if opener[:1] in "\\b" and _BOXED.match(state.src, state.pos):
        return _boxed(state, silent)
    closer = _CLOSERS.get(opener)
    if closer is None:
        return opener[:1] == "$" and _dollars(state, silent)
    end = state.src.find(closer, state.pos + 2, state.posMax)
    if opener == "$$" and not state.src[state.pos + 2 : end].strip():
        return False
    if end < 0 and opener == "$$":
        return False
    stop = state.pos + 2 if end < 0 else end + 2
    if not silent:
        token = state.push("maths_inline" if end >= 0 else "text", "", 0)
        token.content = state.src[state.pos : stop]
    state.pos = stop
    return True


def _dollars(state: StateInline, silent: bool) -> bool:
    end = dollars.formula_end(state.src, state.pos, state.posMax)
    if end is None and state.src.find("$", state.pos + 1) - 1 == state.src.find(UNFINISHED, state.pos) > 0:
        end = state.posMax  # the closer was put there for now
    if end is None:
        return False
    if not silent:
        state.push("maths_inline", "", 0).content = state.src[state.pos : end]
    state.pos = end
    return True


def _text_until(end: re.Pattern[str]) -> Callable[[StateInline, bool], bool]:
    """The rule for plain text, which ends where another rule may begin."""

    def text(state: StateInline, silent: bool) -> bool:
        match = end.search(state.src, state.pos, state.posMax)
        position = match.start() if match else state.posMax
        if position == state.pos:
            return False
        if not silent:
            state.append_pending(state.src[state.pos : position])
        state.pos = position
        return True

    return text


def _unclosed(state: StateInline, silent: bool) -> bool:
    """Brackets that nothing closes are text; the rule for links would read on behind each of them to find that out."""
    match = _OPENERS.match(state.src, state.pos, state.posMax)
    if match is None or state.src.find("]", state.pos, state.posMax) >= 0:
        return False
    if not silent:
        state.append_pending(match.group())
    state.pos = match.end()
    return True


def _boxed(state: StateInline, silent: bool) -> bool:
    start = state.src.index("{", state.pos)
    if state.src.rfind("}", start, state.posMax) < 0:
        return False
    end = group_end(state.src, start, state.posMax)
    if end < 0:
        return False
    if not silent:
        token = state.push("boxed_inline", "", 0)
        token.content = plain(state.src[start + 1 : end - 1])
    state.pos = end
    return True


def _maths_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    r"""A formula on lines of its own. It ends with its closer, or at the end of the text while it is being written.

    A blank line inside means that it is none: an opener that is never closed must not swallow the rest.
    """
    first = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    opener = first[:2]
    if opener not in _BLOCK_MATHS or state.is_code_block(start):
        return False
    closer = _CLOSERS[opener]
    line, text = start, first[2:]
    while closer not in text:
        line += 1
        if line >= end:
            break
        if state.isEmpty(line) or state.sCount[line] < state.blkIndent:
            return False
        text = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
    else:
        if text.partition(closer)[2].strip(" .,;。，；") or (line == start and not text.partition(closer)[0].strip()):
            return False  # more than the formula on the line: an inline matter
    if silent:
        return True
    state.line = min(line + 1, end)
    token = state.push("maths_block", "", 0)
    token.info = "open" if line >= end else ""
    token.map = [start, state.line]
    token.content = state.getLines(start, state.line, state.blkIndent, False).strip()
    return True


# -- limits


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A table, if it has no more columns than can be laid out: reading them takes time with their square."""
    if start + 1 >= end:
        return False
    below = state.bMarks[start + 1] + state.tShift[start + 1]
    if below >= state.eMarks[start + 1] or state.src[below] not in "|-:":
        return False  # at once, since nearly every line is asked
    if state.src.count("|", state.bMarks[start], state.eMarks[start]) > MOST_COLUMNS + 1:
        return False
    return table(state, start, end, silent)


def _nesting_limit(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Below the limit text stays as it is: markdown-it would leave it out."""
    if silent or state.level < MAX_NESTING:
        return False
    token = state.push("literal", "", 0)
    token.map = [start, end]
    token.content = state.getLines(start, end, state.blkIndent, False)
    state.line = end
    return True
