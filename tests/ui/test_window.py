"""The window without services: what it shows, what it remembers, what it says to assistive tools."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QIcon, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from finr1_desk.ui.empty_pane import ExampleCard
from finr1_desk.ui.look.icons import Icons
from finr1_desk.ui.look.theme import DARK, LIGHT
from finr1_desk.ui.pane.pane import ChatPane
from finr1_desk.ui.status import ContextMeter
from finr1_desk.ui.window import Window
from finr1_desk.ui.words.examples import examples
from tests.ui.pane.samples import question


def _child(window: Window, kind: type[QWidget], name: str) -> QWidget:
    child = window.findChild(kind, name)
    assert isinstance(child, QWidget)
    return child


@pytest.mark.parametrize(
    "name",
    [
        "conversationList",
        "composer",
        "sendButton",
        "stopButton",
        "newConversationButton",
        "modelButton",
        "contextMeter",
    ],
)
def test_the_stable_names_are_there_once(window: Window, name: str) -> None:
    assert len(window.findChildren(QWidget, name)) == 1


@pytest.mark.parametrize("state", ["ready", "writing", "noticed", "failed"])
def test_every_widget_that_takes_the_focus_has_a_name(window: Window, state: str) -> None:
    """What a screen reader would say when it gets there."""
    match state:
        case "writing":
            window.composer.set_writing(True, 1)
        case "noticed":
            window.notice.show_notice("It failed.", "Try this.", action=("Try", lambda: None))
        case "failed":
            window.show_failure("It cannot be opened.", "Quit.")
    nameless = []
    for widget in window.findChildren(QWidget):
        if widget.focusPolicy() is Qt.FocusPolicy.NoFocus or not widget.isVisible():
            continue
        text = widget.text() if isinstance(widget, QAbstractButton | QLabel) else ""
        if not (widget.accessibleName() or text):
            nameless.append(f"{type(widget).__name__} {widget.objectName()}")
    assert nameless == []


def test_every_icon_without_words_has_a_tooltip(window: Window) -> None:
    mute = [
        button.accessibleName() or button.objectName()
        for button in window.findChildren(QAbstractButton)
        if not button.text() and not button.icon().isNull() and not button.toolTip() and button.isVisible()
    ]
    assert mute == []


def test_the_tab_key_reaches_every_part(window: Window) -> None:
    window.composer.edit.setPlainText("text")
    seen: set[str] = set()
    for _ in range(60):
        QTest.keyClick(window, Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        if focused is not None:
            seen.add(focused.objectName() or type(focused).__name__)
    assert {"composer", "sendButton", "newConversationButton", "searchField", "conversationList", "modelButton"} <= seen
    assert "ExampleCard" in seen


def test_an_example_is_offered_with_its_whole_question(window: Window) -> None:
    chosen: list[str] = []
    window.empty.exampleChosen.connect(chosen.append)
    cards = window.findChildren(ExampleCard)
    assert len(cards) == 7
    cards[0].setFocus()
    QTest.keyClick(cards[0], Qt.Key.Key_Space)
    assert chosen == [examples()[0].question]


def test_the_sidebar_folds_away_and_comes_back(window: Window) -> None:
    toggle = next(
        button for button in window.header.findChildren(QToolButton) if button.accessibleName() == "Hide the sidebar"
    )
    QTest.mouseClick(toggle, Qt.MouseButton.LeftButton)
    assert not window.sidebar.isVisible()
    assert toggle.accessibleName() == "Show the sidebar"
    QTest.mouseClick(toggle, Qt.MouseButton.LeftButton)
    assert window.sidebar.isVisible()


def test_a_narrow_window_folds_the_sidebar_by_itself(window: Window, qtbot: QtBot) -> None:
    window.resize(1100, 700)
    window.resize(600, 700)
    qtbot.waitUntil(lambda: not window.sidebar.isVisible(), timeout=30_000)
    assert window.remembered()["sidebar"] is True
    window.resize(1100, 700)
    qtbot.waitUntil(window.sidebar.isVisible, timeout=30_000)


def test_what_is_remembered_brings_the_window_back(window: Window, qtbot: QtBot, icons: Icons) -> None:
    window.resize(750, 600)
    window.actions_["sidebar"].setChecked(False)
    other = Window(LIGHT, icons, QIcon())
    qtbot.addWidget(other)
    other.recall(window.remembered())
    other.show()
    assert (other.width(), other.height()) == (750, 600)
    assert not other.sidebar.isVisible()


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"geometry": "not base64 at all", "sidebar": "yes", "sidebar_width": "wide"},
        {"geometry": 7, "sidebar_width": -4},
        {"geometry": "AAAA", "sidebar_width": 10**9},
    ],
)
def test_a_senseless_memory_does_no_harm(qtbot: QtBot, icons: Icons, state: dict[str, object]) -> None:
    other = Window(LIGHT, icons, QIcon())
    qtbot.addWidget(other)
    other.recall(state)
    other.show()
    assert other.sidebar.isVisible()
    assert other.width() >= other.minimumWidth()


def test_it_tells_when_it_was_painted_first(qtbot: QtBot, icons: Icons) -> None:
    other = Window(LIGHT, icons, QIcon())
    qtbot.addWidget(other)
    with qtbot.waitSignal(other.firstPainted, timeout=30_000):
        other.show()


def test_the_context_meter_shows_figures_and_says_them(window: Window) -> None:
    window.status.show_context(1234, 16384)
    meter = window.findChild(ContextMeter)
    assert isinstance(meter, ContextMeter)
    assert meter.text() == "1,234 / 16,384"
    assert "1,234 of 16,384" in meter.accessibleName()


def test_the_model_button_tells_every_state(window: Window) -> None:
    button = _child(window, QToolButton, "modelButton")
    assert isinstance(button, QToolButton)
    assert button.text() == "No model"
    window.status.show_chosen("Fin-R1")
    assert button.text() == "Fin-R1 · not loaded"
    window.status.show_loading("/models/fin-r1.gguf", 0.42)
    assert button.text() == "Loading Fin-R1 · 42%"
    window.status.show_loaded("Fin-R1", "Q4_K_M", "CPU")
    assert button.text() == "Fin-R1 · Q4_K_M · CPU"
    window.status.show_unloaded()
    assert button.text() == "Fin-R1 · not loaded"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("opening", "Opening conversations…"),
        ("keychain", "Encrypted · key in the keychain"),
        ("file", "Encrypted · key in a file on this computer"),
        ("failed", "Conversations could not be opened"),
    ],
)
def test_the_lock_state_is_said(window: Window, state: str, words: str) -> None:
    window.status.show_lock(state)
    assert window.status.lock_text() == words


def test_speed_is_shown_in_sensible_figures(window: Window) -> None:
    labels = [label for label in window.status.findChildren(QLabel) if not label.objectName()]
    window.status.show_speed(12.345)
    assert "12.3 tokens/s" in [label.text() for label in labels]
    window.status.show_speed(1234.4)
    assert "1,234 tokens/s" in [label.text() for label in labels]


def test_a_failure_takes_the_place_of_the_chat(window: Window, qtbot: QtBot) -> None:
    window.show_failure("The key does not fit.", "Choose another folder.")
    assert window.failure.isVisible()
    assert not window.composer.isVisible()
    assert not window.sidebar.isVisible()
    assert window.failure.text() == "The key does not fit."
    wanted: list[bool] = []
    window.failure.folderWanted.connect(lambda: wanted.append(True))
    for button in window.failure.findChildren(QPushButton):
        if "folder" in button.text():
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert wanted == [True]


def test_a_notice_is_quiet_and_can_be_closed_and_acted_on(window: Window) -> None:
    acted: list[bool] = []
    window.notice.show_notice("It failed.", "Try this.", action=("Try", lambda: acted.append(True)))
    assert window.notice.isVisible()
    assert not QApplication.activeModalWidget()
    button = window.notice.findChild(QPushButton)
    assert isinstance(button, QPushButton)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert acted == [True]
    assert not window.notice.isVisible()
    window.notice.show_notice("Another.")
    assert not button.isVisible()
    close = next(b for b in window.notice.findChildren(QToolButton) if b.accessibleName() == "Close this message")
    QTest.mouseClick(close, Qt.MouseButton.LeftButton)
    assert not window.notice.isVisible()


def test_undo_is_offered_once(window: Window) -> None:
    undone: list[str] = []
    window.sidebar.offer_undo("Title", lambda: undone.append("a"))
    bar = window.sidebar.undo_bar
    assert bar.isVisible()
    button = bar.findChild(QPushButton)
    assert isinstance(button, QPushButton)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert undone == ["a"]
    assert not bar.isVisible()


def test_no_two_actions_share_a_shortcut(window: Window) -> None:
    keys = [key.toString() for action in window.actions_.by_name.values() for key in action.shortcuts()]
    assert len(keys) == len(set(keys))
    assert all(isinstance(action, QAction) and action.text() for action in window.actions_.by_name.values())


def test_menus_have_no_two_mnemonics_alike(window: Window) -> None:
    for menu in window.actions_.menus.values():
        letters = [action.text().partition("&")[2][:1].lower() for action in menu.actions() if "&" in action.text()]
        assert len(letters) == len(set(letters)), menu.title()


def test_a_change_of_theme_redraws_icons(window: Window) -> None:
    button = window.findChild(QToolButton, "newConversationButton")
    assert isinstance(button, QToolButton)
    before = button.icon().pixmap(20, 20).toImage()
    window.set_theme(DARK)
    assert button.icon().pixmap(20, 20).toImage() != before


def test_the_wheel_scrolls_a_conversation_that_was_opened(window: Window, qtbot: QtBot) -> None:
    """The bar was disabled for ever where it began without anything to scroll."""
    pane = ChatPane(LIGHT, window)
    window.set_pane(pane)
    window.show_chat()
    assert not pane.verticalScrollBar().isEnabled()
    pane.set_messages([question("\n".join(f"line {number}" for number in range(200)))], {})
    assert pane.verticalScrollBar().isEnabled()
    before = pane.flow.value
    middle = QPointF(pane.viewport().rect().center())
    turn = QWheelEvent(
        middle,
        QPointF(pane.viewport().mapToGlobal(middle.toPoint())),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(pane.viewport(), turn)
    assert pane.flow.value < before
