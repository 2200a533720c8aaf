"""From Markdown tokens to typed blocks.

Owns this step, the cutting of long blocks into pieces, and what has to be known to go on in the middle of a block.
Nothing here is drawn, and nothing of Qt is known.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final

from markdown_it.token import Token

from finr1_desk.markup.tokens import code_language, first_number, siblings, table_cells, take_box
from finr1_desk.ui.pane.blocks import (
    Block,
    Code,
    Heading,
    Level,
    ListItem,
    Maths,
    Paragraph,
    Plain,
    Quote,
    Rule,
    Table,
)
from finr1_desk.ui.pane.nesting import Container, Kind, stand_ins, take_levels, without_openers

TABLE_ROWS: Final = 20  # a piece of a table
TABLE_CELLS: Final = 400  # a piece of a table with many columns
CODE_LINES: Final = 40  # a piece of a code block
CODE_COLUMNS: Final = 2000  # a longer line is cut
PARAGRAPH_CHARS: Final = 4000  # a piece of a paragraph, and the longest quote or item that is laid out as a whole
BULLETS: Final = ("•", "–", "◦")
LONGEST_LABEL: Final = 12  # of a footnote, in the margin
_GOOD_CUTS: Final = re.compile(r"[。！？；]|[.!?;] |[,，、 ]")
_IN_ROWS: Final = ("fence", "code_block", "table_open")  # wherever they stand, their pieces are rows of their own


@dataclass(frozen=True, slots=True)
class Lead:
    """What has to be known to go on parsing in the middle of a block.

    `prefix` is put before the text: stand-ins for the quotes and items around it, the opening fence, the head of the
    table. The pieces found then continue the block that began at `block`. `items` are the markers and numbers of the
    items in the prefix, from the outside.
    """

    prefix: str = ""
    block: int = -1
    items: tuple[tuple[str, int | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """A block, or a part of one, and where parsing can begin anew with it, how."""

    block: Block
    line: int  # at which it begins, counted in the text parsed, without the prefix
    lead: Lead | None


Around = tuple[Container, ...]


class BlockReader:
    """Turns the tokens of one stretch of source into pieces.

    Args:
        source: the text that was parsed, without the lead's prefix.
        base: its offset in the section.
    """

    def __init__(self, source: str, base: int, lead: Lead) -> None:
        self._source = source
        self._base = base
        self._lead = lead
        self._prefix = lead.prefix.split("\n")[:-1]
        lines = source.split("\n")
        self._lines = lines
        self._starts = [0, *accumulate(len(line) + 1 for line in lines)]

    def read(self, tokens: Sequence[Token]) -> list[Piece]:
        pieces: list[Piece] = []
        for group in siblings(tokens):
            pieces += self._pieces(group, ())
        return pieces

    # -- places

    def _offset(self, line: int) -> int:
        line = min(max(line - len(self._prefix), 0), len(self._starts) - 1)
        return self._base + min(self._starts[line], len(self._source))

    def _line_text(self, line: int) -> str:
        if line < len(self._prefix):
            return self._prefix[line]
        line -= len(self._prefix)
        return self._lines[line] if line < len(self._lines) else ""

    def _span(self, token: Token) -> tuple[int, int]:
        first, behind = token.map or (0, 0)
        start, end = self._offset(first), self._offset(behind)
        while end > start and self._source[end - 1 - self._base].isspace():
            end -= 1
        return start, end

    def _local(self, line: int) -> int:
        return max(line - len(self._prefix), 0)

    def _is_stand_in(self, token: Token) -> bool:
        return token.map is not None and token.map[1] <= len(self._prefix)

    def _begins_before(self, token: Token) -> bool:
        """Whether it goes on with what stands in the prefix."""
        return token.map is not None and token.map[0] < len(self._prefix)

    def _lead_at(self, line: int, around: Around, head: Sequence[str] = (), block: int = -1) -> Lead | None:
        """How parsing can begin at a line inside of these; `head` are the first lines of a block that goes on there."""
        stand_in = stand_ins(around, line, self._line_text)
        if stand_in is None:
            return None
        prefix, items = stand_in
        return Lead(prefix + "".join(f"{text}\n" for text in head), block, items)

    # -- blocks that are rows

    def _pieces(self, tokens: Sequence[Token], around: Around) -> list[Piece]:
        token = tokens[0]
        if self._is_stand_in(token):
            return []
        line = (token.map or (0, 0))[0]
        match token.type:
            case "fence" | "code_block":
                return self._code_pieces(token, around)
            case "table_open":
                return self._table_pieces(tokens, around)
            case "bullet_list_open" | "ordered_list_open":
                return self._item_pieces(tokens, around)
            case "blockquote_open" if self._is_split(tokens):
                return self._contents(tokens, (*around, self._container(token, Kind.QUOTE)))
            case "footnote_open" if self._is_split(tokens):
                return self._contents(
                    tokens, (*around, self._container(token, Kind.NOTE, note_marker(token.meta["label"])))
                )
            case "paragraph_open":
                return self._text_pieces(token, tokens[1].content, _paragraph, around)
            case "heading_open" if len(tokens[1].content) > PARAGRAPH_CHARS:
                return self._text_pieces(token, tokens[1].content, _paragraph, around)
            case "literal":
                return self._text_pieces(token, token.content.strip("\n"), _plain, around)
        lead = self._lead_at(line, around)
        if token.info == "open":  # a formula that a blank line would turn into text again
            lead = None
        levels = take_levels(around)
        depth = sum(container.kind is not Kind.QUOTE for container in around)
        return [Piece(_within(block, levels), self._local(line), lead) for block in self._blocks(tokens, depth)]

    def _is_split(self, tokens: Sequence[Token]) -> bool:
        """Whether the blocks of a quote or an item are rows of their own."""
        token = tokens[0]
        if self._begins_before(token) or any(inner.type in _IN_ROWS for inner in tokens):
            return True
        first, behind = token.map or (0, 0)
        return behind - first > CODE_LINES or self._offset(behind) - self._offset(first) > PARAGRAPH_CHARS

    def _container(self, token: Token, kind: Kind, marker: str = "") -> Container:
        line = (token.map or (0, 0))[0]
        return Container(kind, line, marker, is_shown=self._begins_before(token))

    def _contents(self, tokens: Sequence[Token], around: Around) -> list[Piece]:
        pieces: list[Piece] = []
        for group in siblings(tokens[1:-1]):
            pieces += self._pieces(group, around)
        return pieces

    def _text_pieces(
        self, token: Token, text: str, make: Callable[[int, int, str, bool], Block], around: Around
    ) -> list[Piece]:
        """Text that may be too long to be laid out at once."""
        first = (token.map or (0, 0))[0]
        start, end = self._span(token)
        lead = self._lead_at(first, around)
        stretches = _stretches(text, PARAGRAPH_CHARS)
        places = [start, *self._places(first, text, [offset for offset, _ in stretches[1:]]), end]
        return [
            Piece(
                _within(
                    make(places[index], max(places[index + 1], places[index]), stretch, index > 0), take_levels(around)
                ),
                self._local(first),
                None if index else lead,
            )
            for index, (_, stretch) in enumerate(stretches)
        ]

    def _places(self, first: int, text: str, offsets: Sequence[int]) -> Iterator[int]:
        """Where characters of a text stand whose first line is `first`."""
        begins = list(accumulate((len(line) + 1 for line in text.split("\n")), initial=0))
        indents: dict[int, int] = {}
        for offset in offsets:
            number = bisect_right(begins, offset) - 1
            begin = begins[number]
            if number not in indents:
                own, line = text[begin : begins[number + 1] - 1], self._line_text(first + number).rstrip()
                indents[number] = max(len(line) - len(own.rstrip()), 0)
            yield self._offset(first + number) + indents[number] + offset - begin

    def _code_pieces(self, token: Token, around: Around) -> list[Piece]:
        continued = self._begins_before(token)
        start, end = self._span(token)
        block = self._lead.block if continued else start
        first_line = (token.map or (0, 0))[0]
        fenced = token.type == "fence"
        fence = without_openers(self._line_text(first_line), around, first_line)
        body_line = first_line + (1 if fenced else 0)
        lines = list(_short_lines(token.content.removesuffix("\n").split("\n")))
        language = code_language(token) if continued or self._line_is_complete(first_line) else ""
        pieces = []
        for index in range(0, len(lines), CODE_LINES):
            is_first, is_last = index == 0 and not continued, index + CODE_LINES >= len(lines)
            number, column, _ = lines[index]
            at = first_line if index == 0 else body_line + number
            piece_start = start if is_first else self._offset(body_line + number) + column
            piece_end = end
            if not is_last:
                number_after, column_after, _ = lines[index + CODE_LINES]
                piece_end = self._offset(body_line + number_after) + column_after
            text = "\n".join(line for _, _, line in lines[index : index + CODE_LINES])
            span = piece_start, max(piece_end, piece_start)
            if index == 0 and not continued:
                lead = self._lead_at(at, around)
            else:
                can_resume = fenced and column == 0 and fence is not None
                lead = self._lead_at(at, around, (fence or "",), block) if can_resume else None
            levels = take_levels(around)
            code = Code(*span, text, language, block, is_first, is_last, levels=levels)
            pieces.append(Piece(code, self._local(at), lead))
        return pieces

    def _line_is_complete(self, line: int) -> bool:
        return line - len(self._prefix) < len(self._lines) - 1

    def _table_pieces(self, tokens: Sequence[Token], around: Around) -> list[Piece]:
        continued = self._begins_before(tokens[0])
        start, end = self._span(tokens[0])
        block = self._lead.block if continued else start
        aligns, rows = table_cells(tokens)
        head_line = (tokens[0].map or (0, 0))[0]
        head = [without_openers(self._line_text(head_line + i), around, head_line + i) for i in range(2)]
        header, body = rows[0], rows[1:]
        pieces = []
        step = max(min(TABLE_ROWS, TABLE_CELLS // max(len(aligns), 1)), 1)
        for index in range(0, max(len(body), 1), step):
            is_last = index + step >= len(body)
            is_first = index == 0 and not continued
            at = head_line + 2 + index
            piece_start = start if is_first else self._offset(at)
            piece_end = end if is_last else self._offset(at + step) - 1
            cells = tuple(body[index : index + step])
            if is_first:
                lead = self._lead_at(head_line, around)
            else:
                known = [text for text in head if text is not None]
                lead = self._lead_at(at, around, known, block) if len(known) == len(head) else None
            span = piece_start, max(piece_end, piece_start)
            levels = take_levels(around)
            own_header = header if is_first else ()
            table = Table(*span, aligns, own_header, cells, block, is_first and bool(header), is_last, levels=levels)
            pieces.append(Piece(table, self._local(at if index else head_line), lead))
        return pieces

    def _item_pieces(self, tokens: Sequence[Token], around: Around) -> list[Piece]:
        depth = sum(container.kind is not Kind.QUOTE for container in around)
        start = first_number(tokens[0])
        place = sum(container.kind is Kind.ITEM for container in around)
        known = self._lead.items[place] if self._begins_before(tokens[0]) and place < len(self._lead.items) else None
        if start is not None and known is not None:
            start = known[1]
        pieces: list[Piece] = []
        for index, item in enumerate(siblings(tokens[1:-1])):
            if self._is_stand_in(item[0]):
                continue
            number = None if start is None else start + index
            container = self._container(item[0], Kind.ITEM, _item_marker(item, number, depth))
            container.number, container.is_later = number, index > 0
            if known is not None and container.is_shown:  # its text, and with it the box of a task, is not there
                container.marker = known[0]
            if self._is_split(item):
                pieces += self._contents(item, (*around, container))
                continue
            lead = self._lead_at(container.line, (*around, container))
            children = self._blocks(item[1:-1], depth + 1)
            block = ListItem(*self._span(item[0]), container.marker, children, index == 0, levels=take_levels(around))
            pieces.append(Piece(block, self._local(container.line), lead))
        return pieces

    # -- blocks within a row

    def _blocks(self, tokens: Sequence[Token], depth: int) -> tuple[Block, ...]:
        found: list[Block] = []
        for group in siblings(tokens):
            found += self._block(group, depth)
        return tuple(found)

    def _block(self, tokens: Sequence[Token], depth: int) -> list[Block]:
        token = tokens[0]
        start, end = self._span(token)
        match token.type:
            case "paragraph_open":
                return [Paragraph(start, end, tokens[1].content)]
            case "heading_open":
                return [Heading(start, end, int(token.tag[1]), tokens[1].content)]
            case "blockquote_open":
                return [Quote(start, end, self._blocks(tokens[1:-1], depth))]
            case "bullet_list_open" | "ordered_list_open":
                return self._items(tokens, depth)
            case "hr":
                return [Rule(start, end)]
            case "maths_block":
                return [Maths(start, end, token.content, token.info == "open")]
            case "footnote_open":
                children = self._blocks(tokens[1:-1], depth + 1)
                return [ListItem(start, end, note_marker(token.meta["label"]), children, first=False)]
            case _:
                return [Plain(start, end, token.content.strip("\n"))]

    def _items(self, tokens: Sequence[Token], depth: int) -> list[Block]:
        start = first_number(tokens[0])
        items: list[Block] = []
        for index, item in enumerate(siblings(tokens[1:-1])):
            marker = _item_marker(item, None if start is None else start + index, depth)
            children = self._blocks(item[1:-1], depth + 1)
            items.append(ListItem(*self._span(item[0]), marker, children, index == 0))
        return items


def plain_pieces(text: str) -> list[Block]:
    """A question as it was typed, in pieces of at most some screens."""
    blocks: list[Block] = []
    offset = 0
    lines = text.split("\n")
    for index in range(0, len(lines), CODE_LINES):
        stretch = "\n".join(lines[index : index + CODE_LINES])
        for begin, piece in _stretches(stretch, PARAGRAPH_CHARS):
            start = offset + begin
            blocks.append(Plain(start, start + len(piece), piece.removesuffix("\n")))
        offset += len(stretch) + 1
    return blocks


def _stretches(text: str, limit: int) -> list[tuple[int, str]]:
    """The text in pieces of at most `limit` characters, cut where it hurts least, whatever comes behind."""
    found = []
    begin = 0
    while len(text) - begin > limit:
        window = text[begin : begin + limit]
        cut = window.rfind("\n", limit // 2) + 1
        if not cut:
            cut = max((match.end() for match in _GOOD_CUTS.finditer(window, limit // 2)), default=limit)
        found.append((begin, window[:cut]))
        begin += cut
    found.append((begin, text[begin:]))
    return found


def _short_lines(lines: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """The lines with their number and the column at which they begin; what is too long comes in several."""
    for number, line in enumerate(lines):
        for column in range(0, max(len(line), 1), CODE_COLUMNS):
            yield number, column, line[column : column + CODE_COLUMNS]


def _item_marker(item: Sequence[Token], number: int | None, depth: int) -> str:
    """The marker of an item; that of a task is taken from its text."""
    if number is not None:
        return f"{number}."
    return take_box(item) or BULLETS[min(depth, len(BULLETS) - 1)]


def note_marker(label: str) -> str:
    """How the label of a footnote is shown before it."""
    return f"[{label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + '…'}]"


def _within(block: Block, levels: tuple[Level, ...]) -> Block:
    return replace(block, levels=levels) if levels else block


def _paragraph(start: int, end: int, text: str, continued: bool) -> Block:
    return Paragraph(start, end, text, continued)


def _plain(start: int, end: int, text: str, _continued: bool) -> Block:
    return Plain(start, end, text)
