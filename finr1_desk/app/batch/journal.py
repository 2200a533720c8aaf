"""What a run over a table has done, kept row by row beside its output.

Owns the file and its promise: a row that was taken is on disk, so that whatever ends the process loses at most the
row in work. A journal belongs to one piece of work and refuses another.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.text import well_formed

FORMAT: Final = "finr1-desk task run"
VERSION: Final = 1
ENDING: Final = ".journal"


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row, counted from 0.

    `value` and `words` are the result as it was read, `error` a `UserError` as JSON; empty where there is none.
    """

    row: int
    value: str = ""
    words: str = ""
    boxed: str = ""
    answer: str = ""
    thinking: str = ""
    finish: str = ""
    tokens: int = 0
    seconds: float = 0.0
    model: str = ""
    seed: int | None = None
    error: str = ""


def journal_path(output: Path) -> Path:
    return output.with_name(output.name + ENDING)


class Journal:
    """The open journal of one run; use it as a context manager.

    Attributes:
        results: what is in it, by row; of a row that was tried again, the last.
    """

    def __init__(self, path: Path, file: FileIO, results: dict[int, RowResult], held: ExitStack) -> None:
        self.path = path
        self.results = results
        self._file = file
        self._held = held

    @classmethod
    def begin(cls, path: Path, marks: Mapping[str, str], held: ExitStack) -> Journal:
        """Makes a new journal in place of any other. `held` is closed with it.

        Raises:
            UserError: `FILE_UNWRITABLE`.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = FileIO(path, "w", opener=_private)
        except OSError as error:
            held.close()
            raise _unwritable(path, error) from None
        journal = cls(path, file, {}, held)
        journal._write({"format": FORMAT, "version": VERSION, **marks})
        return journal

    @classmethod
    def resume(cls, path: Path, marks: Mapping[str, str], held: ExitStack) -> Journal:
        """Opens the journal of the same work.

        Raises:
            UserError: `RUN_CHANGED`, `RUN_DAMAGED`, `FILE_UNREADABLE`, `FILE_UNWRITABLE`.
        """
        try:
            head, results, end = _read(path)
            for what in ("input", "task", "options", "model"):
                if head.get(what) != marks[what]:
                    raise UserError(ErrorCode.RUN_CHANGED, path=str(path), what=what)
            file = FileIO(path, "r+")
            file.truncate(end)  # the row in work when the process ended
            file.seek(end)
        except OSError as error:
            held.close()
            raise _unwritable(path, error) from None
        except UserError:
            held.close()
            raise
        return cls(path, file, results, held)

    def add(self, result: RowResult) -> None:
        """Keeps what became of a row; on disk when it returns.

        Raises:
            UserError: `FILE_UNWRITABLE`.
        """
        self._write(asdict(result))
        self.results[result.row] = result

    def remove(self) -> None:
        """Ends the journal of work that is done."""
        self.close()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        self._file.close()
        self._held.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, record: Mapping[str, Any]) -> None:
        at = self._file.tell()
        line = memoryview(well_formed(json.dumps(record, ensure_ascii=False)).encode() + b"\n")
        try:
            while line:
                line = line[self._file.write(line) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            self._file.seek(at)
            raise _unwritable(self.path, error) from None


def _read(path: Path) -> tuple[dict[str, Any], dict[int, RowResult], int]:
    """The head, the results, and where the last whole line ends."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(ErrorCode.FILE_UNREADABLE, path=str(path), reason=error.strerror or str(error)) from None
    end = content.rfind(b"\n") + 1
    lines = content[:end].split(b"\n")[:-1]
    results: dict[int, RowResult] = {}
    head: dict[str, Any] = {}
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
            if number == 1:
                if record["format"] != FORMAT or record["version"] != VERSION:
                    raise ValueError("not a journal of this kind")
                head = record
            else:
                result = _result(record)
                results[result.row] = result
        except (ValueError, TypeError, KeyError):
            raise UserError(ErrorCode.RUN_DAMAGED, path=str(path), line=number) from None
    if not head:
        raise UserError(ErrorCode.RUN_DAMAGED, path=str(path), line=1)
    return head, results, end


def _result(record: Any) -> RowResult:
    known = {declared.name for declared in fields(RowResult)}
    result = RowResult(**{name: value for name, value in record.items() if name in known})
    if not isinstance(result.row, int) or not isinstance(result.answer, str) or not isinstance(result.error, str):
        raise ValueError("not the record of a row")
    return result


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _unwritable(path: Path, error: OSError) -> UserError:
    return UserError(ErrorCode.FILE_UNWRITABLE, path=str(path), reason=error.strerror or str(error))
