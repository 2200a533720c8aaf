"""What lets a question into a team server: the policy's leave, the key, and headers that a gateway may want.

Owns how a server's key and headers are kept as one secret under its host. It contacts nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.remote import RemoteServer, ServerAccess, host_of
from finr1_desk.store.policy import Policy
from finr1_desk.store.secrets import Secrets


@dataclass(frozen=True, slots=True)
class Credentials:
    """The key and further headers; empty where a server wants none."""

    key: str = ""
    headers: Mapping[str, str] | None = None

    def to_text(self) -> str:
        return json.dumps({"key": self.key, "headers": dict(self.headers or {})})

    @classmethod
    def from_text(cls, text: str | None) -> Credentials:
        """What `to_text` wrote; nothing for anything else."""
        try:
            values = json.loads(text or "{}")
            key, headers = values.get("key", ""), values.get("headers", {})
        except (ValueError, AttributeError):
            return cls()
        good = isinstance(key, str) and isinstance(headers, dict)
        return cls(key, {str(name): str(value) for name, value in headers.items()}) if good else cls()


def access_to(server: RemoteServer, asked: str, policy: Policy, secrets: Secrets) -> ServerAccess:
    """What a request is sent with; may wait for the keychain.

    Args:
        server: as it is set up now.
        asked: the address that the request was made for, `RemoteServer.address`: nothing goes to another one.

    Raises:
        UserError: `SERVER_CHANGED`, `SERVER_FORBIDDEN`.
    """
    if server.address != asked:
        raise UserError(ErrorCode.SERVER_CHANGED, host=host_of(asked))
    policy.check(server.base_url)
    credentials = credentials_of(server.host, secrets)
    return ServerAccess(server, credentials.key, credentials.headers or {})


def credentials_of(host: str, secrets: Secrets) -> Credentials:
    return Credentials.from_text(secrets.get("server", host))


def keep_credentials(host: str, credentials: Credentials, secrets: Secrets) -> None:
    """
    Raises:
        UserError: `FILE_UNWRITABLE`.
    """
    if credentials == Credentials() or not (credentials.key or credentials.headers):
        secrets.delete("server", host)
    else:
        secrets.set("server", host, credentials.to_text())
