"""The line above the chat: which conversation is open, and the way to the sidebar.

Owns its widgets; it changes nothing itself.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from finr1_desk.ui.look.icons import IconButton, Icons
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.named import named


class ElidedLabel(QLabel):
    """A label that cuts its text to its width instead of asking for more."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:
        return QSize(4 * GRID, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


class Header(QFrame):
    sidebarToggled = Signal()
    newRequested = Signal()
    exportRequested = Signal()
    serverRequested = Signal()

    def __init__(self, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self._sidebar_shown = True
        self._open = False
        self._toggle = IconButton("sidebar", self)
        self._new = IconButton("new", self)
        self._export = IconButton("export", self)
        self._badge = named(QToolButton(self), "serverBadge")
        self._badge.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._badge.setIconSize(QSize(14, 14))
        self._badge.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._badge.clicked.connect(self.serverRequested)
        self._server = ("", False)
        self._title = ElidedLabel(self)
        self._title.setObjectName("headerTitle")
        self._title_text = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        row.setSpacing(GRID // 2)
        row.addWidget(self._toggle)
        row.addWidget(self._new)
        row.addSpacing(GRID // 2)
        row.addWidget(self._title, 1)
        row.addWidget(self._badge)
        row.addWidget(self._export)
        self._toggle.clicked.connect(self.sidebarToggled)
        self._new.clicked.connect(self.newRequested)
        self._export.clicked.connect(self.exportRequested)
        self.draw(icons)
        self.retranslate()
        self.show_sidebar_state(True)
        self.show_title(None)
        self.show_server("", clear=False)

    def show_server(self, host: str, *, clear: bool) -> None:
        """The server to which text goes; empty for none. `clear`: others on the way can read along."""
        self._server = (host, clear)
        self._badge.setVisible(bool(host))
        self._badge.setText(self.tr("Leaves this computer: {host}").format(host=host))
        words = self.tr("What you ask is sent to {host}, with the conversation before it.").format(host=host)
        if clear:
            words += "\n" + self.tr("The connection is not encrypted: others in the network can read along.")
        self._badge.setToolTip(words)
        self._badge.setAccessibleName(words)

    def show_title(self, title: str | None) -> None:
        """The open conversation's title; None while there is none."""
        self._open = title is not None
        self._title_text = title or ""
        shown = self._title_text or (self.tr("Untitled conversation") if self._open else "")
        self._title.setText(shown)
        self._title.setToolTip(shown)
        self._export.setVisible(self._open)

    def show_sidebar_state(self, shown: bool) -> None:
        self._sidebar_shown = shown
        self._new.setVisible(not shown)
        name = self.tr("Hide the sidebar") if shown else self.tr("Show the sidebar")
        self._toggle.describe(name, "Ctrl+B")

    def draw(self, icons: Icons) -> None:
        for button in (self._toggle, self._new, self._export):
            button.draw(icons)
        self._badge.setIcon(icons.icon("warning", "warning", 14))

    def retranslate(self) -> None:
        self._new.describe(self.tr("New conversation"), "Ctrl+N")
        self._export.describe(self.tr("Export this conversation"), "Ctrl+E")
        self.show_server(self._server[0], clear=self._server[1])
        self.show_sidebar_state(self._sidebar_shown)
        self.show_title(self._title_text if self._open else None)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)
