"""Texts that end an answer.

Owns the search for them in a text that comes in pieces. What may be the beginning of one is held back until it is known
not to be: neither a text that ends the answer nor what follows it is ever given out.
"""

from __future__ import annotations

from collections.abc import Sequence


class StopTexts:
    """Takes a text piece by piece; `found` says that it has ended.

    Args:
        texts: none of them empty; may be none at all.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = tuple(texts)
        self._longest = max(map(len, self._texts), default=0)
        self._held = ""
        self.found = False

    @property
    def held(self) -> int:
        """How many characters are held back."""
        return len(self._held)

    def feed(self, piece: str) -> str:
        """What may be given out now."""
        if not self._texts:
            return piece
        if self.found:
            return ""
        text = self._held + piece
        places = [place for stop in self._texts if (place := text.find(stop)) >= 0]
        if places:
            self.found = True
            self._held = ""
            return text[: min(places)]
        begun = self._begun(text)
        self._held = text[begun:]
        return text[:begun]

    def end(self) -> str:
        """No more comes: what was held back is given out after all."""
        held, self._held = self._held, ""
        return held

    def _begun(self, text: str) -> int:
        """Where the earliest beginning of a stop text stands at the end; the length where there is none."""
        for place in range(max(0, len(text) - self._longest + 1), len(text)):
            rest = text[place:]
            if any(stop.startswith(rest) for stop in self._texts):
                return place
        return len(text)
