"""What the window needs of its surroundings: environment, theme, language, single instance, signals, staying awake."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QDate, QLocale, QObject, Qt
from PySide6.QtNetwork import QLocalServer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from finr1_desk.ui.dialogs.components import components
from finr1_desk.ui.language import language_of, locale_of
from finr1_desk.ui.look.appearance import Appearance
from finr1_desk.ui.look.theme import DARK, LIGHT
from finr1_desk.ui.process import environment
from finr1_desk.ui.process.crash_reports import CrashReports, report_of
from finr1_desk.ui.process.keep_awake import HelperProcess, KeepAwake, WindowsExecutionState, helper_command
from finr1_desk.ui.process.log_files import MAX_BYTES, collected, start_log, stop_log
from finr1_desk.ui.process.signals import ProcessSignals
from finr1_desk.ui.process.single_instance import SingleInstance, socket_name

# -- environment


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"QT_IM_MODULE": "fcitx"}, {"QT_IM_MODULE": "ibus"}),
        ({"QT_IM_MODULE": "fcitx5"}, {"QT_IM_MODULE": "ibus"}),
        ({"QT_IM_MODULES": "wayland;fcitx;ibus"}, {"QT_IM_MODULES": "wayland;ibus"}),
        ({"QT_IM_MODULE": "compose", "OTHER": "fcitx"}, {"QT_IM_MODULE": "compose", "OTHER": "fcitx"}),
        ({}, {}),
    ],
)
def test_fcitx_becomes_ibus_and_nothing_else_changes(before: dict[str, str], after: dict[str, str]) -> None:
    environment.prepare(before)
    assert before == after


# -- imports


@pytest.mark.parametrize("spared", [True, False])
def test_the_sources_of_imported_modules_are_not_read(spared: bool) -> None:
    begin = "from finr1_desk.ui.main import _application; _application()" if spared else "import PySide6.QtCore"
    look = "import linecache; print(any('conversation_settings' in name for name in linecache.cache))"
    program = f"{begin}; from finr1_desk.ui.dialogs.conversation_settings import GRID; {look}"
    surroundings = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=surroundings, check=True)
    assert done.stdout.strip() == str(not spared)


# -- theme


@pytest.fixture
def appearance(qapp: QApplication) -> Iterator[Appearance]:
    sheet, font, palette = qapp.styleSheet(), qapp.font(), qapp.palette()
    appearance = Appearance(qapp)
    yield appearance
    appearance.apply("system", 100)
    appearance.deleteLater()
    qapp.setStyleSheet(sheet)
    qapp.setFont(font)
    qapp.setPalette(palette)


def test_a_chosen_theme_is_shown_whatever_the_system_says(appearance: Appearance, qapp: QApplication) -> None:
    appearance.apply("dark", 100)
    assert appearance.theme is DARK
    assert qapp.palette().window().color().name() == DARK.window
    appearance.apply("light", 100)
    assert appearance.theme is LIGHT
    assert LIGHT.accent in qapp.styleSheet()


def test_the_systems_theme_is_followed_only_when_asked_to(appearance: Appearance, qapp: QApplication) -> None:
    appearance.apply("system", 100)
    shown: list[bool] = []
    appearance.changed.connect(lambda theme: shown.append(theme.dark))
    said = qapp.styleHints().colorSchemeChanged  # the offscreen platform has no scheme of its own to change
    said.emit(Qt.ColorScheme.Dark)
    said.emit(Qt.ColorScheme.Light)
    assert shown == [True, False]
    appearance.apply("light", 100)
    said.emit(Qt.ColorScheme.Dark)
    assert appearance.theme is LIGHT


def test_text_grows_with_its_setting(appearance: Appearance, qapp: QApplication) -> None:
    appearance.apply("light", 100)
    normal = qapp.font().pointSizeF()
    appearance.apply("light", 150)
    assert qapp.font().pointSizeF() == pytest.approx(normal * 1.5, rel=0.02)


# -- language


@pytest.mark.parametrize(
    ("choice", "system", "language"),
    [
        ("system", ["zh-Hans-CN", "en"], "zh_CN"),
        ("system", ["zh_CN"], "zh_CN"),
        ("system", ["de-DE", "zh-CN", "en"], "zh_CN"),
        ("system", ["de-DE", "en-GB", "zh-CN"], "en"),
        ("system", ["C"], "en"),
        ("system", [], "en"),
        ("zh_CN", ["en-GB"], "zh_CN"),
        ("en", ["zh-CN"], "en"),
    ],
)
def test_the_first_language_of_the_user_that_there_is(choice: str, system: list[str], language: str) -> None:
    assert language_of(choice, system) == language


@pytest.mark.parametrize(
    ("language", "system", "number", "day"),
    [
        ("en", "en_GB", "1,234.5", "3 November 2026"),
        ("en", "en_US", "1,234.5", "November 3, 2026"),
        ("en", "de_DE", "1,234.5", "November 3, 2026"),
        ("zh_CN", "en_GB", "1,234.5", "2026年11月3日"),
        ("zh_CN", "zh_CN", "1,234.5", "2026年11月3日"),
    ],
)
def test_figures_and_dates_follow_the_language_and_then_the_system(
    language: str, system: str, number: str, day: str
) -> None:
    locale = locale_of(language, QLocale(system))
    assert locale.toString(1234.5, "f", 1) == number
    assert day in locale.toString(QDate(2026, 11, 3), QLocale.FormatType.LongFormat)


# -- single instance


def test_a_second_start_raises_the_first_window(qtbot: QtBot, tmp_path: Path) -> None:
    first = SingleInstance(tmp_path)
    assert first.claim()
    second = (
        "import sys; from pathlib import Path; from PySide6.QtCore import QCoreApplication;"
        "from finr1_desk.ui.process.single_instance import SingleInstance; app = QCoreApplication([]);"
        f"sys.exit(0 if not SingleInstance(Path({str(tmp_path)!r})).claim() else 3)"
    )
    with qtbot.waitSignal(first.raised, timeout=30_000):
        process = subprocess.Popen([sys.executable, "-c", second])
    assert process.wait(30) == 0
    first.close()


def test_another_data_folder_is_another_instance(qtbot: QtBot, tmp_path: Path) -> None:
    first, second = SingleInstance(tmp_path / "a"), SingleInstance(tmp_path / "b")
    assert first.claim()
    assert second.claim()
    first.close()
    second.close()
    assert len(socket_name(tmp_path)) < 60  # a Unix socket's path has 104 bytes in all


def test_the_socket_of_a_process_that_was_killed_is_replaced(qtbot: QtBot, tmp_path: Path) -> None:
    claim = (
        "import sys, time; from pathlib import Path; from PySide6.QtCore import QCoreApplication;"
        "from finr1_desk.ui.process.single_instance import SingleInstance; app = QCoreApplication([]);"
        f"one = SingleInstance(Path({str(tmp_path)!r})); assert one.claim(); print('listening', flush=True);"
        "time.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", claim], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"listening"
    process.kill()
    process.wait(30)
    process.stdout.close()
    instance = SingleInstance(tmp_path)
    assert instance.claim()
    assert not SingleInstance(tmp_path / "other")._server.isListening()
    probe = QLocalServer()
    assert not probe.listen(socket_name(tmp_path))  # the name is taken again, by the new one
    instance.close()


# -- signals


@pytest.mark.skipif(sys.platform == "win32", reason="no signals between processes")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_reaches_an_idle_event_loop(qtbot: QtBot, number: signal.Signals) -> None:
    signals = ProcessSignals()
    signals.install()
    try:
        with qtbot.waitSignal(signals.endWanted, timeout=30_000):
            os.kill(os.getpid(), number)
    finally:
        signals.remove()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


# -- keeping awake


def _command(tmp_path: Path) -> list[str]:
    cat = shutil.which("cat")
    assert cat is not None
    return [cat]


def test_the_helper_ends_with_the_work(tmp_path: Path) -> None:
    before = {child.pid for child in psutil.Process().children()}
    keeper = KeepAwake(lambda: HelperProcess(_command(tmp_path)))
    keeper.set_working(True)
    keeper.set_working(True)
    started = [child for child in psutil.Process().children() if child.pid not in before]
    assert len(started) == 1
    keeper.set_working(False)
    assert not started[0].is_running()
    keeper.set_working(False)


def test_the_helper_ends_when_its_owner_is_killed(tmp_path: Path) -> None:
    owner = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import time; from finr1_desk.ui.process.keep_awake import HelperProcess;"
            f"helper = HelperProcess({_command(tmp_path)!r}); print(helper._process.pid, flush=True); time.sleep(600)",
        ],
        stdout=subprocess.PIPE,
    )
    assert owner.stdout is not None
    helper = psutil.Process(int(owner.stdout.readline()))
    owner.kill()
    owner.wait(30)
    owner.stdout.close()
    psutil.wait_procs([helper], timeout=30)
    assert not helper.is_running() or helper.status() == psutil.STATUS_ZOMBIE


def test_a_system_that_refuses_is_no_error() -> None:
    def refuse() -> HelperProcess:
        return HelperProcess(["/nonexistent/systemd-inhibit"])

    keeper = KeepAwake(refuse)
    keeper.set_working(True)
    keeper.set_working(False)


@pytest.mark.parametrize(("platform", "tool"), [("linux", "systemd-inhibit"), ("darwin", "caffeinate")])
def test_each_system_has_its_tool(platform: str, tool: str) -> None:
    command = helper_command(platform, lambda name: f"/usr/bin/{name}")
    assert command is not None
    assert command[0] == f"/usr/bin/{tool}"
    assert command[-1] == "/usr/bin/cat"
    assert helper_command(platform, lambda name: None if name == tool else name) is None


def test_windows_is_asked_and_released() -> None:
    states: list[int] = []
    hold = WindowsExecutionState(lambda state: states.append(state) or 0)  # type: ignore[func-returns-value]
    hold.release()
    assert states == [0x80000001, 0x80000000]


# -- bugs and logs


class Secret(Exception):  # noqa: N818
    """Stands for an exception that quotes a conversation."""


def _raise() -> None:
    raise Secret("SECRET-QUESTION")


def test_a_report_says_where_but_not_what() -> None:
    try:
        _raise()
    except Secret as error:
        report = report_of(type(error), error.__traceback__)
    assert "_raise" in report
    assert "Secret" in report
    assert "SECRET-QUESTION" not in report.replace('raise Secret("SECRET-QUESTION")', "")


def test_uncaught_exceptions_of_any_thread_are_reported(qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    reports = CrashReports()
    seen: list[str] = []
    reports.reported.connect(seen.append)
    reports.install()
    try:
        thread = threading.Thread(target=_raise)
        thread.start()
        thread.join(30)
        qtbot.waitUntil(lambda: len(seen) == 1, timeout=30_000)
        try:
            _raise()
        except Secret as error:
            sys.excepthook(type(error), error, error.__traceback__)
    finally:
        reports.remove()
    assert len(seen) == 2
    assert "unexpected exception" in caplog.text


def test_the_log_is_written_bounded_and_collected(tmp_path: Path) -> None:
    handler = start_log(tmp_path / "logs")
    assert handler is not None
    try:
        for number in range(3 * MAX_BYTES // 100):
            logging.getLogger("test.log").warning("line %06d %s", number, "x" * 80)
    finally:
        stop_log(handler)
    text = collected([tmp_path / "logs", tmp_path / "missing"])
    assert "Qt 6" in text.splitlines()[0]
    assert f"line {3 * MAX_BYTES // 100 - 1:06d}" in text
    assert sum(file.stat().st_size for file in (tmp_path / "logs").iterdir()) < 2.2 * MAX_BYTES


def test_a_log_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert start_log(tmp_path / "file" / "logs") is None


# -- what everything is made of


def test_every_dependency_is_named_with_version_and_licence() -> None:
    found = {component.name.lower(): component for component in components()}
    for name in ("llama_cpp_python", "pyside6_essentials", "keyring", "numpy", "llama.cpp", "qt"):
        assert name in found or name.replace("_", "-") in found, name
    unlicensed = [component.name for component in found.values() if component.licence == "–" and not component.text]
    assert unlicensed == []
    assert "pytest" not in found


def test_looking_at_the_components_imports_none_of_them() -> None:
    code = (
        "import sys; from finr1_desk.ui.dialogs.components import components; components();"
        "print([name for name in ('llama_cpp', 'numpy', 'keyring') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"


def test_objects_named_in_passing_are_the_same_objects() -> None:
    from finr1_desk.ui.named import named

    thing = QObject()
    assert named(thing, "name") is thing
    assert thing.objectName() == "name"
