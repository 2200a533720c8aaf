"""The tasks as the window shows them: read when they are asked for, kept, changed, taken in and given away.

Owns the shelf in memory. The files are the store's.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from finr1_desk.app.background import Pool
from finr1_desk.core.tasks.task import Task
from finr1_desk.library.assets import asset
from finr1_desk.store.paths import DataPaths
from finr1_desk.store.task_files import Shelf, TaskFiles, write_task


class Tasks(QObject):
    changed = Signal(object)  # Shelf
    kept = Signal(object)  # Task: saved or taken in, and on the shelf that `changed` told of
    exported = Signal(object)  # Path
    failed = Signal(object)  # UserError

    def __init__(self, paths: DataPaths, pool: Pool, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._files = TaskFiles(asset("tasks"), paths.tasks)
        self._pool = pool
        self.shelf = Shelf(())

    def refresh(self) -> None:
        """Reads all task files; `changed` tells what there is."""
        self._pool.run(self._files.shelf, self._on_shelf, self.failed.emit)

    def save(self, task: Task) -> None:
        self._then_refresh(lambda: self._files.save(task))

    def take_in(self, path: Path) -> None:
        """Copies a task file into the user's folder."""
        self._then_refresh(lambda: self._files.take_in(path))

    def remove(self, task_id: str) -> None:
        self._then_refresh(lambda: self._files.remove(task_id))

    def export(self, task: Task, path: Path) -> None:
        self._pool.run(lambda: write_task(task, path), lambda _: self.exported.emit(path), self.failed.emit)

    def _then_refresh(self, work: Callable[[], Task | None]) -> None:
        def both() -> tuple[Task | None, Shelf]:
            return work(), self._files.shelf()

        def done(result: tuple[Task | None, Shelf]) -> None:
            task, shelf = result
            self._on_shelf(shelf)
            if task is not None:
                self.kept.emit(task)

        self._pool.run(both, done, self.failed.emit)

    def _on_shelf(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.changed.emit(shelf)
