"""The team server: its address, model and key, a test, and whether questions go there.

Owns the form. What is kept, and what is contacted when, is the controller's; nothing leaves this computer before «Test»
is pressed or the server is put to use.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from finr1_desk.app.team_server import TeamServer, Tested
from finr1_desk.core.errors import UserError
from finr1_desk.core.remote import MOST_SECONDS, RemoteServer, checked_url, host_of, is_in_the_clear, is_loopback
from finr1_desk.store.server_access import Credentials
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.named import named
from finr1_desk.ui.words.sentences import sentence

_WIDTH = 72 * GRID


class ServerDialog(QDialog):
    """`key` and headers are shown only as far as they were typed or looked up in the keychain for this host."""

    def __init__(self, server: TeamServer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("serverDialog")
        self._server = server
        self._words = named(QLabel(self), "muted")
        self._use = named(QCheckBox(self), "setting_use_server")
        self._url = named(QLineEdit(self), "setting_server_url")
        self._model = named(QComboBox(self), "setting_server_model")
        self._key = named(QLineEdit(self), "setting_server_key")
        self._headers = named(QPlainTextEdit(self), "setting_server_headers")
        self._connect = named(QDoubleSpinBox(self), "setting_connect_s")
        self._silence = named(QDoubleSpinBox(self), "setting_silence_s")
        self._test = QPushButton(self)
        self._result = named(QLabel(self), "testResult")
        self._labels = [QLabel(self) for _ in range(6)]
        self._buttons = QDialogButtonBox(self)
        self._save = self._buttons.addButton(QDialogButtonBox.StandardButton.Save)
        self._cancel = self._buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self._build()
        self._show_value(server.value)
        self.retranslate()
        self._tell_way()
        server.tested.connect(self._on_tested)
        server.known.connect(self._on_known)
        server.failed.connect(self._show_error)
        server.changed.connect(self.accept)
        if server.value.base_url:
            server.look_up(server.value.host)

    def _build(self) -> None:
        self._model.setEditable(True)
        self._model.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._key.setEchoMode(QLineEdit.EchoMode.Password)
        self._headers.setFixedHeight(7 * GRID)
        self._headers.setTabChangesFocus(True)
        for box, least in ((self._connect, 1.0), (self._silence, 5.0)):
            box.setRange(least, MOST_SECONDS)
            box.setDecimals(0)
            box.setFixedWidth(14 * GRID)
        for label in (self._words, self._result):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        form = QFormLayout()
        form.setVerticalSpacing(GRID)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        fields = (self._url, self._model, self._key, self._headers, self._connect, self._silence)
        for label, field in zip(self._labels, fields, strict=True):
            label.setBuddy(field)
            form.addRow(label, field)
        tested = QHBoxLayout()
        tested.addWidget(self._test)
        tested.addWidget(self._result, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID + GRID // 2)
        column.addWidget(self._words)
        column.addLayout(form)
        column.addLayout(tested)
        column.addWidget(self._use)
        column.addWidget(self._buttons)
        self.setMinimumWidth(_WIDTH)
        self._test.clicked.connect(self._on_test)
        self._url.textChanged.connect(self._tell_way)
        self._url.editingFinished.connect(self._on_url)
        self._buttons.accepted.connect(self._on_save)
        self._buttons.rejected.connect(self.reject)

    # -- values

    def _show_value(self, server: RemoteServer) -> None:
        self._url.setText(server.base_url)
        self._model.setEditText(server.model)
        self._connect.setValue(server.connect_s)
        self._silence.setValue(server.silence_s)
        self._use.setChecked(server.in_use)

    def _value(self) -> RemoteServer:
        """
        Raises:
            UserError: `SERVER_ADDRESS`.
        """
        url = checked_url(self._url.text())
        model = self._model.currentText().strip()
        return RemoteServer(url, model, self._use.isChecked(), self._connect.value(), self._silence.value())

    def _credentials(self) -> Credentials:
        lines = [line.partition(":") for line in self._headers.toPlainText().splitlines()]
        headers = {name.strip(): value.strip() for name, colon, value in lines if colon and name.strip()}
        return Credentials(self._key.text().strip(), headers)

    # -- what happens

    def _on_url(self) -> None:
        """Another host has another key, or none: never the one that was typed for the host before."""
        try:
            host = host_of(checked_url(self._url.text()))
        except UserError:
            return
        if host != self._server.value.host:
            self._server.look_up(host)

    def _on_known(self, credentials: Credentials) -> None:
        if not self._key.text():
            self._key.setText(credentials.key)
        if not self._headers.toPlainText().strip():
            self._headers.setPlainText("\n".join(f"{k}: {v}" for k, v in (credentials.headers or {}).items()))

    def _on_test(self) -> None:
        try:
            server = self._value()
        except UserError as error:
            self._show_error(error)
            return
        self._test.setEnabled(False)
        self._result.setText(self.tr("Asking {host}…").format(host=server.host))
        self._server.test(server, self._credentials())

    def _on_tested(self, outcome: Tested | UserError) -> None:
        self._test.setEnabled(True)
        if isinstance(outcome, UserError):
            self._show_error(outcome)
            return
        typed = self._model.currentText()
        self._model.clear()
        self._model.addItems(list(outcome.models))
        if typed and typed not in outcome.models:
            self._model.setEditText(typed)
            text = self.tr("It answers, but has no model “{name}”.").format(name=typed)
        else:
            self._model.setCurrentText(typed or next(iter(outcome.models), ""))
            text = self.tr("It works: answered in {ms} ms.").format(ms=round(1000 * outcome.seconds))
        self._result.setText(text)

    def _show_error(self, error: UserError) -> None:
        said = sentence(error)
        self._result.setText(f"{said.text} {said.hint}")

    def _on_save(self) -> None:
        try:
            server = self._value() if self._url.text().strip() else RemoteServer()
        except UserError as error:
            self._show_error(error)
            return
        if server.in_use and not self._server.policy.allows(server.base_url):
            self._server.set(server)  # refused, and said
            return
        self._server.set(server, self._credentials() if server.base_url else None)

    def _tell_way(self) -> None:
        """Says what the address means before it is used."""
        try:
            url = checked_url(self._url.text())
        except UserError:
            self._result.setText("")
            return
        if is_loopback(url):
            self._result.setText(self.tr("This is a server on this computer: nothing leaves it."))
        elif is_in_the_clear(url):
            self._result.setText(
                self.tr("This connection is not encrypted: others in the network can read along. Better: https.")
            )
        else:
            self._result.setText("")

    # -- words

    def retranslate(self) -> None:
        self.setWindowTitle(self.tr("Team server"))
        self._words.setText(
            self.tr(
                "A server of your own organisation that runs Fin-R1, such as vLLM. While it is used, your questions, "
                "with the conversation before them, leave this computer; the window says so all the time."
            )
        )
        texts = (
            self.tr("Address"),
            self.tr("Model"),
            self.tr("Key"),
            self.tr("More headers"),
            self.tr("Wait for a connection (s)"),
            self.tr("Wait for text (s)"),
        )
        for label, text in zip(self._labels, texts, strict=True):
            label.setText(text)
        for field, text in zip(
            (self._url, self._model, self._key, self._headers, self._connect, self._silence), texts, strict=True
        ):
            field.setAccessibleName(text)
        self._url.setPlaceholderText("https://server.example:8000/v1")
        self._key.setPlaceholderText(self.tr("Kept in the keychain; may stay empty"))
        self._headers.setPlaceholderText(self.tr("Name: value, one on each line; rarely needed"))
        self._use.setText(self.tr("Send my questions to this server"))
        self._test.setText(self.tr("Test"))
        self._save.setText(self.tr("Save"))
        self._cancel.setText(self.tr("Cancel"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)
