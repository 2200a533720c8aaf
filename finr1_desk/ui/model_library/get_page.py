"""How to get Fin-R1: the one button that suits this computer, and behind it every other way.

Owns the page. What suits is the library's advice; nothing is contacted before a button is pressed.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from finr1_desk.app.model_jobs import ModelJobs
from finr1_desk.app.model_work import Counsel
from finr1_desk.app.settings import SettingsController
from finr1_desk.core.wording import filled, size_text
from finr1_desk.library.advice import Fit, Placement
from finr1_desk.library.catalogue import Catalogue, Conversion, load_catalogue
from finr1_desk.library.hub.address import hub_for
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.named import named
from finr1_desk.ui.words.library import basis_words, context_words, placement_words, speed_words

_TYPES = ("Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0", "IQ4_XS", "Q3_K_M", "Q2_K", "BF16")
_ROWS_HEIGHT = 32 * GRID


class GetPage(QScrollArea):
    convertWanted = Signal(str)  # quantisation

    def __init__(self, jobs: ModelJobs, settings: SettingsController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("getPage")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._jobs = jobs
        self._settings = settings
        self._catalogue: Catalogue = load_catalogue()
        self._counsel: Counsel | None = None
        page = named(QWidget(self), "getColumn")
        self._title = named(QLabel(page), "emptyTitle")
        self._why = QLabel(page)
        self._get = named(QPushButton(page), "getFinR1")
        self._basis = named(QLabel(page), "muted")
        self._more = named(QPushButton(page), "linkButton")
        self._others = QWidget(page)
        self._table = named(QTreeWidget(self._others), "offerList")
        self._get_other = named(QPushButton(self._others), "getOther")
        self._published = named(QLabel(self._others), "noticeText")
        self._published_note = named(QLabel(self._others), "muted")
        self._from = named(QComboBox(self._others), "checkpointFrom")
        self._type = named(QComboBox(self._others), "checkpointType")
        self._get_checkpoint = named(QPushButton(self._others), "getCheckpoint")
        self._convert = named(QPushButton(self._others), "convertFolder")
        self._place = named(QLabel(self._others), "noticeText")
        self._hub = named(QComboBox(self._others), "setting_hub_choice")
        self._key = named(QLineEdit(self._others), "setting_hub_key")
        self._key_label = QLabel(self._others)
        self._build(page)
        self._connect()
        self.retranslate()

    # -- building

    def _build(self, page: QWidget) -> None:
        for label in (self._why, self._basis, self._published_note):
            label.setWordWrap(True)
        self._get.setDefault(True)
        self._more.setFlat(True)
        self._more.setCheckable(True)
        self._more.setCursor(Qt.CursorShape.PointingHandCursor)
        self._key.setEchoMode(QLineEdit.EchoMode.Password)
        self._key_label.setBuddy(self._key)
        self._others.hide()
        column = QVBoxLayout(page)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(GRID + GRID // 2)
        column.addWidget(self._title)
        column.addWidget(self._why)
        line = QHBoxLayout()
        line.addWidget(self._get)
        line.addWidget(self._more)
        line.addStretch(1)
        column.addLayout(line)
        column.addWidget(self._basis)
        column.addWidget(self._others)
        column.addStretch(1)
        self._build_others()
        self.setWidget(page)

    def _build_others(self) -> None:
        self._table.setRootIsDecorated(False)
        self._table.setUniformRowHeights(True)
        self._table.setAllColumnsShowFocus(True)
        self._table.setColumnCount(5)
        self._table.setMinimumHeight(_ROWS_HEIGHT)
        header = self._table.header()
        for section in range(5):
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.ResizeToContents)
        self._type.addItems(_TYPES)
        for address in ("huggingface.co", "modelscope.cn"):
            self._from.addItem(address)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self._get_other)
        checkpoint = QHBoxLayout()
        checkpoint.setSpacing(GRID)
        for widget in (self._from, self._type, self._get_checkpoint, self._convert):
            checkpoint.addWidget(widget)
        checkpoint.addStretch(1)
        place = QGridLayout()
        place.setHorizontalSpacing(GRID)
        place.addWidget(self._hub, 0, 0)
        place.addWidget(self._key_label, 0, 1)
        place.addWidget(self._key, 0, 2)
        place.setColumnStretch(2, 1)
        column = QVBoxLayout(self._others)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self._table)
        column.addLayout(row)
        column.addWidget(self._place)
        column.addLayout(place)
        column.addSpacing(GRID)
        column.addWidget(self._published)
        column.addWidget(self._published_note)
        column.addLayout(checkpoint)

    def _connect(self) -> None:
        self._jobs.advised.connect(self._on_advised)
        self._jobs.changed.connect(self._show_enabled)
        self._settings.changed.connect(self._show_place)
        self._more.toggled.connect(self._others.setVisible)
        self._get.clicked.connect(self._on_get)
        self._get_other.clicked.connect(self._on_get_other)
        self._table.currentItemChanged.connect(lambda *_: self._show_enabled())
        self._hub.activated.connect(self._on_hub)
        self._key.editingFinished.connect(self._on_key)
        self._get_checkpoint.clicked.connect(self._on_checkpoint)
        self._convert.clicked.connect(lambda: self.convertWanted.emit(self._type.currentText()))

    # -- what is shown

    def _on_advised(self, counsel: Counsel) -> None:
        self._counsel = counsel
        self._show_advice()

    def _show_advice(self) -> None:
        counsel, entry = self._counsel, self._recommended()
        if counsel is None:
            self._why.setText(self.tr("Looking at this computer…"))
            self._get.setText(self.tr("Get Fin-R1"))
            self._basis.clear()
        elif entry is None:
            self._why.setText(
                self.tr("This computer has too little memory for Fin-R1. A team's server can answer instead.")
            )
            self._basis.clear()
        else:
            fit = counsel.advice.fit(entry.quantisation)
            self._why.setText(self._reason(entry, fit) if fit is not None else "")
            template = self.tr("Get Fin-R1 (%1, %2)")
            self._get.setText(filled(template, entry.quantisation, size_text(entry.bytes)))
            self._basis.setText(basis_words(counsel.machine))
        self._fill_table()
        self._show_enabled()

    def _reason(self, entry: Conversion, fit: Fit) -> str:
        parts = (entry.quantisation, placement_words(fit), context_words(fit), speed_words(fit))
        return filled(self.tr("For this computer: %1, %2, with a context of up to %3 tokens, %4."), *parts)

    def _fill_table(self) -> None:
        self._table.clear()
        advice = self._counsel.advice if self._counsel is not None else None
        for entry in sorted(self._catalogue.offers(), key=lambda item: item.bytes):
            fit = advice.fit(entry.quantisation) if advice is not None else None
            words = [entry.quantisation, size_text(entry.bytes)]
            words += [placement_words(fit), context_words(fit), speed_words(fit)] if fit is not None else ["", "", ""]
            item = QTreeWidgetItem(words)
            item.setData(0, Qt.ItemDataRole.UserRole, entry.id)
            item.setToolTip(0, f"{entry.repository} {entry.file}".strip())
            if fit is not None and fit.placement is Placement.NONE:
                item.setForeground(2, self.palette().placeholderText())
            self._table.addTopLevelItem(item)
            recommended = self._recommended()
            if recommended is not None and entry.id == recommended.id:
                self._table.setCurrentItem(item)

    def _recommended(self) -> Conversion | None:
        chosen = self._counsel.advice.recommended if self._counsel is not None else None
        if chosen is None:
            return None
        return next(e for e in self._catalogue.offers() if e.quantisation == chosen.quantisation)

    def _show_enabled(self, _: object = None) -> None:
        free = not self._jobs.busy
        self._get.setEnabled(free and self._recommended() is not None)
        self._get_other.setEnabled(free and self._table.currentItem() is not None)
        self._get_checkpoint.setEnabled(free)
        self._convert.setEnabled(free)

    def _show_place(self, _: object = None) -> None:
        choice = self._settings.value.hub
        for number in range(self._hub.count()):
            if self._hub.itemData(number) == choice:
                self._hub.setCurrentIndex(number)

    # -- what is wanted

    def _on_get(self) -> None:
        entry = self._recommended()
        if entry is not None:
            self._jobs.download(entry)

    def _on_get_other(self) -> None:
        item = self._table.currentItem()
        wanted = item.data(0, Qt.ItemDataRole.UserRole) if item is not None else None
        for entry in self._catalogue.offers():
            if entry.id == wanted:
                self._jobs.download(entry)

    def _on_checkpoint(self) -> None:
        self._jobs.download_checkpoint(self._type.currentText(), model_scope=self._from.currentIndex() == 1)

    def _on_hub(self) -> None:
        self._settings.set(hub=self._hub.currentData())

    def _on_key(self) -> None:
        """Kept for the hub that is chosen, and given to no other."""
        if self._key.isModified():
            self._key.setModified(False)
            self._jobs.keep_token(hub_for(self._settings.value.hub).host, self._key.text().strip())

    # -- words

    def retranslate(self) -> None:
        self._title.setText(self.tr("Fin-R1 on this computer"))
        self._more.setText(self.tr("Other versions and ways"))
        self._table.setHeaderLabels(
            [self.tr("Quantisation"), self.tr("Size"), self.tr("Runs"), self.tr("Context"), self.tr("Speed")]
        )
        self._table.setAccessibleName(self.tr("Conversions of Fin-R1"))
        self._get_other.setText(self.tr("Get this version"))
        self._place.setText(self.tr("Where from"))
        self._key_label.setText(self.tr("Access key, if one is needed"))
        self._published.setText(self.tr("The model as its authors published it"))
        self._published_note.setText(
            filled(
                self.tr("%1 are fetched and converted here. A checkpoint that is here already can be converted too."),
                size_text(self._catalogue.checkpoint.bytes),
            )
        )
        self._get_checkpoint.setText(self.tr("Get and convert"))
        self._convert.setText(self.tr("Convert a folder…"))
        self._from.setAccessibleName(self.tr("Where from"))
        self._type.setAccessibleName(self.tr("Quantisation"))
        self._hub.setAccessibleName(self.tr("Where from"))
        self._hub.clear()
        for value, text in (
            ("auto", self.tr("as the environment says, else huggingface.co")),
            ("huggingface", "huggingface.co"),
            ("mirror", self.tr("hf-mirror.com, a mirror in China")),
        ):
            self._hub.addItem(text, value)
        self._show_place()
        self._show_advice()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)
