"""Types into a draft until it is killed; prints each text and when it was typed.

Run as `python -m tests.app.draft_process DATA_DIR`.
"""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QTimer

from finr1_desk.app.bootstrap import build
from finr1_desk.core.draft import Draft

KEY_MS = 20


def main(data_dir: str) -> int:
    qt = QCoreApplication(sys.argv)
    application = build(Path(data_dir), None)
    numbers = itertools.count(1)

    def press_key() -> None:
        number = next(numbers)
        application.drafts.note(None, Draft(f"净利润 {number}", number))
        print(number, time.time(), flush=True)

    keys = QTimer(interval=KEY_MS)
    keys.timeout.connect(press_key)
    application.drafts.loaded.connect(keys.start)
    QTimer.singleShot(0, application.open)
    return qt.exec()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
