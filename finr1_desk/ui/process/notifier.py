"""Tells that an answer is ready while the user is elsewhere.

Owns the tray icon, which is there only while it has something to say. What is told holds nothing of a conversation:
notifications are shown on locked screens and kept in logs.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

SHOWN_MS = 10_000


class Notifier(QObject):
    clicked = Signal(str)  # conversation id

    def __init__(self, window: QWidget, icon: QIcon) -> None:
        super().__init__(window)
        self._window = window
        self._icon = icon
        self._tray: QSystemTrayIcon | None = None
        self._conversation = ""
        self._hide = QTimer(self, singleShot=True, interval=SHOWN_MS)
        self._hide.timeout.connect(self.withdraw)

    def tell(self, conversation_id: str) -> None:
        """Shows a notification where the desktop has a place for one, else asks for attention in the task bar."""
        self._conversation = conversation_id
        QApplication.alert(self._window)
        if not QSystemTrayIcon.isSystemTrayAvailable() or not QSystemTrayIcon.supportsMessages():
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(self._icon, self)
            self._tray.messageClicked.connect(lambda: self.clicked.emit(self._conversation))
            self._tray.activated.connect(lambda _: self.clicked.emit(self._conversation))
        self._tray.setToolTip(self.tr("An answer is ready"))
        self._tray.show()
        self._tray.showMessage("Fin-R1 Desk", self.tr("An answer is ready"), self._icon, SHOWN_MS)
        self._hide.start()

    def withdraw(self) -> None:
        self._hide.stop()
        if self._tray is not None:
            self._tray.hide()
