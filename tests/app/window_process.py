"""An application without its window, in a process of its own: asks a question and writes until it is killed.

Run as `python -m tests.app.window_process DATA_DIR MODEL QUESTION`; prints the conversation's id once text has been
shown, and after that each second the number of characters shown.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QTimer

from finr1_desk.app.bootstrap import build
from finr1_desk.app.live import LiveStatus
from finr1_desk.core.conversation import Message


def main(data_dir: str, model: str, question: str) -> int:
    qt = QCoreApplication(sys.argv)
    application = build(Path(data_dir), Path(model))
    shown = 0

    def grew(message: Message, _status: LiveStatus) -> None:
        nonlocal shown
        if shown == 0 and message.raw:
            print(message.conversation_id, flush=True)
        shown = len(message.raw)

    application.answers.grew.connect(grew)
    application.models.chosen.connect(lambda _: application.answers.ask(question))
    report = QTimer(interval=1000)
    report.timeout.connect(lambda: shown and print(shown, flush=True))
    report.start()
    QTimer.singleShot(0, application.open)
    return qt.exec()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
