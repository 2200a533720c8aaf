"""The tasks on disk: those that come with the application, and the user's own.

Owns which file is which task, and that a file is replaced whole or not at all. A file that cannot be used is named and
left as it is. What stands in a file is `core.tasks`' business.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.tasks.file import MOST_BYTES, task_from_toml
from finr1_desk.core.tasks.reader import TaskFileError, What
from finr1_desk.core.tasks.task import Task
from finr1_desk.core.tasks.writing import task_to_toml
from finr1_desk.store.atomic_file import replace_file

ENDING: Final = ".toml"
REMOVED: Final = "removed"  # a folder inside the user's: what was deleted can be taken back by hand
_MOST_FILES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Shelf:
    """The tasks in the order they are shown, and what is wrong with files that hold none."""

    tasks: tuple[Task, ...]
    problems: tuple[UserError, ...] = ()

    def find(self, name: str) -> Task:
        """The task with this id, or with this name in either language.

        Raises:
            UserError: `TASK_NOT_FOUND`.
        """
        wanted = name.strip().casefold()
        for task in self.tasks:
            if task.id == wanted:
                return task
        for task in self.tasks:
            if wanted in (said.casefold() for said in task.name.all):
                return task
        raise UserError(ErrorCode.TASK_NOT_FOUND, name=name)


class TaskFiles:
    """The two folders of tasks: `shipped` is only read, `own` is made with the user's first task."""

    def __init__(self, shipped: Path, own: Path) -> None:
        self._shipped = shipped
        self._own = own

    def shelf(self) -> Shelf:
        """All tasks. A file of the user's stands in for one of the application's with the same name."""
        tasks: dict[str, Task] = {}
        problems: list[UserError] = []
        for folder, is_own in ((self._shipped, False), (self._own, True)):
            for path in _files(folder):
                try:
                    task = read_task(path, is_own=is_own)
                    tasks[task.id] = task
                except UserError as error:
                    problems.append(error)
        ordered = sorted(tasks.values(), key=lambda task: (task.order, task.id))
        return Shelf(tuple(ordered), tuple(problems))

    def path_of(self, task_id: str) -> Path:
        return self._own / f"{task_id}{ENDING}"

    def save(self, task: Task) -> Task:
        """Writes a task of the user's, in place of the one with its id; without an id it gets one.

        Raises:
            UserError: `TASK_DAMAGED`: what would be written could not be read; `FILE_UNWRITABLE`.
        """
        id = task.id or self._free_id(task.name.en or task.name.zh_CN)
        path = self.path_of(id)
        text = task_to_toml(task)
        kept = _parsed(text, path, id=id, is_own=True)
        try:
            self._own.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(path, text.encode())
        except OSError as error:
            raise _unwritable(path, error) from None
        return kept

    def remove(self, task_id: str) -> None:
        """Takes a task of the user's off the shelf; its file moves into the folder `removed`.

        Raises:
            UserError: `TASK_NOT_FOUND`, `FILE_UNWRITABLE`.
        """
        path = self.path_of(task_id)
        kept = self._own / REMOVED / f"{task_id}-{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**9:09}{ENDING}"
        try:
            kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.rename(kept)
        except FileNotFoundError:
            raise UserError(ErrorCode.TASK_NOT_FOUND, name=task_id) from None
        except OSError as error:
            raise _unwritable(path, error) from None

    def take_in(self, path: Path) -> Task:
        """Copies a task file onto the user's shelf, under a free id.

        Raises:
            UserError: it cannot be read, is no task, or cannot be written.
        """
        return self.save(replace(read_task(path, is_own=True, id="imported"), id=self._free_id(path.stem)))

    def _free_id(self, name: str) -> str:
        base = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:50].strip("-") or "task"
        taken = {path.stem for folder in (self._shipped, self._own) for path in _files(folder)}
        number, id = 2, base
        while id in taken or self.path_of(id).exists():
            id, number = f"{base}-{number}", number + 1
        return id


def read_task(path: Path, *, is_own: bool, id: str | None = None) -> Task:
    """The task of a file; its id is the file's name unless another is given.

    Raises:
        UserError: `FILE_UNREADABLE`, `TASK_DAMAGED`.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UserError(ErrorCode.FILE_UNREADABLE, path=str(path), reason=error.strerror or str(error)) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _damaged(path, TaskFileError("", What.NOT_TOML, str(error))) from None
    return _parsed(text, path, id=id or path.stem, is_own=is_own)


def write_task(task: Task, path: Path) -> None:
    """Writes a task into a file that somebody is to get.

    Raises:
        UserError: `FILE_UNWRITABLE`.
    """
    try:
        path.write_bytes(task_to_toml(task).encode())
    except OSError as error:
        raise _unwritable(path, error) from None


def _parsed(text: str, path: Path, *, id: str, is_own: bool) -> Task:
    try:
        return task_from_toml(text, id, is_own=is_own)
    except TaskFileError as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: TaskFileError) -> UserError:
    params = {"where": error.where, "what": error.what.value, "value": error.value}
    return UserError(ErrorCode.TASK_DAMAGED, path=str(path), **params)


def _unwritable(path: Path, error: OSError) -> UserError:
    return UserError(ErrorCode.FILE_UNWRITABLE, path=str(path), reason=error.strerror or str(error))


def _files(folder: Path) -> Iterator[Path]:
    """The task files of a folder, by name; none where there is no folder."""
    try:
        names = sorted(path for path in folder.iterdir() if path.suffix == ENDING and not path.name.startswith("."))
    except OSError:
        return iter(())
    return iter(names[:_MOST_FILES])
