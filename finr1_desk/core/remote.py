"""A team server: which one, and how it is written in the place of a model's path.

Owns the address's form and what of it may be shown. Keys are no part of it, and nothing here opens a connection.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from finr1_desk.core.errors import ErrorCode, UserError

SCHEMES: Final = ("http", "https")
_LONGEST: Final = 2000  # characters of an address
MOST_SECONDS: Final = 3600.0
REQUEST: Final = "server-"  # how the ids of requests to a server begin


@dataclass(frozen=True, slots=True)
class RemoteServer:
    """An OpenAI-compatible server and how long it is waited for.

    Attributes:
        base_url: as `checked_url` returns it; empty for none.
        model: the name it is served under; empty for the first that the server names.
        in_use: questions go there instead of to this machine.
        connect_s: for a connection.
        silence_s: between two pieces of an answer; the first may take a long prompt's time.
    """

    base_url: str = ""
    model: str = ""
    in_use: bool = False
    connect_s: float = 10.0
    silence_s: float = 300.0

    @property
    def host(self) -> str:
        """Name and port, as the user is told where text goes and as its key is kept under."""
        return host_of(self.base_url)

    @property
    def address(self) -> str:
        """What stands for a model's path in a request."""
        return f"{self.base_url}#{self.model}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ServerAccess:
    """A server with what it takes to be let in. It is made for one request and never kept."""

    server: RemoteServer
    key: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def server_from_json(values: Mapping[str, Any]) -> RemoteServer:
    """What a file holds of a server; anything that makes no sense there is as by default."""
    default = RemoteServer()
    try:
        url = checked_url(str(values.get("base_url", "")))
    except UserError:
        return default

    def seconds(name: str, otherwise: float) -> float:
        value = values.get(name)
        number = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= MOST_SECONDS
        return float(value) if number and value is not None else otherwise

    model = values.get("model")
    return RemoteServer(
        url,
        model if isinstance(model, str) else "",
        values.get("in_use") is True,
        seconds("connect_s", default.connect_s),
        seconds("silence_s", default.silence_s),
    )


def checked_url(text: str) -> str:
    """The address of a server's API as `https://host:port/v1`, from what a person types.

    `http://` is added where nothing stands before the host, `/v1` where no path stands behind it.

    Raises:
        UserError: `SERVER_ADDRESS` for anything that is no such address, a user name or password in it included:
            it would be shown and kept as part of the address.
    """
    given = text.strip()
    candidate = given if "://" in given else f"http://{given}"
    try:
        parts = urlsplit(candidate)
        port = parts.port
    except ValueError:
        raise UserError(ErrorCode.SERVER_ADDRESS, value=given) from None
    bad = (
        not given
        or len(given) > _LONGEST
        or parts.scheme not in SCHEMES
        or not parts.hostname
        or "@" in parts.netloc
        or bool(parts.query or parts.fragment)
        or any(ord(char) <= 32 or ord(char) == 127 for char in candidate)
        or port == 0
    )
    if bad:
        raise UserError(ErrorCode.SERVER_ADDRESS, value=given)
    path = parts.path.rstrip("/") or "/v1"
    return urlunsplit((parts.scheme, parts.netloc.lower(), path, "", ""))


def is_remote(path: str) -> bool:
    """Whether this stands for a server rather than for a file."""
    return path.startswith(tuple(f"{scheme}://" for scheme in SCHEMES))


def host_of(url: str) -> str:
    """Name and port of a server's address."""
    return urlsplit(url).netloc


def is_loopback(url: str) -> bool:
    """Whether the server is this very machine, so that nothing leaves it."""
    name = urlsplit(url).hostname or ""
    if name == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified  # 0.0.0.0, as servers name themselves, is this machine too


def is_in_the_clear(url: str) -> bool:
    """Whether others on the way can read along: no encryption, and not this machine."""
    return urlsplit(url).scheme == "http" and not is_loopback(url)
