"""The process that makes HTML, PDF and Word documents of conversations.

Owns its small loop: a job in, a file's content out. Drawing formulas holds an interpreter for long, and a PDF needs
Qt without a screen; neither is to touch the window or the terminal. It reads standard input until it ends.
`finr1_desk.export.writing` starts it.
"""

from __future__ import annotations

import os
import sys

from finr1_desk.export.jobs import Job, receive, send
from finr1_desk.export.options import Format
from finr1_desk.export.pictures import Drawings


def content(job: Job, drawings: Drawings) -> bytes:
    """The file of a document in one of the formats that are made here."""
    document = job.document
    match job.format:
        case Format.HTML:
            from finr1_desk.export.html_page import to_html

            return to_html(document, drawings).encode()
        case Format.DOCX:
            from finr1_desk.export.word_document import to_docx

            return to_docx(document, job.exported_at)
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
        assert isinstance(job, Job)
        send(answers, content(job, drawings))


if __name__ == "__main__":
    main()
