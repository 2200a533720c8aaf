"""Ties the tasks' windows to the services: what is sent becomes a question, what is saved a file.

Owns the windows, each made when it is first asked for. Decisions are the controllers'.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from finr1_desk.app.manner import Chosen
from finr1_desk.core.choices import UNCHOSEN, from_json
from finr1_desk.core.tasks.task import NO_RESULT, Task, Value
from finr1_desk.core.tasks.values import from_text
from finr1_desk.core.tasks.words import NO_WORDS, Words
from finr1_desk.ui.dialogs.asking import Dialogs
from finr1_desk.ui.language import spoken_language
from finr1_desk.ui.window import Window
from finr1_desk.ui.words.sentences import sentence

if TYPE_CHECKING:
    from finr1_desk.app.bootstrap import Application
    from finr1_desk.core.errors import UserError
    from finr1_desk.core.tasks.note import TaskNote
    from finr1_desk.export.given import Given
    from finr1_desk.store.task_files import Shelf
    from finr1_desk.ui.tasks.dialog import TasksDialog
    from finr1_desk.ui.tasks.form import TaskForm
    from finr1_desk.ui.tasks.run_dialog import RunDialog


class TasksBinding(QObject):
    """The tasks of one window; `show_error` is told what went wrong."""

    def __init__(
        self, window: Window, application: Application, dialogs: Dialogs, show_error: Callable[[UserError], None]
    ) -> None:
        super().__init__(window)
        self._window = window
        self._app = application
        self._dialogs = dialogs
        self._show_error = show_error
        self._dialog: TasksDialog | None = None
        self._run: RunDialog | None = None
        self._wanted: tuple[str, dict[str, Value] | None, str | None] | None = None
        application.tasks.changed.connect(self._on_shelf)
        application.tasks.kept.connect(lambda task: self.open(task.id))
        application.tasks.exported.connect(self._on_exported)
        application.tasks.failed.connect(show_error)
        window.actions_["tasks"].triggered.connect(lambda: self.open())
        window.composer.tasksRequested.connect(lambda: self.open())
        window.empty.tasksWanted.connect(lambda: self.open())
        window.empty.taskChosen.connect(lambda id, values: self.open(id, values))

    def open(self, task_id: str = "", values: Mapping[str, Value] | None = None, language: str | None = None) -> None:
        """Shows the tasks; one of them, with these values, where it is named."""
        if self._dialog is None:
            self._dialog = self._make_dialog()
        self._wanted = (task_id, dict(values) if values is not None else None, language) if task_id else None
        self._app.tasks.refresh()
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()

    def open_again(self, note: TaskNote) -> None:
        """Shows the form that made a question, filled in as it was, where its task is still there."""
        task = next((one for one in self._app.tasks.shelf.tasks if one.id == note.task_id), None)
        known = {declared.name: declared for declared in task.fields} if task is not None else {}
        values = {f.name: from_text(known[f.name], f.text) for f in note.fields if f.name in known}
        self.open(note.task_id, (task.defaults() if task is not None else {}) | values, note.language)

    def _make_dialog(self) -> TasksDialog:
        from finr1_desk.ui.tasks.dialog import TasksDialog

        dialog = TasksDialog(self._window)
        dialog.filesGiven.connect(self._on_files)
        dialog.sendWanted.connect(self._on_send)
        dialog.runWanted.connect(self._on_run)
        dialog.newWanted.connect(lambda: self._change(Task("", NO_WORDS, NO_WORDS, (), {}, NO_RESULT, is_own=True)))
        dialog.duplicateWanted.connect(self._on_duplicate)
        dialog.editWanted.connect(self._change)
        dialog.deleteWanted.connect(self._on_delete)
        dialog.importWanted.connect(self._on_import)
        dialog.exportWanted.connect(self._on_export)
        return dialog

    # -- slots

    def _on_shelf(self, shelf: Shelf) -> None:
        if self._dialog is None:
            return
        self._dialog.show_shelf(shelf)
        if self._wanted is not None:
            wanted, self._wanted = self._wanted, None
            self._dialog.show_task(*wanted)
        if shelf.problems:
            self._show_error(shelf.problems[0])

    def _on_send(self, text: str, note: TaskNote, new: bool) -> None:
        task = next((one for one in self._app.tasks.shelf.tasks if one.id == note.task_id), None)
        choices = from_json(task.sampling) if task is not None else UNCHOSEN
        if new:
            self._app.conversations.start_new()
            before = self._app.manner.value
            system = task.system_prompt if task is not None else None
            prompt = before.system_prompt if system is None else (system or None)
            self._app.manner.set(Chosen(prompt, choices.over(before.choices)))
            self._app.answers.ask(text, task=note)
        else:
            self._app.answers.ask(text, choices, note)
        self._window.activateWindow()

    def _on_files(self, form: TaskForm, field: str, paths: list[Path]) -> None:
        """Reads files beside the window, and puts their text into a field."""

        def read() -> Given:
            from finr1_desk.export.given import read_given

            return read_given(paths, time.time())

        def on_read(given: Given) -> None:
            if self._dialog is not None and self._dialog.form is form:
                problem = given.problem_for_text()
                said = sentence(problem) if problem is not None else None
                form.put_in(field, given.texts, f"{said.text} {said.hint}" if said is not None else "")

        self._app.pool.run(read, on_read)

    def _on_run(self, task: Task) -> None:
        if self._run is None:
            from finr1_desk.ui.tasks.run_dialog import RunDialog

            self._run = RunDialog(self._app.task_runs, self._dialogs, self._window)
        self._run.show_task(task)
        self._run.show()
        self._run.raise_()
        self._run.activateWindow()

    def _on_duplicate(self, task: Task) -> None:
        language = spoken_language()
        copied = self.tr("%1 (copy)").replace("%1", task.name.said(language))
        name = Words(copied, task.name.zh_CN) if language == "en" else Words(task.name.en, copied)
        self._change(replace(task, id="", name=name, trained=False, order=1000))

    def _change(self, task: Task) -> None:
        from finr1_desk.ui.tasks.changing import TaskChangeDialog

        dialog = TaskChangeDialog(task, self._dialog or self._window)
        dialog.saveWanted.connect(self._app.tasks.save)
        dialog.open()

    def _on_delete(self, task: Task) -> None:
        if self._dialogs.may_delete_task(task.name.said(spoken_language())):
            self._app.tasks.remove(task.id)

    def _on_import(self) -> None:
        path = self._dialogs.task_to_import()
        if path is not None:
            self._app.tasks.take_in(path)

    def _on_export(self, task: Task) -> None:
        path = self._dialogs.task_to_export(f"{task.id}.toml")
        if path is not None:
            self._app.tasks.export(task, path)

    def _on_exported(self, path: Path) -> None:
        self._window.notice.show_notice(self.tr("The task was exported."), str(path), tone="info")
