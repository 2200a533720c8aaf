"""Where a question is written: a field that grows, a button that sends, a button that stops.

Owns the keys of writing. What is sent goes out as a signal; nothing is kept here but the text in the field.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFont, QFontMetricsF, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from finr1_desk.ui.icons import IconButton, Icons
from finr1_desk.ui.named import named
from finr1_desk.ui.theme import BASE_POINT_SIZE, GRID, TEXT_WIDTH_EM, Theme

MAX_LINES = 8
_ENTER_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class ComposerEdit(QPlainTextEdit):
    """A plain text field between one and eight lines high."""

    submitted = Signal()
    focusChanged = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("composer")
        self.enter_sends = True
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(GRID // 2)
        self.textChanged.connect(self.fit)

    def is_composing(self) -> bool:
        """Whether an input method is in the middle of a word."""
        layout = self.textCursor().block().layout()
        return layout is not None and bool(layout.preeditAreaText())

    def fit(self) -> None:
        """Takes the height of its text, within its bounds."""
        spacing = QFontMetricsF(self.font()).lineSpacing()
        most = spacing * MAX_LINES
        height = 0.0
        block = self.document().firstBlock()
        while block.isValid() and height < most:
            height += self.blockBoundingRect(block).height()
            block = block.next()
        margins = 2 * self.document().documentMargin()
        self.setVerticalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAsNeeded if height > most else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        )
        self.setFixedHeight(round(max(spacing, min(height, most)) + margins) + 2)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ENTER_KEYS:
            if self.is_composing():  # the key belongs to the input method, even where it lets it through
                return
            modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
            if modifiers == Qt.KeyboardModifier.ControlModifier or (
                self.enter_sends and modifiers == Qt.KeyboardModifier.NoModifier
            ):
                self.submitted.emit()
            else:
                # Qt would put a line separator (U+2028) for Shift+Enter; a question consists of plain lines.
                self.textCursor().insertBlock()
                self.ensureCursorVisible()
            return
        super().keyPressEvent(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Pastes text and nothing else; Windows line ends become plain ones."""
        if source.hasText():
            self.insertPlainText(source.text().replace("\r\n", "\n").replace("\r", "\n"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.fit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focusChanged.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focusChanged.emit(False)


class ComposerPane(QWidget):
    """The composer with its buttons, as wide as the text above it at most."""

    submitted = Signal(str)
    stopRequested = Signal()

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons = icons
        self._writing = False
        self._stopping = False
        self._waiting = 0
        self._early: list[str] | None = []  # questions sent before anybody listened
        self._frame = named(QFrame(self), "composerFrame")
        self.edit = ComposerEdit(self._frame)
        self._send = IconButton("send", self._frame, role="accent_text")
        self._stop = named(QToolButton(self._frame), "stopButton")
        self._queue = named(QLabel(self), "muted")
        self._build()
        self.edit.submitted.connect(self._on_submit)
        self.edit.textChanged.connect(self._update_buttons)
        self.edit.focusChanged.connect(self._on_focus_changed)
        self._send.clicked.connect(self._on_submit)
        self._stop.clicked.connect(self._on_stop)
        self.draw(theme, icons)
        self.retranslate()
        self._update_buttons()

    def _build(self) -> None:
        self._send.setObjectName("sendButton")
        self._stop.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._stop.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._stop.hide()
        self._queue.hide()
        inside = QHBoxLayout(self._frame)
        inside.setContentsMargins(GRID + GRID // 2, GRID // 2, GRID // 2 + 2, GRID // 2)
        inside.setSpacing(GRID)
        inside.addWidget(self.edit, 1, Qt.AlignmentFlag.AlignVCenter)
        inside.addWidget(self._stop, 0, Qt.AlignmentFlag.AlignBottom)
        inside.addWidget(self._send, 0, Qt.AlignmentFlag.AlignBottom)
        column = QVBoxLayout()
        column.setSpacing(GRID // 2)
        column.addWidget(self._queue)
        column.addWidget(self._frame)
        self._row = QHBoxLayout(self)
        self._row.addStretch(1)
        self._row.addLayout(column, 1000)
        self._row.addStretch(1)
        self.set_inset(0)

    # -- what is shown

    def text(self) -> str:
        return self.edit.toPlainText()

    def set_text(self, text: str) -> None:
        """Puts a text into the field, ready to be changed; it can be undone."""
        cursor = self.edit.textCursor()
        cursor.select(cursor.SelectionType.Document)
        cursor.insertText(text)
        self.edit.setTextCursor(cursor)
        self.edit.setFocus()

    def set_writing(self, writing: bool, waiting: int = 0) -> None:
        """Whether the open conversation is being answered, and how many questions wait behind that."""
        self._writing = writing
        self._waiting = waiting
        if not writing:
            self._stopping = False
        self._update_buttons()
        self._queue.setVisible(waiting > 0)
        self._queue.setText(self.tr("%n question(s) waiting", "", waiting))

    def take_early(self) -> list[str]:
        """What was sent before the services were there; from now on `submitted` tells it."""
        early, self._early = self._early or [], None
        self.set_writing(False)
        return early

    def set_stopped(self) -> None:
        """An answer has ended: the next one, if another question waits, can be stopped again."""
        self._stopping = False
        self._update_buttons()

    def set_enter_sends(self, on: bool) -> None:
        self.edit.enter_sends = on
        self.retranslate()

    def set_text_scale(self, percent: int) -> None:
        font = QFont(QApplication.font())  # the families are found already
        font.setPointSizeF(BASE_POINT_SIZE * percent / 100)
        self.edit.setFont(font)
        metrics_em = font.pointSizeF() * self.logicalDpiY() / 72
        self._frame.setMaximumWidth(round(metrics_em * TEXT_WIDTH_EM) + 6 * GRID)  # as wide as a question above it
        self.edit.fit()

    def set_inset(self, pixels: int) -> None:
        """Keeps this much free on the right: the scroll bar of the chat above, so that both have the same middle."""
        self._row.setContentsMargins(2 * GRID, GRID, 2 * GRID + pixels, 2 * GRID)

    def draw(self, theme: Theme, icons: Icons) -> None:
        self._icons = icons
        self._send.draw(icons)
        self._stop.setIcon(icons.icon("stop", "danger", 16))

    def retranslate(self) -> None:
        self.edit.setPlaceholderText(self.tr("Ask about reports, risk, compliance, calculations…"))
        self.edit.setAccessibleName(self.tr("Your question"))
        if self.edit.enter_sends:
            self._send.describe(self.tr("Send"), self.tr("Enter"))
            self.edit.setToolTip("")
        else:
            self._send.describe(self.tr("Send"), self.tr("Ctrl+Enter"))
        self._stop.setToolTip(self.tr("Stop writing; what has been written stays (Ctrl+.)"))
        self._update_buttons()
        self._queue.setText(self.tr("%n question(s) waiting", "", self._waiting))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    # -- slots

    def request_stop(self) -> None:
        """What the stop button does: it answers at once, whatever the engine is doing."""
        if self._writing and not self._stopping:
            self._on_stop()

    def _on_submit(self) -> None:
        text = self.edit.toPlainText()
        if not text.strip():
            return
        self.edit.clear()
        if self._early is not None:
            self._early.append(text)
            self.set_writing(False, len(self._early))
        else:
            self.submitted.emit(text)

    def _on_stop(self) -> None:
        self._stopping = True
        self._update_buttons()
        self._stop.repaint()  # on the screen before the controller gets to work
        self.stopRequested.emit()

    def _on_focus_changed(self, focused: bool) -> None:
        self._frame.setProperty("focused", focused)
        self._frame.style().polish(self._frame)

    def _update_buttons(self) -> None:
        self._send.setEnabled(bool(self.edit.toPlainText().strip()))
        self._stop.setVisible(self._writing)
        self._stop.setEnabled(not self._stopping)
        label = self.tr("Stopping…") if self._stopping else self.tr("Stop")
        self._stop.setText(label)
        self._stop.setAccessibleName(label)
