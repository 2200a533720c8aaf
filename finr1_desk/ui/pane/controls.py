"""The controls of the messages (copy, fold, regenerate …) and what the keyboard does.

Owns which message is pointed at, which control has the focus, and the keys. Controls are painted by their rows; what
they do is the pane's matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from finr1_desk.ui.pane.links import LinkAction, link_controls, may_hold_links
from finr1_desk.ui.pane.rows import Control, Row, Section, TextRow

if TYPE_CHECKING:
    from finr1_desk.ui.pane.flow import Placed
    from finr1_desk.ui.pane.pane import ChatPane

_PRESSING: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
_ROWS_AROUND: Final = 20  # those in view, in which links are looked for, too
_ENTERING: Final = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


@dataclass(frozen=True, slots=True)
class Named:
    """A control by name: rows are made anew all the time."""

    message_id: str
    action: str


class Controls:
    """Hover, focus and keys of one pane."""

    def __init__(self, pane: ChatPane) -> None:
        self._pane = pane
        self.pointed_at: str | None = None  # id of a message
        self.pointed_row: TextRow | None = None
        self.hovered: Named | None = None
        self.focused: Named | None = None

    def forget(self) -> None:
        self.pointed_at = self.hovered = self.focused = self.pointed_row = None

    def are_shown_of(self, message_id: str, row: TextRow) -> bool:
        """Whether the controls of a table are to be seen, which begins with `row`."""
        pointed = self.pointed_row
        is_pointed_at = pointed is not None and pointed.section is row.section and pointed.shares_width_with(row)
        if is_pointed_at and self.pointed_at == message_id:
            return True
        return any(Named(message_id, control.action) == self.focused for control in row.controls)

    def are_shown(self, message_id: str) -> bool:
        """Whether the controls of a message that are shown on demand are to be seen."""
        focused = self.focused is not None and self.focused.message_id == message_id
        return self.pointed_at == message_id or focused

    def state_of(self, message_id: str, action: str) -> str:
        named = Named(message_id, action)
        if named == self.focused:
            return "focus"
        return "hover" if named == self.hovered else ""

    def of(self, row: Row) -> list[Control]:
        """Everything in a row that can be pressed, its links as well, as far as its document is there."""
        return [*row.controls, *link_controls(row, self._pane.page)] if isinstance(row, TextRow) else row.controls

    # -- focus

    def focus_on(self, message_id: str, action: str) -> None:
        """Gives the focus to this control, where the pane has it."""
        if self._pane.hasFocus():
            self._focus(Named(message_id, action))

    def focus_in(self, reason: Qt.FocusReason) -> None:
        if reason in _ENTERING:
            names = self._in_view()
            if names:
                self._focus(names[0] if reason is Qt.FocusReason.TabFocusReason else names[-1])

    def focus_out(self) -> None:
        self._focus(None)

    def move_focus(self, forward: bool) -> bool:
        """Goes to the next control, scrolling to it where need be; False behind the last and before the first."""
        names = self._all_near()
        if self.focused in names:
            target = names.index(self.focused) + (1 if forward else -1)
        else:
            seen = self._in_view()
            if not seen:
                return False
            target = names.index(seen[0] if forward else seen[-1])
        if not 0 <= target < len(names):
            return False
        self._focus(names[target])
        self._bring_into_view(names[target])
        return True

    def _focus(self, named: Named | None) -> None:
        if named != self.focused:
            self.focused = named
            self._pane.show_again()

    def _in_view(self) -> list[Named]:
        """The controls that are on the screen, from top to bottom."""
        height = self._pane.flow.height
        return [
            Named(placed.view.message.id, control.action)
            for placed in self._pane.flow.placed()
            for control in self.of(placed.row)
            if placed.top + control.rect.top() >= 0 and placed.top + control.rect.bottom() <= height
            if not control.follows
        ]

    def _all_near(self) -> list[Named]:
        """The controls of the messages in view and of their neighbours."""
        flow = self._pane.flow
        shown = {placed.view_index for placed in flow.placed()}
        if not shown:
            return []
        near = range(max(min(shown) - 1, 0), min(max(shown) + 2, len(flow.views)))
        self._build_links()
        return [
            Named(flow.views[index].message.id, control.action)
            for index in near
            for row in flow.views[index].rows
            for control in self.of(row)
            if not control.follows or Named(flow.views[index].message.id, control.action) == self.focused
        ]

    def _build_links(self) -> None:
        """Has the links around what is in view, which are found in documents only."""
        for placed in self._pane.flow.placed():
            first = max(placed.row_index - _ROWS_AROUND, 0)
            for row in placed.view.rows[first : placed.row_index + _ROWS_AROUND + 1]:
                if isinstance(row, TextRow) and row.rendered is None and may_hold_links(placed.view, row):
                    row.document_for(self._pane.page)

    def _move_within(self, step: int) -> bool:
        """Goes to the next control of those that belong together; False where the focused one stands alone."""
        named = self.focused
        index = self._pane.index_of(named.message_id) if named is not None else None
        if named is None or index is None:
            return False
        for row in self._pane.flow.views[index].rows:
            actions = [control.action for control in row.controls]
            if named.action in actions and any(control.follows for control in row.controls):
                self._focus(Named(named.message_id, actions[(actions.index(named.action) + step) % len(actions)]))
                return True
        return False

    def _bring_into_view(self, named: Named) -> None:
        flow = self._pane.flow
        index = self._pane.index_of(named.message_id)
        if index is None:
            return
        if (link := LinkAction.named(named.action)) is not None:
            start = max(link.start, 0)
            self._pane.reveal(index, Section(link.section), link.block, start, start + 1)
            return
        for position, row in enumerate(flow.views[index].rows):
            if any(control.action == named.action for control in row.controls):
                top = flow.top_of(index, position) - flow.value
                if top < 0:
                    self._pane.scroll_by(top)
                elif top + row.extent > flow.height:
                    self._pane.scroll_by(top + row.extent - flow.height)
                return

    # -- keys

    def key(self, event: QKeyEvent) -> bool:
        """Does what a key says; False where it means nothing here."""
        pane = self._pane
        if self.focused is not None and event.key() in _PRESSING:
            pane.press(self.focused.message_id, self.focused.action)
            return True
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            return self._move_within(1 if event.key() == Qt.Key.Key_Right else -1)

        if self.focused is not None and event.key() == Qt.Key.Key_Delete:
            pane.press(self.focused.message_id, "delete")
            return True
        if event.matches(QKeySequence.StandardKey.Copy):
            pane.copy()
            return True
        if event.matches(QKeySequence.StandardKey.SelectAll):
            pane.select_all()
            return True
        if event.key() == Qt.Key.Key_Escape and pane.selection.ends is not None:
            pane.selection.clear()
            pane.show_again()
            return True
        return self._scroll(event)

    def _scroll(self, event: QKeyEvent) -> bool:
        bar = self._pane.verticalScrollBar()
        page = bar.pageStep()
        match event.key():
            case Qt.Key.Key_Up:
                bar.setValue(bar.value() - bar.singleStep())
            case Qt.Key.Key_Down:
                bar.setValue(bar.value() + bar.singleStep())
            case Qt.Key.Key_PageUp:
                bar.setValue(bar.value() - page)
            case Qt.Key.Key_PageDown:
                bar.setValue(bar.value() + page)
            case Qt.Key.Key_Space:
                backwards = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
                bar.setValue(bar.value() + (-page if backwards else page))
            case Qt.Key.Key_Home:
                bar.setValue(0)
            case Qt.Key.Key_End:
                self._pane.scroll_to_end()
            case _:
                return False
        return True


def control_at(placed: Placed, x: float, y: float, left: float) -> Control | None:
    """The control under a point of the viewport; `left` is the edge of the column."""
    for control in placed.row.controls:
        if control.rect.translated(left, placed.top).contains(x, y):
            return control
    return None
