"""«Run over a file…»: which file, which column fills which field, where the answers go, and how the run stands.

Owns that window. Reading and running is `app.task_runs`'.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from finr1_desk.app.batch.job import columns_for
from finr1_desk.app.batch.run import Progress, Start
from finr1_desk.app.task_runs import RunState
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.tasks.task import Task
from finr1_desk.core.wording import count_text
from finr1_desk.ui.dialogs.asking import Dialogs
from finr1_desk.ui.language import spoken_language
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.named import named
from finr1_desk.ui.words.sentences import sentence
from finr1_desk.ui.words.tasks import time_left

if TYPE_CHECKING:
    from finr1_desk.app.task_runs import TaskRuns
    from finr1_desk.export.table_reading import Table

_WIDTH = 76 * GRID
_REPLACEABLE = (ErrorCode.OUTPUT_EXISTS, ErrorCode.RUN_EXISTS, ErrorCode.RUN_CHANGED, ErrorCode.RUN_DAMAGED)


class RunDialog(QDialog):
    """Hiding it does not end the run; it shows the run that is under way when it is opened again."""

    def __init__(self, runs: TaskRuns, dialogs: Dialogs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("runDialog")
        self.setMinimumWidth(_WIDTH)
        self._runs = runs
        self._dialogs = dialogs
        self._task: Task | None = None
        self._table: Table | None = None
        self._input: Path | None = None
        self._columns: dict[str, QComboBox] = {}
        self._title = named(QLabel(self), "dialogTitle")
        self._file = named(QLabel(self), "muted")
        self._choose = named(QPushButton(self), "chooseInput")
        self._mapping = QFormLayout()
        self._to = named(QLineEdit(self), "runOutput")
        self._browse = QPushButton(self)
        self._thinking = QCheckBox(self)
        self._bar = QProgressBar(self)
        self._state = QLabel(self)
        self._problem = named(QLabel(self), "fieldProblem")
        self._open = QPushButton(self)
        self._replace = QPushButton(self)
        self._resume = QPushButton(self)
        self._pause = QPushButton(self)
        self._start = named(QPushButton(self), "primaryButton")
        self._build()
        self._connect()

    def _build(self) -> None:
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)
        for label in (self._state, self._problem, self._file):
            label.setWordWrap(True)
        self._bar.setTextVisible(False)
        self._mapping.setHorizontalSpacing(2 * GRID)
        self._mapping.setVerticalSpacing(GRID)
        source = QHBoxLayout()
        source.addWidget(self._choose)
        source.addWidget(self._file, 1)
        to = QHBoxLayout()
        to.addWidget(self._to, 1)
        to.addWidget(self._browse)
        self._to_label = QLabel(self)
        self._to_label.setBuddy(self._to)
        foot = QHBoxLayout()
        foot.addWidget(self._open)
        foot.addStretch(1)
        for button in (self._replace, self._resume, self._pause, self._start):
            foot.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID + GRID // 2)
        column.addWidget(self._title)
        column.addLayout(source)
        column.addLayout(self._mapping)
        column.addWidget(self._to_label)
        column.addLayout(to)
        column.addWidget(self._thinking)
        column.addWidget(self._bar)
        column.addWidget(self._state)
        column.addWidget(self._problem)
        column.addStretch(1)
        column.addLayout(foot)

    def _connect(self) -> None:
        runs = self._runs
        runs.tableRead.connect(self._on_table)
        runs.stateChanged.connect(lambda _: self._show_state())
        runs.progressed.connect(self._on_progress)
        runs.failed.connect(self._on_failed)
        self._choose.clicked.connect(self._on_choose)
        self._browse.clicked.connect(self._on_browse)
        self._to.textChanged.connect(lambda _: self._show_state())
        self._start.clicked.connect(lambda: self._begin(Start.NEW))
        self._resume.clicked.connect(lambda: self._begin(Start.RESUME))
        self._replace.clicked.connect(lambda: self._begin(Start.REPLACE))
        self._pause.clicked.connect(runs.pause)
        self._open.clicked.connect(self._on_open)

    # -- what is shown

    def show_task(self, task: Task) -> None:
        """Asks for the file of this task; a run that is under way stays shown instead."""
        if not self._runs.is_active and (self._task is None or self._task.id != task.id):
            self._task, self._table, self._input = task, None, None
            self._to.clear()
            self._bar.setValue(0)
            self._state.clear()
        elif not self._runs.is_active:
            self._task = task
        self._problem.hide()
        self._resume.hide()
        self._replace.hide()
        self._say()
        self._show_columns()
        self._show_state()

    def _say(self) -> None:
        name = self._task.name.said(spoken_language()) if self._task is not None else ""
        self.setWindowTitle(self.tr("Run over a file"))
        self._title.setText(self.tr("%1, for every row of a file").replace("%1", name))
        self._choose.setText(self.tr("Choose a table…"))
        self._to_label.setText(self.tr("Write the answers to"))
        self._browse.setText(self.tr("Browse…"))
        self._thinking.setText(self.tr("With the reasoning, in a column of its own"))
        self._open.setText(self.tr("Open folder"))
        self._replace.setText(self.tr("Replace"))
        self._resume.setText(self.tr("Resume"))
        self._pause.setText(self.tr("Pause"))
        self._start.setText(self.tr("Start"))
        self._bar.setAccessibleName(self.tr("Progress"))
        if self._input is None:
            self._file.setText(self.tr("CSV or XLSX, with the headings in the first row"))

    def _show_columns(self) -> None:
        while self._mapping.rowCount():
            self._mapping.removeRow(0)
        self._columns = {}
        if self._table is None or self._task is None:
            return
        try:
            known = columns_for(self._task, self._table.header, {}, {})
        except UserError:
            known = {}
        for declared in self._task.fields:
            box = QComboBox(self)
            box.addItem(self.tr("– no column –"), "")
            for heading in self._table.header:
                box.addItem(heading, heading)
            box.setCurrentIndex(max(box.findData(known.get(declared.name, "")), 0))
            text = declared.label.said(spoken_language())
            box.setAccessibleName(text)
            box.setObjectName(f"column_{declared.name}")
            box.activated.connect(lambda _: self._show_state())
            self._mapping.addRow(text if declared.required else self.tr("%1 (may be empty)").replace("%1", text), box)
            self._columns[declared.name] = box

    def _show_state(self) -> None:
        runs, active = self._runs, self._runs.is_active
        for widget in (self._choose, self._to, self._browse, self._thinking, *self._columns.values()):
            widget.setEnabled(not active)
        self._start.setVisible(not active and not self._resume.isVisibleTo(self))
        self._start.setEnabled(self._is_ready())
        self._pause.setVisible(active)
        self._pause.setEnabled(runs.state is RunState.RUNNING)
        self._open.setVisible(runs.output is not None and runs.state in (RunState.PAUSED, RunState.DONE))
        if runs.state is RunState.PAUSED and runs.output == Path(self._to.text().strip()):
            self._resume.show()
            self._start.hide()
        if runs.state is RunState.BEGINNING:
            self._state.setText(self.tr("Beginning…"))
        elif runs.state is RunState.PAUSING:
            self._state.setText(self.tr("Pausing…"))

    def _is_ready(self) -> bool:
        if self._task is None or self._table is None or not self._to.text().strip():
            return False
        chosen = {name for name, box in self._columns.items() if box.currentData()}
        return all(f.name in chosen or f.default for f in self._task.fields if f.required)

    def _on_progress(self, progress: Progress) -> None:
        self._bar.setMaximum(max(progress.total, 1))
        self._bar.setValue(progress.done)
        done = self.tr("%1 of %2 rows").replace("%1", count_text(progress.done))
        words = [done.replace("%2", count_text(progress.total))]
        if progress.failed:
            words.append(self.tr("%1 failed").replace("%1", count_text(progress.failed)))
        if progress.left_s is not None and progress.done < progress.total:
            words.append(time_left(progress.left_s))
        self._state.setText(" · ".join(words))

    # -- slots

    def _on_choose(self) -> None:
        path = self._dialogs.table_to_read()
        if path is not None:
            self._problem.hide()
            self._runs.read_table(path)

    def _on_table(self, path: Path, table: Table) -> None:
        self._input, self._table = path, table
        self._resume.hide()
        self._replace.hide()
        rows = self.tr("%1: %2 rows").replace("%1", path.name).replace("%2", count_text(len(table.rows)))
        self._file.setText(rows)
        self._file.setToolTip(str(path))
        if self._task is not None:
            self._to.setText(str(path.with_name(f"{path.stem}-{self._task.id}{_ending(path)}")))
        self._bar.setValue(0)
        self._state.clear()
        self._show_columns()
        self._show_state()

    def _on_browse(self) -> None:
        path = self._dialogs.table_to_write(Path(self._to.text()) if self._to.text() else None)
        if path is not None:
            self._to.setText(str(path))

    def _begin(self, start: Start) -> None:
        if self._task is None or self._table is None:
            return
        self._problem.hide()
        self._resume.hide()
        self._replace.hide()
        columns = {name: str(box.currentData()) for name, box in self._columns.items() if box.currentData()}
        self._runs.start(
            self._task,
            self._table,
            columns,
            {},
            spoken_language(),
            Path(self._to.text().strip()),
            start,
            thinking=self._thinking.isChecked(),
            describe=lambda error: sentence(error).text,
        )

    def _on_failed(self, error: UserError) -> None:
        said = sentence(error)
        replaceable = error.code in _REPLACEABLE  # the hint speaks of the terminal's options; here there is a button
        self._problem.setText(said.text if replaceable else f"{said.text} {said.hint}")
        self._problem.show()
        self._resume.setVisible(error.code is ErrorCode.RUN_EXISTS)
        self._replace.setVisible(replaceable)
        self._show_state()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
            self._show_columns()
            self._show_state()
        super().changeEvent(event)

    def _on_open(self) -> None:
        if self._runs.output is not None:
            self._dialogs.open_folder(self._runs.output.parent)


def _ending(path: Path) -> str:
    return ".xlsx" if path.suffix.lower() == ".xlsx" else ".csv"
