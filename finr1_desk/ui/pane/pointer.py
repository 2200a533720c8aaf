"""What the pointer does in the pane: selecting, following links, pressing controls, the context menu.

Owns the state of a drag and the meaning of clicks; where things are comes from the flow and the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QAction, QClipboard, QContextMenuEvent, QGuiApplication, QHelpEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QMenu, QToolTip

from finr1_desk.core.conversation import Role
from finr1_desk.markup.markdown import allowed_link
from finr1_desk.ui.pane import code_controls, table_controls, wording
from finr1_desk.ui.pane.blocks import Code, Table
from finr1_desk.ui.pane.code_controls import CodeAction
from finr1_desk.ui.pane.controls import Named, control_at
from finr1_desk.ui.pane.flow import Placed
from finr1_desk.ui.pane.notes import Note
from finr1_desk.ui.pane.rows import Control, TextRow
from finr1_desk.ui.pane.selection import WHOLE, Place
from finr1_desk.ui.pane.table_controls import TableAction
from finr1_desk.ui.pane.textmap import position_at, word_at

if TYPE_CHECKING:
    from finr1_desk.ui.pane.message_view import MessageView
    from finr1_desk.ui.pane.pane import ChatPane

DRAG_MS: Final = 30
DRAG_SHARE: Final = 0.35  # of the distance to the pane, scrolled at every step
ZOOM_ANGLE: Final = 120  # eighths of a degree: a notch of a mouse's wheel
LONGEST_PRIMARY: Final = 1_000_000  # characters put on the X11 selection


@dataclass(frozen=True, slots=True)
class Word:
    """The word with which a selection by words began."""

    start: Place
    end: Place


class Pointer(QObject):
    """The pointer of one pane."""

    def __init__(self, pane: ChatPane) -> None:
        super().__init__(pane)
        self._pane = pane
        self._pressed: Named | None = None
        self._pressed_link = ""
        self._pressed_note: Note | None = None
        self._is_selecting = False
        self._was_following = False
        self._word: Word | None = None
        self._at = QPointF()
        self._turned = 0  # eighths of a degree of the wheel with Ctrl, not yet used
        self._triple = QTimer(self)
        self._triple.setSingleShot(True)
        self._drag = QTimer(self)
        self._drag.setInterval(DRAG_MS)
        self._drag.timeout.connect(self._on_drag)

    # -- clicks

    def press(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        point = event.position()
        self._pressed = self._control(point)
        if self._pressed is not None and not self._is_over_text(point):
            return
        self._pressed_link = self._link(point)
        self._pressed_note = self._note(point)
        place = self._place(point)
        if place is None:
            return
        self._begin_selecting()
        self._word = None
        selection = self._pane.selection
        if self._triple.isActive():
            self._triple.stop()
            selection.start_at(Place(place.view, place.section, place.block, 0))
            selection.extend_to(Place(place.view, place.section, place.block, WHOLE))
            self._is_selecting = False
            self._offer_primary()
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            selection.extend_to(place)
        else:
            selection.start_at(place)
        self._pane.show_again()

    def double_click(self, event: QMouseEvent) -> None:
        at_control = self._control(event.position()) is not None and not self._is_over_text(event.position())
        if event.button() != Qt.MouseButton.LeftButton or at_control:
            self.press(event)
            return
        place = self._place(event.position())
        row = self._row_of(place)
        if place is None or row is None:
            return
        self._word = self._word_around(place, row)
        self._pane.selection.start_at(self._word.start)
        self._pane.selection.extend_to(self._word.end)
        self._begin_selecting()
        self._triple.start(QApplication.doubleClickInterval())
        self._pane.show_again()

    def move(self, event: QMouseEvent) -> None:
        self._at = event.position()
        if self._is_selecting and event.buttons() & Qt.MouseButton.LeftButton:
            self._extend()
            outside = not 0 <= self._at.y() <= self._pane.flow.height
            if outside != self._drag.isActive():
                self._drag.start() if outside else self._drag.stop()
            return
        self.look_again()

    def release(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._drag.stop()
        pressed, self._pressed = self._pressed, None
        link, self._pressed_link = self._pressed_link, ""
        note, self._pressed_note = self._pressed_note, None
        was_selecting, self._is_selecting = self._is_selecting, False
        was_following, self._was_following = self._was_following, False
        if pressed is not None and self._pane.selection.ends is None:
            if was_following:
                self._pane.flow.following = True
            if self._control(event.position()) == pressed:
                self._pane.press(pressed.message_id, pressed.action)
            return
        if self._pane.selection.ends is not None:
            if was_selecting:
                self._offer_primary()
        else:
            if link and link == self._link(event.position()):
                self._pane.linkActivated.emit(link)
            placed = self._placed(event.position())
            if note is not None and note == self._note(event.position()) and placed is not None:
                assert isinstance(placed.row, TextRow)  # it has a note
                self._pane.pressing.notes.follow(note, placed.row)
                was_following = False
            if was_following:
                self._pane.scroll_to_end()
        self.look_again()

    def wheel(self, event: QWheelEvent) -> bool:
        """Changes the size of the text with Ctrl, and shifts a table or code that is too wide with Shift or a sideways
        wheel; False for anything else."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._turned += event.angleDelta().y()
            steps = int(self._turned / ZOOM_ANGLE)
            self._turned -= steps * ZOOM_ANGLE
            if steps:
                self._pane.zoomWanted.emit(steps)
            return True
        sideways = event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not sideways:
            sideways = event.angleDelta().y()
        upright = abs(event.angleDelta().y()) > abs(sideways) and not event.modifiers()
        if not sideways or upright:
            return False
        placed = self._placed(event.position())
        if placed is None or not isinstance(placed.row, TextRow):
            return False
        most = placed.row.most_pan(self._pane.page)
        if most <= 0:
            return False
        shift = min(max(placed.row.pan - sideways, 0), most)
        for row in placed.view.text_rows():
            if row.section is placed.row.section and row.shares_width_with(placed.row):
                row.shift_to(shift, self._pane.page)
        self._pane.show_again()
        return True

    def leave(self) -> None:
        controls = self._pane.controls
        if controls.pointed_at is not None or controls.hovered is not None:
            controls.pointed_at = controls.hovered = controls.pointed_row = None
            self._pane.show_again()

    def look_again(self) -> None:
        """Finds out what is under the pointer now."""
        point = QPointF(self._pane.viewport().mapFromGlobal(self._pane.cursor().pos()))
        if not self._pane.viewport().rect().contains(point.toPoint()):
            return
        self.look_at(point)

    def look_at(self, point: QPointF) -> None:
        controls = self._pane.controls
        placed = self._placed(point)
        message_id = placed.view.message.id if placed is not None else None
        named = self._control(point)
        row = placed.row if placed is not None and isinstance(placed.row, TextRow) else None
        is_new = (message_id, named) != (controls.pointed_at, controls.hovered) or row is not controls.pointed_row
        controls.pointed_at, controls.hovered, controls.pointed_row = message_id, named, row
        if is_new:
            self._pane.show_again()
        if named is not None or self._link(point) or self._note(point) is not None:
            shape = Qt.CursorShape.PointingHandCursor
        elif placed is not None and isinstance(placed.row, TextRow):
            shape = Qt.CursorShape.IBeamCursor
        else:
            shape = Qt.CursorShape.ArrowCursor
        if self._pane.viewport().cursor().shape() != shape:
            self._pane.viewport().setCursor(shape)

    # -- menu and tips

    def context_menu(self, event: QContextMenuEvent) -> None:
        point = QPointF(self._pane.viewport().mapFromGlobal(event.globalPos()))
        menu = self.menu_at(point)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def menu_at(self, point: QPointF) -> QMenu:
        """The context menu for a point of the viewport."""
        pane = self._pane
        menu = QMenu(pane)
        copy = menu.addAction(wording.menu("copy"), pane.copy)
        copy.setEnabled(pane.selection.ends is not None)
        placed = self._placed(point)
        if placed is not None and placed.view.message.role is Role.ASSISTANT and placed.view.message.answer:
            message_id = placed.view.message.id
            menu.addAction(self._action(menu, wording.control("copy_answer"), message_id))
        if placed is not None and isinstance(placed.row, TextRow) and isinstance(placed.row.block, Code | Table):
            self._add_actions(menu, placed.view, placed.row, placed.row.block)
        link = self._link(point)
        if link:
            menu.addAction(wording.menu("copy_link"), lambda: QGuiApplication.clipboard().setText(link))
        menu.addSeparator()
        menu.addAction(wording.menu("select_all"), pane.select_all)
        if placed is not None:
            pane.menuFilled.emit(menu, placed.view.message.id)
        return menu

    def _add_actions(self, menu: QMenu, view: MessageView, row: TextRow, block: Code | Table) -> None:
        """What can be done with a table or with code, once it is there to its end: it has its controls then."""
        pieces = (one for one in view.text_rows() if one.section is row.section and one.shares_width_with(row))
        if not any(piece.has_controls for piece in pieces):
            return
        menu.addSeparator()
        if isinstance(block, Code):
            verbs = code_controls.VERBS
            named = [(CodeAction(verb, row.section, block.block).name, wording.code_control(verb)) for verb in verbs]
        else:
            names = [TableAction(verb, row.section, block.block).name for verb in table_controls.VERBS]
            named = list(zip(names, map(wording.table_control, table_controls.VERBS), strict=True))
        for name, words in named:
            action = menu.addAction(words)
            action.triggered.connect(lambda _=False, name=name: self._pane.press(view.message.id, name))

    def _action(self, menu: QMenu, text: str, message_id: str) -> QAction:
        action = QAction(text, menu)
        action.triggered.connect(lambda: self._pane.actionTriggered.emit(message_id, "copy_answer"))
        return action

    def show_tool_tip(self, event: QEvent) -> bool:
        """Where a link leads, and what a click on the head of a table does."""
        if not isinstance(event, QHelpEvent):
            return False
        point = QPointF(event.pos())
        control = self._control_at(point)
        words = control.text if control is not None and control.over_text else self._link(point)
        if (note := self._note(point)) is not None:
            words = wording.note_tip(is_back=note.is_back)
        if words:
            QToolTip.showText(event.globalPos(), words, self._pane.viewport())
        else:
            QToolTip.hideText()
        return True

    # -- selecting

    def _begin_selecting(self) -> None:
        """New text must not pull away what is being selected; without a selection in the end it is followed again."""
        self._is_selecting = True
        self._was_following = self._pane.flow.following
        self._pane.flow.following = False

    def _extend(self) -> None:
        place = self._place(self._at)
        if place is None:
            return
        selection = self._pane.selection
        row = self._row_of(place)
        if self._word is not None and row is not None:
            reached = self._word_around(place, row)
            selection.start_at(self._word.end if place < self._word.start else self._word.start)
            selection.extend_to(min(reached.start, place) if place < self._word.start else reached.end)
        else:
            selection.extend_to(place)
        self._pane.show_again()

    def _on_drag(self) -> None:
        over = self._at.y() if self._at.y() < 0 else max(self._at.y() - self._pane.flow.height, 0)
        if over:
            self._pane.scroll_by(over * DRAG_SHARE)
            self._extend()

    def _word_around(self, place: Place, row: TextRow) -> Word:
        start, end = word_at(row.document_for(self._pane.page).document, place.offset)
        return Word(
            Place(place.view, place.section, place.block, start), Place(place.view, place.section, place.block, end)
        )

    def _offer_primary(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard.supportsSelection():
            text = self._pane.selected_text()
            if len(text) <= LONGEST_PRIMARY:
                clipboard.setText(text, QClipboard.Mode.Selection)

    # -- what is where

    def _placed(self, point: QPointF) -> Placed | None:
        """The row at a height; the gap above a row belongs to it."""
        for placed in self._pane.flow.placed():
            if point.y() < placed.bottom:
                return placed
        return None

    def _control(self, point: QPointF) -> Named | None:
        placed, control = self._placed(point), self._control_at(point)
        if placed is None or control is None:
            return None
        return Named(placed.view.message.id, control.action)

    def _control_at(self, point: QPointF) -> Control | None:
        placed = self._placed(point)
        return control_at(placed, point.x(), point.y(), self._pane.page.x) if placed is not None else None

    def _is_over_text(self, point: QPointF) -> bool:
        control = self._control_at(point)
        return control is not None and control.over_text

    def _place(self, point: QPointF) -> Place | None:
        """The position nearest to a point."""
        found: Placed | None = None
        for placed in self._pane.flow.placed():
            if not isinstance(placed.row, TextRow):
                continue
            if found is None or placed.top <= point.y():
                found = placed
            if placed.bottom >= point.y():
                break
        if found is None or not isinstance(found.row, TextRow):
            return None
        row = found.row
        origin = row.text_origin(self._pane.page) + QPointF(0, found.top)
        offset = position_at(row.document_for(self._pane.page).document, point - origin)
        return Place(found.view_index, row.section, row.index, offset)

    def _row_of(self, place: Place | None) -> TextRow | None:
        return self._pane.flow.views[place.view].text_row(place.section, place.block) if place is not None else None

    def _note(self, point: QPointF) -> Note | None:
        return self._pane.pressing.notes.at(self._placed(point), point)

    def _link(self, point: QPointF) -> str:
        placed = self._placed(point)
        if placed is None or not isinstance(placed.row, TextRow):
            return ""
        row = placed.row
        local = point - row.text_origin(self._pane.page) - QPointF(0, placed.top)
        href = row.document_for(self._pane.page).document.documentLayout().anchorAt(local)
        return href if allowed_link(href) else ""
