"""The field in which a question is written: its keys, its height, what is pasted into it.

Owns what a key and a piece of the clipboard mean. What is sent goes out as a signal.
"""

from __future__ import annotations

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetricsF,
    QInputMethodEvent,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
    QTextCursor,
)
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QSizePolicy, QWidget

from finr1_desk.core.draft import Draft
from finr1_desk.ui.carried import local_files
from finr1_desk.ui.look.theme import GRID

MAX_LINES = 8
_ENTER_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class ComposerEdit(QPlainTextEdit):
    """A plain text field between one and eight lines high."""

    submitted = Signal()
    focusChanged = Signal(bool)
    escaped = Signal()
    undoWanted = Signal()  # where there is nothing in the text to undo
    filesPasted = Signal(list)  # list[Path]

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("composer")
        self.enter_sends = True
        self._hint = ""
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

    def set_hint(self, text: str) -> None:
        """What an empty composer says."""
        self._hint = text
        self._show_hint()

    def _show_hint(self) -> None:
        """Qt paints it below a composition too, as long as nothing of that is committed."""
        self.setPlaceholderText("" if self.is_composing() else self._hint)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        super().inputMethodEvent(event)
        self._show_hint()

    def fit(self) -> None:
        """Takes the height of its text, within its bounds."""
        spacing = QFontMetricsF(self.font()).lineSpacing()
        most = spacing * MAX_LINES
        height = 0.0
        block = self.document().firstBlock()
        while block.isValid() and height < most:
            height += self.blockBoundingRect(block).height()
            block = block.next()
        margin = self.document().documentMargin()
        if not block.isValid():
            height -= margin  # the rectangle of the last block holds the margin below it
        self.setVerticalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAsNeeded if height > most else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        )
        self.setFixedHeight(round(max(spacing, min(height, most)) + 2 * margin) + 2)

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
        if event.key() == Qt.Key.Key_Escape and not self.is_composing():
            self.escaped.emit()
            return
        if event.matches(QKeySequence.StandardKey.Undo) and not self.document().isUndoAvailable():
            self.undoWanted.emit()
            return
        super().keyPressEvent(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Pastes text and nothing else; Windows line ends become plain ones, cells a Markdown table.

        The text of the cells is pasted first: undone once, that is what stands there, undone twice, nothing.
        """
        files = local_files(source)
        if files:
            self.filesPasted.emit(files)
            return
        if not source.hasText():
            return
        text = source.text().replace("\r\n", "\n").replace("\r", "\n")
        cursor = self.textCursor()
        cursor.beginEditBlock()
        start = cursor.selectionStart()
        cursor.insertText(text)
        cursor.endEditBlock()
        table = _table_of(source)
        if table is not None:
            self._put_block(cursor, start, table)
        self.setTextCursor(cursor)
        self.ensureCursorVisible()

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Files that are dragged are the window's, wherever in it they are dropped."""
        return not local_files(source) and super().canInsertFromMimeData(source)

    def put_in(self, text: str) -> None:
        """Puts a text or a table in behind the cursor, on lines of its own; undone, it is gone at once."""
        cursor = self.textCursor()
        cursor.setPosition(cursor.selectionEnd())
        self._put_block(cursor, cursor.position(), text)
        self.setTextCursor(cursor)
        self.ensureCursorVisible()

    @staticmethod
    def _put_block(cursor: QTextCursor, start: int, text: str) -> None:
        """Puts a text, on lines of its own, in the place of what stands from `start` to the cursor."""
        end = cursor.position()
        document = cursor.document()
        before = "" if start == document.findBlock(start).position() else "\n\n"
        block = document.findBlock(end)
        # One empty line behind it in any case: a line below a table without one between would be a row of it.
        has_one = end == block.position() + block.length() - 1 and block.next().isValid()
        after = "\n" if has_one else "\n\n"
        cursor.beginEditBlock()
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(f"{before}{text}{after}")
        cursor.endEditBlock()

    # -- drafts and quotes

    def draft(self) -> Draft:
        """The text, and where in it the writer stands."""
        cursor = self.textCursor()
        return Draft(self.toPlainText(), cursor.position(), cursor.anchor(), self.verticalScrollBar().value())

    def put(self, draft: Draft) -> None:
        """Takes a draft over, in place of the text and what could be undone in it."""
        if draft.text != self.toPlainText():
            self.setPlainText(draft.text)
        most = len(draft.text.encode("utf-16-le")) // 2  # Qt counts in UTF-16
        cursor = self.textCursor()
        cursor.setPosition(min(max(draft.anchor, 0), most))
        cursor.setPosition(min(max(draft.cursor, 0), most), QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)
        self.verticalScrollBar().setValue(draft.scroll)

    def quote(self, text: str) -> None:
        """Puts a text in at the cursor as a quotation, on lines of its own, and goes below it."""
        cursor = self.textCursor()
        quoted = "\n".join(f"> {line}".rstrip() for line in text.strip("\n").split("\n"))
        block = cursor.document().findBlock(cursor.selectionStart())
        above = block.previous()
        lead = "\n\n" if cursor.selectionStart() > block.position() else "\n" if above.text() else ""
        cursor.insertText(f"{lead}{quoted}\n\n")
        self.setTextCursor(cursor)
        self.ensureCursorVisible()
        self.setFocus()

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


def _table_of(source: QMimeData) -> str | None:
    """The cells that a spreadsheet put on the clipboard, as a Markdown table; None for anything else."""
    html = source.html() if source.hasHtml() else ""
    if "<table" not in html.lower() and "\t" not in source.text():
        return None
    from finr1_desk.core import spreadsheet  # not needed for the window to open

    rows = spreadsheet.rows_from_html(html) if "<table" in html.lower() else ()
    rows = rows or spreadsheet.rows_from_text(source.text(), expected=False)
    return spreadsheet.to_markdown(rows) if rows else None
