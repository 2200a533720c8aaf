"""What the export's own process is told, and how both ends speak.

Owns the job and its way over a pipe. Both ends are this application's own, so values travel as Python pickles them.
"""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass
from typing import IO, Final

from finr1_desk.export.blocks import Document
from finr1_desk.export.options import Format

_LENGTH: Final = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Job:
    """`exported_at` is seconds since the epoch."""

    document: Document
    format: Format
    exported_at: float


def send(stream: IO[bytes], value: object) -> None:
    """Writes one value."""
    data = pickle.dumps(value)
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def receive(stream: IO[bytes]) -> object:
    """
    Raises:
        EOFError: the other end has gone.
    """
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError("the other end has gone")
    (length,) = _LENGTH.unpack(head)
    data = stream.read(length)
    if len(data) < length:
        raise EOFError("the other end has gone")
    return pickle.loads(data)
