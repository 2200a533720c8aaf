"""The process that makes HTML, PDF and Word documents of conversations.

Owns its small loop: a job in, a file's content out. Drawing formulas holds an interpreter for long, and a PDF needs
Qt without a screen; neither is to touch the window or the terminal. It reads standard input until it ends.
`finr1_desk.export.writing` starts it.
"""

from __future__ import annotations

import os
import pickle
import struct
import sys
from typing import BinaryIO, Final

from finr1_desk.export.blocks import Document
from finr1_desk.export.options import Format
from finr1_desk.export.pictures import Drawings

_LENGTH: Final = struct.Struct(">Q")


def send(stream: BinaryIO, value: object) -> None:
    """Writes one value. Both ends are this application's own."""
    data = pickle.dumps(value)
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def receive(stream: BinaryIO) -> object:
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


def content(document: Document, kind: Format, exported_at: float, drawings: Drawings) -> bytes:
    """The file of a document in one of the formats that are made here."""
    match kind:
        case Format.HTML:
            from finr1_desk.export.html_page import to_html

            return to_html(document, drawings).encode()
        case Format.DOCX:
            from finr1_desk.export.word_document import to_docx

            return to_docx(document, exported_at)
        case Format.PDF:
            from finr1_desk.export.pdf_document import application, to_pdf

            application()
            return to_pdf(document, drawings)
        case Format.MARKDOWN:
            raise ValueError("Markdown is written without this process")


def main() -> None:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    answers = os.fdopen(os.dup(1), "wb")  # what a library prints goes elsewhere
    os.dup2(2, 1)
    drawings = Drawings()
    while True:
        try:
            job = receive(sys.stdin.buffer)
        except EOFError:
            break
        assert isinstance(job, tuple)
        send(answers, content(*job, drawings))


if __name__ == "__main__":
    main()
