"""Text on a terminal or into a pipe.

Owns what may reach a terminal: a model's text can hold control sequences, which are shown instead of obeyed. Into a
pipe or file text goes as it is. It also owns the line that shows progress and goes away again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal, Protocol, TextIO

from finr1_desk.core.conversation import Part, PartKind
from finr1_desk.core.reasoning import TAGS

_DIM: Final = "\x1b[2m"
_RESET: Final = "\x1b[0m"
_CLEAR_LINE: Final = "\r\x1b[K"
_CONTROL_PICTURES: Final = 0x2400  # Unicode's pictures of the control characters stand here, in their order
_KEPT: Final = "\n\t"
# Marks that turn the direction of writing around could make a terminal show something else than what is there.
_DIRECTION_MARKS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def visible(text: str) -> str:
    """The text with control characters made visible; new lines and tabs stay."""
    if text.isprintable():
        return text
    return "".join(_visible(char) for char in text)


def _visible(char: str) -> str:
    code = ord(char)
    if char in _KEPT:
        return char
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    if code == 0x7F:
        return "\u2421"
    if 0x80 <= code < 0xA0 or char in _DIRECTION_MARKS or 0xD800 <= code < 0xE000:
        return "\ufffd"
    return char


def one_line(text: str) -> str:
    return " ".join(visible(text).split())


def prepare_streams() -> None:
    """Makes the standard streams usable: one that was closed goes nowhere, a character that cannot be shown is `?`."""
    if sys.stdin is None:
        sys.stdin = _nowhere("r")
    if sys.stdout is None:
        sys.stdout = _nowhere("w")
    if sys.stderr is None:
        sys.stderr = _nowhere("w")
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _nowhere(mode: Literal["r", "w"]) -> TextIO:
    return Path(os.devnull).open(mode, encoding="utf-8")


def discard_output() -> None:
    """After standard output failed: the interpreter's own last flush must not fail as well."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


class Pen(Protocol):
    """Writes on standard output, at once."""

    def plain(self, text: str) -> None: ...

    def dim(self, text: str) -> None: ...


class StreamPen:
    """Standard output without any library: dimmed by an escape sequence on a terminal, as it is elsewhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._styled = self._is_terminal and os.environ.get("TERM") != "dumb"

    def plain(self, text: str) -> None:
        self._stream.write(visible(text) if self._is_terminal else text)
        self._stream.flush()

    def dim(self, text: str) -> None:
        if not self._styled:
            self.plain(text)
            return
        self._stream.write(f"{_DIM}{visible(text)}{_RESET}")
        self._stream.flush()


class AnswerPrinter:
    """Prints an answer while it grows: what is new of it, thinking and answer apart.

    A later tag may tell that text was thinking which was printed as answer. What is on paper stays there; the parts
    are then printed again as they are now known to be.
    """

    def __init__(self, pen: Pen, *, show_thinking: bool) -> None:
        self._pen = pen
        self._kinds = (PartKind.THINK, PartKind.ANSWER) if show_thinking else (PartKind.ANSWER,)
        self._printed: list[tuple[PartKind, str]] = []

    def has_text(self, parts: Sequence[Part]) -> bool:
        """Whether any of these parts is to be printed."""
        return any(part.kind in self._kinds and part.text.strip() for part in parts)

    def show(self, parts: Sequence[Part], *, final: bool) -> None:
        """Prints what is new; `final` says that nothing will follow these parts."""
        texts = [(part.kind, part.text) for part in parts if part.kind in self._kinds]
        if parts and not final and parts[-1].kind in self._kinds:
            kind, text = texts.pop()
            texts.append((kind, _without_tag_beginning(text)))
        current = [(kind, stripped) for kind, text in texts if (stripped := text.strip())]
        same = 0
        while same < len(self._printed) and same < len(current) and self._printed[same] == current[same]:
            same += 1
        for index in range(same, len(current)):
            kind, text = current[index]
            before = self._printed[index] if index < len(self._printed) else None
            if before is not None and before[0] is kind and text.startswith(before[1]):
                self._write(kind, text[len(before[1]) :])
            else:
                self._write(kind, ("\n\n" if self._printed else "") + text)
                del self._printed[index:]
            self._printed[index : index + 1] = [(kind, text)]

    def end(self) -> None:
        """Ends the last line."""
        if self._printed:
            self._pen.plain("\n")

    def _write(self, kind: PartKind, text: str) -> None:
        if kind is PartKind.THINK:
            self._pen.dim(text)
        else:
            self._pen.plain(text)


def _without_tag_beginning(text: str) -> str:
    """The text without what may turn out to be the beginning of a tag."""
    at = text.rfind("<", -max(map(len, TAGS)))
    return text[:at] if at >= 0 and any(tag.startswith(text[at:]) for tag in TAGS) else text


class StatusLine:
    """One line on standard error that says what is being waited for; nothing where that is no terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._shown = ""

    def show(self, text: str) -> None:
        if self._is_terminal and text != self._shown:
            self._stream.write(_CLEAR_LINE + visible(text))
            self._stream.flush()
            self._shown = text

    def clear(self) -> None:
        if self._shown:
            self._stream.write(_CLEAR_LINE)
            self._stream.flush()
            self._shown = ""
