"""What a key in the composer costs the window: in an empty field, and in a long question, drafts and counts included.

    python -m tests.benchmarks.composer [--keys N]

A real window over a real store; the engine is played, so that only the window's own work is measured. The bar is 16 ms
at the 99th percentile, also while an answer streams in; here a text event is given out between the keys.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

LONG = 60_000  # characters, more than a context of 16,384 tokens holds
WAIT_S = 60


def main() -> int:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    parser = argparse.ArgumentParser()
    parser.add_argument("--keys", type=int, default=300)
    keys: int = parser.parse_args().keys
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

    from tests.ui.played import Running

    application = QApplication([])

    class Bot:
        """As much of a `QtBot` as a window without tests needs."""

        @staticmethod
        def waitUntil(condition, timeout: int) -> None:  # type: ignore[no-untyped-def]
            end = time.monotonic() + WAIT_S
            while not condition():
                assert time.monotonic() < end, "it does not happen"
                application.processEvents()

    bot: QtBot = Bot()  # type: ignore[assignment]
    with tempfile.TemporaryDirectory() as folder:
        running = Running(application, bot, Path(folder))
        request = running.ask_and_wait("question")
        running.engine.start(request)
        for name, length in (("empty", 0), ("long", LONG)):
            edit = running.window.composer.edit
            edit.setPlainText(("净利润 1,000 " * 10 + "\n") * (length // 100))
            took = []
            for number in range(keys):
                running.engine.say(request, f"word {number} ", number)
                application.processEvents()
                begun = time.perf_counter()
                QTest.keyClick(edit, Qt.Key.Key_A)
                application.processEvents()
                took.append(1000 * (time.perf_counter() - begun))
            took.sort()
            middle, late, worst = took[keys // 2], took[keys * 99 // 100], took[-1]
            print(f"{name:6} {keys} keys: median {middle:.1f} ms, p99 {late:.1f} ms, worst {worst:.1f} ms")
        running.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
