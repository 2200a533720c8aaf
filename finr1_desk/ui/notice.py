"""Quiet bars: what went wrong at the top of the page, and what can be undone at the bottom of the list.

Owns the showing of one message at a time. The sentences come from outside; nothing here opens a modal box.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from finr1_desk.ui.look.icons import IconButton, Icons
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.named import named

UNDO_MS = 12_000


class NoticeBar(QFrame):
    """One sentence, a hint below it, at most one action, and a way to close it."""

    def __init__(self, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self._icons = icons
        self._tone = "error"
        self._icon = QLabel(self)
        self._text = named(QLabel(self), "noticeText")
        self._hint = named(QLabel(self), "noticeHint")
        self._action = QPushButton(self)
        self._close = IconButton("close", self)
        self._call: Callable[[], None] | None = None
        for label in (self._text, self._hint):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._build()
        self._close.clicked.connect(self.hide)
        self._action.clicked.connect(self._on_action)
        self.retranslate()
        self.hide()

    def _build(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._text)
        words.addWidget(self._hint)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        row.setSpacing(GRID + GRID // 2)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addWidget(self._action, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)

    def show_notice(
        self, text: str, hint: str = "", *, tone: str = "error", action: tuple[str, Callable[[], None]] | None = None
    ) -> None:
        """Shows a sentence; `tone` is `error` or `info`; what was shown before goes."""
        self._tone = tone
        self._text.setText(text)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self._action.setVisible(action is not None)
        self._call = action[1] if action is not None else None
        if action is not None:
            self._action.setText(action[0])
        self.setProperty("tone", tone)
        self.style().polish(self)
        self.draw(self._icons)
        self.setAccessibleName(f"{text} {hint}".strip())
        self.show()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def show_written(self, text: str, place: str, open_folder: Callable[[], None]) -> None:
        """Says that something was written, and where; its folder is a click away."""
        self.show_notice(text, place, tone="info", action=(self.tr("Open folder"), open_folder))

    def text(self) -> str:
        return self._text.text()

    def hint(self) -> str:
        return self._hint.text()

    def draw(self, icons: Icons) -> None:
        name, role = ("warning", "warning") if self._tone == "error" else ("info", "accent")
        self._close.draw(icons)
        self._icon.setPixmap(icons.pixmap(name, role, 20, self.devicePixelRatioF()))

    def retranslate(self) -> None:
        self._close.describe(self.tr("Close this message"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _on_action(self) -> None:
        call, self._call = self._call, None
        self.hide()
        if call is not None:
            call()


class UndoBar(QFrame):
    """What was just done, and a button that undoes it; it goes by itself after a while."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("undoBar")
        self._text = QLabel(self)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._button = QPushButton(self)
        self._undo: Callable[[], None] | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, GRID // 2, GRID // 2, GRID // 2)
        row.addWidget(self._text, 1)
        row.addWidget(self._button)
        self._timer = QTimer(self, singleShot=True, interval=UNDO_MS)
        self._timer.timeout.connect(self.hide)
        self._button.clicked.connect(self._on_undo)
        self.retranslate()
        self.hide()

    def offer(self, text: str, undo: Callable[[], None]) -> None:
        self._text.setText(text)
        self._text.setToolTip(text)
        self._undo = undo
        self.show()
        self._timer.start()

    def retranslate(self) -> None:
        self._button.setText(self.tr("Undo"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _on_undo(self) -> None:
        undo, self._undo = self._undo, None
        self.hide()
        if undo is not None:
            undo()
