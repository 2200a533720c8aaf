"""Cuts text and queries into the tokens that the search index holds.

Owns the one tokenisation, which index and query share; changing it needs a migration that builds the index anew.
Words are folded (width, case, accents). Scripts written without spaces are cut into overlapping pairs, because no
tokeniser of SQLite finds 净利润 inside a sentence: a run of n characters is its n-1 pairs and then its last character,
so that pairs which follow each other are characters which follow each other. Each character is also there by itself.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

# Han with its extensions, kana, Hangul: no spaces between words, or endings glued to them.
UNSPACED: Final = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
WORD_CHAR: Final = rf"[^\W_{UNSPACED}]"
# Patterns as text: with classes this large they take 10 ms to compile, which the start of the window need not wait for.
_PIECE: Final = rf"(?P<run>[{UNSPACED}]+)|(?P<word>{WORD_CHAR}+)"
# In a query, words that only punctuation separates belong together: 1,000.50 or year-on-year.
_STRETCH: Final = rf"(?P<run>[{UNSPACED}]+)|(?P<words>{WORD_CHAR}+(?:(?:[^\w\s{UNSPACED}]|_)+{WORD_CHAR}+)*)"

# A pasted page as a query: enough of it decides, and the rest would only take time.
_QUERY_PIECES: Final = 16
_QUERY_RUN: Final = 32
# Shorter beginnings match a large part of all words: slow, and of no use.
_SHORTEST_PREFIX: Final = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that was searched for, folded: words that follow each other, or a run of characters.

    `is_prefix` says that the last word may go on.
    """

    words: tuple[str, ...]
    is_run: bool
    is_prefix: bool = False

    @property
    def expression(self) -> str:
        """The piece in FTS5's query language; always quoted, so nothing a user types is an operator."""
        run = self.words[0]
        tokens = _pairs(run) if self.is_run and len(run) > 1 else self.words
        return '"' + " ".join(tokens) + '"' + ("*" if self.is_prefix else "")


def index_text(text: str) -> str:
    """The tokens of a text, separated by spaces."""
    tokens: list[str] = []
    singles: set[str] = set()
    for match in re.finditer(_PIECE, fold(text)):
        piece = match.group()
        if match.lastgroup == "run":
            tokens += _pairs(piece)
            tokens.append(piece[-1])
            singles.update(piece[:-1])
        else:
            tokens.append(piece)
    return " ".join(tokens + sorted(singles))


def query_pieces(query: str) -> list[Piece]:
    """What a query asks for; all of it has to be found. The last word counts as a beginning while it is typed."""
    pieces = []
    folded = fold(query)
    for match in re.finditer(_STRETCH, folded):
        if match.lastgroup == "run":
            pieces.append(Piece((match.group()[:_QUERY_RUN],), is_run=True))
            continue
        words = tuple(re.findall(f"{WORD_CHAR}+", match.group()))[:_QUERY_PIECES]
        typed = match.end() == len(folded) and len(words[-1]) >= _SHORTEST_PREFIX
        pieces.append(Piece(words, is_run=False, is_prefix=typed))
    return pieces[:_QUERY_PIECES]


def fold(text: str) -> str:
    """The text without differences of width, case and accents."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    if folded.isascii():
        return folded
    return unicodedata.normalize("NFC", "".join(map(_without_accent, folded)))


def _without_accent(char: str) -> str:
    if char < "\u00c0" or char >= "\u2000":  # no accented letters of an alphabet, but kana with their marks
        return char
    return unicodedata.normalize("NFD", char)[0]


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]
