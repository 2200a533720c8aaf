"""What the tests of the window share: a window that is shown, and its parts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from finr1_desk.library.assets import asset
from finr1_desk.ui.icons import Icons
from finr1_desk.ui.theme import LIGHT
from finr1_desk.ui.window import Window


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
