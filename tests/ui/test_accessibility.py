"""Everything by keyboard, and everything with a name: the window with a conversation in it, and every dialog."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QDialog, QWidget

from tests.helpers.accessibility import mute_icons, nameless, unreached
from tests.ui.played import Running

ANSWER = "<think>\n1\n</think>\n<answer>\n**20 %**, see the table\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n</answer>"

# A dialog, and how it is opened.
DIALOGS: dict[str, Callable[[Running], object]] = {
    "settings": lambda running: running.window.actions_["settings"].trigger(),
    "about": lambda running: running.window.actions_["about"].trigger(),
    "shortcuts": lambda running: running.window.actions_["shortcuts"].trigger(),
    "getting started": lambda running: running.window.actions_["getting_started"].trigger(),
    "plan": lambda running: running.binding._model_menu.show_plan(),
    "server": lambda running: running.binding._server.show_dialog(),
}


@pytest.fixture
def running(start: Callable[..., Running]) -> Running:
    return start()


def _check(root: QWidget) -> None:
    assert nameless(root) == []
    assert mute_icons(root) == []
    assert unreached(root) == []


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_the_window_with_a_conversation(running: Running, language: str) -> None:
    running.built.settings.set(language=language)
    running.answered("Growth from 100 to 120?")
    running.window.composer.set_text("more")
    _check(running.window)


@pytest.mark.parametrize("name", DIALOGS)
def test_every_dialog(running: Running, name: str) -> None:
    DIALOGS[name](running)
    running.until(lambda: any(dialog.isVisible() for dialog in running.window.findChildren(QDialog)))
    dialog = next(dialog for dialog in running.window.findChildren(QDialog) if dialog.isVisible())
    dialog.activateWindow()
    running.until(dialog.isActiveWindow)
    _check(dialog)
    dialog.reject()
