"""One window per data folder: a second start raises the first window and ends.

Owns a local socket named after the data folder. It carries one word back and nothing of the user's.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCryptographicHash, QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

CONNECT_MS = 500
ANSWER_MS = 5000  # a window that is busy for a moment is not dead
_SEEN = b"seen\n"


def socket_name(root: Path) -> str:
    """A short name, the same for every start with this data folder; the socket itself is for its user only."""
    digest = QCryptographicHash.hash(str(root.resolve()).encode(), QCryptographicHash.Algorithm.Sha256)
    return f"finr1-desk-{digest.toHex().toStdString()[:24]}"


class SingleInstance(QObject):
    """`raised` is emitted in the first instance when another one was started."""

    raised = Signal()

    def __init__(self, root: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = socket_name(root)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)

    def claim(self) -> bool:
        """True if this is the only one. Otherwise the other one has been asked to come to the front.

        A socket left by a process that died is replaced: nobody answers on it.
        """
        if self._ask_other():
            return False
        if self._server.listen(self._name):
            return True
        # Either a stale socket file, or another start that was faster by a moment.
        if self._ask_other():
            return False
        QLocalServer.removeServer(self._name)
        self._server.listen(self._name)
        return True  # without a socket the window opens all the same: two windows share the store safely

    def close(self) -> None:
        self._server.close()

    def _ask_other(self) -> bool:
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(CONNECT_MS):
            return False
        answered = socket.waitForReadyRead(ANSWER_MS)
        socket.abort()
        return answered

    def _on_connection(self) -> None:
        """Whoever connects wants the window to come to the front; there is nothing else to ask for."""
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.disconnected.connect(socket.deleteLater)
            socket.write(_SEEN)
            socket.flush()
            self.raised.emit()
