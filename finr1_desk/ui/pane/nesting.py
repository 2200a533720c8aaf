"""The quotes, items and notes around a block that is shown in rows of its own, and going on to read inside of them.

Owns what is known of each, and the stand-ins that are put before a text so that reading can begin in their middle: of
every line that opens one its markers, with a heading that is dropped again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from finr1_desk.ui.pane.blocks import Level

_STAND_IN: Final = "# x"  # ends with its line: nothing that comes below can go on with it


class Kind(StrEnum):
    QUOTE = "quote"
    ITEM = "item"
    NOTE = "note"


_OPENERS: Final = {
    Kind.QUOTE: re.compile(r" *> ?"),
    Kind.ITEM: re.compile(r" *(?:[-+*]|\d{1,9}[.)])(?: {1,4}(?! )| |\Z)"),
    Kind.NOTE: re.compile(r" *\[\^[^\s\[\]^]+\]: *"),
}


@dataclass(slots=True)
class Container:
    """A quote, an item or a note, whose blocks are shown one by one.

    `line` is that of the parsed text at which it begins; `number` that of an item in an ordered list, `is_later` that
    it is not the first of its list. `is_shown` becomes true with the first of its blocks.
    """

    kind: Kind
    line: int
    marker: str = ""
    number: int | None = None
    is_later: bool = False
    is_shown: bool = False


def take_levels(around: Sequence[Container]) -> tuple[Level, ...]:
    """The levels of the next block inside of these."""
    levels = tuple(Level(container.marker, container.is_shown) for container in around)
    for container in around:
        container.is_shown = True
    return levels


def stand_ins(
    around: Sequence[Container], line: int, text_of: Callable[[int], str]
) -> tuple[str, tuple[tuple[str, int | None], ...]] | None:
    """What stands for these above `line`, and its items' markers and numbers; None where that cannot be told."""
    lines: dict[int, str] = {}
    items: list[tuple[str, int | None]] = []
    for depth, container in enumerate(around):
        stands_before = container.line == line and container.is_later  # for the item before
        if container.line >= line and not stands_before:
            break
        if not container.is_shown and not stands_before:
            return None  # nothing of it has been shown, which a stand-in would say
        text = text_of(container.line)
        behind = _content(text, around[: depth + 1], container.line)
        if behind is None:
            return None
        lines[container.line] = text[:behind].rstrip() + " " * (len(text[:behind]) - len(text[:behind].rstrip()) or 1)
        if container.kind is Kind.ITEM:
            number = container.number
            items.append((container.marker, number - 1 if number is not None and stands_before else number))
        if stands_before:
            break
    return "".join(f"{text}{_STAND_IN}\n" for text in lines.values()), tuple(items)


def without_openers(text: str, around: Sequence[Container], line: int) -> str | None:
    """A line as it would be below those that it opens; None where that cannot be told."""
    behind = _content(text, around, line)
    if behind is None:
        return None
    if all(container.line < line or container.kind is Kind.QUOTE for container in around):
        return text
    return re.sub("[^>]", " ", text[:behind]) + text[behind:]


def _content(text: str, around: Sequence[Container], line: int) -> int | None:
    """Where what a line says begins, behind the markers of those around it."""
    position = 0
    for container in around:
        if container.kind is not Kind.QUOTE and container.line != line:
            continue  # its indent belongs to what comes next
        match = _OPENERS[container.kind].match(text, position)
        if match is None:
            return None
        position = match.end()
    return None if "\t" in text[:position] else position
