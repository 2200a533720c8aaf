"""The typed blocks of which a message consists.

Owns the block types. Long blocks come in pieces (rows of a table, lines of code, stretches of an endless paragraph),
so that laying one out costs the same wherever it stands. Nothing here is read or drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Level:
    """A quote, or an item or note with its marker; `continued` where another block stood in it before."""

    marker: str = ""
    continued: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """`start` and `end` are offsets into the source of the section that the block belongs to.

    `levels` are the quotes and items around it, from the outside: those that are long, or hold tables or code, are
    shown block by block.
    """

    start: int
    end: int
    levels: tuple[Level, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True, slots=True)
class Paragraph(Block):
    text: str
    continued: bool = False  # a later piece of a paragraph that is too long to be laid out at once


@dataclass(frozen=True, slots=True)
class Heading(Block):
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Quote(Block):
    children: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ListItem(Block):
    """An item with its marker (`3.` or a bullet); `first` in its list."""

    marker: str
    children: tuple[Block, ...]
    first: bool


@dataclass(frozen=True, slots=True)
class Rule(Block):
    pass


@dataclass(frozen=True, slots=True)
class Code(Block):
    """A piece of a code block. `block` is the offset at which the whole begins."""

    text: str
    language: str
    block: int
    first: bool = True
    last: bool = True


@dataclass(frozen=True, slots=True)
class Maths(Block):
    """A formula on lines of its own; `open` while its closer is not there."""

    text: str
    open: bool = False


@dataclass(frozen=True, slots=True)
class Plain(Block):
    """Text that is no Markdown: a question, or what lies too deep."""

    text: str


@dataclass(frozen=True, slots=True)
class Table(Block):
    """A piece of a table. `block` is the offset at which the whole begins."""

    aligns: tuple[str, ...]  # "", "left", "center", "right"
    header: tuple[str, ...]  # empty in later pieces
    rows: tuple[tuple[str, ...], ...]
    block: int
    first: bool = True
    last: bool = True
