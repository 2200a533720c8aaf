"""How the chosen model is loaded: the plan, before loading, and what of it can be set for this model on this machine.

Owns the widgets. The plan is the engine's; what was set is remembered by the models' controller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from finr1_desk.core.settings import LOADING
from finr1_desk.ui.dialogs.setting_editors import Editor, make_editor, name_editor, said, show_value
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.named import named
from finr1_desk.ui.words.plan import given_up_line, plan_lines
from finr1_desk.ui.words.sentences import sentence

if TYPE_CHECKING:
    from finr1_desk.app.models import Models
    from finr1_desk.core.errors import UserError
    from finr1_desk.core.plan import LoadPlan


class PlanDialog(QDialog):
    def __init__(self, models: Models, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("planDialog")
        self.setMinimumWidth(88 * GRID)
        self._models = models
        self._problem: UserError | None = None
        self._name = QLabel(self)
        self._plan = QLabel(self)
        self._given_up = named(QLabel(self), "muted")
        self._note = named(QLabel(self), "muted")
        self._editors: dict[str, Editor] = {}
        self._labels: dict[str, QLabel] = {}
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        self._load = self._buttons.addButton("", QDialogButtonBox.ButtonRole.ActionRole)
        self._restore = self._buttons.addButton("", QDialogButtonBox.ButtonRole.ResetRole)
        self._build()
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)  # Enter in a field confirms its value and nothing else
        self.retranslate()
        models.planned.connect(self._on_planned)
        models.planFailed.connect(self._on_failed)
        models.chosen.connect(self._on_chosen)
        models.changed.connect(self._show_state)
        self._buttons.rejected.connect(self.reject)
        self._load.clicked.connect(models.load)
        self._restore.clicked.connect(self._on_restore)
        self._on_chosen(models.choice)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        for label in (self._name, self._plan, self._given_up, self._note):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._plan.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._plan.setObjectName("planText")
        form = QFormLayout()
        form.setVerticalSpacing(GRID)
        form.setHorizontalSpacing(2 * GRID)
        for declared in LOADING:
            editor = self._editors[declared.name] = make_editor(declared, self, self._set)
            label = self._labels[declared.name] = QLabel(self)
            label.setBuddy(editor)
            form.addRow(label, editor)
        column.addWidget(self._name)
        column.addWidget(self._plan)
        column.addWidget(self._given_up)
        column.addSpacing(GRID)
        column.addLayout(form)
        column.addWidget(self._note)
        column.addStretch(1)
        column.addWidget(self._buttons)

    # -- what is shown

    def _on_chosen(self, _model: object) -> None:
        self._problem = None
        values = self._models.loading_values()
        for name, editor in self._editors.items():
            show_value(editor, values[name])
        self._show_state()
        self._models.make_plan()

    def _on_planned(self, _plan: LoadPlan) -> None:
        self._problem = None
        self._show_state()

    def _on_failed(self, error: UserError) -> None:
        self._problem = error
        self._show_state()

    def _show_state(self, _model: object = None) -> None:
        models = self._models
        self._name.setText(self._model_words())
        self._plan.setText(self._plan_words())
        given_up = given_up_line(models.plan) if models.plan is not None and self._problem is None else ""
        self._given_up.setText(given_up)
        self._given_up.setVisible(bool(given_up))
        loaded = models.loaded is not None and models.loaded.request == models.request()
        self._load.setEnabled(models.choice is not None and not loaded)
        self._restore.setEnabled(bool(models.own_settings))

    def _model_words(self) -> str:
        choice = self._models.choice
        if choice is None:
            return self.tr("No model")
        return " · ".join(word for word in (choice.header.name or choice.path.name, choice.header.quantisation) if word)

    def _plan_words(self) -> str:
        if self._problem is not None:
            found = sentence(self._problem)
            return f"{found.text} {found.hint}"
        if self._models.plan is not None:
            return "\n".join(plan_lines(self._models.plan))
        return self.tr("The engine is looking at the model…") if self._models.choice is not None else ""

    # -- what is changed

    def _set(self, name: str, value: Any) -> None:
        self._models.set_own(**{name: value})
        self._show_state()

    def _on_restore(self) -> None:
        self._models.forget_own()
        self._on_chosen(self._models.choice)

    # -- words

    def retranslate(self) -> None:
        self.setWindowTitle(self.tr("How the model is loaded"))
        self._note.setText(self.tr("Remembered for this model on this computer, and used when it is loaded next."))
        self._load.setText(self.tr("Load now"))
        self._restore.setText(self.tr("As in the settings"))
        self._buttons.button(QDialogButtonBox.StandardButton.Close).setText(self.tr("Close"))
        for declared in LOADING:
            name_editor(self._editors[declared.name], declared)
            self._labels[declared.name].setText(said(declared.metadata["label"]))
            self._editors[declared.name].setToolTip(said(declared.metadata["help"]))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
            self._show_state()
        super().changeEvent(event)
