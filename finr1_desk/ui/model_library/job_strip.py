"""What is running with models, or was left unfinished: one line, a bar, and what can be done about it.

Owns the strip at the foot of the library. It shows what it is told.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from finr1_desk.app.model_jobs import Job, JobKind, ModelJobs
from finr1_desk.core.wording import filled, percent_text, size_text
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.named import named
from finr1_desk.ui.words.library import progress_words

_STEPS = 10_000  # of the bar


class JobStrip(QFrame):
    def __init__(self, jobs: ModelJobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("jobStrip")
        self._jobs = jobs
        self._name = QLabel(self)
        self._state = named(QLabel(self), "muted")
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(GRID // 2)
        self._stop = named(QPushButton(self), "jobStop")
        self._go_on = named(QPushButton(self), "jobGoOn")
        self._discard = named(QPushButton(self), "jobDiscard")
        for label in (self._name, self._state):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._build()
        jobs.changed.connect(self._show)
        jobs.unfinished.connect(self._show)
        self._stop.clicked.connect(jobs.pause)
        self._go_on.clicked.connect(self._on_go_on)
        self._discard.clicked.connect(self._on_discard)
        self.retranslate()

    def _build(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(GRID // 2)
        words.addWidget(self._name)
        words.addWidget(self._bar)
        words.addWidget(self._state)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        row.setSpacing(GRID)
        row.addLayout(words, 1)
        for button in (self._stop, self._go_on, self._discard):
            button.setAutoDefault(False)
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)

    def _show(self, _: object = None) -> None:
        job, left = self._jobs.job, self._jobs.left
        self.setVisible(job is not None or bool(left))
        self._stop.setVisible(job is not None)
        for button in (self._go_on, self._discard):
            button.setVisible(job is None and bool(left))
        if job is not None:
            self._show_job(job)
        elif left:
            first = left[0]
            total = first.download.total_bytes
            self._name.setText(first.download.name)
            self._show_bar(first.done_bytes, total)
            share = percent_text(first.done_bytes / total if total else 0.0)
            size = size_text(total)
            self._state.setText(filled(self.tr("Not finished: %1 % of %2 have been fetched."), share, size))

    def _show_job(self, job: Job) -> None:
        self._name.setText(job.name)
        self._show_bar(job.done, job.total)
        self._state.setText(
            progress_words(job.phase, job.done, job.total, job.bytes_per_s, job.left_s, job.wait_s, job.reason)
        )
        pausing = job.kind is JobKind.DOWNLOAD
        self._stop.setText(self.tr("Pause") if pausing else self.tr("Cancel"))

    def _show_bar(self, done: int, total: int) -> None:
        self._bar.setRange(0, _STEPS if total else 0)
        self._bar.setValue(int(done / total * _STEPS) if total else 0)

    def _on_go_on(self) -> None:
        if self._jobs.left:
            self._jobs.resume(self._jobs.left[0])

    def _on_discard(self) -> None:
        if self._jobs.left:
            self._jobs.discard(self._jobs.left[0])

    def retranslate(self) -> None:
        self._bar.setAccessibleName(self.tr("How far it is"))
        self._go_on.setText(self.tr("Go on"))
        self._discard.setText(self.tr("Throw away"))
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)
