"""The blocks of a text that grows.

Owns the incremental reading of one section: what is finished is parsed once, and only the last block again with every
piece of new text. While text is still coming, a half-written last line is shown as what it is about to become. It
draws nothing; whoever shows the blocks is told from which one on they changed.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from finr1_desk.markup.dollars import is_opening
from finr1_desk.markup.footnotes import NOTES
from finr1_desk.markup.markdown import UNFINISHED, Env, Markdown, cleaned
from finr1_desk.ui.pane.blocks import Block, Heading, ListItem, Paragraph, Quote
from finr1_desk.ui.pane.reading import BlockReader, Lead, Piece

_ONLY_MARKUP: Final = re.compile(r"[ \t]*(?:[-=*_~`#>+|: \t]+|\d{1,3}[.)]?|[-*+][ \t]+\[[ xX]?\]?[ \t]*)\Z")
_DEFINITIONS: Final = ("references", NOTES)
_BOXED: Final = re.compile(r"\\?(?<![A-Za-z])(?:boxed|fbox)\{")
_HALF_COMMAND: Final = re.compile(r"\\[A-Za-z]*\Z")
_NOT_QUOTED: Final = re.compile(r"[^>]")
_DELIMITERS: Final = re.compile(r"(?<!\\)\|")


class BlockStream:
    """The blocks of one section.

    `blocks` are the finished ones and then those that may still change; `env` holds the definitions of references.
    """

    def __init__(self, markdown: Markdown) -> None:
        self._markdown = markdown
        self.source = ""
        self._text = ""  # the source as it came
        self.blocks: list[Block] = []
        self.env: Env = {}
        self.is_finished = False
        self._settled = 0  # blocks that will not change
        self._resume = 0  # offset at which the open part begins
        self._lead = Lead()
        self._definitions = _no_definitions()  # in the part that will not change

    @property
    def open_length(self) -> int:
        """Characters at the end that are read again when text is added."""
        return len(self.source) - self._resume

    def update(self, text: str, *, finished: bool) -> int:
        """Shows the text so far; returns the index of the first block that is not as it was.

        Where the text does not continue the earlier one, everything is read anew.
        """
        source = self._cleaned(text)
        if source == self.source and finished == self.is_finished:
            return len(self.blocks)
        if self.is_finished or not source.startswith(self.source):
            self._settled = self._resume = 0
            self._lead = Lead()
            self._definitions = _no_definitions()
        self.source, self.is_finished = source, finished
        before = self.blocks
        settled = self._settled
        pieces, shown = self._read()
        found = [piece.block for piece in shown]
        if found and not finished:
            found[-1] = _completed(found[-1])
        self.blocks = before[:settled] + found
        if not finished:
            self._settle(pieces)
        changed = settled
        while changed < min(len(before), len(self.blocks)) and before[changed] == self.blocks[changed]:
            changed += 1
        return changed

    def _cleaned(self, text: str) -> str:
        before, self._text = self._text, text
        if before and not before.endswith("\r") and text.startswith(before):
            return self.source + cleaned(text[len(before) :])
        return cleaned(text)

    # -- reading the open part

    def _read(self) -> tuple[list[Piece], list[Piece]]:
        """What the open part is, and what it is shown as."""
        tail = self.source[self._resume :]
        if self.is_finished:
            pieces = self._parse(tail)
            return pieces, pieces
        tail = _without_bare_markup(tail)
        pieces = self._parse(tail)
        last = _last_leaf(pieces[-1].block) if pieces else None
        if isinstance(last, Paragraph) and (head := _table_head(last.text)):
            tail = tail.removesuffix("\n")
            line, row = tail.rpartition("\n")[2], last.text.rpartition("\n")[2]
            indent = _NOT_QUOTED.sub(" ", line[: max(line.rfind(row), 0)])
            return pieces, self._parse(f"{tail}\n{indent}{head}")
        return pieces, pieces

    def _parse(self, tail: str) -> list[Piece]:
        reader = BlockReader(tail, self._resume, self._lead)
        env: Env = {kind: dict(found) for kind, found in self._definitions.items()}
        pieces = reader.read(self._markdown.blocks(self._lead.prefix + tail, env))
        self.env = env
        return pieces

    def _settle(self, pieces: list[Piece]) -> None:
        """What stands before the last block that begins with a complete line will not change any more."""
        complete_lines = self.source.count("\n", self._resume)
        for index in range(len(pieces) - 1, 0, -1):
            piece = pieces[index]
            if piece.lead is not None and piece.line < complete_lines:
                self._settled += index
                self._resume = piece.block.start
                prefix_lines = self._lead.prefix.count("\n")
                for kind, settled in self._definitions.items():
                    for label, definition in self.env[kind].items():
                        if label not in settled and definition["map"][1] <= piece.line + prefix_lines:
                            settled[label] = definition
                self._lead = piece.lead
                return
        if not pieces and not self._lead.prefix:
            self._settle_definitions(complete_lines)

    def _settle_definitions(self, complete_lines: int) -> None:
        """Where nothing but definitions was read, all but the last of them will not change any more."""
        begins = [found["map"][0] for kind in _DEFINITIONS for found in self.env[kind].values() if "map" in found]
        line = max((begin for begin in begins if begin < complete_lines), default=0)
        if not line:
            return
        for kind, settled in self._definitions.items():
            for label, definition in self.env[kind].items():
                if definition["map"][1] <= line:
                    settled.setdefault(label, definition)
        for _ in range(line):
            self._resume = self.source.index("\n", self._resume) + 1


def _without_bare_markup(tail: str) -> str:
    """Without an unfinished last line that is only markup: `--` may become a rule, an item or the end of a heading."""
    head, newline, last = tail.rpartition("\n")
    return head + newline if last and _ONLY_MARKUP.match(last) else tail


def _table_head(text: str) -> str:
    """The delimiter row under what looks like the first row of a table; empty where nothing does."""
    lines = text.split("\n")
    if not lines[-1].startswith("|") or (len(lines) > 1 and lines[-2].startswith("|")):
        return ""
    cells = _DELIMITERS.split(lines[-1].strip().strip("|"))
    return "|" + "---|" * len(cells)


def _last_leaf(block: Block) -> Block:
    """The last block within a quote or an item."""
    while isinstance(block, Quote | ListItem) and block.children:
        block = block.children[-1]
    return block


def _completed(block: Block) -> Block:
    """The block that is being written, with what it has opened closed for now."""
    if isinstance(block, Paragraph | Heading):
        return replace(block, text=_closed_inline(block.text))
    if isinstance(block, Quote | ListItem) and block.children:
        return replace(block, children=(*block.children[:-1], _completed(block.children[-1])))
    return block


def _closed_inline(text: str) -> str:
    if text.count("`") % 2:
        return text.rstrip("`") if text.endswith("`") else text + "`"
    for opener, closer in (("\\(", "\\)"), ("\\[", "\\]")):
        at = text.rfind(opener)
        if at >= 0 and closer not in text[at:]:
            return text.rstrip("\\") + UNFINISHED + closer
    if text.count("$$") % 2:
        return text + UNFINISHED + "$$" if text.rpartition("$$")[2].strip() else text
    if is_opening(text):
        return text + UNFINISHED + "$"
    if (boxed := _closed_box(text)) is not None:
        return boxed
    for marker in ("**", "~~"):
        if text.count(marker) % 2:
            body = text.rstrip(marker[0])
            text = body.rstrip() + marker if body.count(marker) % 2 else body
    return text


def _closed_box(text: str) -> str | None:
    """The text with the final answer that is being written closed; None where none is."""
    found = list(_BOXED.finditer(text))
    if not found:
        return None
    last = found[-1]
    body = _HALF_COMMAND.sub("", text[last.end() :])
    plain = body.replace("\\{", "").replace("\\}", "")
    depth = 1 + plain.count("{") - plain.count("}")
    closes = depth > 0 and len(body) > 0
    return text[: last.end()] + body + "}" * depth if closes else None


def _no_definitions() -> dict[str, dict[str, Any]]:
    return {kind: {} for kind in _DEFINITIONS}
