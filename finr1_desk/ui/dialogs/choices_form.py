"""A form for what can be chosen for a conversation or one answer: preset, sampling, seed, thinking, how many answers.

Owns the fields and what they stand for. It keeps nothing: values come in and are asked for.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QRegularExpression, Signal
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QFormLayout, QLabel, QLineEdit, QSpinBox, QWidget

from finr1_desk.core.choices import MOST_SEED, PRESETS, Choices, preset_of, with_preset
from finr1_desk.core.sampling import MOST_SAMPLES, MOST_THINKING
from finr1_desk.ui.look.theme import GRID

_OWN = "own"
_WIDTH = 22 * GRID


class ChoicesForm(QWidget):
    """
    Args:
        defaults: what holds where nothing is chosen; shown in the fields then.
        for_one_answer: only what makes sense for a single answer.
    """

    changed = Signal()

    def __init__(self, defaults: Choices, parent: QWidget | None = None, *, for_one_answer: bool = False) -> None:
        super().__init__(parent)
        self._defaults = defaults
        self._chosen = Choices()
        self._one = for_one_answer
        self.preset = QComboBox(self)
        self.temperature = _real(self, 2.0, 0.05)
        self.top_p = _real(self, 1.0, 0.05)
        self.penalty = _real(self, 2.0, 0.01, least=0.5)
        self.max_tokens = _whole(self, 16, 32768, 100)
        self.seed = QLineEdit(self)
        self.max_think = _whole(self, -1, MOST_THINKING, 100)
        self.samples = _whole(self, 1, MOST_SAMPLES, 1)
        self._labels = {widget: QLabel(self) for widget in self._rows()}
        self._build()
        self.retranslate()
        self.show_choices(Choices())
        self.preset.activated.connect(self._on_preset)
        for field in (self.temperature, self.top_p, self.penalty, self.max_tokens):
            field.valueChanged.connect(self._on_sampling)
        self.seed.textEdited.connect(self._on_sampling)
        for whole in (self.max_think, self.samples):
            whole.valueChanged.connect(self._on_other)

    def _rows(self) -> list[QWidget]:
        rows: list[QWidget] = [self.preset, self.temperature, self.top_p]
        if not self._one:
            rows += [self.penalty, self.max_tokens]
        rows.append(self.seed)
        return rows if self._one else [*rows, self.max_think, self.samples]

    def _build(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(GRID)
        form.setHorizontalSpacing(2 * GRID)
        names = ("preset", "temperature", "top_p", "penalty", "max_tokens", "seed", "max_think", "samples")
        for name in names:
            widget: QWidget = getattr(self, name)
            widget.setObjectName(f"setting_choice_{name}")
            if widget not in self._labels:
                widget.hide()
                continue
            widget.setFixedWidth(_WIDTH)
            widget.setMinimumHeight(3 * GRID + GRID // 2)  # Chinese is taller than figures
            self._labels[widget].setBuddy(widget)
            form.addRow(self._labels[widget], widget)
        self.seed.setValidator(QRegularExpressionValidator(QRegularExpression(r"[0-9]{0,20}"), self))
        for key in ("", *PRESETS, _OWN):
            self.preset.addItem("", key)

    # -- values

    def show_choices(self, chosen: Choices) -> None:
        """Fills the fields; where nothing is chosen they show what holds then."""
        self._chosen = chosen
        shown = chosen.over(self._defaults)
        values: dict[QDoubleSpinBox | QSpinBox, float | int | None] = {
            self.temperature: shown.temperature,
            self.top_p: shown.top_p,
            self.penalty: shown.repetition_penalty,
            self.max_tokens: shown.max_tokens,
            self.max_think: -1 if chosen.max_think is None else chosen.max_think,
            self.samples: chosen.samples or 1,
        }
        for field, value in values.items():
            blocked = field.blockSignals(True)
            field.setProperty("value", value or 0)
            field.blockSignals(blocked)
        if self._seed() != chosen.seed or not self.seed.hasFocus():
            self.seed.setText("" if chosen.seed is None else str(chosen.seed))
        preset = preset_of(chosen)
        self.preset.setCurrentIndex(self.preset.findData(_OWN if preset is None else preset))

    def choices(self) -> Choices:
        return self._chosen

    def _seed(self) -> int | None:
        return min(int(self.seed.text()), MOST_SEED) if self.seed.text() else None

    def _on_preset(self) -> None:
        key = self.preset.currentData()
        if key == _OWN:
            self._on_sampling()
            return
        self.show_choices(with_preset(self._chosen, key))
        self.changed.emit()

    def _on_sampling(self) -> None:
        """Any figure that is changed makes the sampling one's own, all of it; or a preset, if it is one."""
        self._chosen = replace(
            self._chosen,
            temperature=round(self.temperature.value(), 4),
            top_p=round(self.top_p.value(), 4),
            repetition_penalty=round(self.penalty.value(), 4),
            max_tokens=self.max_tokens.value(),
            seed=self._seed(),
        )
        preset = preset_of(self._chosen)
        self.preset.setCurrentIndex(self.preset.findData(_OWN if preset is None else preset))
        self.changed.emit()

    def _on_other(self) -> None:
        think, samples = self.max_think.value(), self.samples.value()
        self._chosen = replace(
            self._chosen,
            max_think=None if think < 0 else think,
            samples=None if samples == 1 else samples,
        )
        self.changed.emit()

    # -- words

    def retranslate(self) -> None:
        words: dict[QWidget, str] = {
            self.preset: self.tr("Preset"),
            self.temperature: self.tr("Temperature"),
            self.top_p: self.tr("Top-p"),
            self.penalty: self.tr("Repetition penalty"),
            self.max_tokens: self.tr("Longest answer (tokens)"),
            self.seed: self.tr("Seed"),
            self.max_think: self.tr("Longest thinking (tokens)"),
            self.samples: self.tr("Answers to each question"),
        }
        for widget, text in words.items():
            widget.setAccessibleName(text)
            if widget in self._labels:
                self._labels[widget].setText(text)
        presets = {
            "": self.tr("As the settings say"),
            "official": self.tr("Official"),
            "evaluation": self.tr("Evaluation"),
            "deterministic": self.tr("Deterministic"),
            _OWN: self.tr("Own values"),
        }
        for row in range(self.preset.count()):
            self.preset.setItemText(row, presets[self.preset.itemData(row)])
        self.seed.setPlaceholderText(self.tr("random"))
        self.max_think.setSpecialValueText(self.tr("As the settings say"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)


def _real(parent: QWidget, most: float, step: float, least: float = 0.0) -> QDoubleSpinBox:
    field = QDoubleSpinBox(parent)
    field.setRange(least, most)
    field.setSingleStep(step)
    field.setDecimals(2)
    return field


def _whole(parent: QWidget, least: int, most: int, step: int) -> QSpinBox:
    field = QSpinBox(parent)
    field.setRange(least, most)
    field.setSingleStep(step)
    field.setGroupSeparatorShown(True)
    return field
