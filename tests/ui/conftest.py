"""What the tests of the window share: a window that is shown, and its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from finr1_desk.library.assets import asset
from finr1_desk.ui.look.icons import Icons
from finr1_desk.ui.look.theme import LIGHT
from finr1_desk.ui.window import Window
from tests.ui.played import Running


@pytest.fixture(autouse=True)
def english_figures() -> Iterator[None]:
    """Figures and dates as beside English text, whatever machine the tests run on."""
    QLocale.setDefault(QLocale("en"))
    yield
    QLocale.setDefault(QLocale.system())


@pytest.fixture
def icons(qapp: QApplication) -> Icons:
    return Icons(asset("icons"), LIGHT)


@pytest.fixture
def window(qtbot: QtBot, icons: Icons) -> Iterator[Window]:
    """A window without services, on the screen and active."""
    window = Window(LIGHT, icons, QIcon())
    qtbot.addWidget(window)
    with qtbot.waitExposed(window, timeout=30_000):
        window.show()
    window.activateWindow()
    window.composer.edit.setFocus()
    yield window
    window.close()


@pytest.fixture
def start(qapp: QApplication, qtbot: QtBot, data_dir: Path) -> Iterator[Callable[..., Running]]:
    """Opens windows over real services and a played engine; all of them are closed at the end."""
    sheet, font, palette = qapp.styleSheet(), qapp.font(), qapp.palette()
    started: list[Running] = []

    def make(**options: Any) -> Running:
        started.append(Running(qapp, qtbot, data_dir, **options))
        return started[-1]

    yield make
    for running in started:
        running.close()
    qapp.setStyleSheet(sheet)
    qapp.setFont(font)
    qapp.setPalette(palette)
