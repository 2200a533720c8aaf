"""The status bar: the model, the context, the speed, and how the store is locked.

Owns the wording of states. It is told them and asks nothing.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QLocale, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QMenu, QSizePolicy, QStatusBar, QToolButton, QWidget

from finr1_desk.ui.header import ElidedLabel
from finr1_desk.ui.look.icons import Icons
from finr1_desk.ui.look.theme import GRID, Theme
from finr1_desk.ui.named import named

FULL = 0.9  # of the context, from which on the meter warns


class ContextMeter(QWidget):
    """Tokens used of the context, as figures beside a small bar.

    No `QProgressBar`: that repaints the window at once, whenever its value changes.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("contextMeter")
        self.theme = theme
        self._share = 0.0
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.show_use(0, 0)

    def show_use(self, tokens: int, limit: int) -> None:
        """Shows so many tokens of so many; a limit of 0 is one that nobody told."""
        before = len(self._text)
        self._share = min(tokens / limit, 1.0) if limit else 0.0
        used, most = QLocale().toString(tokens), QLocale().toString(limit)
        if limit:
            self._text = f"{used} / {most}"
            words = self.tr("Context: {used} of {limit} tokens used").format(used=used, limit=most)
        else:
            self._text = used if tokens else "–"
            words = self.tr("Context: {used} tokens used").format(used=used)
        self.setToolTip(words)
        self.setAccessibleName(words)
        if len(self._text) != before:
            self.updateGeometry()
        self.update()

    def text(self) -> str:
        """The figures that are shown."""
        return self._text

    def sizeHint(self) -> QSize:
        widest = "0" * len(self._text)  # so that the bar beside it does not tremble with every figure
        return QSize(self.fontMetrics().horizontalAdvance(widest) + 8 * GRID, 3 * GRID)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(GRID / 2, self.height() / 2 - 2, 6 * GRID, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.color("line"))
        painter.drawRoundedRect(bar, 2, 2)
        if self._share > 0:
            painter.setBrush(self.theme.color("danger" if self._share >= FULL else "accent"))
            painter.drawRoundedRect(QRectF(bar.left(), bar.top(), max(4.0, bar.width() * self._share), 4), 2, 2)
        painter.setPen(self.theme.color("muted"))
        words = self.rect().adjusted(7 * GRID + GRID // 2, 0, 0, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._text)


class StatusBar(QStatusBar):
    modelMenuWanted = Signal(QMenu)  # to be filled, just before it is shown

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._icons = icons
        self._lock_state = ("opening", "")
        self._model: tuple[str, str, str] | None = None  # name, quantisation, device
        self._chosen: str | None = None
        self._server = ""
        self._loading: float | None = None
        self._tokens_per_s = 0.0
        self._use = (0, 0)
        self._draft: int | None = None
        self._draft_is_about = False
        self._button = named(QToolButton(self), "modelButton")
        self._speed = QLabel(self)
        self._question = QLabel(self)
        self._question.setContentsMargins(GRID, 0, GRID, 0)
        self._meter = ContextMeter(theme, self)
        self._lock_icon = QLabel(self)
        self._lock = named(ElidedLabel(self), "lockLabel")
        self._menu = QMenu(self._button)
        self._build()
        self.draw(theme, icons)
        self.retranslate()

    def _build(self) -> None:
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._button.setIconSize(QSize(16, 16))
        self._button.setMenu(self._menu)
        self._menu.aboutToShow.connect(self._on_menu)
        self.addWidget(self._button)
        for widget in (self._speed, self._question, self._meter, self._lock_icon, self._lock):
            self.addPermanentWidget(widget)
        self._lock.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setContentsMargins(GRID // 2, 0, GRID, 0)

    # -- what is shown

    def show_chosen(self, name: str | None) -> None:
        """The model that will answer, while none is loaded."""
        self._chosen = name
        self._show_model()

    def show_server(self, name: str) -> None:
        """The model and server that answer; empty where this computer does."""
        self._server = name
        self._show_model()

    def show_loaded(self, name: str, quantisation: str, device: str) -> None:
        self._model, self._loading = (name, quantisation, device), None
        self._show_model()

    def show_unloaded(self) -> None:
        self._model, self._loading = None, None
        self._show_model()

    def show_loading(self, path: str, fraction: float) -> None:
        self._loading = fraction if fraction < 1 else None
        self._chosen = self._chosen or Path(path).name
        self._show_model()

    def show_context(self, tokens: int, limit: int) -> None:
        self._use = (tokens, limit)
        self._meter.show_use(tokens, limit)

    def show_question(self, tokens: int | None, *, is_about: bool = False) -> None:
        """What the question that is being written takes of the context, exactly or about; None while there is none."""
        self._draft, self._draft_is_about = tokens, is_about
        text = self.tr("Question: about {tokens} tokens") if is_about else self.tr("Question: {tokens} tokens")
        self._question.setText(text.format(tokens=QLocale().toString(tokens)) if tokens is not None else "")

    def question_text(self) -> str:
        return self._question.text()

    def show_speed(self, tokens_per_s: float) -> None:
        self._tokens_per_s = tokens_per_s
        figure = QLocale().toString(tokens_per_s, "f", 1 if tokens_per_s < 100 else 0)
        self._speed.setText(self.tr("{figure} tokens/s").format(figure=figure) if tokens_per_s > 0 else "")

    def show_lock(self, state: str, detail: str = "") -> None:
        """`state` is `opening`, `keychain`, `file` or `failed`; `detail` says more in the tooltip."""
        self._lock_state = (state, detail)
        match state:
            case "keychain":
                text, icon = self.tr("Encrypted · key in the keychain"), "lock"
            case "file":
                text, icon = self.tr("Encrypted · key in a file on this computer"), "lock"
            case "failed":
                text, icon = self.tr("Conversations could not be opened"), "warning"
            case _:
                text, icon = self.tr("Opening conversations…"), "lock-open"
        self._lock.setText(text)
        self._lock.setToolTip(detail or text)
        self._lock_icon.setPixmap(self._icons.pixmap(icon, "muted", 14, self.devicePixelRatioF()))

    def lock_text(self) -> str:
        return self._lock.text()

    def draw(self, theme: Theme, icons: Icons) -> None:
        self._icons = icons
        self._meter.theme = theme
        self._meter.update()
        self._button.setIcon(icons.icon("model", "muted", 16))
        self.show_lock(*self._lock_state)

    def retranslate(self) -> None:
        self._button.setToolTip(self.tr("The model that answers: choose, load, unload"))
        self._show_model()
        self.show_context(*self._use)
        self.show_speed(self._tokens_per_s)
        self.show_question(self._draft, is_about=self._draft_is_about)
        self.show_lock(*self._lock_state)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _show_model(self) -> None:
        if self._loading is not None:
            text = self.tr("Loading {name} · {percent}%").format(
                name=self._chosen or "", percent=int(self._loading * 100)
            )
        elif self._server:
            text = self._server
        elif self._model is not None:
            text = " · ".join(part for part in self._model if part)
        elif self._chosen is not None:
            text = self.tr("{name} · not loaded").format(name=self._chosen)
        else:
            text = self.tr("No model")
        self._button.setText(text)
        self._button.setAccessibleName(self.tr("Model: {state}").format(state=text))

    def _on_menu(self) -> None:
        self.modelMenuWanted.emit(self._menu)
