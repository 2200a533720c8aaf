"""What somebody meets who uses a window without a mouse, or without seeing it.

Owns the walk through a window's widgets; the tests decide which windows.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

_LONGEST_WALK = 400


def focusable(root: QWidget) -> list[QWidget]:
    """The widgets that the Tab key should come to."""
    return [
        widget
        for widget in root.findChildren(QWidget)
        if widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value
        and widget.isVisible()
        and widget.isEnabled()
        and widget.window() is root
        and widget.focusProxy() is None
    ]


def called(widget: QWidget) -> str:
    return f"{type(widget).__name__} «{widget.objectName()}»"


def nameless(root: QWidget) -> list[str]:
    """Focusable widgets of which a screen reader would have no name to say."""
    found = []
    for widget in focusable(root):
        interface = QAccessible.queryAccessibleInterface(widget)
        name = interface.text(QAccessible.Text.Name) if interface is not None else widget.accessibleName()
        if not name.strip():
            found.append(called(widget))
    return found


def mute_icons(root: QWidget) -> list[str]:
    """Visible buttons with an icon and neither words nor a tooltip."""
    return [
        called(button)
        for button in root.findChildren(QAbstractButton)
        if button.isVisible() and not button.icon().isNull() and not button.text() and not button.toolTip()
    ]


def unreached(root: QWidget) -> list[str]:
    """Focusable widgets that the Tab key never comes to from where the focus is; a trap shows here, too."""
    wanted = set(focusable(root))
    if not wanted:
        return []
    root.activateWindow()
    start = QApplication.focusWidget()
    seen: set[QWidget] = {start} if start is not None else set()
    for _ in range(_LONGEST_WALK):
        if wanted <= seen:
            break
        focused = QApplication.focusWidget()
        QTest.keyClick(focused if focused is not None else root, Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        if focused is not None:
            seen.add(focused)
            # A group of radio buttons, an editable combo box: the focus lies in a part of the widget.
            seen.update(widget for widget in wanted if widget.isAncestorOf(focused))
    return [called(widget) for widget in wanted - seen]
