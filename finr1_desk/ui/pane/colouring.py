"""Colours for code, found in slices so that nothing has to wait for them.

Owns the step from a programming language to coloured stretches of text, and the queue of blocks that wait for it.
It builds no documents.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject

from finr1_desk.ui.pane.blocks import Code
from finr1_desk.ui.pane.lexers import Lexers
from finr1_desk.ui.pane.message_view import MessageView
from finr1_desk.ui.pane.rows import TextRow

if TYPE_CHECKING:
    from pygments.lexer import Lexer

SLICE_S: Final = 0.005
LONGEST: Final = 200_000  # characters; more is left without colours
Stretch = tuple[int, int, str]  # start and length in characters, name of a colour of the theme


def colour(lexer: Lexer | None, pieces: Sequence[str]) -> Iterator[list[list[Stretch]] | None]:
    """The coloured stretches of each piece of one block of code.

    Yields None at the end of every slice of time, and the result at last, once; nothing without a lexer.
    """
    if lexer is None or sum(map(len, pieces)) > LONGEST:
        return
    from pygments.token import Token  # is there since the lexer is; many conversations hold no code

    names: tuple[tuple[Any, str], ...] = (
        (Token.Comment, "muted"),
        (Token.Keyword, "accent"),
        (Token.Literal.String, "code_string"),
        (Token.Literal.Number, "code_number"),
        (Token.Name.Builtin, "accent"),
        (Token.Name.Function, "code_name"),
        (Token.Name.Class, "code_name"),
        (Token.Name.Decorator, "code_name"),
    )
    found: list[list[Stretch]] = [[] for _ in pieces]
    lengths = [len(piece) + 1 for piece in pieces]  # with the line end that joins them
    piece = offset = 0
    deadline = time.perf_counter() + SLICE_S
    for kind, text in lexer.get_tokens("\n".join(pieces)):
        name = next((name for family, name in names if kind in family), "")
        rest = len(text)
        while rest and piece < len(pieces):
            taken = min(rest, lengths[piece] - offset)
            if name and (shown := min(taken, lengths[piece] - 1 - offset)) > 0:
                found[piece].append((offset, shown, name))
            offset, rest = offset + taken, rest - taken
            if offset == lengths[piece]:
                piece, offset = piece + 1, 0
        if time.perf_counter() > deadline:
            yield None
            deadline = time.perf_counter() + SLICE_S
    yield found


class ColouringQueue:
    """Blocks of code that are finished and have no colours yet; those seen last come first.

    Args:
        parent: with its end, nothing is told any more.
        ready: is called when there is work that could not be done before.
        coloured: is called when rows got their colours and have to be painted.
    """

    def __init__(self, parent: QObject, ready: Callable[[], None], coloured: Callable[[], None]) -> None:
        self._coloured = coloured
        self._lexers = Lexers(parent, ready)
        self._waiting: list[tuple[MessageView, TextRow]] = []
        self._current: tuple[list[TextRow], Iterator[list[list[Stretch]] | None]] | None = None

    def clear(self) -> None:
        self._waiting.clear()
        self._current = None

    @property
    def has_work(self) -> bool:
        return self._current is not None or self._next() is not None

    def _next(self) -> int | None:
        """The last of those that wait whose lexer is at hand."""
        for index in range(len(self._waiting) - 1, -1, -1):
            block = self._waiting[index][1].block
            if not isinstance(block, Code):  # the text became something else
                del self._waiting[index]
            elif self._lexers.is_known(block.language):
                return index
        return None

    def note(self, view: MessageView, row: TextRow) -> None:
        """Takes a row that was shown, if it is code, finished, and not coloured."""
        if not isinstance(row.block, Code) or row.is_coloured or not view.is_finished(row):
            return
        for piece in _pieces(view, row):
            piece.is_coloured = True
        if row.block.language:
            self._waiting.append((view, row))

    def work(self) -> bool:
        """Works for one slice of time; False where there is nothing to colour."""
        if self._current is None:
            index = self._next()
            if index is None:
                return False
            view, row = self._waiting.pop(index)
            rows = _pieces(view, row)
            blocks = [piece.block for piece in rows if isinstance(piece.block, Code)]
            if blocks:
                self._current = rows, colour(self._lexers.of(blocks[0].language), [block.text for block in blocks])
            return True
        rows, work = self._current
        try:
            found = next(work)
        except StopIteration:
            self._current = None
            return True
        if found is None:
            return True
        self._current = None
        for piece, stretches in zip(rows, found, strict=True):
            piece.colours = stretches
            piece.rendered = None
        self._coloured()
        return True


def _pieces(view: MessageView, row: TextRow) -> list[TextRow]:
    """The rows of the block of code that a row is a piece of."""
    return [other for other in view.text_rows() if other.section is row.section and other.shares_width_with(row)]
