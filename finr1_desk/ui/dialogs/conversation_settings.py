"""The settings of one conversation: its system prompt, its sampling, its thinking, how many answers a question gets.

Owns the dialog and the little window that asks for other sampling of one answer. What is chosen leaves as a signal.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from finr1_desk.app.manner import Chosen
from finr1_desk.core.choices import Choices
from finr1_desk.core.prompts import OFFICIAL_SYSTEM_PROMPT
from finr1_desk.core.settings import Settings
from finr1_desk.ui.dialogs.choices_form import ChoicesForm
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.named import named

_OFFICIAL, _NONE, _OWN = "official", "none", "own"


def shown_defaults(settings: Settings) -> Choices:
    """What the fields show where nothing is chosen."""
    return Choices(settings.temperature, settings.top_p, settings.repetition_penalty, settings.max_tokens)


class ConversationSettingsDialog(QDialog):
    """
    Args:
        chosen: how it is answered now.
        is_new: the conversation does not exist yet.
    """

    confirmed = Signal(object)  # Chosen

    def __init__(
        self, chosen: Chosen, defaults: Choices, parent: QWidget | None = None, *, is_new: bool = False
    ) -> None:
        super().__init__(parent)
        self.setObjectName("conversationSettings")
        self.setMinimumWidth(64 * GRID)
        self._is_new = is_new
        self._own = chosen.system_prompt or ""
        self._heading = QLabel(self)
        self.kind = QComboBox(self)
        self.prompt = QPlainTextEdit(self)
        self.form = ChoicesForm(defaults, self)
        self._note = named(QLabel(self), "muted")
        self._buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, self
        )
        self._build()
        self.retranslate()
        self.form.show_choices(chosen.choices)
        kind = _OFFICIAL if chosen.system_prompt == OFFICIAL_SYSTEM_PROMPT else _OWN if chosen.system_prompt else _NONE
        self.kind.setCurrentIndex(self.kind.findData(kind))
        self._on_kind()
        self.kind.activated.connect(self._on_kind)
        self.prompt.textChanged.connect(self._on_text)
        self._buttons.accepted.connect(self._on_accepted)
        self._buttons.rejected.connect(self.reject)

    def _build(self) -> None:
        for key in (_OFFICIAL, _NONE, _OWN):
            self.kind.addItem("", key)
        self.kind.setFixedWidth(28 * GRID)
        self.kind.setObjectName("setting_prompt_kind")
        self.prompt.setObjectName("setting_prompt")
        self.prompt.setTabChangesFocus(True)
        self.prompt.setFixedHeight(16 * GRID)
        self._note.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        for widget in (self._heading, self.kind, self.prompt):
            column.addWidget(widget)
        column.addSpacing(GRID)
        column.addWidget(self.form)
        column.addWidget(self._note)
        column.addSpacing(GRID)
        column.addWidget(self._buttons)

    def chosen(self) -> Chosen:
        """What the fields say."""
        kind = self.kind.currentData()
        own = self.prompt.toPlainText().strip() or None
        prompt = OFFICIAL_SYSTEM_PROMPT if kind == _OFFICIAL else own if kind == _OWN else None
        return Chosen(prompt, self.form.choices())

    def _on_kind(self) -> None:
        kind = self.kind.currentData()
        text = {_OFFICIAL: OFFICIAL_SYSTEM_PROMPT, _NONE: "", _OWN: self._own}[kind]
        blocked = self.prompt.blockSignals(True)
        self.prompt.setPlainText(text)
        self.prompt.blockSignals(blocked)
        self.prompt.setReadOnly(kind != _OWN)
        self.prompt.setEnabled(kind != _NONE)

    def _on_text(self) -> None:
        self._own = self.prompt.toPlainText()

    def _on_accepted(self) -> None:
        self.confirmed.emit(self.chosen())
        self.accept()

    def retranslate(self) -> None:
        self.setWindowTitle(
            self.tr("Settings of the next conversation") if self._is_new else self.tr("Settings of this conversation")
        )
        self._heading.setText(self.tr("System prompt"))
        self.kind.setAccessibleName(self.tr("System prompt"))
        self.prompt.setAccessibleName(self.tr("Text of the system prompt"))
        words = {_OFFICIAL: self.tr("Official"), _NONE: self.tr("None"), _OWN: self.tr("Own text")}
        for row in range(self.kind.count()):
            self.kind.setItemText(row, words[self.kind.itemData(row)])
        self._note.setText(self.tr("Used from the next answer on; answers that are there stay as they are."))
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setText(self.tr("Use"))
        self._buttons.button(QDialogButtonBox.StandardButton.Cancel).setText(self.tr("Cancel"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)


class RegeneratePopover(QFrame):
    """Other sampling for one more answer, asked for where the answer stands."""

    confirmed = Signal(object)  # Choices

    def __init__(self, chosen: Choices, defaults: Choices, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popover")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.form = ChoicesForm(defaults, self, for_one_answer=True)
        self.form.show_choices(chosen)
        self._button = QPushButton(self.tr("Regenerate"), self)
        self._button.setDefault(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.addWidget(self.form)
        column.addSpacing(GRID)
        column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignRight)
        self._button.clicked.connect(self._on_confirmed)
        self.form.seed.returnPressed.connect(self._on_confirmed)

    def show_at(self, point: QPoint) -> None:
        """Opens with its lower left corner there, or wherever the screen has room."""
        self.adjustSize()
        screen = self.screen().availableGeometry()
        left = min(max(point.x(), screen.left()), screen.right() - self.width())
        top = point.y() - self.height()
        self.move(left, top if top >= screen.top() else min(point.y(), screen.bottom() - self.height()))
        self.show()
        self.form.preset.setFocus()

    def _on_confirmed(self) -> None:
        self.confirmed.emit(self.form.choices())
        self.close()
