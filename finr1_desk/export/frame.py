"""The frame around the texts of a Markdown file, which no text can break.

Owns the markers, and what is done to a text so that it can stand between them. Markers are HTML comments, which a
reader of the page does not see. Each carries the file's boundary, a token that occurs in none of the texts: whatever a
message holds, a line with the boundary is the frame's, as in the parts of a mail.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from finr1_desk.core.conversation import PartKind
from finr1_desk.core.text import well_formed

_PREFIX: Final = "finr1:"
_MARKER: Final = re.compile(r"<!-- finr1:(?P<boundary>[0-9a-f]{8}) (?P<kind>/?[a-z]+)(?: (?P<data>\{.*\}))? -->[ \t]*")
# Inside a folded section these tags would end or nest it; the rest of HTML does no harm there.
_FOLDING: Final = re.compile(r"<(?=/?(?:details|summary)\b)", re.IGNORECASE)
_DETAILS: Final = re.compile(r"<(/?)details\b", re.IGNORECASE)
# What may leave a block open beyond a blank line, and so has to be looked at more closely.
_SUSPICIOUS: Final = re.compile(r"```|~~~|<[!?a-z/]", re.IGNORECASE)
_HTML_ENDS: Final = ("-->", "?>", "]]>", "</pre>", "</script>", "</style>", "</textarea>")


@dataclass(frozen=True, slots=True)
class Marker:
    """One line of the frame: `message`, `text`, `/text` or `end`, and its data."""

    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def line(self, boundary: str) -> str:
        data = ""
        if self.data:
            data = json.dumps(self.data, ensure_ascii=False, allow_nan=False)
            # A comment must not hold what ends it; these characters occur in JSON within strings only.
            data = " " + data.replace("--", "-\\u002d").replace("<", "\\u003c").replace(">", "\\u003e")
        return f"<!-- {_PREFIX}{boundary} {self.kind}{data} -->"


def read_marker(line: str, boundary: str) -> Marker | None:
    """The marker on this line; None where the line is not of the frame.

    Raises:
        ValueError: it is a marker that was damaged.
    """
    if f"{_PREFIX}{boundary}" not in line:
        return None
    match = _MARKER.fullmatch(line)
    if match is None or match["boundary"] != boundary:
        raise ValueError("a damaged marker")
    data = json.loads(match["data"], parse_constant=_no_constant) if match["data"] else {}
    return Marker(match["kind"], data)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def boundary_for(texts: Iterable[str]) -> str:
    """Eight hexadecimal digits that none of the texts holds after `finr1:`; the same for the same texts."""
    whole = "\n".join(texts)
    for attempt in range(1 << 32):
        token = hashlib.sha256(f"{attempt}\n{whole}".encode()).hexdigest()[:8]
        if f"{_PREFIX}{token}" not in whole:
            return token
    raise AssertionError("a text of 48 GB")


def shown(kind: PartKind, text: str) -> str:
    """A part as it stands in the file, character by character but for what no text file keeps.

    Line ends become LF, since tools change them as they like; NUL becomes its symbol; a lone surrogate becomes U+FFFD.
    In thinking, the tags of the section that folds it are defused.
    """
    text = well_formed(text).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\u2400")
    return _FOLDING.sub("&lt;", text) if kind is PartKind.THINK else text


def closers(text: str) -> list[str]:
    """Lines to add after a text that leaves a block open, so that what follows is shown as it is meant.

    An answer that stopped inside a code block is the usual case; unclosed HTML is the other.
    """
    if not _SUSPICIOUS.search(text):
        return []
    parse = MarkdownIt("commonmark").enable("table").parse
    added: list[str] = []
    while (closer := _missing("\n".join([text, *added]), parse)) is not None and len(added) < 3:
        added.append(closer)
    return added + ["</details>"] * _open_details(parse("\n".join([text, *added])))


def _missing(text: str, parse: Callable[[str], list[Token]]) -> str | None:
    """The line that ends the block which swallows a heading after the text; None where none does."""
    last = _after(text, parse)
    if last is None:
        return None
    if last.type == "fence":
        return last.markup
    return next((end for end in _HTML_ENDS if _after(f"{text}\n{end}", parse) is None), None)


def _after(text: str, parse: Callable[[str], list[Token]]) -> Token | None:
    """The block that swallows a heading after the text."""
    last = parse(f"{text}\n\n# heading\n")[-1]
    return None if last.type == "heading_close" and last.level == 0 else last


def _open_details(tokens: Iterable[Token]) -> int:
    depth = 0
    for token in tokens:
        for part in (token, *(token.children or ())):
            if part.type in ("html_block", "html_inline"):
                for match in _DETAILS.finditer(part.content):
                    depth = max(0, depth - 1) if match[1] else depth + 1
    return depth
