"""A question that is being written: its text, and where in it the writer stands.

Owns the value and its JSON form. Where it is kept, and when, is the store's and the application's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Draft:
    """An unsent text.

    Attributes:
        cursor, anchor: the ends of the selection, as positions in the text.
        scroll: how far the field is scrolled, in lines.
        editing: the question that it will stand beside as a new branch; None for a new question.
        before: what stood in the field before the editing began.
    """

    text: str = ""
    cursor: int = 0
    anchor: int = 0
    scroll: int = 0
    editing: str | None = None
    before: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.text and self.editing is None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def draft_from_json(value: object) -> Draft:
    """
    Raises:
        ValueError: this is no draft.
    """
    if not isinstance(value, Mapping):
        raise ValueError("a draft is a mapping")
    texts = {name: value.get(name) or "" for name in ("text", "before", "editing")}
    places = {name: value.get(name) or 0 for name in ("cursor", "anchor", "scroll")}
    if not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("a text is text")
    if not all(isinstance(place, int) and not isinstance(place, bool) for place in places.values()):
        raise ValueError("a place is a number")
    return Draft(texts["text"], **places, editing=texts["editing"] or None, before=texts["before"])
