"""The bar that looks for text in the open conversation.

Owns its field and buttons. The search is the pane's; the bar says what is wanted and shows how it stands.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QLocale, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from finr1_desk.ui.look.icons import IconButton, Icons
from finr1_desk.ui.look.theme import GRID

FIELD_WIDTH = 40 * GRID


class FindBar(QFrame):
    """Emits what is wanted; `show_standing` says what was found."""

    wanted = Signal(str, bool)  # the text, and whether capitals matter
    stepWanted = Signal(bool)  # forward
    closed = Signal()

    def __init__(self, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("findBar")
        self._icons = icons
        self.field = QLineEdit(self)
        self.field.setObjectName("findField")
        self.field.setClearButtonEnabled(False)
        self.field.setFixedWidth(FIELD_WIDTH)
        self._count = QLabel(self)
        self._count.setObjectName("muted")
        self._case = QToolButton(self)
        self._case.setObjectName("findCase")
        self._case.setText("Aa")
        self._case.setCheckable(True)
        self._case.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._previous = IconButton("chevron-up", self)
        self._next = IconButton("chevron-down", self)
        self._close = IconButton("close", self)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, GRID // 2, GRID, GRID // 2)
        row.setSpacing(GRID // 2)
        row.addStretch(1)
        row.addWidget(self._count)
        row.addSpacing(GRID)
        for widget in (self.field, self._case, self._previous, self._next, self._close):
            row.addWidget(widget)
        self.field.textChanged.connect(self._tell)
        self._case.toggled.connect(self._tell)
        self._previous.clicked.connect(lambda: self.stepWanted.emit(False))
        self._next.clicked.connect(lambda: self.stepWanted.emit(True))
        self._close.clicked.connect(self.close_bar)
        self.draw(icons)
        self.retranslate()
        self.hide()

    def open_with(self, text: str) -> None:
        """Shows the bar, ready for typing; `text` is looked for at once, unless it is empty."""
        was_hidden = self.isHidden()
        self.show()
        if text:
            self.field.setText(text)
        self.field.selectAll()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        if was_hidden:
            self._tell()

    def close_bar(self) -> None:
        if not self.isHidden():
            self.hide()
            self.closed.emit()

    def show_standing(self, number: int, count: int, *, is_searching: bool) -> None:
        """Says «3 of 17»; while it is still searching, that there may be more."""
        written = QLocale()
        if not self.field.text().strip():
            said = ""
        elif count:
            more = "+" if is_searching else ""
            said = self.tr("{number} of {count}").format(
                number=written.toString(number) if number else "–", count=written.toString(count) + more
            )
        else:
            said = self.tr("Searching…") if is_searching else self.tr("Not found")
        self._count.setText(said)
        self.field.setAccessibleDescription(said)
        self._previous.setEnabled(count > 0)
        self._next.setEnabled(count > 0)

    def draw(self, icons: Icons) -> None:
        for button in (self._previous, self._next, self._close):
            button.draw(icons)
        side = self._close.sizeHint().height()
        self._case.setMinimumSize(QSize(side, side))

    def retranslate(self) -> None:
        name = self.tr("Find in this conversation")
        self.field.setPlaceholderText(name)
        self.field.setAccessibleName(name)
        self._case.setToolTip(self.tr("Match case"))
        self._case.setAccessibleName(self.tr("Match case"))
        self._previous.describe(self.tr("Previous place"), "Shift+F3")
        self._next.describe(self.tr("Next place"), "F3")
        self._close.describe(self.tr("Close the search"), "Esc")

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Escape:
                self.close_bar()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if self.field.hasFocus():
                self.stepWanted.emit(not event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            case _:
                super().keyPressEvent(event)

    def _tell(self) -> None:
        self.wanted.emit(self.field.text(), self._case.isChecked())
