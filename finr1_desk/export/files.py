"""Names and files of exported conversations.

Owns safe names, and writing a whole file or none. It knows nothing of what is in them.
"""

from __future__ import annotations

import os
import re
import secrets
import unicodedata
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

from finr1_desk.core.conversation import Conversation
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.text import well_formed

SUFFIX: Final = ".md"
# Most file systems take 255 bytes; some tools put a prefix or a number of their own before or after.
_NAME_BYTES: Final = 180
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE)
_FORBIDDEN: Final = re.compile(r'[<>:"/\\|?*]')
_JOINERS: Final = "\u200c\u200d"  # inside emoji and Persian words; every other invisible character can mislead


def safe_file_name(title: str, id: str, suffix: str = SUFFIX) -> str:
    """A file name that every system takes, as close to the title as can be, with its suffix.

    An untitled conversation is named after its id.
    """
    text = unicodedata.normalize("NFC", well_formed(title))
    text = _FORBIDDEN.sub(" ", "".join(char if _is_visible(char) else " " for char in text))
    text = _fitting(" ".join(text.split()).strip(". "))
    if not text.strip("." + _JOINERS):
        text = f"conversation {id[:8]}".strip()
    if _RESERVED.fullmatch(text):
        text = f"_{text}"
    return text + suffix


def _is_visible(char: str) -> bool:
    return char in _JOINERS or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _fitting(text: str) -> str:
    """The text cut to `_NAME_BYTES`, never inside a character and what belongs to it."""
    if len(text.encode()) <= _NAME_BYTES:
        return text
    cut = text.encode()[:_NAME_BYTES].decode("utf-8", "ignore")
    rest = text[len(cut) :]
    while cut and rest and (_continues(rest[0]) or cut[-1] in _JOINERS):
        rest = cut[-1] + rest
        cut = cut[:-1]
    return cut.rstrip(". ")


def _continues(char: str) -> bool:
    """Whether a character belongs to the one before it: an accent, a variant, a skin tone, a joiner."""
    return unicodedata.category(char).startswith("M") or char in _JOINERS or "\U0001f3fb" <= char <= "\U0001f3ff"


def write_file(directory: Path, conversation: Conversation, content: str | bytes, suffix: str = SUFFIX) -> Path:
    """Writes the content under the conversation's name, with a number where the name is taken; returns where.

    Raises:
        UserError: `FILE_UNWRITABLE`.
    """
    name = safe_file_name(conversation.title, conversation.id, suffix)
    temporary = directory / f".{secrets.token_hex(8)}{suffix}"
    target = directory / name
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            file.write(well_formed(content).encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        target = _reserved(directory, name, suffix)
        try:
            temporary.replace(target)
        except OSError:
            _remove(target)
            raise
    except OSError as error:
        _remove(temporary)
        raise UserError(ErrorCode.FILE_UNWRITABLE, path=str(target), reason=error.strerror) from None
    return target


def _reserved(directory: Path, name: str, suffix: str) -> Path:
    """A new empty file of that name or the first free numbered one; the system decides which names are the same."""
    stem = name.removesuffix(suffix)
    for number in count(1):
        path = directory / (name if number == 1 else f"{stem} ({number}){suffix}")
        try:
            path.open("x").close()
        except FileExistsError:
            continue
        return path
    raise AssertionError("the numbers ended")


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
