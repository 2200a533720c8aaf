"""The lexers of programming languages, fetched beside the window.

Owns which of them are at hand. Importing pygments and a lexer takes a tenth of a second, in which the window would
stand still while an answer streams; so a thread does it, once for each language.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from finr1_desk.app.background import MainThread

if TYPE_CHECKING:
    from pygments.lexer import Lexer


class Lexers:
    """
    Args:
        parent: with its end, nothing is told any more.
        came: is called in the main thread when a lexer is there that was asked for.
    """

    def __init__(self, parent: QObject, came: Callable[[], None]) -> None:
        self._main = MainThread()
        parent.destroyed.connect(self._main.close)
        self._came = came
        self._known: dict[str, Lexer | None] = {}
        self._fetching: set[str] = set()

    def is_known(self, language: str) -> bool:
        """Whether the lexer is at hand, or known not to exist; otherwise it is fetched."""
        if language in self._known:
            return True
        if language not in self._fetching:
            self._fetching.add(language)
            threading.Thread(target=self._fetch, args=(language,), name=f"lexer of {language}", daemon=True).start()
        return False

    def of(self, language: str) -> Lexer | None:
        """The lexer; None where there is none of that name."""
        return self._known[language]

    def _fetch(self, language: str) -> None:
        lexer = find_lexer(language)
        self._main.post(lambda: self._keep(language, lexer))

    def _keep(self, language: str, lexer: Lexer | None) -> None:
        self._known[language] = lexer
        self._fetching.discard(language)
        self._came()


def find_lexer(language: str) -> Lexer | None:
    """The lexer of a language; None where there is none of that name."""
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer: Lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
    return lexer
