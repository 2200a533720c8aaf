"""The window's log, and what «Copy log» copies.

Owns the file handler. Logs hold codes, places in the code and durations; nothing that a user wrote or read.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from logging.handlers import RotatingFileHandler
from pathlib import Path

from finr1_desk.ui.process.crash_reports import versions

MAX_BYTES = 500_000
COPIED_BYTES = 60_000  # of each file, from its end


def start_log(folder: Path) -> logging.Handler | None:
    """Sends what is logged to `window.log` in this folder; None where it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            folder / "window.log", maxBytes=MAX_BYTES, backupCount=1, encoding="utf-8", delay=True
        )
    except OSError:
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    return handler


def stop_log(handler: logging.Handler) -> None:
    logging.getLogger().removeHandler(handler)
    handler.close()


def collected(folders: Iterable[Path]) -> str:
    """The versions and the ends of all logs, for a report."""
    parts = [versions()]
    for folder in folders:
        for file in sorted(folder.glob("*.log")):
            try:
                with file.open("rb") as stream:
                    stream.seek(max(0, file.stat().st_size - COPIED_BYTES))
                    text = stream.read().decode("utf-8", "replace")
            except OSError as error:
                text = f"({error.strerror})"
            parts.append(f"== {file.name}\n{text}")
    return "\n\n".join(parts)
