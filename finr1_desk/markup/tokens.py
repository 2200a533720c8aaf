"""What the parser's tokens say, for whoever makes blocks of them: the chat pane in pieces, the exports as a whole.

Owns the parts of the dialect that both need to read alike. Nothing is shown here, and no offsets are known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from markdown_it.token import Token

BOXES: Final = {" ": "☐", "x": "☑", "X": "☑"}
LONGEST_LANGUAGE: Final = 40  # characters
_TASK: Final = re.compile(r"\[([ xX])\][ \t]+(?=\S)")


def siblings(tokens: Sequence[Token]) -> list[Sequence[Token]]:
    """The tokens that stand beside each other, each with what it contains."""
    groups = []
    depth = begin = 0
    for index, token in enumerate(tokens):
        if depth == 0:
            begin = index
        depth += token.nesting
        if depth == 0:
            groups.append(tokens[begin : index + 1])
    return groups


def first_number(token: Token) -> int | None:
    """The number at which a list begins; None where its items have none."""
    return int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else None


def take_box(item: Sequence[Token]) -> str | None:
    """The box of a task, which is taken from the text of its item; None where it has none."""
    if len(item) < 3 or (task := _TASK.match(item[2].content)) is None:
        return None
    item[2].content = item[2].content[task.end() :]
    return BOXES[task[1]]


def code_language(token: Token) -> str:
    """The language that a fence names; empty where it names none."""
    words = token.info.split(maxsplit=1)
    return words[0][:LONGEST_LANGUAGE] if words else ""


def table_cells(tokens: Sequence[Token]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The alignment of each column ("left", "center", "right", or "" where none is said), and the rows of cells."""
    aligns: list[str] = []
    rows: list[tuple[str, ...]] = []
    row: list[str] = []
    for token in tokens:
        if token.type == "th_open":
            aligns.append(str(token.attrs.get("style", "")).removeprefix("text-align:"))
        elif token.type == "inline":
            row.append(token.content)
        elif token.type == "tr_close":
            rows.append(tuple(row))
            row = []
    return tuple(aligns), rows
