"""From Markdown tokens to typed blocks.

Owns this step, the cutting of long blocks into pieces, and what has to be known to go on in the middle of a block.
Nothing here is drawn, and nothing of Qt is known.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from markdown_it.token import Token

from finr1_desk.core.figures import EMPTY, read_figure
from finr1_desk.markup.dollars import formula_end
from finr1_desk.ui.pane.blocks import (
    Block,
    Code,
    Heading,
    ListItem,
    Maths,
    Paragraph,
    Plain,
    Quote,
    Rule,
    Table,
)

TABLE_ROWS: Final = 20  # a piece of a table
TABLE_CELLS: Final = 400  # a piece of a table with many columns
CODE_LINES: Final = 40  # a piece of a code block
CODE_COLUMNS: Final = 2000  # a longer line is cut
PARAGRAPH_CHARS: Final = 4000  # a piece of a paragraph
BULLETS: Final = ("•", "–", "◦")
TASKS: Final = {" ": "☐", "x": "☑", "X": "☑"}
LONGEST_LABEL: Final = 12  # of a footnote, in the margin
CANDIDATES: Final = 3  # cells of a column that are measured
LONGEST_NESTED: Final = 20_000  # characters of a paragraph within a block, which cannot be cut; more is shown plain
_GOOD_CUTS: Final = re.compile(r"[\n。！？；]|[.!?;] |[,，、 ]")
_WIDE: Final = b"0123456789mwMW%"  # a little wider than other letters
_LINK: Final = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_INDENT: Final = re.compile("[ \t]*")
_TASK: Final = re.compile(r"\[([ xX])\][ \t]+(?=\S)")
_FORMULA_OPENER: Final = re.compile(r"(?<!\\)\$|\\\(")
_TEX_STRUCTURE: Final = re.compile(r"\\(?:(?:text\w*|math\w+|[dt]?frac|left|right|sqrt)(?![A-Za-z])|[,;:!])")
_TEX_SYMBOL: Final = re.compile(r"\\[A-Za-z]+")
_TEX_MARKS: Final = str.maketrans("", "", "{}^_$\\ ")


@dataclass(frozen=True, slots=True)
class Lead:
    """What has to be known to go on parsing in the middle of a block.

    `prefix` is put before the text (the opening fence, the head of the table, an item); the pieces found then continue
    the block that began at `block`. `ordinal` is the number of the next item where a list goes on.
    """

    prefix: str = ""
    block: int = -1
    ordinal: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A top-level block and, where parsing can begin anew with it, how."""

    block: Block
    line: int  # at which it begins, counted in the text parsed, without the prefix
    lead: Lead | None


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
        self._prefix_lines = lead.prefix.count("\n")
        lines = source.split("\n")
        self._lines = lines
        self._starts = [0, *accumulate(len(line) + 1 for line in lines)]

    def read(self, tokens: Sequence[Token]) -> list[Piece]:
        pieces: list[Piece] = []
        for index, (begin, end) in enumerate(_siblings(tokens)):
            lead = self._lead if index == 0 else Lead()
            pieces += self._pieces(tokens[begin:end], lead)
        return pieces

    def line_of(self, offset: int) -> int:
        """The line of the text parsed in which an offset of the section lies."""
        return bisect_right(self._starts, offset - self._base) - 1

    # -- places

    def _offset(self, line: int) -> int:
        line = min(max(line - self._prefix_lines, 0), len(self._starts) - 1)
        return self._base + min(self._starts[line], len(self._source))

    def _line_text(self, line: int) -> str:
        line -= self._prefix_lines
        return self._lines[line] if 0 <= line < len(self._lines) else ""

    def _span(self, token: Token) -> tuple[int, int]:
        first, behind = token.map or (0, 0)
        return self._range(first, behind)

    def _range(self, first: int, behind: int) -> tuple[int, int]:
        start, end = self._offset(first), self._offset(behind)
        while end > start and self._source[end - 1 - self._base].isspace():
            end -= 1
        return start, end

    def _local(self, token: Token) -> int:
        return max((token.map or (0, 0))[0] - self._prefix_lines, 0)

    # -- top level

    def _pieces(self, tokens: Sequence[Token], lead: Lead) -> list[Piece]:
        token = tokens[0]
        line = self._local(token)
        if token.type in ("fence", "code_block"):
            return self._code_pieces(token, lead)
        if token.type == "table_open":
            return self._table_pieces(tokens, lead)
        if token.type in ("bullet_list_open", "ordered_list_open"):
            return self._item_pieces(tokens, lead)
        if token.type == "paragraph_open":
            blocks = self._paragraphs(tokens)
            return [Piece(block, line, Lead() if index == 0 else None) for index, block in enumerate(blocks)]
        if token.info == "open":  # a formula that a blank line would turn into text again
            return [Piece(block, line, None) for block in self._blocks(tokens, 0)]
        return [Piece(block, line, Lead()) for block in self._blocks(tokens, 0)]

    def _paragraphs(self, tokens: Sequence[Token]) -> list[Block]:
        start, end = self._span(tokens[0])
        text = tokens[1].content
        if len(text) <= PARAGRAPH_CHARS:
            return [Paragraph(start, end, text)]
        pieces: list[Block] = []
        for offset, piece in _stretches(text, PARAGRAPH_CHARS):
            behind = offset + len(piece)
            pieces.append(Paragraph(start + offset, end if behind == len(text) else start + behind, piece, offset > 0))
        return pieces

    def _code_pieces(self, token: Token, lead: Lead) -> list[Piece]:
        continued = lead.block >= 0
        start, end = self._span(token)
        block = lead.block if continued else start
        first_line = (token.map or (0, 0))[0]
        fenced = token.type == "fence"
        prefix = lead.prefix if continued else self._line_text(first_line) + "\n"
        body_line = first_line + (1 if fenced else 0)
        lines = list(_short_lines(token.content.removesuffix("\n").split("\n")))
        language = _language(token) if continued or self._line_is_complete(first_line) else ""
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
            code = Code(piece_start, max(piece_end, piece_start), text, language, block, is_first, is_last)
            resume: Lead | None = Lead(prefix, block) if fenced and column == 0 else None
            if index == 0:
                resume = lead if continued else Lead()
            pieces.append(Piece(code, max(at - self._prefix_lines, 0), resume))
        return pieces

    def _line_is_complete(self, line: int) -> bool:
        return line - self._prefix_lines < len(self._lines) - 1

    def _table_pieces(self, tokens: Sequence[Token], lead: Lead) -> list[Piece]:
        continued = lead.block >= 0
        start, end = self._span(tokens[0])
        block = lead.block if continued else start
        aligns, rows = _table_cells(tokens)
        head_line = (tokens[0].map or (0, 0))[0]
        prefix = lead.prefix if continued else "".join(self._line_text(head_line + i) + "\n" for i in range(2))
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
            table = _table_piece(
                (piece_start, max(piece_end, piece_start)), aligns, header if is_first else (), cells, block, is_last
            )
            if index == 0:
                resume: Lead | None = lead if continued else Lead()
            else:
                resume = Lead(prefix, block)
            pieces.append(Piece(table, max((at if index else head_line) - self._prefix_lines, 0), resume))
        return pieces

    def _item_pieces(self, tokens: Sequence[Token], lead: Lead) -> list[Piece]:
        ordinal = _start(tokens[0])
        going_on = lead.ordinal is not None  # the prefix is an item of its own, which stands for those before
        if going_on and ordinal is not None:
            ordinal = (lead.ordinal or 0) - 1
        stand_in = f"{'' if ordinal is None else 1}{tokens[0].markup} x\n"
        pieces = []
        for index, (begin, end) in enumerate(_siblings(tokens[1:-1])):
            if index == 0 and going_on:
                continue
            number = None if ordinal is None else ordinal + index
            item = self._item(tokens[1 + begin : 1 + end], _marker(number, 0), 0, first=index == 0)
            line = (tokens[1 + begin].map or (0, 0))[0]
            indent = _INDENT.match(self._line_text(line))
            resume = Lead((indent.group() if indent else "") + stand_in, ordinal=number or 0) if index else Lead()
            pieces.append(Piece(item, self._local(tokens[1 + begin]), resume))
        return pieces

    # -- any level

    def _blocks(self, tokens: Sequence[Token], depth: int) -> tuple[Block, ...]:
        found: list[Block] = []
        for begin, end in _siblings(tokens):
            found += self._block(tokens[begin:end], depth)
        return tuple(found)

    def _block(self, tokens: Sequence[Token], depth: int) -> list[Block]:
        token = tokens[0]
        start, end = self._span(token)
        match token.type:
            case "paragraph_open":
                text = tokens[1].content
                return [Paragraph(start, end, text) if len(text) <= LONGEST_NESTED else Plain(start, end, text)]
            case "heading_open":
                return [Heading(start, end, int(token.tag[1]), tokens[1].content)]
            case "blockquote_open":
                return [Quote(start, end, self._blocks(tokens[1:-1], depth))]
            case "bullet_list_open" | "ordered_list_open":
                return self._items(tokens, depth)
            case "hr":
                return [Rule(start, end)]
            case "fence" | "code_block":
                lines = _short_lines(token.content.removesuffix("\n").split("\n"))
                text = "\n".join(line for _, _, line in lines)
                return [Code(start, end, text, _language(token), start)]
            case "maths_block":
                return [Maths(start, end, token.content, token.info == "open")]
            case "footnote_open":
                label = token.meta["label"]
                shown = label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…"
                return [ListItem(start, end, f"[{shown}]", self._blocks(tokens[1:-1], depth + 1), first=False)]
            case "table_open":
                aligns, rows = _table_cells(tokens)
                return [_table_piece((start, end), aligns, rows[0], tuple(rows[1:]), start, last=True)]
            case _:
                return [Plain(start, end, token.content.strip("\n"))]

    def _items(self, tokens: Sequence[Token], depth: int) -> list[Block]:
        ordinal = _start(tokens[0])
        items: list[Block] = []
        for index, (begin, end) in enumerate(_siblings(tokens[1:-1])):
            number = None if ordinal is None else ordinal + index
            items.append(self._item(tokens[1 + begin : 1 + end], _marker(number, depth), depth, first=index == 0))
        return items

    def _item(self, tokens: Sequence[Token], marker: str, depth: int, *, first: bool) -> ListItem:
        start, end = self._span(tokens[0])
        if marker in BULLETS and len(tokens) > 2 and (task := _TASK.match(tokens[2].content)):
            marker = TASKS[task.group(1)]
            tokens[2].content = tokens[2].content[task.end() :]
        return ListItem(start, end, marker, self._blocks(tokens[1:-1], depth + 1), first)


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


def _siblings(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """The ranges of the tokens that stand beside each other, each with what it contains."""
    ranges = []
    depth = begin = 0
    for index, token in enumerate(tokens):
        if depth == 0:
            begin = index
        depth += token.nesting
        if depth == 0:
            ranges.append((begin, index + 1))
    return ranges


def _stretches(text: str, limit: int) -> list[tuple[int, str]]:
    """The text in pieces of at most `limit` characters, cut where it hurts least, whatever comes behind."""
    found = []
    begin = 0
    while len(text) - begin > limit:
        window = text[begin : begin + limit]
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


def _language(token: Token) -> str:
    return token.info.split(maxsplit=1)[0][:40] if token.info.strip() else ""


def _start(token: Token) -> int | None:
    return int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else None


def _marker(number: int | None, depth: int) -> str:
    return BULLETS[min(depth, len(BULLETS) - 1)] if number is None else f"{number}."


def _table_cells(tokens: Sequence[Token]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
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


def _table_piece(
    span: tuple[int, int],
    aligns: tuple[str, ...],
    header: tuple[str, ...],
    rows: tuple[tuple[str, ...], ...],
    block: int,
    last: bool,
) -> Table:
    lines = (header, *rows) if header else rows
    columns = [tuple(map(_shown, column)) for column in zip(*lines, strict=True)] or [("",)] * len(aligns)
    return Table(
        *span,
        aligns,
        header,
        rows,
        block,
        widest=tuple(_widest(column, column[: bool(header)]) for column in columns),
        longest_words=tuple(
            _widest([word for cell in column for word in _words(cell)], _words(column[0]) if header else ())
            for column in columns
        ),
        numeric=tuple(map(_is_numeric, zip(*rows, strict=True))) if rows else (True,) * len(aligns),
        first=bool(header),
        last=last,
    )


def _shown(cell: str) -> str:
    """About what is seen of a cell: no markers of emphasis, no addresses."""
    if "](" in cell:
        cell = _LINK.sub(r"\1", cell)
    if "$" in cell or "\\(" in cell:
        cell = _with_stand_ins(cell)
    return cell.replace("**", "").replace("`", "")


def _with_stand_ins(cell: str) -> str:
    """The cell with one word about as wide in the place of each formula."""
    shown = ""
    position = 0
    for opener in _FORMULA_OPENER.finditer(cell):
        if opener.start() < position:
            continue
        end = formula_end(cell, opener.start(), len(cell)) if opener.group() == "$" else cell.find("\\)", opener.end())
        if end is None or end < 0:
            continue
        formula = _TEX_SYMBOL.sub("x", _TEX_STRUCTURE.sub("", cell[opener.end() : end])).translate(_TEX_MARKS)
        shown += cell[position : opener.start()] + formula
        position = end if opener.group() == "$" else end + 2
    return shown + cell[position:]


def _widest(texts: Sequence[str], header: Sequence[str]) -> tuple[str, ...]:
    """What may need the most room; the header always, since it is bold and its letters tell too little."""
    return tuple(dict.fromkeys((*header, *sorted(set(texts), key=_room)[-CANDIDATES:])))


def _room(text: str) -> int:
    """About how wide a text is: a Chinese character has three bytes and the width of two letters; digits are wide."""
    encoded = text.encode("utf-8", "replace")
    return 5 * len(encoded) - len(encoded.translate(None, _WIDE))


def _words(text: str) -> list[str]:
    return text.split() if text.isascii() else re.split(r"\s+|(?<=[\u2e80-\uffef])", text)


def _is_numeric(column: Sequence[str]) -> bool:
    cells = [cell.strip("* ") for cell in column]
    return all(cell in EMPTY or read_figure(cell) is not None for cell in cells)
