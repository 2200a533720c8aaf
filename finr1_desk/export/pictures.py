"""Formulas and colours of code, as the export formats need them.

Owns the drawing of each formula once, and the families of words that code is coloured by. Drawing takes up to a tenth
of a second and holds the interpreter: this runs in the export's own process.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from finr1_desk.markup.formulas import Formula, FormulaError, delimited, render

LONGEST_CODE: Final = 200_000  # characters; more stays without colours


@dataclass(slots=True)
class Drawings:
    """Formulas by their source; one that cannot be drawn is None, and shown as its source."""

    drawn: dict[str, Formula | None] = field(default_factory=dict)

    def formula(self, source: str) -> Formula | None:
        """The picture of a formula that stands between its delimiters."""
        if source not in self.drawn:
            inner, displayed = delimited(source)
            try:
                self.drawn[source] = render(inner, displayed=displayed)
            except FormulaError:
                self.drawn[source] = None
        return self.drawn[source]


def coloured(text: str, language: str) -> Iterator[tuple[str, str]]:
    """The code in stretches, each with its family: comment, keyword, string, number, name, or nothing."""
    lexer = _lexer(language) if language and len(text) <= LONGEST_CODE else None
    if lexer is None:
        yield text, ""
        return
    from pygments.token import Token

    families: tuple[tuple[Any, str], ...] = (
        (Token.Comment, "comment"),
        (Token.Keyword, "keyword"),
        (Token.Literal.String, "string"),
        (Token.Literal.Number, "number"),
        (Token.Name.Builtin, "keyword"),
        (Token.Name.Function, "name"),
        (Token.Name.Class, "name"),
        (Token.Name.Decorator, "name"),
    )
    for kind, stretch in lexer.get_tokens(text):
        yield stretch, next((name for family, name in families if kind in family), "")


def _lexer(language: str) -> Any:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
