"""The team server: which one it is, whether it is in use, and what lets a question in.

Owns its small file and its keys' way from the keychain to a request. It contacts a server only when it is asked to.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from finr1_desk.app.background import Pool
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.remote import RemoteServer, ServerAccess, host_of
from finr1_desk.store.paths import DataPaths
from finr1_desk.store.policy import Policy, load_policy
from finr1_desk.store.secrets import Secrets
from finr1_desk.store.server_access import Credentials, access_to, credentials_of, keep_credentials
from finr1_desk.store.server_file import load_server, save_server


@dataclass(frozen=True, slots=True)
class Tested:
    """A server that answered: the models it names, and how long it took."""

    models: tuple[str, ...]
    seconds: float


class TeamServer(QObject):
    changed = Signal(object)  # RemoteServer
    tested = Signal(object)  # Tested | UserError
    known = Signal(object)  # Credentials, where they were asked for
    failed = Signal(object)  # UserError

    def __init__(
        self, paths: DataPaths, pool: Pool, policy: Policy | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._paths = paths
        self._pool = pool
        self.secrets = Secrets(paths)
        self.policy = policy if policy is not None else load_policy()
        value = load_server(paths)
        self.value = replace(value, in_use=value.in_use and self.policy.allows(value.base_url))

    def access(self, address: str) -> ServerAccess:
        """What a request for this address is sent with. Called off the main thread; it may wait for the keychain.

        Raises:
            UserError: `SERVER_CHANGED`: another server is in use by now, or none; `SERVER_FORBIDDEN`.
        """
        server = self.value
        if not server.in_use:
            raise UserError(ErrorCode.SERVER_CHANGED, host=host_of(address))
        return access_to(server, address, self.policy, self.secrets)

    def set(self, server: RemoteServer, credentials: Credentials | None = None) -> None:
        """Keeps a server; `credentials` None leaves those of its host as they are."""
        if server.in_use:
            try:
                self.policy.check(server.base_url)
            except UserError as error:
                self.failed.emit(error)
                return
        try:
            save_server(self._paths, server)
        except UserError as error:
            self.failed.emit(error)
            return

        def done(_: object = None) -> None:
            self.value = server
            self.changed.emit(server)

        if credentials is None:
            done()
        else:
            self._pool.run(lambda: keep_credentials(server.host, credentials, self.secrets), done, self.failed.emit)

    def use(self, on: bool) -> None:
        """Sends questions to the server from now on, or answers them here again."""
        if on is not self.value.in_use and self.value.base_url:
            self.set(replace(self.value, in_use=on))

    def look_up(self, host: str) -> None:
        """Asks the keychain for what lets into a server; `known` tells."""
        self._pool.run(lambda: credentials_of(host, self.secrets), self.known.emit, self.failed.emit)

    def test(self, server: RemoteServer, credentials: Credentials) -> None:
        """Asks a server for its models; `tested` tells. Nothing of a conversation is sent."""

        def work() -> Tested:
            from finr1_desk.engine.remote.listing import served_models

            self.policy.check(server.base_url)
            begun = time.monotonic()
            names = served_models(ServerAccess(server, credentials.key, credentials.headers or {}))
            return Tested(names, time.monotonic() - begun)

        self._pool.run(work, self.tested.emit, self.tested.emit)
