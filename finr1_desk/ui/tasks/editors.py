"""What a field of a task is filled in with: a line, a text, a choice, options, or a table that takes pasted cells.

Owns the widgets and the way between what they show and a field's value. Whether a value can be sent is
`core.tasks.values`' to say.
"""

from __future__ import annotations

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QFontMetricsF,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from finr1_desk.core.spreadsheet import Rows, rows_from_text
from finr1_desk.core.tasks.task import MOST_ROWS, Field, FieldKind, Value
from finr1_desk.core.tasks.values import from_text, to_text
from finr1_desk.ui.carried import local_files
from finr1_desk.ui.language import spoken_language
from finr1_desk.ui.look.theme import GRID

_LINES = {FieldKind.LONG: 5, FieldKind.OPTIONS: 4}
_EMPTY_SIZE = (3, 3)  # rows and columns of a table nobody has filled yet
_MOST_COLUMNS = 200


class FieldEditor(QWidget):
    """One field's widget; `changed` tells of every change that the user makes, `filesGiven` of files dropped on it."""

    changed = Signal()
    filesGiven = Signal(list)  # list[Path]

    def __init__(self, declared: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.declared = declared
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GRID // 2)

    def value(self) -> Value:
        raise NotImplementedError

    def show_value(self, value: Value) -> None:
        raise NotImplementedError

    def put_in(self, text: str) -> None:
        """Puts the text of a file in, as if it had been pasted, where the field takes files."""

    def focus_widget(self) -> QWidget:
        """What the keyboard goes to, and the field's label speaks for."""
        raise NotImplementedError


def make_editor(declared: Field, parent: QWidget | None = None) -> FieldEditor:
    match declared.kind:
        case FieldKind.CHOICE:
            editor: FieldEditor = ChoiceEditor(declared, parent)
        case FieldKind.TABLE:
            editor = TableEditor(declared, parent)
        case FieldKind.LONG | FieldKind.OPTIONS:
            editor = LongEditor(declared, parent)
        case _:
            editor = LineEditor(declared, parent)
    editor.focus_widget().setObjectName(f"task_{declared.name}")
    return editor


class LineEditor(FieldEditor):
    def __init__(self, declared: Field, parent: QWidget | None = None) -> None:
        super().__init__(declared, parent)
        self._line = QLineEdit(self)
        self._column.addWidget(self._line)
        if declared.kind is FieldKind.NUMBER:
            self._line.setMaximumWidth(24 * GRID)
        self._line.textEdited.connect(lambda _: self.changed.emit())

    def value(self) -> Value:
        return self._line.text()

    def show_value(self, value: Value) -> None:
        self._line.setText(to_text(self.declared, value))

    def focus_widget(self) -> QWidget:
        return self._line


class PlainEdit(QPlainTextEdit):
    """Takes text and nothing else from the clipboard; of files it tells."""

    filesGiven = Signal(list)

    def insertFromMimeData(self, source: QMimeData) -> None:
        if files := local_files(source):
            self.filesGiven.emit(files)
        elif source.hasText():
            self.insertPlainText(source.text().replace("\r\n", "\n").replace("\r", "\n"))


class LongEditor(FieldEditor):
    """Several lines; of options, each line is one."""

    def __init__(self, declared: Field, parent: QWidget | None = None) -> None:
        super().__init__(declared, parent)
        self._text = PlainEdit(self)
        self._text.setTabChangesFocus(True)
        lines = QFontMetricsF(self._text.font()).lineSpacing() * _LINES[declared.kind]
        self._text.setFixedHeight(round(lines) + 2 * GRID)
        self._column.addWidget(self._text)
        self._shown = False
        self._text.textChanged.connect(self._on_changed)
        self._text.filesGiven.connect(self.filesGiven)

    def value(self) -> Value:
        return from_text(self.declared, self._text.toPlainText())

    def show_value(self, value: Value) -> None:
        self._shown = True
        self._text.setPlainText(to_text(self.declared, value))
        self._shown = False

    def put_in(self, text: str) -> None:
        self._text.insertPlainText(text)

    def focus_widget(self) -> QWidget:
        return self._text

    def _on_changed(self) -> None:
        if not self._shown:
            self.changed.emit()


class ChoiceEditor(FieldEditor):
    def __init__(self, declared: Field, parent: QWidget | None = None) -> None:
        super().__init__(declared, parent)
        self._box = QComboBox(self)
        self._box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        if not declared.required:
            self._box.addItem("–", "")
        for choice in declared.choices:
            self._box.addItem(choice.words.said(spoken_language()), choice.value)
        row = QHBoxLayout()
        row.addWidget(self._box)
        row.addStretch(1)
        self._column.addLayout(row)
        self._box.activated.connect(lambda _: self.changed.emit())

    def value(self) -> Value:
        return str(self._box.currentData() or "")

    def show_value(self, value: Value) -> None:
        self._box.setCurrentIndex(self._box.findData(value))

    def focus_widget(self) -> QWidget:
        return self._box


class CellTable(QTableWidget):
    """A grid that grows under what is pasted into it, and gives its cells back as a spreadsheet takes them."""

    pasted = Signal()
    filesGiven = Signal(list)

    def __init__(self, rows: int, columns: int, parent: QWidget | None = None) -> None:
        super().__init__(rows, columns, parent)
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        event.setAccepted(bool(local_files(event.mimeData())))

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.accept()  # it was looked at when it came in

    def dropEvent(self, event: QDropEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.filesGiven.emit(local_files(event.mimeData()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste):
            self.paste_clipboard()
        elif event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.selected_text())
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.selectedItems():
            for item in self.selectedItems():
                item.setText("")
        elif event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab) and self._is_at_end(event.key()):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Tab)  # the grid is no trap for the keyboard
        else:
            super().keyPressEvent(event)

    def paste_clipboard(self) -> None:
        files = local_files(QGuiApplication.clipboard().mimeData())
        if files:
            self.filesGiven.emit(files)
        else:
            self.paste(QGuiApplication.clipboard().text())

    def paste(self, text: str) -> None:
        """Puts the cells of a text from the current cell on; the grid grows as far as it must."""
        rows = rows_from_text(text, expected=True)
        if not rows:
            return
        top, left = max(self.currentRow(), 0), max(self.currentColumn(), 0)
        self.put(rows, top, left)
        self.pasted.emit()

    def put(self, rows: Rows, top: int = 0, left: int = 0) -> None:
        width = max(map(len, rows), default=0)
        blocked = self.blockSignals(True)
        if self.property("fixed_columns") is not True:
            self.setColumnCount(min(max(self.columnCount(), left + width), _MOST_COLUMNS))
        self.setRowCount(min(max(self.rowCount(), top + len(rows)), MOST_ROWS))
        for down, row in enumerate(rows):
            for right, cell in enumerate(row):
                if top + down < self.rowCount() and left + right < self.columnCount():
                    self.setItem(top + down, left + right, QTableWidgetItem(cell))
        self.blockSignals(blocked)

    def cells(self) -> Rows:
        """All cells, up to the last row that holds anything."""
        items = [[self.item(row, column) for column in range(self.columnCount())] for row in range(self.rowCount())]
        rows = [tuple(item.text() if item is not None else "" for item in row) for row in items]
        while rows and not any(cell.strip() for cell in rows[-1]):
            rows.pop()
        return tuple(rows)

    def selected_text(self) -> str:
        found = {(index.row(), index.column()): index.data() or "" for index in self.selectedIndexes()}
        rows, columns = sorted({row for row, _ in found}), sorted({column for _, column in found})
        return "\n".join("\t".join(str(found.get((row, column), "")) for column in columns) for row in rows)

    def _is_at_end(self, key: int) -> bool:
        end = (self.rowCount() - 1, self.columnCount() - 1) if key == Qt.Key.Key_Tab else (0, 0)
        return (self.currentRow(), self.currentColumn()) in (end, (-1, -1))


class TableEditor(FieldEditor):
    def __init__(self, declared: Field, parent: QWidget | None = None) -> None:
        super().__init__(declared, parent)
        self.table = CellTable(*_EMPTY_SIZE, self)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        self.table.setFixedHeight(20 * GRID)
        self.table.horizontalHeader().setDefaultSectionSize(14 * GRID)
        self.table.verticalHeader().setDefaultSectionSize(3 * GRID + GRID // 2)
        if declared.columns:
            self.table.setProperty("fixed_columns", True)
            self.table.setColumnCount(len(declared.columns))
            heads = [column.words.said(spoken_language()) for column in declared.columns]
            self.table.setHorizontalHeaderLabels(heads)
            self.table.horizontalHeader().setStretchLastSection(True)
        else:
            self.table.horizontalHeader().hide()
        self._paste = QPushButton(self.tr("Paste cells"), self)
        self._clear = QPushButton(self.tr("Clear"), self)
        row = QHBoxLayout()
        for button in (self._paste, self._clear):
            button.setAutoDefault(False)
            row.addWidget(button)
        row.addStretch(1)
        self._column.addWidget(self.table)
        self._column.addLayout(row)
        self.table.cellChanged.connect(self._on_cell)
        self.table.pasted.connect(self.changed)
        self.table.filesGiven.connect(self.filesGiven)
        self._paste.clicked.connect(self._on_paste)
        self._clear.clicked.connect(self._on_clear)

    def value(self) -> Value:
        return self.table.cells()

    def show_value(self, value: Value) -> None:
        self._empty()
        rows = from_text(self.declared, value) if isinstance(value, str) else value
        self.table.put(tuple(row for row in rows if isinstance(row, tuple)))

    def put_in(self, text: str) -> None:
        self.table.paste(text)

    def focus_widget(self) -> QWidget:
        return self.table

    def _empty(self) -> None:
        blocked = self.table.blockSignals(True)
        self.table.clearContents()
        self.table.setRowCount(_EMPTY_SIZE[0])
        if not self.declared.columns:
            self.table.setColumnCount(_EMPTY_SIZE[1])
        self.table.setCurrentCell(-1, -1)
        self.table.blockSignals(blocked)

    def _on_cell(self, row: int, _column: int) -> None:
        if row == self.table.rowCount() - 1 and row + 1 < MOST_ROWS:  # there is always a row to go on in
            self.table.setRowCount(row + 2)
        self.changed.emit()

    def _on_paste(self) -> None:
        self.table.setFocus()
        self.table.paste_clipboard()

    def _on_clear(self) -> None:
        self._empty()
        self.changed.emit()
