"""Conversations as GPT4All keeps them: `gpt4all-….chat`, binary, in Qt's stream format.

Owns the reading of one file of the versions 1 to 12. Lengths are checked against what is there before anything is
read. Tools were called and their output came in pieces of an answer (from version 12 on); reasoning stands between
`<think>` tags.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from finr1_desk.core.conversation import MessageState, Role
from finr1_desk.core.reasoning import split
from finr1_desk.core.text import well_formed
from finr1_desk.export.foreign.drafts import Draft, DraftMessage, UnreadableError, fenced, moment, question_parts

MAGIC: Final = b"\xf5\xd5\x53\xcc"
NEWEST: Final = 12
_NULL: Final = 0xFFFFFFFF
_LONGER: Final = 0xFFFFFFFE  # a length of eight bytes follows
_TEXT_VARIANT: Final = 10
_DEEPEST: Final = 50
_ROLES: Final = {"Prompt: ": Role.USER, "Response: ": Role.ASSISTANT}


class CutOffError(Exception):
    """The file ends in the middle, or holds what is not known. `draft` is what was read before."""

    def __init__(self, draft: Draft) -> None:
        super().__init__("cut off")
        self.draft = draft


def read(data: bytes) -> Draft:
    """
    Raises:
        CutOffError: with what could be read.
        UnreadableError: not even the beginning is there, or another version wrote it.
    """
    stream = _Stream(data, len(MAGIC))
    draft = Draft()
    try:
        version = stream.int32()
        if data[: len(MAGIC)] != MAGIC or not 1 <= version <= NEWEST:
            raise UnreadableError("another version")
        model = _read_head(stream, version, draft)
    except _EndError:
        raise UnreadableError("cut off in its head") from None
    parent: str | None = None
    try:
        for number in range(stream.int32()):
            message = _message(stream, version, str(number), parent, model)
            draft.messages.append(message)
            if message.role is None and message.parts:
                draft.system_prompt = draft.system_prompt or "".join(part.text for part in message.parts)
            parent = draft.current = str(number)
    except _EndError:
        raise CutOffError(draft) from None
    return draft


def _read_head(stream: _Stream, version: int, draft: Draft) -> str:
    """Everything before the messages; returns the model's name."""
    draft.created_at = moment(stream.int64())
    stream.text()  # its id
    draft.title = stream.text()
    stream.text()  # the user's name
    model = stream.text()
    if version >= 3:
        stream.texts()  # collections of documents
    if version < 11:
        _skip_model_state(stream, version)
    return model


def _skip_model_state(stream: _Stream, version: int) -> None:
    has_state = stream.bool() if version >= 6 else True
    if version >= 2:
        stream.skip(8)
    stream.text()
    stream.text()
    stream.skip(4)
    if has_state:
        stream.skip(4 * (1 + (version < 4) + (version >= 7)))
        if version < 9:
            stream.skip(4 * stream.uint64())
        stream.skip(4 * stream.uint64())
        stream.skip_bytes()


def _message(stream: _Stream, version: int, id: str, parent: str | None, model: str) -> DraftMessage:
    if version < 12:
        stream.skip(4)
    name, value = stream.text(), stream.text()
    if name not in (*_ROLES, "System: "):
        raise _EndError
    if version < 10:
        stream.text()
    stream.text()
    stream.skip(1)
    stopped = stream.bool()
    stream.skip(2)
    failed = version >= 11 and name == "Response: " and stream.bool()
    if version >= 8:
        for _ in range(stream.count(8)):
            stream.skip_source()
    elif version >= 3:
        stream.text()
        stream.texts()
    attached: list[str] = []
    if version >= 10:
        for _ in range(stream.count(8)):
            attached.append(_attachment(stream))
    pieces = _pieces(stream, 0) if version >= 12 else []
    role = _ROLES.get(name)
    if role is not Role.ASSISTANT:
        return DraftMessage(id, parent, role, question_parts("\n\n".join(filter(None, (*attached, value)))))
    words = "\n\n".join(piece for piece in (*pieces, value) if piece.strip())
    state = MessageState.STOPPED if stopped else MessageState.INTERRUPTED if failed else MessageState.COMPLETE
    return DraftMessage(id, parent, role, split(words) if words.strip() else (), model=model, state=state)


def _attachment(stream: _Stream) -> str:
    """The name of an attached file; its content, a spreadsheet, is not kept."""
    address = stream.octets().decode("utf-8", "replace")
    stream.skip_bytes()
    return f"[{address.rpartition('/')[2]}]" if address else ""


def _pieces(stream: _Stream, depth: int) -> list[str]:
    """What an answer consists of, where tools were used or reasoning was set apart."""
    if depth > _DEEPEST:
        raise _EndError
    found: list[str] = []
    for _ in range(stream.count(8)):
        name, value = stream.text(), stream.text()
        if name == "ToolCall: ":
            stream.skip_tool_call()
            value = value if value.lstrip().startswith("<think>") else fenced(value)
        elif name == "ToolResponse: ":
            value = fenced(value) if value.strip() else ""
        found.append(value)
        found += _pieces(stream, depth + 1)
    return found


class _EndError(Exception):
    """There is no more, or what comes is not understood."""


@dataclass(slots=True)
class _Stream:
    """Values as Qt's QDataStream writes them, most significant byte first."""

    data: bytes
    position: int

    def take(self, length: int) -> bytes:
        if not 0 <= length <= len(self.data) - self.position:
            raise _EndError
        self.position += length
        return self.data[self.position - length : self.position]

    def skip(self, length: int) -> None:
        self.take(length)

    def int32(self) -> int:
        return int(struct.unpack(">i", self.take(4))[0])

    def int64(self) -> int:
        return int(struct.unpack(">q", self.take(8))[0])

    def uint64(self) -> int:
        return int(struct.unpack(">Q", self.take(8))[0])

    def bool(self) -> bool:
        return self.take(1) != b"\0"

    def count(self, size: int) -> int:
        """A number of things of which each takes at least a byte."""
        count = self.int64() if size == 8 else self._length()
        if not 0 <= count <= len(self.data) - self.position:
            raise _EndError
        return count

    def octets(self) -> bytes:
        return self.take(self._length())

    def skip_bytes(self) -> None:
        self.skip(self._length())

    def text(self) -> str:
        return well_formed(self.octets().decode("utf-16-be", "surrogatepass")).replace("\r\n", "\n")

    def texts(self) -> list[str]:
        return [self.text() for _ in range(self.count(4))]

    def skip_source(self) -> None:
        for _ in range(7):
            self.skip_bytes()
        self.skip(12)

    def skip_tool_call(self) -> None:
        self.skip_bytes()
        for _ in range(self.count(8)):
            self.skip_bytes()
            self.skip(4)
            if self.int32() != _TEXT_VARIANT:
                raise _EndError
            self.skip(1)
            self.skip_bytes()
        self.skip_bytes()
        self.skip(4)
        self.skip_bytes()

    def _length(self) -> int:
        length = int(struct.unpack(">I", self.take(4))[0])
        if length == _NULL:
            return 0
        return self.uint64() if length == _LONGER else length
