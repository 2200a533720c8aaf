"""Files that are dropped on the window or picked for a question: what each is, and what of it a question takes.

Owns which kind a file is, by what is in it: a model, conversations, or text and cells for a question. Conversations
are `importing`'s, tables `table_reading`'s.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.spreadsheet import to_markdown
from finr1_desk.export.importing import Imported, read_conversations
from finr1_desk.export.table_reading import decoded, read_rows

LONGEST: Final = 400_000  # characters that are put into a question; a model's context holds fewer
_LARGEST: Final = 4 * LONGEST  # bytes of a text that may be as short as that
_TABLES: Final = (".csv", ".tsv", ".xlsx", ".xlsm")
_MODEL: Final = b"GGUF"
_ARCHIVE: Final = b"PK\x03\x04"
_MARKED_UP: Final = (b"{\\rtf", b"%pdf", b"<!doctype html", b"<html")  # what is read in it is not what stands there
_NOT_IN_TEXT: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_LINE_ENDS: Final = re.compile(r"\r\n|\r|\f|\v")
_FOREIGN: Final = (ErrorCode.IMPORT_UNKNOWN, ErrorCode.IMPORT_NOT_CONVERSATION)


@dataclass(slots=True)
class Given:
    """What the files were, each kind in their order.

    Attributes:
        models: GGUF files, which are not read.
        imported: the conversations of each file that holds some; `problems` of any other file stand in one of its own.
        texts: texts, and tables as Markdown, without empty lines around them.
    """

    models: list[Path] = field(default_factory=list)
    imported: list[Imported] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)  # those of the files that are no text

    def problem_for_text(self) -> UserError | None:
        """What is said where texts alone are of use: the first problem, or that a file is something else."""
        problems = [problem for imported in self.imported for problem in imported.problems]
        others = [UserError(ErrorCode.GIVEN_UNREADABLE, path=str(path)) for path in self.others]
        return next(iter([*problems, *others]), None)


def read_given(paths: Sequence[Path], now: float) -> Given:
    """Reads files of any kind; one that is nothing of use is named among the problems.

    Args:
        now: seconds since the epoch; stands for dates that are missing in conversations.
    """
    given = Given()
    for path in paths:
        try:
            _take(path, now, given)
        except UserError as error:
            given.imported.append(Imported(problems=[error]))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            problem = UserError(ErrorCode.FILE_UNREADABLE, path=str(path), reason=reason)
            given.imported.append(Imported(problems=[problem]))
    return given


def _take(path: Path, now: float, given: Given) -> None:
    head = b"" if path.is_dir() else _head(path)
    suffix = path.suffix.lower()
    if head.startswith(_MODEL):
        given.models.append(path)
        given.others.append(path)
    elif suffix in _TABLES:
        given.texts.append(_usable(to_markdown(read_rows(path)), path))
    elif path.is_dir() or suffix == ".zip":
        given.imported.append(read_conversations(path, now))
        given.others.append(path)
    elif head.startswith(_ARCHIVE) or _is_marked_up(head):
        raise UserError(ErrorCode.GIVEN_UNREADABLE, path=str(path))
    else:
        _take_file(path, now, given)


def _take_file(path: Path, now: float, given: Given) -> None:
    """A conversation, where it is one; else its text."""
    imported = read_conversations(path, now)
    if imported.conversations or any(problem.code not in _FOREIGN for problem in imported.problems):
        given.imported.append(imported)
        given.others.append(path)
        return
    if path.stat().st_size > _LARGEST:
        raise UserError(ErrorCode.GIVEN_TOO_LONG, path=str(path))
    text = decoded(path.read_bytes())
    if text is None:
        raise UserError(ErrorCode.GIVEN_UNREADABLE, path=str(path))
    given.texts.append(_usable(_LINE_ENDS.sub("\n", text).strip("\n"), path))


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(64)


def _is_marked_up(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_MARKED_UP)


def _usable(text: str, path: Path) -> str:
    if _NOT_IN_TEXT.search(text):
        raise UserError(ErrorCode.GIVEN_UNREADABLE, path=str(path))
    if not text.strip():
        raise UserError(ErrorCode.GIVEN_EMPTY, path=str(path))
    if len(text) > LONGEST:
        raise UserError(ErrorCode.GIVEN_TOO_LONG, path=str(path))
    return text
