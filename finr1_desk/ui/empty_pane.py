"""What is shown before a conversation begins: a line of welcome and questions to start from.

Owns the cards and their arrangement. A card only tells that its question was chosen.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFont, QPainter, QPaintEvent, QResizeEvent, QTextLayout
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QGridLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from finr1_desk.ui.look.theme import GRID, Theme
from finr1_desk.ui.named import named
from finr1_desk.ui.words.examples import Example, demonstration_examples, examples

WIDE = 76 * GRID  # from here on two columns
COLUMN = 92 * GRID
LEADING = 1.3
_SHOWN_LINES = 2


class ExampleCard(QAbstractButton):
    """An area in small type and its question below; the whole card is the button."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.example = Example("", "")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        policy = self.sizePolicy()
        policy.setHorizontalPolicy(policy.Policy.Ignored)
        policy.setVerticalPolicy(policy.Policy.Fixed)
        self.setSizePolicy(policy)

    def show_example(self, example: Example) -> None:
        self.example = example
        self.setText(example.question)
        self.setAccessibleName(f"{example.area}: {example.question}")
        self.setToolTip(example.question)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        return QSize(30 * GRID, round((1 + _SHOWN_LINES) * line * LEADING) + 2 * GRID)

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.update()
        super().leaveEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self.theme
        painter.setPen(theme.color("accent" if self.hasFocus() else "line"))
        painter.setBrush(theme.color("hover" if self.underMouse() or self.isDown() else "surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), GRID, GRID)
        inner = self.rect().adjusted(GRID + GRID // 2, GRID + GRID // 2, -GRID - GRID // 2, -GRID)
        painter.setPen(theme.color("accent"))
        line = round(self.fontMetrics().height() * LEADING)  # Chinese glyphs are higher than the Latin font's line
        _draw_lines(painter, self.example.area, self.font(), inner, 1)
        painter.setPen(theme.color("text"))
        body = inner.adjusted(0, line, 0, 0)
        _draw_lines(painter, self.example.question.replace("\n", " "), self.font(), body, _SHOWN_LINES)


def _draw_lines(painter: QPainter, text: str, font: QFont, box: QRect, lines: int) -> None:
    """Draws as much of the text as fits into these lines; the last one ends with an ellipsis if some is left out."""
    layout = QTextLayout(text, font)
    layout.beginLayout()
    top = float(box.top())
    for number in range(lines):
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(box.width())
        start, length = line.textStart(), line.textLength()
        rest = text[start:] if number == lines - 1 else text[start : start + length]
        shown = painter.fontMetrics().elidedText(rest.rstrip(), Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(QPointF(box.left(), top + painter.fontMetrics().ascent()), shown)
        top += painter.fontMetrics().height() * LEADING
    layout.endLayout()


class EmptyPane(QScrollArea):
    """The welcome and the cards, centred, in one column or two."""

    exampleChosen = Signal(str)
    taskChosen = Signal(str, dict)  # task id, the values of its form
    tasksWanted = Signal()
    helpWanted = Signal()
    modelWanted = Signal()  # Fin-R1 itself, in place of the demonstration model

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("emptyPane")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._page = named(QWidget(self), "emptyColumn")
        self._inner = QWidget(self._page)
        self._title = named(QLabel(self._inner), "emptyTitle")
        self._caption = named(QLabel(self._inner), "muted")
        self._note = named(QLabel(self._inner), "muted")
        self._help = named(QPushButton(self._inner), "linkButton")
        self._tasks = named(QPushButton(self._inner), "linkButton")
        self._get = named(QPushButton(self._inner), "getModel")
        self._grid = QGridLayout()
        self._cards = [ExampleCard(theme, self._inner) for _ in examples()]
        self._columns = 0
        self._demonstration = False
        self._server = ""
        self._build()
        self.retranslate()
        self._arrange()

    def _build(self) -> None:
        self._grid.setSpacing(GRID + GRID // 2)
        for label in (self._caption, self._note):
            label.setWordWrap(True)
        self._note.hide()
        self._help.hide()
        for link in (self._help, self._tasks):
            link.setFlat(True)
            link.setCursor(Qt.CursorShape.PointingHandCursor)
        self._tasks.clicked.connect(self.tasksWanted)
        self._help.clicked.connect(self.helpWanted)
        self._get.hide()
        self._get.clicked.connect(self.modelWanted)
        column = QVBoxLayout(self._inner)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addStretch(1)
        column.addWidget(self._title)
        column.addWidget(self._caption)
        column.addWidget(self._note)
        column.addWidget(self._get, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._help, 0, Qt.AlignmentFlag.AlignLeft)
        column.addSpacing(2 * GRID)
        column.addLayout(self._grid)
        column.addWidget(self._tasks, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(2)
        self._inner.setMaximumWidth(COLUMN)
        outer = QGridLayout(self._page)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._inner, 0, 1)
        outer.setColumnStretch(0, 1)
        outer.setColumnStretch(1, 1000)
        outer.setColumnStretch(2, 1)
        self.setWidget(self._page)
        for card in self._cards:
            card.clicked.connect(lambda _=False, card=card: self._on_card(card.example))

    def set_demonstration(self, note: str | None) -> None:
        """With a note, which stands below the welcome, the built-in model will answer: its own tasks are offered."""
        self._note.setText(note or "")
        self._note.setVisible(bool(note))
        self._get.setVisible(bool(note))
        if self._demonstration is not bool(note):
            self._demonstration = bool(note)
            self._show_examples()

    def set_server(self, host: str) -> None:
        """Where questions go; empty for this computer."""
        self._server = host
        self._caption.setText(
            self.tr("Your questions are sent to {host}.").format(host=host)
            if host
            else self.tr("Everything is worked out on this computer; nothing leaves it.")
        )

    def _on_card(self, example: Example) -> None:
        if example.task:
            self.taskChosen.emit(example.task, {example.field: example.question})
        else:
            self.exampleChosen.emit(example.question)

    def set_newcomer(self, new: bool) -> None:
        """Whether nothing was asked yet: then the way to the help is shown."""
        self._help.setVisible(new)

    def set_theme(self, theme: Theme) -> None:
        for card in self._cards:
            card.theme = theme
            card.update()

    def retranslate(self) -> None:
        self._title.setText(self.tr("What would you like to analyse?"))
        self.set_server(self._server)
        self._tasks.setText(self.tr("All tasks, as forms to fill in (Ctrl+T)"))
        self._get.setText(self.tr("Get Fin-R1…"))
        self._help.setText(self.tr("New here? See how it works"))
        self._show_examples()

    def _show_examples(self) -> None:
        offered = demonstration_examples() if self._demonstration else examples()
        for card, example in zip(self._cards, offered, strict=True):
            card.show_example(example)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        columns = 2 if self.viewport().width() >= WIDE else 1
        if columns == self._columns:
            return
        self._columns = columns
        for number, card in enumerate(self._cards):
            last_alone = columns == 2 and number == len(self._cards) - 1 and len(self._cards) % 2 == 1
            self._grid.addWidget(card, number // columns, number % columns, 1, 2 if last_alone else 1)
        for column in range(2):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
