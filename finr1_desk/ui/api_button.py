"""The local API in the status bar: whether it is on, where, and what a program needs to use it.

Owns the button and its menu. It is told how the API stands, and passes on what the user wants.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from finr1_desk.app.local_api import ApiPhase, ApiStatus
from finr1_desk.ui.named import named

EXAMPLE = """\
from openai import OpenAI

client = OpenAI(api_key="{key}", base_url="{address}")
model = client.models.list().data[0].id
answer = client.chat.completions.create(
    model=model,
    messages=[{{"role": "user", "content": "Revenue rose from 200 to 250. What is the growth rate?"}}],
    temperature=0.7,
    top_p=0.8,
    max_tokens=4000,
    extra_body={{"repetition_penalty": 1.05}},
)
print(answer.choices[0].message.content)
"""


class ApiButton(QToolButton):
    """Not there while the API is off."""

    offWanted = Signal()
    retryWanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "apiButton")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._status = ApiStatus()
        menu = QMenu(self)
        self._address = menu.addAction("", lambda: self._copy(self._status.address))
        self._key = menu.addAction("", lambda: self._copy(self._status.key))
        self._example = menu.addAction("", self._copy_example)
        menu.addSeparator()
        self._retry = menu.addAction("", self.retryWanted.emit)
        self._off = menu.addAction("", self.offWanted.emit)
        self.setMenu(menu)
        self.show_status(self._status)

    def show_status(self, status: ApiStatus) -> None:
        self._status = status
        self.setVisible(status.phase is not ApiPhase.OFF)
        is_on = status.phase is ApiPhase.ON
        for action in (self._address, self._key, self._example):
            action.setEnabled(is_on)
        self._retry.setVisible(status.phase is ApiPhase.FAILED)
        self.retranslate()

    def retranslate(self) -> None:
        place = self._status.address.removeprefix("http://").removesuffix("/v1")
        match self._status.phase:
            case ApiPhase.ON:
                self.setText(self.tr("API · {address}").format(address=place))
                words = self.tr("Programs on this computer can ask the model at {address}").format(
                    address=self._status.address
                )
            case ApiPhase.FAILED:
                self.setText(self.tr("API · not running"))
                words = self.tr("The local API is not running")
            case _:
                self.setText(self.tr("API · starting…"))
                words = self.tr("The local API is starting")
        self.setToolTip(words)
        self.setAccessibleName(words)
        self._address.setText(self.tr("Copy the &address"))
        self._key.setText(self.tr("Copy the &key"))
        self._example.setText(self.tr("Copy an &example in Python"))
        self._retry.setText(self.tr("&Try again"))
        self._off.setText(self.tr("Switch the API &off"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)

    def _copy_example(self) -> None:
        self._copy(EXAMPLE.format(key=self._status.key, address=self._status.address))
