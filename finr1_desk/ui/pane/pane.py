"""The chat pane: one scroll area that shows a branch of a conversation.

Owns the messages shown, the laying out of what is in view, the scroll bar and the idle work. What the pointer and the
keyboard do is in `pointer` and `controls`, which call back here; `canvas` paints. It stores nothing, opens no
link and fetches nothing: what the user asks for leaves as a signal.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QAccessibleInterface,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QMenu, QWidget

from finr1_desk.app.live import LiveStatus
from finr1_desk.core.conversation import Message, Role
from finr1_desk.markup.markdown import Markdown
from finr1_desk.ui.look.theme import Theme
from finr1_desk.ui.pane import accessibility, wording
from finr1_desk.ui.pane.canvas import Canvas
from finr1_desk.ui.pane.colouring import ColouringQueue
from finr1_desk.ui.pane.controls import Controls
from finr1_desk.ui.pane.documents import Documents
from finr1_desk.ui.pane.finding import Finding
from finr1_desk.ui.pane.flow import HEAD, Flow
from finr1_desk.ui.pane.furniture import Banner, NewTextButton
from finr1_desk.ui.pane.look import Look
from finr1_desk.ui.pane.message_view import AnswerView, Manner
from finr1_desk.ui.pane.pointer import Pointer
from finr1_desk.ui.pane.pressing import Pressing
from finr1_desk.ui.pane.question_view import make_view
from finr1_desk.ui.pane.repainting import Repainting, Seen
from finr1_desk.ui.pane.revealing import Seeking, reveal
from finr1_desk.ui.pane.rich_copy import copied
from finr1_desk.ui.pane.rows import Page, Row, Section, TextRow, page_for
from finr1_desk.ui.pane.scrolling import Scrolling
from finr1_desk.ui.pane.selection import Selection
from finr1_desk.ui.pane.textmap import range_rects
from finr1_desk.ui.pane.timing import IdleWork, ReadingOn, Waiting
from finr1_desk.ui.pane.typesetting import Typesetting

log = logging.getLogger(__name__)

PREPARED_SCREENS: Final = 1.5


class ChatPane(QAbstractScrollArea):
    """Shows messages, and tells what the reader does with them.

    Args:
        theme: the colours.
        describe_error: makes a sentence of `Generation.error`.
    """

    thinkingToggled = Signal(str, bool)
    actionTriggered = Signal(str, str)
    linkActivated = Signal(str)
    zoomWanted = Signal(int)  # by so many steps
    codeWanted = Signal(str, str)  # its language and text, to be saved
    tableWanted = Signal(str, object)  # what is to be done with it, a `TextTable`

    menuFilled = Signal(QMenu, str)  # the menu of a message, to which others may add

    def __init__(
        self,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        describe_error: wording.DescribeError = wording.error_sentence,
    ) -> None:
        super().__init__(parent)
        accessibility.install()
        self.setObjectName("chatPane")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._look = Look(theme, 100)
        self._manner = Manner(Markdown(), describe_error, fold_thinking=True)
        self._flow = Flow(self.measure)
        self._index: dict[str, int] = {}
        self._documents = Documents()
        self._typesetting = Typesetting(self, self._flow, self._documents, self._after_change)
        self._page = page_for(self._look, 400, self._typesetting.formulas)
        self._colouring = ColouringQueue(self, lambda: self._idle.start(), self.show_again)
        self._banner = Banner()
        self.selection = Selection()
        self._pointer = Pointer(self)
        self._controls = Controls(self)
        self._pressing = Pressing(self)
        self._seeking, self.finding = Seeking(self), Finding(self)
        self._canvas = Canvas(self._flow, self.selection, self.finding, self._controls, self._documents, self._banner)
        self._new_text = NewTextButton(self._look, self.viewport())
        self._new_text.clicked.connect(self.scroll_to_end)
        self._repainting = Repainting(self.viewport(), self._flow, self._new_text)
        self._idle = IdleWork(
            self,
            ReadingOn(self._flow, self._after_change),
            self._seeking.work,
            self._pressing.work,
            self.finding.work,
            self._colouring.work,
            self._prepare,
        )
        self._waiting = Waiting(self, self._flow, self._after_change)
        self._accessible: QAccessibleInterface | None = None
        self._scrolling = Scrolling(self._flow, self.verticalScrollBar(), self._new_text)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self._retranslate()

    # -- messages

    def set_messages(self, messages: Sequence[Message], live: Mapping[str, LiveStatus]) -> None:
        """Shows a branch, oldest first, and goes to its end; `live` maps ids of messages that are being written."""
        self.selection.clear()
        self._controls.forget()
        self._pressing.forget()
        self._documents.clear()
        self._colouring.clear()
        views = [make_view(message, live.get(message.id), self._manner) for message in messages]
        for view in views:
            view.estimate(self._page)
        self._index = {view.message.id: index for index, view in enumerate(views)}
        self._flow.set_views(views)
        self._typesetting.expect()
        self._flow.following = True
        self._waiting.told()
        self._after_change()
        self.finding.restart()
        accessibility.announce_change(self)

    def add_message(self, message: Message, live: LiveStatus | None = None) -> None:
        """Puts a message below the others. A question is gone to, since it was just asked."""
        if message.id in self._index:
            self.update_message(message, live)
            return
        view = make_view(message, live, self._manner)
        view.estimate(self._page)
        self._index[message.id] = len(self._flow.views)
        self._flow.add(view)
        self._typesetting.expect()
        self._waiting.told()
        if message.role is Role.USER:
            self._flow.following = True
        self._after_change(new_text=True)
        self.finding.outdated(message.id)
        accessibility.announce_change(self)

    def update_message(self, message: Message, live: LiveStatus | None) -> None:
        """Shows the text so far; `live` is None when the message is final."""
        index = self._index.get(message.id)
        if index is None:
            self.add_message(message, live)
            return
        before = self._repainting.in_view() if live is not None else None
        view = self._flow.views[index]
        may_fold = self._flow.following or not self._flow.shows(index, Section.THINKING)
        was_open = isinstance(view, AnswerView) and view.thinking_is_open
        has_grown = len(message.raw) > len(view.message.raw)
        view.update(message, live, may_fold=may_fold)
        if was_open and isinstance(view, AnswerView) and not view.thinking_is_open:
            self.selection.drop_in(index)
        self._flow.touch(index)
        self._waiting.told()
        self._after_change(new_text=has_grown, before=before)
        self.finding.outdated(message.id)
        if live is None:
            accessibility.announce_change(self)

    def remove_message(self, message_id: str) -> None:
        if (index := self._index.pop(message_id, None)) is None:
            return
        self.selection.clear()
        self._flow.remove(index)
        self._index = {view.message.id: position for position, view in enumerate(self._flow.views)}
        self._after_change()
        self.finding.restart()
        accessibility.announce_change(self)

    def mark_memory(self, last_forgotten: str | None) -> None:
        """Marks below this message that the model no longer sees it, nor what is above; None takes the mark away."""
        if self._flow.mark_below(last_forgotten):
            self._after_change()
            accessibility.announce_change(self)

    def set_banner(self, text: str | None) -> None:
        """Shows a quiet note above the first message; None takes it away."""
        self._banner.text = text or ""
        self._measure_head()
        self._after_change()

    # -- manner

    def set_theme(self, theme: Theme) -> None:
        self._look = Look(theme, self._look.scale)
        self._page = replace(self._page, look=self._look)
        for view in self._flow.views:
            view.take_look(self._page)
        self._new_text.set_look(self._look)
        self._after_change()

    def set_text_scale(self, percent: int) -> None:
        """Sets the size of the text in per cent of the usual one."""
        self._look = Look(self._look.theme, percent)
        self._new_text.set_look(self._look)
        self._lay_out_anew()

    def set_fold_thinking(self, on: bool) -> None:
        """Whether thinking is folded by itself when the answer begins."""
        self._manner = replace(self._manner, fold_thinking=on)
        for index, view in enumerate(self._flow.views):
            view.manner = self._manner
            view.refresh()
            self._flow.touch(index)
        self._after_change()

    # -- selection

    def selected_text(self) -> str:
        return self.selection.text(self._flow.views, self._page)

    def copy(self) -> None:
        """Puts the selected text on the clipboard; without a selection the clipboard stays as it is."""
        if text := self.selected_text():
            QGuiApplication.clipboard().setMimeData(copied(text, self.selection, self._flow.views, self._page))

    def select_all(self) -> None:
        self.selection.take_all(len(self._flow.views))
        self.viewport().update()

    # -- going somewhere

    def scroll_to(self, message_id: str, needle: str = "") -> None:
        """Shows a message, or the first place in it where `needle` stands, which is then selected."""
        self._seeking.go(message_id, needle)
        self._after_change()

    def reveal(self, index: int, section: Section, block: int, start: int, end: int) -> None:
        """Scrolls to a range of characters of a block, unless it is in view already."""
        reveal(self, index, section, block, start, end)
        self._after_change()

    def work_when_idle(self) -> None:
        """Something has work that can be done while no event waits."""
        self._idle.start()

    def scroll_to_end(self) -> None:
        self._flow.following = True
        self._after_change()

    def rects(self, message_id: str, section: Section, block: int, start: int, end: int) -> list[QRectF]:
        """Where a range of characters of a block stands in the viewport; empty where it is folded away.

        Positions are those of the block's document. What is not on the screen has rectangles outside of it.
        """
        index = self._index.get(message_id)
        row = self._flow.views[index].text_row(section, block) if index is not None else None
        if index is None or row is None:
            return []
        self.measure(row)
        self._flow.touch(index)
        top = self._flow.top_in_pane(index, self._flow.views[index].rows.index(row))
        origin = row.text_origin(self._page) + QPointF(0, top)
        return [rect.translated(origin) for rect in range_rects(row.document_for(self._page).document, start, end)]

    # -- what pointer, controls and accessibility ask for

    @property
    def flow(self) -> Flow:
        return self._flow

    @property
    def page(self) -> Page:
        return self._page

    @property
    def pressing(self) -> Pressing:
        return self._pressing

    @property
    def controls(self) -> Controls:
        return self._controls

    def keep_accessible(self, interface: QAccessibleInterface) -> QAccessibleInterface:
        """Holds the interface as long as the pane lives: Qt keeps no reference that Python knows of."""
        self._accessible = interface
        return interface

    def index_of(self, message_id: str) -> int | None:
        return self._index.get(message_id)

    def scroll_by(self, pixels: float) -> None:
        self._flow.scroll_by(pixels)
        self._after_change()

    def show_again(self) -> None:
        """Paints anew: hover, focus or selection changed."""
        self.viewport().update()

    def press(self, message_id: str, action: str) -> None:
        self._pressing.press(message_id, action)

    def rows_changed(self, index: int) -> None:
        """The rows of a message, or their heights, changed."""
        self._flow.touch(index)
        self._after_change()
        self.finding.outdated(self._flow.views[index].message.id)

    # -- laying out

    def measure(self, row: Row) -> None:
        row.measure(self._page)
        if isinstance(row, TextRow):
            self._documents.keep(row)

    def _after_change(self, *, new_text: bool = False, before: list[Seen] | None = None) -> None:
        """Puts everything right; `before` is what was in view, where only that has to be painted which differs."""
        self._flow.settle()
        self._scrolling.show(self._look.line)
        self._scrolling.offer_new_text(new_text)
        self._waiting.settle()
        self._idle.start()
        self._repainting.repaint(before)

    def _lay_out_anew(self) -> None:
        self._page = page_for(self._look, self.viewport().width(), self._typesetting.formulas)
        for view in self._flow.views:
            view.forget_layout(self._page)
        self._flow.touch_all()
        self._measure_head()
        self._after_change()

    def _measure_head(self) -> None:
        self._flow.head = HEAD + self._banner.measure(self._page)

    # -- idle work

    def _prepare(self) -> bool:
        """Lays out what is just outside of the view."""
        if not self.isVisible() or not self._flow.prepare(PREPARED_SCREENS):
            return False
        self._flow.settle()
        self._scrolling.show(self._look.line)
        return True

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        try:
            for area in event.region():  # type: ignore[attr-defined]  # iterable, whatever the stubs say
                painter.setClipRect(area)
                for view, row in self._canvas.paint(painter, self._page, QRectF(area)):
                    self._colouring.note(view, row)
            if self._colouring.has_work:
                self._idle.start()
        except Exception:  # raised in here, it would leave the window unable to paint anything again
            log.exception("the chat pane could not be painted")
        finally:
            painter.end()

    # -- events

    def _on_scrolled(self, value: int) -> None:
        if self._scrolling.is_showing:
            return
        self._scrolling.move_to(value)
        self._after_change()

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        """The bar only tells; what is shown follows from the anchor."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._flow.height = float(self.viewport().height())
        before, self._page = self._page, page_for(self._look, self.viewport().width(), self._typesetting.formulas)
        if (before.width, before.reach) != (self._page.width, self._page.reach):
            for view in self._flow.views:
                view.take_width(self._page)
            self._flow.touch_all()
            self._measure_head()
        self._after_change()
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
            self._lay_out_anew()
        super().changeEvent(event)

    def _retranslate(self) -> None:
        self.setAccessibleName(self.tr("Conversation"))
        self._new_text.setText(self.tr("↓ New text"))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pointer.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pointer.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._pointer.double_click(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self._pointer.wheel(event):
            super().wheelEvent(event)
        self._pointer.look_again()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._pointer.context_menu(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._pointer.leave()
        elif event.type() == QEvent.Type.ToolTip and self._pointer.show_tool_tip(event):
            return True
        return super().viewportEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._controls.key(event):
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        return self._controls.move_focus(forward) or super().focusNextPrevChild(forward)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._controls.focus_in(event.reason())
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._controls.focus_out()
        super().focusOutEvent(event)
