"""One measurement of `tests.benchmarks.window`, in a process of its own. Prints its result as one line of JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from finr1_desk.app.bootstrap import Application
    from finr1_desk.ui.desk import Desk

STARTED = float(os.environ["STARTED"])
QUESTION = "Tell me everything"
SETTLED_MS = 4000


def since_start() -> float:
    return time.time() - STARTED


def give(**result: Any) -> None:
    print(json.dumps(result), flush=True)
    os._exit(0)  # how long leaving takes is not measured


def bare(after: Callable[[], None]) -> None:
    """A plain window with a text field, as PySide6 gives it."""
    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QApplication, QMainWindow, QPlainTextEdit

    class Painted(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                watched.removeEventFilter(self)
                QTimer.singleShot(0, after)
            return False

    application = QApplication(sys.argv[:1])
    window = QMainWindow()
    edit = QPlainTextEdit()
    window.setCentralWidget(edit)
    window.resize(1120, 760)
    painted = Painted()
    edit.viewport().installEventFilter(painted)
    window.show()
    application.exec()


def ours(data: str, model: str | None, ready: Callable[[Desk], None]) -> None:
    """The application's own start, step by step as `ui.main.run` does it."""
    from finr1_desk.ui.process import environment

    environment.prepare(os.environ)
    from finr1_desk.ui.main import _application, _claim

    application: QApplication = _application()
    from finr1_desk.app.settings import SettingsController
    from finr1_desk.store.paths import resolve_data_dir
    from finr1_desk.ui.desk import Desk

    def build() -> Application:
        from finr1_desk.app import bootstrap

        return bootstrap.build(Path(data), Path(model) if model else None, settings=settings)

    paths = resolve_data_dir(Path(data))
    instance = _claim(paths.root)
    assert instance is not None
    settings = SettingsController(paths)
    settings.load()
    desk = Desk(application, settings, build)
    ready(desk)
    desk.show()
    application.exec()


def with_services(desk: Desk, use: Callable[[Application], None]) -> None:
    """Calls with the services as soon as they are made, which is after the first paint."""
    from PySide6.QtCore import QTimer

    def look() -> None:
        if desk.services is None:
            QTimer.singleShot(1, look)
        else:
            use(desk.services)

    desk.window.firstPainted.connect(look)


def start(data: str) -> None:
    times: dict[str, float] = {}

    def ready(desk: Desk) -> None:
        desk.window.firstPainted.connect(lambda: times.setdefault("painted", since_start()))
        with_services(
            desk,
            lambda services: (
                services.conversations.listed.connect(lambda _: give(**times, listed=since_start())) and None
            ),
        )

    ours(data, None, ready)


def measure_write(data: str, model: str, threads: str) -> None:
    """The same answer through the same services, with nothing shown."""
    from PySide6.QtCore import QCoreApplication

    from finr1_desk.app.bootstrap import build

    application = QCoreApplication(sys.argv[:1])
    services = build(Path(data), Path(model))
    _write(services, threads)
    services.open()
    application.exec()


def paint(data: str, model: str, threads: str) -> None:
    ours(data, model, lambda desk: with_services(desk, lambda services: _write(services, threads)))


def _write(services: Application, threads: str) -> None:
    import psutil
    from PySide6.QtCore import QTimer

    from tests.benchmarks.window import SPEED_TOKENS

    process = psutil.Process()
    began: list[tuple[float, float]] = []  # seconds on the clock, and of the processor

    def now() -> tuple[float, float]:
        return time.monotonic(), sum(process.cpu_times()[:2])

    def ask() -> None:
        began.append(now())
        services.answers.ask(QUESTION)

    services.settings.set(threads=int(threads), max_tokens=SPEED_TOKENS, idle_unload_minutes=0)
    # Starting is measured elsewhere: the answer begins when all modules are imported and the store is open.
    services.models.chosen.connect(lambda _: QTimer.singleShot(SETTLED_MS, ask))

    def finished(message: Any) -> None:
        wall, used = (after - before for after, before in zip(now(), began[0], strict=True))
        tokens_per_s = message.generation.timing.tokens_per_s
        services.quit()
        give(
            tokens_per_s=tokens_per_s,
            tokens=message.generation.usage.completion_tokens,
            processor_share=used / wall,
        )

    services.answers.finished.connect(finished)


def measure_idle(prepare: Callable[[Callable[[], None]], None]) -> None:
    import psutil
    from PySide6.QtCore import QTimer

    from tests.benchmarks.window import IDLE_S

    process = psutil.Process()

    def begin() -> None:
        before = sum(process.cpu_times()[:2])
        QTimer.singleShot(int(IDLE_S * 1000), lambda: end(before))

    def end(before: float) -> None:
        used = sum(process.cpu_times()[:2]) - before
        give(memory=process.memory_full_info().uss, processor_share=used / IDLE_S)

    prepare(lambda: QTimer.singleShot(5000, begin))


def main(part: str, *arguments: str) -> None:
    if part == "bare":
        bare(lambda: give(painted=since_start()))
    elif part == "bare-idle":
        measure_idle(bare)
    elif part == "start":
        start(*arguments)
    elif part == "write":
        measure_write(*arguments)
    elif part == "paint":
        paint(*arguments)
    elif part == "idle":

        def prepare(after: Callable[[], None]) -> None:
            ours(arguments[0], None, lambda desk: desk.window.firstPainted.connect(after) and None)

        measure_idle(prepare)


if __name__ == "__main__":
    main(*sys.argv[1:])
