"""The small window over an answer that says in which circumstances it was written.

Owns its look and its place beside the control that called it. It closes by itself when anything else is clicked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QWidget

from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.words.message_facts import Fact, as_text

WIDEST: Final = 52 * GRID  # of a value


class FactsPopover(QFrame):
    """
    Args:
        facts: what is shown, in order.
    """

    def __init__(self, facts: Sequence[Fact], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("factsPopover")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(self.tr("About this answer"))
        self._facts = list(facts)
        grid = QGridLayout(self)
        grid.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, GRID + GRID // 2)
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID // 2)
        for row, fact in enumerate(self._facts):
            label = QLabel(fact.label, self)
            label.setObjectName("muted")
            label.setTextFormat(Qt.TextFormat.PlainText)
            value = QLabel(_breakable(fact.value), self)
            value.setTextFormat(Qt.TextFormat.PlainText)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            value.setWordWrap(True)
            value.setAccessibleName(f"{fact.label}: {fact.value}")
            width = min(value.fontMetrics().horizontalAdvance(value.text()) + GRID, WIDEST)
            value.setMinimumWidth(width)
            folds = width == WIDEST
            grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop if folds else Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(value, row, 1)
        grid.setColumnStretch(1, 1)
        copy = QPushButton(self.tr("Copy"), self)
        copy.setObjectName("copyFacts")
        copy.clicked.connect(self._on_copy)
        grid.setRowMinimumHeight(len(self._facts), GRID)
        grid.addWidget(copy, len(self._facts) + 1, 0, 1, 2, Qt.AlignmentFlag.AlignRight)
        copy.setFocus()

    def show_beside(self, control: QRect) -> None:
        """Stands above or below a rectangle of the screen, where there is room."""
        self.adjustSize()
        size = self.sizeHint()
        screen = QGuiApplication.screenAt(control.center()) or self.screen()
        room = screen.availableGeometry()
        top = control.top() - size.height() - GRID // 2
        if top < room.top():
            top = min(control.bottom() + GRID // 2, room.bottom() - size.height())
        left = min(max(control.left(), room.left()), room.right() - size.width())
        self.move(QPoint(left, top))
        self.show()

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(as_text(self._facts))
        self.close()


def _breakable(value: str) -> str:
    """A long word, such as a sum of a file, with places at which it may be broken."""
    return "\u200b".join(value[start : start + 16] for start in range(0, len(value), 16)) if len(value) == 64 else value
