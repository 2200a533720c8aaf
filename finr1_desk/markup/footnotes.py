"""Footnotes: `[^1]` in the text, and `[^1]: what it says` anywhere below or above.

Owns both rules and where definitions are noted (`env["footnotes"]`, label to lines). A note stays where it was written
and keeps its label: text that is still coming could not be numbered, and models count for themselves.
"""

from __future__ import annotations

import re
from typing import Any, Final

from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

NOTES: Final = "footnotes"
_LABEL: Final = re.compile(r"\[\^([^\s\[\]^]{1,40})\]")
_INDENT: Final = 4
_DEEPEST: Final = 4  # tokens: a note in two quotes, or in two lists


def reference(state: StateInline, silent: bool) -> bool:
    """`[^1]`: a number, or a label that is defined somewhere."""
    if state.src[state.pos] != "[":
        return False
    match = _LABEL.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    label = match.group(1)
    if not label.isdecimal() and label not in state.env.get(NOTES, {}):
        return False
    if not silent:
        state.push("footnote_ref", "", 0).content = label
    state.pos = match.end()
    return True


def definition(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """`[^1]: …` with the lines below it that are indented, or go on without a blank line."""
    if state.is_code_block(start):
        return False
    begin = state.bMarks[start] + state.tShift[start]
    match = _LABEL.match(state.src, begin, state.eMarks[start])
    if match is None or not state.src.startswith(":", match.end()) or state.level >= _DEEPEST:
        return False
    if silent:
        return True
    token = state.push("footnote_open", "", 1)
    token.meta = {"label": match.group(1)}
    lines = [start, start]
    token.map = lines
    _tokenize_inside(state, start, match.end() + 1, end)
    lines[1] = state.line
    state.push("footnote_close", "", -1)
    notes: dict[str, Any] = state.env.setdefault(NOTES, {})
    notes.setdefault(match.group(1), {"map": list(lines)})
    return True


def _tokenize_inside(state: StateBlock, start: int, position: int, end: int) -> None:
    """Reads the blocks of a note: its first line without the label, the others without their indent."""
    kept = state.bMarks[start], state.tShift[start], state.sCount[start], state.parentType, state.blkIndent
    text = position
    while text < state.eMarks[start] and state.src[text] in " \t":
        text += 1
    indent = state.blkIndent
    state.bMarks[start] = position
    state.tShift[start] = text - position
    state.sCount[start] = indent + _INDENT
    state.blkIndent = indent + _INDENT
    state.parentType = "footnote"
    state.md.block.tokenize(state, start, end)
    state.bMarks[start], state.tShift[start], state.sCount[start], state.parentType, state.blkIndent = kept
