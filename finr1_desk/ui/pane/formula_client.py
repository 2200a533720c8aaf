"""The window's end of the process that draws formulas.

Owns that process: when it is started, how long it may take over one formula, what happens when it dies, and the drawn
formulas, the latest of which are kept. It never waits; who asks gets what is there, and is told when more has come.
"""

from __future__ import annotations

import json
import logging
import sys
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from finr1_desk.markup.formulas import Formula, delimited

log = logging.getLogger(__name__)

COMMAND: Final = (sys.executable, "-P", "-m", "finr1_desk.markup.formula_process")
CAPACITY: Final = 1500  # formulas; one takes some 8 KB
LONGEST: Final = 4000  # characters
MOST_WANTED: Final = 500  # what was wanted before is out of sight, and will be asked for again
IN_FLIGHT: Final = 6
LIMIT_MS: Final = 6000  # for one formula
START_MS: Final = 30_000  # for the start of the process in addition
TELL_MS: Final = 15  # formulas that come together are told together
MOST_DEATHS: Final = 3  # without a formula between them; then formulas stay text
_END_MS: Final = 2000


class FormulaClient(QObject):
    """Formulas by their source, delimiters included.

    Args:
        command: what starts the process.
        limit_ms: for one formula.
        start_ms: for the start of the process in addition.

    `arrived` carries the sources that were drawn since it was last emitted.
    """

    arrived = Signal(set)

    def __init__(self, command: Sequence[str] = COMMAND, limit_ms: int = LIMIT_MS, start_ms: int = START_MS) -> None:
        super().__init__()
        self._command = list(command)
        self._limit_ms = limit_ms
        self._start_ms = start_ms
        self._is_resting = False
        self._process: QProcess | None = None
        self._known: OrderedDict[str, Formula | None] = OrderedDict()  # None: cannot be drawn
        self._wanted: OrderedDict[str, None] = OrderedDict()  # not yet sent; the last is the most urgent
        self._sent: OrderedDict[int, str] = OrderedDict()
        self._numbers = 0
        self._deaths = 0
        self._has_answered = False
        self._news: set[str] = set()
        self._tell = QTimer(self)
        self._tell.setSingleShot(True)
        self._tell.setInterval(TELL_MS)
        self._tell.timeout.connect(self._on_tell)
        self._limit = QTimer(self)
        self._limit.setSingleShot(True)
        self._limit.timeout.connect(self._on_limit)

    @property
    def is_running(self) -> bool:
        return self._process is not None

    @property
    def has_given_up(self) -> bool:
        return self._deaths >= MOST_DEATHS

    def formula(self, source: str) -> Formula | None:
        """The drawn formula; None where there is none (yet): `is_awaited` says which."""
        if source in self._known:
            self._known.move_to_end(source)
            return self._known[source]
        if len(source) <= LONGEST and not self.has_given_up:
            self._wanted[source] = None
            self._wanted.move_to_end(source)
            if len(self._wanted) > MOST_WANTED:
                self._wanted.popitem(last=False)
            self._send()
        return None

    def is_awaited(self, source: str) -> bool:
        return source in self._wanted or source in self._sent.values()

    def warm_up(self) -> None:
        """Starts the process, which takes it a second, so that the first formula need not wait for it."""
        if self._process is None and not self.has_given_up and not self._is_resting:
            self._start()

    def rest(self) -> None:
        """Ends the process for now: nobody sees formulas. What is wanted is drawn when it works again."""
        self._is_resting = True
        for source in reversed(self._sent.values()):
            self._wanted[source] = None
        process = self._process
        self._forget_process()
        if process is not None:
            process.blockSignals(True)
            process.kill()
            process.waitForFinished(_END_MS)

    def work(self) -> None:
        """Draws what is wanted, after a rest."""
        self._is_resting = False
        self._send()

    def close(self) -> None:
        """Ends the process; nothing is drawn any more."""
        self._deaths = MOST_DEATHS
        self.rest()
        self._wanted.clear()
        self._tell.stop()

    # -- the process

    def _start(self) -> None:
        process = QProcess(self)
        process.setProcessChannelMode(QProcess.ProcessChannelMode.SeparateChannels)
        process.setStandardErrorFile(QProcess.nullDevice())
        process.readyReadStandardOutput.connect(self._on_answer)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._process = process
        self._has_answered = False
        process.start(self._command[0], self._command[1:])

    def _send(self) -> None:
        if self._is_resting or self.has_given_up:
            return
        if self._process is None and self._wanted:
            self._start()
        while self._wanted and self._process is not None and len(self._sent) < IN_FLIGHT:
            source, _ = self._wanted.popitem()
            self._numbers += 1
            self._sent[self._numbers] = source
            inner, displayed = delimited(source)
            request = {"id": self._numbers, "source": inner, "displayed": displayed}
            self._process.write(json.dumps(request).encode("ascii") + b"\n")
            if not self._limit.isActive():
                self._limit.start(self._limit_ms + (0 if self._has_answered else self._start_ms))

    def _on_answer(self) -> None:
        process = self._process
        while process is not None and process.canReadLine():
            line = bytes(process.readLine().data())
            try:
                answer: dict[str, Any] = json.loads(line)
            except ValueError:
                continue
            source = self._sent.pop(int(answer.get("id", 0)), None)
            if source is None:
                continue
            self._has_answered = True
            self._deaths = 0
            drawn = None
            if "svg" in answer:
                drawn = Formula(answer["svg"], answer["width"], answer["ascent"], answer["depth"])
            self._keep(source, drawn)
        self._limit.stop()
        if self._sent:
            self._limit.start(self._limit_ms)
        self._send()

    def _keep(self, source: str, drawn: Formula | None) -> None:
        self._known[source] = drawn
        while len(self._known) > CAPACITY:
            self._known.popitem(last=False)
        if drawn is not None:
            self._news.add(source)
            if not self._tell.isActive():
                self._tell.start()

    def _on_tell(self) -> None:
        news, self._news = self._news, set()
        self.arrived.emit(news)

    def _on_limit(self) -> None:
        log.warning("a formula took more than %d ms; the process that draws it is ended", self._limit_ms)
        if self._process is not None:
            self._process.kill()

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            log.warning("formulas stay text: the process that draws them cannot be started")
            self._deaths = MOST_DEATHS
            self._forget_process()

    def _on_finished(self, code: int) -> None:
        """What it was busy with is not asked for again; the rest is."""
        log.info("the process that draws formulas ended with status %d", code)
        self._deaths += 1
        waiting = list(self._sent.values())
        self._forget_process()
        if waiting:
            self._keep(waiting[0], None)
        if self.has_given_up:
            log.warning("formulas stay text: the process that draws them keeps dying")
            return
        for source in reversed(waiting[1:]):
            self._wanted[source] = None
        self._send()

    def _forget_process(self) -> None:
        self._limit.stop()
        self._sent.clear()
        if self._process is not None:
            self._process.deleteLater()
            self._process = None
