"""What assistive technology sees of the pane: a list of messages with their text and their controls.

Owns the accessible interfaces. They ask the pane for everything at the moment they are asked, and hold nothing but
ids. The factory is installed once for the process, because Qt keeps it there.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QObject, QPoint, QRect, QSize
from PySide6.QtGui import (
    QAccessible,
    QAccessibleActionInterface,
    QAccessibleEvent,
    QAccessibleInterface,
    QWindow,
)
from PySide6.QtWidgets import QAccessibleWidget

from finr1_desk.ui.pane import wording
from finr1_desk.ui.pane.chrome import MarkRow
from finr1_desk.ui.pane.links import LinkAction
from finr1_desk.ui.pane.rows import Control

if TYPE_CHECKING:
    from finr1_desk.ui.pane.message_view import MessageView
    from finr1_desk.ui.pane.pane import ChatPane


@cache
def install() -> None:
    """Lets Qt find the interface of chat panes."""
    QAccessible.installFactory(_interface_of)


def announce_change(pane: QObject) -> None:
    """Says that messages came, went or are complete."""
    if QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleEvent(pane, QAccessible.Event.ObjectReorder))


def _interface_of(class_name: str, thing: QObject | None) -> QAccessibleInterface | None:
    if class_name != "ChatPane" or thing is None:
        return None
    pane = cast("ChatPane", thing)
    return pane.keep_accessible(PaneInterface(pane))


class PaneInterface(QAccessibleWidget):
    """The pane: a list whose items are the messages."""

    def __init__(self, pane: ChatPane) -> None:
        super().__init__(pane, QAccessible.Role.List, pane.accessibleName())
        self._pane = pane
        self._messages: dict[str, MessageInterface] = {}

    def childCount(self) -> int:
        return len(self._pane.flow.views)

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        views = self._pane.flow.views
        if not 0 <= index < len(views):
            return None
        message_id = views[index].message.id
        if message_id not in self._messages:
            self._messages[message_id] = MessageInterface(self, self._pane, message_id)
        return self._messages[message_id]

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        if not isinstance(child, MessageInterface):
            return -1
        index = self._pane.index_of(child.message_id)
        return -1 if index is None else index

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # type: ignore[override]
        point = self._pane.viewport().mapFromGlobal(QPoint(x, y))
        for placed in self._pane.flow.placed():
            if placed.bottom > point.y():
                return self.child(placed.view_index)
        return None


class _Virtual(QAccessibleInterface):
    """Something that is painted and is no object of Qt's."""

    def __init__(self, parent: QAccessibleInterface, pane: ChatPane) -> None:
        super().__init__()
        self._parent = parent
        self._pane = pane

    def object(self) -> QObject | None:  # type: ignore[override]
        return None

    def window(self) -> QWindow | None:  # type: ignore[override]
        return self._pane.window().windowHandle()

    def parent(self) -> QAccessibleInterface:
        return self._parent

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # type: ignore[override]
        for index in range(self.childCount()):
            child = self.child(index)
            if child is not None and child.rect().contains(x, y):
                return child
        return None

    def child(self, _index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        return None

    def childCount(self) -> int:
        return 0

    def indexOfChild(self, _child: QAccessibleInterface) -> int:
        return -1

    def setText(self, _kind: QAccessible.Text, _text: str) -> None:
        """Nothing here can be edited from outside."""

    def isValid(self) -> bool:
        return True

    def relations(self, _match: Any = None) -> list[Any]:
        return []

    def focusChild(self) -> QAccessibleInterface | None:  # type: ignore[override]
        return None

    def _on_screen(self, left: float, top: float, right: float, bottom: float) -> QRect:
        """A rectangle of the viewport as one of the screen."""
        corner = self._pane.viewport().mapToGlobal(QPoint(round(left), round(top)))
        return QRect(corner, QSize(round(right - left), round(bottom - top)))


class MessageInterface(_Virtual):
    """A message: who speaks, what is said, and its controls."""

    def __init__(self, parent: QAccessibleInterface, pane: ChatPane, message_id: str) -> None:
        super().__init__(parent, pane)
        self.message_id = message_id
        self._controls: dict[str, ControlInterface] = {}
        self._mark = MarkInterface(self, pane)

    @property
    def view(self) -> MessageView | None:
        index = self._pane.index_of(self.message_id)
        return self._pane.flow.views[index] if index is not None else None

    def isValid(self) -> bool:
        return self.view is not None

    def text(self, kind: QAccessible.Text) -> str:
        view = self.view
        if view is None:
            return ""
        speaker = wording.speaker(view.message.role)
        if kind is QAccessible.Text.Name:
            return f"{speaker}: {view.whole_text()}"
        if kind is QAccessible.Text.Value:
            return view.whole_text()
        if kind is QAccessible.Text.Description:
            return speaker
        return ""

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.ListItem

    def state(self) -> QAccessible.State:
        return _state("readOnly", "multiLine")

    def rect(self) -> QRect:
        shown = [placed for placed in self._pane.flow.placed() if placed.view.message.id == self.message_id]
        if not shown:
            return QRect()
        return self._on_screen(0, shown[0].top, self._pane.viewport().width(), shown[-1].bottom)

    def controls(self) -> list[Control]:
        view = self.view
        return [control for row in view.rows for control in self._pane.controls.of(row)] if view is not None else []

    def mark(self) -> MarkRow | None:
        """What is said below the message."""
        view = self.view
        last = view.rows[-1] if view is not None and view.rows else None
        return last if isinstance(last, MarkRow) else None

    def childCount(self) -> int:
        return len(self.controls()) + (self.mark() is not None)

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        controls = self.controls()
        if index == len(controls) and self.mark() is not None:
            return self._mark
        if not 0 <= index < len(controls):
            return None
        action = controls[index].action
        if action not in self._controls:
            self._controls[action] = ControlInterface(self, self._pane, action)
        return self._controls[action]

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        if child is self._mark and self.mark() is not None:
            return len(self.controls())
        if not isinstance(child, ControlInterface):
            return -1
        actions = [control.action for control in self.controls()]
        return actions.index(child.action) if child.action in actions else -1


class MarkInterface(_Virtual):
    """What is said below a message, to whoever reads on."""

    def __init__(self, parent: MessageInterface, pane: ChatPane) -> None:
        super().__init__(parent, pane)
        self._message = parent

    def isValid(self) -> bool:
        return self._message.mark() is not None

    def text(self, kind: QAccessible.Text) -> str:
        mark = self._message.mark()
        return mark.caption if mark is not None and kind is QAccessible.Text.Name else ""

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.StaticText

    def state(self) -> QAccessible.State:
        return _state("readOnly")

    def rect(self) -> QRect:
        mark = self._message.mark()
        shown = next((placed for placed in self._pane.flow.placed() if placed.row is mark), None)
        if shown is None:
            return QRect()
        return self._on_screen(0, shown.top, self._pane.viewport().width(), shown.bottom)


class ControlInterface(_Virtual):
    """A control of a message, which can be pressed."""

    def __init__(self, parent: MessageInterface, pane: ChatPane, action: str) -> None:
        super().__init__(parent, pane)
        self.action = action
        self._message = parent
        self._actions = _Press(self)

    @property
    def _control(self) -> Control | None:
        return next((control for control in self._message.controls() if control.action == self.action), None)

    def isValid(self) -> bool:
        return self._control is not None

    def press(self) -> None:
        self._pane.press(self._message.message_id, self.action)

    def text(self, kind: QAccessible.Text) -> str:
        control = self._control
        named = control is not None and kind is QAccessible.Text.Name
        return wording.spoken(control.action, control.text) if control is not None and named else ""

    def role(self) -> QAccessible.Role:
        is_link = LinkAction.named(self.action) is not None
        return QAccessible.Role.Link if is_link else QAccessible.Role.Button

    def state(self) -> QAccessible.State:
        control = self._control
        names = ["focusable"]
        if control is not None and control.opened is not None:
            names += ["expandable", "expanded" if control.opened else "collapsed"]
        if self._pane.controls.state_of(self._message.message_id, self.action) == "focus":
            names.append("focused")
        return _state(*names)

    def rect(self) -> QRect:
        left = self._pane.page.x
        for placed in self._pane.flow.placed():
            for control in self._pane.controls.of(placed.row):
                if placed.view.message.id == self._message.message_id and control.action == self.action:
                    area = control.rect.translated(left, placed.top)
                    return self._on_screen(area.left(), area.top(), area.right(), area.bottom())
        return QRect()

    def interface_cast(self, kind: QAccessible.InterfaceType) -> object:  # type: ignore[override]
        return self._actions if kind is QAccessible.InterfaceType.ActionInterface else None


class _Press(QAccessibleActionInterface):
    """The one thing that can be done with a control."""

    def __init__(self, control: ControlInterface) -> None:
        super().__init__()
        self._control = control

    def actionNames(self) -> list[str]:
        return [QAccessibleActionInterface.pressAction()]

    def doAction(self, name: str) -> None:
        if name == QAccessibleActionInterface.pressAction():
            self._control.press()

    def keyBindingsForAction(self, _name: str) -> list[str]:
        return []


def _state(*names: str) -> QAccessible.State:
    """A state in which these flags are set."""
    state = QAccessible.State()
    for name in names:
        setattr(state, name, 1)
    return state
