"""What is shown while files are dragged over the window: that they can be dropped, and what becomes of them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.named import named

_WIDEST = 60 * GRID


class DropHint(QFrame):
    """A card above everything else. The pointer goes through it, so that the window stays what is dropped on."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("dropHint")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._title = named(QLabel(self), "dropTitle")
        self._text = named(QLabel(self), "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 3 * GRID)
        column.setSpacing(GRID)
        for label in (self._title, self._text):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        self.retranslate()
        self.hide()

    def show_over(self, area: QRect) -> None:
        """Shows the card in the middle of an area of its parent."""
        width = min(area.width() - 4 * GRID, _WIDEST)
        box = QRect(0, 0, width, self.heightForWidth(width))
        box.moveCenter(area.center())
        self.setGeometry(box)
        self.raise_()
        self.show()

    def retranslate(self) -> None:
        self._title.setText(self.tr("Drop files here"))
        self._text.setText(
            self.tr(
                "Text and tables go into the question, exported conversations are imported, a GGUF file becomes the "
                "model in use. Nothing is sent yet."
            )
        )

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)
