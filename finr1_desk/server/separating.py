"""An answer's thinking and its content, apart, while both still grow.

Owns what of a text that is not finished can be given out for good: white space and what may become a tag wait for what
follows. How a text is split is the reasoning splitter's.
"""

from __future__ import annotations

import re
from typing import Final

from finr1_desk.core.conversation import PartKind
from finr1_desk.core.reasoning import ReasoningSplitter

_UNDECIDED: Final = re.compile(r"\s*(?:<[a-z/]*)?\s*$")


class Separated:
    """Takes the text as it comes.

    Args:
        starts_in_think: as the splitter.
    """

    def __init__(self, starts_in_think: bool) -> None:
        self._splitter = ReasoningSplitter(starts_in_think)
        self._given = {PartKind.THINK: "", PartKind.ANSWER: ""}

    def feed(self, text: str) -> tuple[str, str]:
        """What is new of the thinking and of the content."""
        self._splitter.feed(text)
        return self._new(whole=False)

    def finish(self) -> tuple[str, str]:
        """What was held back of both."""
        self._splitter.finish()
        return self._new(whole=True)

    def _new(self, *, whole: bool) -> tuple[str, str]:
        parts = self._splitter.parts
        last = parts[-1].kind if parts else None
        found = {kind: "".join(part.text for part in parts if part.kind is kind) for kind in self._given}
        return self._of(PartKind.THINK, found, last, whole), self._of(PartKind.ANSWER, found, last, whole)

    def _of(self, kind: PartKind, found: dict[PartKind, str], last: PartKind | None, whole: bool) -> str:
        text, given = found[kind], self._given[kind]
        if kind is last and not whole:
            text = text[: _undecided_from(text)]
        if not text.startswith(given):  # a tag came late and made something else of it; what was given out stays
            shared = next((n for n, (a, b) in enumerate(zip(text, given, strict=False)) if a != b), None)
            if shared is None:
                return ""  # it has become less
            given = text[:shared]
        self._given[kind] = text
        return text[len(given) :]


def _undecided_from(text: str) -> int:
    found = _UNDECIDED.search(text, max(0, len(text) - 64))
    return len(text) if found is None else found.start()
