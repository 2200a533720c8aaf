"""The help for who opens the application for the first time: on one screen, in both languages."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from finr1_desk.library.assets import asset
from finr1_desk.ui.dialogs.getting_started import GettingStartedDialog
from finr1_desk.ui.language import Language
from finr1_desk.ui.look.icons import Icons
from finr1_desk.ui.window import Window

SMALL_SCREEN = (1280, 680)  # what a laptop of 1366 × 768 leaves beside its panels


@pytest.mark.parametrize("code", ["en", "zh_CN"])
def test_it_fits_on_a_small_screen(qtbot: QtBot, qapp: QApplication, icons: Icons, code: str) -> None:
    language = Language(qapp, asset("translations"))
    language.apply(code)
    dialog = GettingStartedDialog(icons)
    qtbot.addWidget(dialog)
    with qtbot.waitExposed(dialog, timeout=30_000):
        dialog.show()
    assert dialog.width() <= SMALL_SCREEN[0]
    assert dialog.height() <= SMALL_SCREEN[1]
    for label in dialog.findChildren(QLabel):
        if label.wordWrap():
            assert label.height() >= label.heightForWidth(label.width()), label.text()
    language.remove()


def test_only_newcomers_are_shown_the_way(qtbot: QtBot, window: Window) -> None:
    way = window.empty.findChild(QPushButton, "linkButton")
    assert isinstance(way, QPushButton)
    assert not way.isVisible()
    window.empty.set_newcomer(True)
    assert way.isVisible()
    with qtbot.waitSignal(window.empty.helpWanted, timeout=30_000):
        qtbot.mouseClick(way, Qt.MouseButton.LeftButton)
    window.empty.set_newcomer(False)
    assert not way.isVisible()
