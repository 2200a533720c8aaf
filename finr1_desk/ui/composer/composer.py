"""Where a question is written: a field that grows, a button that sends, a button that stops.

Owns what stands around the field: what is being edited, what does not fit, other ways to send. What is sent goes out as
a signal; nothing is kept here but the text in the field.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from finr1_desk.ui.composer.edit import ComposerEdit
from finr1_desk.ui.look.icons import IconButton, Icons
from finr1_desk.ui.look.theme import BASE_POINT_SIZE, GRID, TEXT_WIDTH_EM, Theme
from finr1_desk.ui.named import named
from finr1_desk.ui.notice import UndoBar

SURELY_TEXT = 4000  # characters; so many are not looked through at every key
SAMPLES = 8  # written side by side by «Ask 8 times»


class ComposerPane(QWidget):
    """The composer with its buttons, as wide as the text above it at most."""

    submitted = Signal(str)
    samplesSubmitted = Signal(str, int)  # to be answered so many times
    stopRequested = Signal()
    tasksRequested = Signal()
    editingCancelled = Signal()
    settingsWanted = Signal()
    changed = Signal()  # what stands in the field, or where in it the writer is

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
        self._tasks = named(IconButton("tasks", self._frame), "tasksButton")
        self._more = IconButton("chevron-down", self._frame, size=16)
        self._menu = QMenu(self._more)
        self._sample = self._menu.addAction("")
        self._menu.addSeparator()
        self._settings = self._menu.addAction("")
        self._queue = named(QLabel(self), "muted")
        self.undo = UndoBar(self)
        self._editing = named(QFrame(self), "editingBar")
        self._editing_text = QLabel(self._editing)
        self._cancel = named(QPushButton(self._editing), "cancelEditing")
        self._warning = named(QLabel(self), "composerWarning")
        self._build()
        self.edit.submitted.connect(self._on_submit)
        self.edit.textChanged.connect(self._update_buttons)
        self.edit.focusChanged.connect(self._on_focus_changed)
        self.edit.textChanged.connect(self.changed)
        self.edit.cursorPositionChanged.connect(self.changed)
        self.edit.escaped.connect(self._on_cancel)
        self._cancel.clicked.connect(self._on_cancel)
        self._send.clicked.connect(self._on_submit)
        self._more.clicked.connect(self._on_more)
        self._sample.triggered.connect(self._on_sample)
        self._settings.triggered.connect(self.settingsWanted)
        self._stop.clicked.connect(self._on_stop)
        self._tasks.clicked.connect(self.tasksRequested)
        self.draw(theme, icons)
        self.retranslate()
        self._update_buttons()

    def _build(self) -> None:
        self._send.setObjectName("sendButton")
        self._stop.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._stop.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._stop.hide()
        self._more.setObjectName("moreWaysButton")
        for widget in (self._queue, self._editing, self._warning):
            widget.hide()
        self._warning.setWordWrap(True)
        bar = QHBoxLayout(self._editing)
        bar.setContentsMargins(GRID + GRID // 2, GRID // 2, GRID // 2, GRID // 2)
        bar.addWidget(self._editing_text, 1)
        bar.addWidget(self._cancel)
        inside = QHBoxLayout(self._frame)
        inside.setContentsMargins(GRID + GRID // 2, GRID // 2, GRID // 2 + 2, GRID // 2)
        inside.setSpacing(GRID)
        inside.addWidget(self._tasks, 0, Qt.AlignmentFlag.AlignBottom)
        inside.addWidget(self.edit, 1, Qt.AlignmentFlag.AlignVCenter)
        inside.addWidget(self._stop, 0, Qt.AlignmentFlag.AlignBottom)
        inside.addWidget(self._send, 0, Qt.AlignmentFlag.AlignBottom)
        inside.addSpacing(-GRID)
        inside.addWidget(self._more, 0, Qt.AlignmentFlag.AlignBottom)
        column = QVBoxLayout()
        column.setSpacing(GRID // 2)
        column.addWidget(self.undo)
        column.addWidget(self._queue)
        column.addWidget(self._editing)
        column.addWidget(self._frame)
        column.addWidget(self._warning)
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

    def set_editing(self, on: bool) -> None:
        """Whether the text will stand beside an earlier question, as a branch of its own."""
        self._editing.setVisible(on)

    @property
    def is_editing(self) -> bool:
        return not self._editing.isHidden()

    def warn(self, text: str, *, serious: bool = False) -> None:
        """What does not fit, below the field; nothing where the text is empty."""
        self._warning.setText(text)
        self._warning.setVisible(bool(text))
        if self._warning.property("serious") != serious:
            self._warning.setProperty("serious", serious)
            self._warning.style().polish(self._warning)

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
        for widget in (self._frame, self.undo, self._editing, self._warning):  # as wide as a question above them
            widget.setMaximumWidth(round(metrics_em * TEXT_WIDTH_EM) + 6 * GRID)
        self.edit.fit()

    def set_inset(self, pixels: int) -> None:
        """Keeps this much free on the right: the scroll bar of the chat above, so that both have the same middle."""
        self._row.setContentsMargins(2 * GRID, GRID, 2 * GRID + pixels, 2 * GRID)

    def draw(self, theme: Theme, icons: Icons) -> None:
        self._icons = icons
        self._send.draw(icons)
        self._tasks.draw(icons)
        self._more.draw(icons)
        self._stop.setIcon(icons.icon("stop", "danger", 16))

    def retranslate(self) -> None:
        self.edit.set_hint(self.tr("Ask about reports, risk, compliance, calculations…"))
        self.edit.setAccessibleName(self.tr("Your question"))
        if self.edit.enter_sends:
            self._send.describe(self.tr("Send"), self.tr("Enter"))
            self.edit.setToolTip("")
        else:
            self._send.describe(self.tr("Send"), self.tr("Ctrl+Enter"))
        self._more.describe(self.tr("More ways to ask"))
        self._sample.setText(self.tr("Ask {count} times and compare").format(count=SAMPLES))
        self._settings.setText(self.tr("Conversation settings…"))
        self._editing_text.setText(self.tr("Editing a question. The earlier version stays as a branch."))
        self._cancel.setText(self.tr("Cancel"))
        self._tasks.describe(self.tr("Tasks"), "Ctrl+T")
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
        text = self._taken()
        if text and self._early is not None:
            self._early.append(text)
            self.set_writing(False, len(self._early))
        elif text:
            self.submitted.emit(text)

    def _on_sample(self) -> None:
        if self._early is not None:  # nobody listens yet: as a question like others
            self._on_submit()
        elif text := self._taken():
            self.samplesSubmitted.emit(text, SAMPLES)
        self.edit.setFocus()  # it was at the button that opened the menu

    def _taken(self) -> str:
        """The text, which is no longer in the field then; empty where there is none."""
        text = self.edit.toPlainText()
        if not text.strip():
            return ""
        self.edit.clear()
        return text

    def _on_cancel(self) -> None:
        if self.is_editing:
            self.editingCancelled.emit()

    def _on_more(self) -> None:
        self._sample.setEnabled(bool(self.edit.toPlainText().strip()))
        size = self._menu.sizeHint()
        corner = self._more.mapToGlobal(self._more.rect().topRight())
        self._menu.popup(corner - QPoint(size.width(), size.height()))

    def _on_stop(self) -> None:
        self._stopping = True
        self._update_buttons()
        self._stop.repaint()  # on the screen before the controller gets to work
        self.stopRequested.emit()

    def _on_focus_changed(self, focused: bool) -> None:
        self._frame.setProperty("focused", focused)
        self._frame.style().polish(self._frame)

    def _update_buttons(self) -> None:
        long = self.edit.document().characterCount() > SURELY_TEXT
        self._send.setEnabled(long or bool(self.edit.toPlainText().strip()))
        self._stop.setVisible(self._writing)
        self._stop.setEnabled(not self._stopping)
        label = self.tr("Stopping…") if self._stopping else self.tr("Stop")
        self._stop.setText(label)
        self._stop.setAccessibleName(label)
