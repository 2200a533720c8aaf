"""The settings dialog: made from the declaration, in effect at once."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QTabWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from finr1_desk.app.settings import SettingsController
from finr1_desk.core.settings import Settings
from finr1_desk.library.assets import asset
from finr1_desk.store.paths import resolve_data_dir
from finr1_desk.ui.dialogs.asking import Dialogs
from finr1_desk.ui.dialogs.settings import SettingsDialog
from finr1_desk.ui.language import Language

NAMES = [declared.name for declared in fields(Settings)]


@pytest.fixture
def controller(data_dir: Path, qapp: QApplication) -> SettingsController:
    controller = SettingsController(resolve_data_dir(data_dir))
    controller.load()
    return controller


@pytest.fixture
def dialog(qtbot: QtBot, controller: SettingsController) -> SettingsDialog:
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = SettingsDialog(controller, Dialogs(parent), parent)
    with qtbot.waitExposed(dialog, timeout=30_000):
        dialog.open()
    return dialog


def _editor(dialog: SettingsDialog, name: str) -> Any:
    editor = dialog.findChild(QWidget, f"setting_{name}")
    assert editor is not None
    return editor


def _show(dialog: SettingsDialog, editor: QWidget) -> None:
    """Brings the page with this widget to the front."""
    tabs = dialog.findChild(QTabWidget)
    assert isinstance(tabs, QTabWidget)
    for page in range(tabs.count()):
        if tabs.widget(page).isAncestorOf(editor):
            tabs.setCurrentIndex(page)


def _another(name: str) -> Any:
    """A value that is allowed and is not the default."""
    declared = next(declared for declared in fields(Settings) if declared.name == name)
    default, about = declared.default, declared.metadata
    if isinstance(default, bool):
        return not default
    if about["choices"]:
        return next(value for value in about["choices"] if value != default)
    if isinstance(default, int | float):
        return about["minimum"] if default != about["minimum"] else about["maximum"]
    return "another text"


def _enter(dialog: SettingsDialog, name: str, value: Any) -> None:
    """Does what a user would do to set this value."""
    editor = _editor(dialog, name)
    _show(dialog, editor)
    editor.setFocus()
    match editor:
        case QCheckBox():
            QTest.keyClick(editor, Qt.Key.Key_Space)
        case QComboBox():
            while editor.currentData() != value:
                QTest.keyClick(editor, Qt.Key.Key_Down)
        case QSpinBox() | QDoubleSpinBox():
            editor.selectAll()
            QTest.keyClicks(editor.lineEdit(), editor.textFromValue(value))
            QTest.keyClick(editor, Qt.Key.Key_Return)
        case QLineEdit():
            editor.selectAll()
            QTest.keyClicks(editor, value)
            QTest.keyClick(editor, Qt.Key.Key_Tab)
        case QPlainTextEdit():
            editor.setPlainText(value)
            QTest.keyClick(editor, Qt.Key.Key_Tab)


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_can_be_changed_and_is_kept(
    dialog: SettingsDialog, controller: SettingsController, data_dir: Path, name: str
) -> None:
    if name in {"temperature", "top_p", "repetition_penalty"}:
        controller.set(sampling_of_model=False)
    value = _another(name)
    _enter(dialog, name, value)
    assert dialog.isVisible()
    assert getattr(controller.value, name) == value
    again = SettingsController(resolve_data_dir(data_dir))
    again.load()
    assert getattr(again.value, name) == value


def test_the_dialog_shows_what_is_set_elsewhere(dialog: SettingsDialog, controller: SettingsController) -> None:
    controller.set(theme="dark", text_scale=150, enter_sends=False)
    assert _editor(dialog, "theme").currentData() == "dark"
    assert _editor(dialog, "text_scale").value() == 150
    assert not _editor(dialog, "enter_sends").isChecked()


def test_own_sampling_values_count_only_when_they_are_used(
    dialog: SettingsDialog, controller: SettingsController
) -> None:
    assert not _editor(dialog, "temperature").isEnabled()
    _enter(dialog, "sampling_of_model", False)
    assert _editor(dialog, "temperature").isEnabled()


def test_the_defaults_come_back(dialog: SettingsDialog, controller: SettingsController) -> None:
    controller.set(text_scale=200, temperature=0.1, model_path="/x.gguf")
    button = next(b for b in dialog.findChildren(QPushButton) if b.text() == "Restore defaults")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert controller.value == Settings()


def test_every_editor_has_a_name_and_its_bounds(dialog: SettingsDialog) -> None:
    for declared in fields(Settings):
        editor = _editor(dialog, declared.name)
        assert editor.accessibleName() == declared.metadata["label"]
        if isinstance(editor, QSpinBox | QDoubleSpinBox):
            assert (editor.minimum(), editor.maximum()) == (declared.metadata["minimum"], declared.metadata["maximum"])


def test_it_changes_its_language_while_it_is_open(dialog: SettingsDialog, qapp: QApplication) -> None:
    language = Language(qapp, asset("translations"))
    try:
        language.apply("zh_CN")
        QCoreApplication.processEvents()
        texts = [label.text() for label in dialog.findChildren(QLabel) if label.isVisible() and label.text()]
        texts += [button.text() for button in dialog.findChildren(QAbstractButton) if button.isVisible()]
        assert "外观" in [dialog._tabs.tabText(number) for number in range(dialog._tabs.count())]
        assert all(any("\u4e00" <= char <= "\u9fff" for char in text) for text in texts if text), texts
    finally:
        language.remove()


def test_a_language_asked_for_at_the_start_holds_until_another_is_chosen(qapp: QApplication) -> None:
    language = Language(qapp, asset("translations"), "zh_CN")
    try:
        language.apply("en")
        assert language.current == "zh_CN"
        language.apply("en")  # another setting was changed
        assert language.current == "zh_CN"
        language.apply("system")
        assert language.current != "zh_CN"
    finally:
        language.remove()


@pytest.mark.parametrize(
    ("name", "words"),
    [("gpu_layers", "As many as fit"), ("threads", "Choose for me"), ("max_think", "No limit")],
)
def test_a_number_that_is_no_amount_is_said_in_words(dialog: SettingsDialog, name: str, words: str) -> None:
    editor = _editor(dialog, name)
    editor.setValue(editor.minimum())
    assert editor.text() == words
    editor.stepUp()
    assert editor.text() != words
    assert editor.sizeHint().width() <= editor.width()
