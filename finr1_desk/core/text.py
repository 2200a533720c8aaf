"""Text as it may be stored: every character one that UTF-8 can write.

Owns that one rule. A Python string may hold halves of surrogate pairs, from a clipboard or a broken decoder;
neither SQLite nor a file takes them.
"""

from __future__ import annotations


def well_formed(text: str) -> str:
    """The text with surrogate pairs joined and each lone surrogate replaced by U+FFFD; nothing else is changed."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
