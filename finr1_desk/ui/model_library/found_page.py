"""The models on this computer: a list, what is known of the one chosen, and what can be done with it.

Owns the page. Finding and choosing is the models' controller's; what a model is, the library says.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from finr1_desk.app.models import Models
from finr1_desk.core.wording import count_text, filled, size_text
from finr1_desk.library.catalogue import load_catalogue
from finr1_desk.library.discovery import FoundModel
from finr1_desk.library.identity import Identity, identify
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.named import named
from finr1_desk.ui.words.library import identity_words, parameters_words, source_words, verdict_words
from finr1_desk.ui.words.model import verification_text

_HASH_SHOWN = 16  # hexadecimal digits
_NAME, _QUANTISATION, _SIZE, _FOUND, _IDENTITY = range(5)


class FoundPage(QWidget):
    useWanted = Signal(object)  # Path
    openWanted = Signal(object)  # Path of a folder
    removeWanted = Signal(object)  # FoundModel
    addWanted = Signal()
    importWanted = Signal()

    def __init__(self, models: Models, own_folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._models = models
        self._own_folder = own_folder
        self._known = load_catalogue().hashes()
        self._list = named(QTreeWidget(self), "modelList")
        self._details = named(QLabel(self), "modelDetails")
        self._use = named(QPushButton(self), "useModel")
        self._open = QPushButton(self)
        self._remove = named(QPushButton(self), "removeModel")
        self._add = named(QPushButton(self), "addFolder")
        self._import = named(QPushButton(self), "importModel")
        self._build()
        self._list.currentItemChanged.connect(lambda *_: self._show_details())
        self._list.itemActivated.connect(lambda *_: self._on_use())
        self._use.clicked.connect(self._on_use)
        self._open.clicked.connect(lambda: self._with(lambda model: self.openWanted.emit(model.path.parent)))
        self._remove.clicked.connect(lambda: self._with(self.removeWanted.emit))
        self._add.clicked.connect(self.addWanted)
        self._import.clicked.connect(self.importWanted)
        models.foundChanged.connect(self._show_models)  # a method's connection ends with its widget
        models.chosen.connect(self._show_models)
        self.retranslate()

    def _build(self) -> None:
        self._list.setRootIsDecorated(False)
        self._list.setUniformRowHeights(True)
        self._list.setAllColumnsShowFocus(True)
        self._list.setColumnCount(5)
        self._list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header = self._list.header()
        header.setStretchLastSection(False)
        for column in range(5):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        self._details.setTextFormat(Qt.TextFormat.PlainText)
        self._details.setWordWrap(True)
        self._details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._details.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._details.setMinimumHeight(13 * GRID)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        for button in (self._use, self._open, self._remove):
            buttons.addWidget(button)
        buttons.addStretch(1)
        for button in (self._import, self._add):
            buttons.addWidget(button)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column_.setSpacing(GRID + GRID // 2)
        column_.addWidget(self._list, 1)
        column_.addWidget(self._details)
        column_.addLayout(buttons)

    # -- what is shown

    def _show_models(self, _: object = None) -> None:
        current = self._current()
        wanted = current.path if current is not None else None
        choice = self._models.choice
        if wanted is None and choice is not None:
            wanted = choice.path
        self._list.clear()
        for model in self._models.found():
            item = self._item(model, choice is not None and choice.path == model.path)
            self._list.addTopLevelItem(item)
            if model.path == wanted:
                self._list.setCurrentItem(item)
        self._show_details()

    def _item(self, model: FoundModel, chosen: bool) -> QTreeWidgetItem:
        name = model.shown_name
        if model.same_as is not None:
            name = filled(self.tr("%1 (the same again)"), name)
        words = [
            name,
            model.header.quantisation,
            size_text(model.header.file_bytes),
            source_words(model),
            self._fin_r1(model),
        ]
        item = QTreeWidgetItem(words)
        item.setData(_NAME, Qt.ItemDataRole.UserRole, model)
        item.setTextAlignment(_SIZE, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        item.setToolTip(_NAME, str(model.path))
        font = item.font(_NAME)
        font.setBold(chosen)
        item.setFont(_NAME, font)
        return item

    def _fin_r1(self, model: FoundModel) -> str:
        return verdict_words(self._identity(model)) if model.is_fin_r1 else ""

    def _identity(self, model: FoundModel) -> Identity:
        return identify(model.header, "" if model.sha256_stated else model.sha256, self._known)

    def _show_details(self) -> None:
        model = self._current()
        for button in (self._use, self._open):
            button.setEnabled(model is not None)
        choice = self._models.choice
        chosen = model is not None and choice is not None and choice.path == model.path
        self._use.setText(self.tr("In use") if chosen else self.tr("Use this model"))
        self._use.setEnabled(model is not None and not chosen)
        self._remove.setEnabled(model is not None and model.path.parent == self._own_folder and not chosen)
        self._details.setText("\n".join(self._lines(model)) if model is not None else "")

    def _lines(self, model: FoundModel) -> list[str]:
        header = model.header
        facts = [f"{header.architecture}, {parameters_words(header.parameters)}"]
        if header.trained_context:
            facts.append(filled(self.tr("trained for %1 tokens"), count_text(header.trained_context)))
        facts.append(self.tr("with a chat template") if header.has_chat_template else self.tr("no chat template"))
        lines = [str(model.path), " · ".join(facts)]
        lines.append(filled(self.tr("Is it Fin-R1? %1"), identity_words(self._identity(model))))
        if model.same_as is not None:
            lines.append(filled(self.tr("The same file as %1."), str(model.same_as)))
        measured = verification_text(model)
        if measured:
            lines.append(measured)
        if model.sha256:
            lines.append(f"sha256 {model.sha256[:_HASH_SHOWN]}…")
        return lines

    def _current(self) -> FoundModel | None:
        item = self._list.currentItem()
        model = item.data(_NAME, Qt.ItemDataRole.UserRole) if item is not None else None
        return model if isinstance(model, FoundModel) else None

    # -- what is wanted

    def _with(self, call: object) -> None:
        model = self._current()
        if model is not None and callable(call):
            call(model)

    def _on_use(self) -> None:
        model = self._current()
        if model is not None and self._use.isEnabled():
            self.useWanted.emit(model.path)

    def retranslate(self) -> None:
        self._list.setHeaderLabels(
            [self.tr("Model"), self.tr("Quantisation"), self.tr("Size"), self.tr("Found in"), "Fin-R1"]
        )
        self._list.setAccessibleName(self.tr("Models on this computer"))
        self._open.setText(self.tr("Open folder"))
        self._remove.setText(self.tr("Remove…"))
        self._add.setText(self.tr("Add a folder…"))
        self._import.setText(self.tr("Import from a drive…"))
        self._show_models()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)
