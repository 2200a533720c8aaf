"""The window: sidebar, header, chat or empty page, composer, status bar, and where they stand.

Owns the layout and its remembered geometry. It decides nothing: what the user wants goes out as signals, what is to
be shown comes in through methods, and `binding` ties it to the controllers.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QIcon
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QApplication,
    QHBoxLayout,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from finr1_desk.ui.actions import build_actions
from finr1_desk.ui.carried import local_files
from finr1_desk.ui.composer.composer import ComposerPane
from finr1_desk.ui.drop_hint import DropHint
from finr1_desk.ui.empty_pane import EmptyPane
from finr1_desk.ui.failure_page import FailurePage
from finr1_desk.ui.find_bar import FindBar
from finr1_desk.ui.header import Header
from finr1_desk.ui.look.icons import Icons
from finr1_desk.ui.look.theme import GRID, Theme
from finr1_desk.ui.named import named
from finr1_desk.ui.notice import NoticeBar
from finr1_desk.ui.sidebar.sidebar import Sidebar
from finr1_desk.ui.status import StatusBar

if TYPE_CHECKING:
    from finr1_desk.ui.pane.pane import ChatPane

DEFAULT_SIZE = (140 * GRID, 95 * GRID)
SIDEBAR_WIDTH = 32 * GRID
SMALLEST = (60 * GRID, 50 * GRID)
NARROW = 90 * GRID  # below this width the sidebar gives way by itself


class Window(QMainWindow):
    firstPainted = Signal()
    closing = Signal()
    filesDropped = Signal(list)  # list[Path]

    def __init__(self, theme: Theme, icons: Icons, application_icon: QIcon) -> None:
        super().__init__()
        self.setWindowTitle("Fin-R1 Desk")
        self.setWindowIcon(application_icon)
        self.setMinimumSize(*SMALLEST)
        self.icons = icons
        self._painted = False
        self._folded_for_width = False
        self._sidebar_width = SIDEBAR_WIDTH
        self.sidebar = Sidebar(theme, icons, self)
        self.header = Header(icons, self)
        self.notice = NoticeBar(icons, self)
        self.find_bar = FindBar(icons, self)
        self.empty = EmptyPane(theme, self)
        self.failure = FailurePage(self)
        self.composer = ComposerPane(theme, icons, self)
        self.status = StatusBar(theme, icons, self)
        self._drop_hint = DropHint(self)
        self.pane: ChatPane | None = None
        self._pages = QStackedWidget(self)
        self._waiting = QWidget(self)
        self._middle = QWidget(self)
        self._splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.actions_ = build_actions(self.menuBar(), self)
        self._build()
        self._connect()
        self.setAcceptDrops(True)
        self.resize(*DEFAULT_SIZE)
        self._set_sidebar_width(SIDEBAR_WIDTH)
        self.composer.edit.viewport().installEventFilter(self)
        self.empty.viewport().installEventFilter(self)
        self._pages.currentChanged.connect(self._align_composer)

    def _build(self) -> None:
        self._pages.addWidget(self.empty)
        self._pages.addWidget(self.failure)
        self._pages.addWidget(self._waiting)
        right = named(QWidget(self), "rightSide")
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.notice)
        column.addWidget(self.find_bar)
        column.addWidget(self._pages, 1)
        column.addWidget(self.composer)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(1)
        self._splitter.addWidget(self.sidebar)
        self._splitter.addWidget(right)
        self._splitter.setStretchFactor(0, 0)
        self._splitter.setStretchFactor(1, 1)
        row = QHBoxLayout(self._middle)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._splitter)
        self.setCentralWidget(self._middle)
        self.setStatusBar(self.status)
        self.actions_["sidebar"].setChecked(True)

    def _connect(self) -> None:
        self._splitter.splitterMoved.connect(self._on_splitter_moved)
        self.header.sidebarToggled.connect(self.actions_["sidebar"].toggle)
        self.header.newRequested.connect(self.sidebar.newRequested)
        self.actions_["sidebar"].toggled.connect(self._on_sidebar_toggled)
        self.actions_["new"].triggered.connect(self.sidebar.newRequested)
        self.actions_["find"].triggered.connect(self._on_find)
        self.actions_["focus_composer"].triggered.connect(self.composer.edit.setFocus)
        self.actions_["stop"].triggered.connect(self.composer.request_stop)
        self.actions_["quit"].triggered.connect(self.close)
        self.failure.quitWanted.connect(self.close)

    # -- pages

    def set_pane(self, pane: ChatPane) -> None:
        """Takes the chat pane, which is made after the first paint."""
        self.pane = pane
        pane.setObjectName("chatPane")
        self._pages.addWidget(pane)
        pane.viewport().installEventFilter(self)
        bar = pane.verticalScrollBar()
        bar.setEnabled(bar.maximum() > bar.minimum())
        bar.rangeChanged.connect(lambda least, most: bar.setEnabled(most > least))  # disabled, it is not drawn
        QWidget.setTabOrder(pane, self.composer.edit)

    def show_chat(self) -> None:
        if self.pane is not None:
            self._pages.setCurrentWidget(self.pane)

    def is_chat_shown(self) -> bool:
        return self.pane is not None and self._pages.currentWidget() is self.pane

    def show_empty(self) -> None:
        self.find_bar.close_bar()
        self._pages.setCurrentWidget(self.empty)
        self.composer.edit.setFocus()

    def show_failure(self, sentence: str, hint: str) -> None:
        """The conversations cannot be opened: says so instead of the chat."""
        self._pages.setCurrentWidget(self.failure)
        self.failure.show_failure(sentence, hint)
        self.composer.hide()
        self.sidebar.hide()
        self.header.hide()

    def end_waiting(self) -> None:
        """No conversation comes back after all: there is the empty page."""
        if self._pages.currentWidget() is self._waiting:
            self.show_empty()

    def is_empty_shown(self) -> bool:
        return self._pages.currentWidget() is self.empty

    def set_theme(self, theme: Theme) -> None:
        self.icons.set_theme(theme)
        self.sidebar.draw(theme, self.icons)
        self.header.draw(self.icons)
        self.notice.draw(self.icons)
        self.find_bar.draw(self.icons)
        self.empty.set_theme(theme)
        self.composer.draw(theme, self.icons)
        self.status.draw(theme, self.icons)
        if self.pane is not None:
            self.pane.set_theme(theme)

    def set_text_scale(self, percent: int) -> None:
        self.composer.set_text_scale(percent)
        if self.pane is not None:
            self.pane.set_text_scale(percent)

    # -- geometry

    def remembered(self) -> dict[str, Any]:
        """Position, sidebar and its width, as JSON can hold them."""
        return {
            "geometry": base64.b64encode(self.saveGeometry().data()).decode(),
            "sidebar": self.actions_["sidebar"].isChecked() or self._folded_for_width,
            "sidebar_width": self._sidebar_width,
            "chat": self.pane is not None and self._pages.currentWidget() is self.pane,
        }

    def recall(self, state: dict[str, Any]) -> None:
        """Puts the window where it was; anything that makes no sense in the file is passed over.

        Where a chat was open, the page stays blank until it comes back: the empty page would only flash by.
        """
        try:
            geometry = base64.b64decode(state.get("geometry", ""), validate=True)
        except (TypeError, ValueError, binascii.Error):
            geometry = b""
        if geometry:
            self.restoreGeometry(QByteArray(geometry))
        width = state.get("sidebar_width")
        if isinstance(width, int) and 0 < width < self.width():
            self._set_sidebar_width(width)
        if state.get("chat") is True:
            self._pages.setCurrentWidget(self._waiting)
        if state.get("sidebar") is False:
            self.actions_["sidebar"].setChecked(False)

    def bring_to_front(self) -> None:
        if self.isMinimized():
            self.showNormal()
        self.show()
        self.raise_()
        self.activateWindow()

    def _set_sidebar_width(self, width: int) -> None:
        self._sidebar_width = width
        self._splitter.setSizes([width, max(self.width() - width, width)])

    # -- events

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and not self._painted:
            self._painted = True
            watched.removeEventFilter(self)
            QTimer.singleShot(0, self.firstPainted.emit)
        elif event.type() == QEvent.Type.Resize:
            self._align_composer()
        return False

    def _align_composer(self) -> None:
        page = self._pages.currentWidget()
        if isinstance(page, QAbstractScrollArea):
            self.composer.set_inset(page.width() - page.viewport().width())

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.actions_.retranslate()
        super().changeEvent(event)

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        narrow = self.width() < NARROW
        if narrow and self.actions_["sidebar"].isChecked() and event.oldSize().width() >= NARROW:
            self.actions_["sidebar"].setChecked(False)
            self._folded_for_width = True
        elif not narrow and self._folded_for_width:
            self.actions_["sidebar"].setChecked(True)

    # -- files dropped; what is in the way of one passes them on, since none of it takes files

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.composer.isVisible() and local_files(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._drop_hint.show_over(self._middle.geometry())

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        self._drop_hint.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop_hint.hide()
        event.setDropAction(Qt.DropAction.CopyAction)  # whoever moves files would delete them
        event.accept()
        self.filesDropped.emit(local_files(event.mimeData()))

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        event.accept()

    # -- slots

    def _on_sidebar_toggled(self, shown: bool) -> None:
        self._folded_for_width = False
        had_focus = self.sidebar.isAncestorOf(QApplication.focusWidget() or self)
        self.sidebar.setVisible(shown)
        self.header.show_sidebar_state(shown)
        if had_focus and not shown:
            self.composer.edit.setFocus()

    def _on_splitter_moved(self, position: int, _index: int) -> None:
        self._sidebar_width = position

    def _on_find(self) -> None:
        self.actions_["sidebar"].setChecked(True)
        self.sidebar.focus_search()
