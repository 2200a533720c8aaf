"""Object names in passing: tests, the stylesheet and assistive tools find widgets by them."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QObject

T = TypeVar("T", bound=QObject)


def named(item: T, name: str) -> T:
    """Gives an object its name and returns it."""
    item.setObjectName(name)
    return item
