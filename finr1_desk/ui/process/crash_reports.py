"""Bugs: an exception that nobody caught is logged and offered as a report, and the window lives on.

Owns the hooks of the interpreter and the text of a report. A report holds places in the code and versions, never the
text of an exception: that may quote a conversation.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Signal, qVersion

from finr1_desk.core.version import VERSION

log = logging.getLogger(__name__)


def versions() -> str:
    """One line that says what runs on what."""
    import platform  # not at the start: it takes longer to import than the window's own modules

    return f"Fin-R1 Desk {VERSION}, Python {platform.python_version()}, Qt {qVersion()}, {platform.platform()}"


def report_of(kind: type[BaseException], trace: TracebackType | None) -> str:
    """The versions, the kind of the exception and where it was raised."""
    places = "".join(traceback.format_tb(trace))
    return f"{versions()}\n\n{places}{kind.__module__}.{kind.__qualname__}\n"


class CrashReports(QObject):
    """While installed, every uncaught exception of any thread is logged and emitted as a report."""

    reported = Signal(str)

    def install(self) -> None:
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception

    def remove(self) -> None:
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__

    def _on_exception(
        self, kind: type[BaseException], _value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        report = report_of(kind, trace)
        log.error("unexpected exception\n%s", report)
        self.reported.emit(report)

    def _on_thread_exception(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_type is not SystemExit:
            self._on_exception(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)
