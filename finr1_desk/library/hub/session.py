"""Connections to hubs: certificates of the system, proxies of the environment, and a token that goes to one host only.

Owns the HTTP client and the translation of what goes wrong there into errors for users. Nothing is contacted until
a request is made, and every request is made because the user asked for a download.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx2
import truststore

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.version import VERSION
from finr1_desk.library.hub.address import LOCAL, host_of, is_local

USER_AGENT: Final = f"finr1-desk/{VERSION}"
CONNECT_S: Final = 20.0
READ_S: Final = 45.0  # a connection that brings nothing for so long is taken for lost
_MAX_REDIRECTS: Final = 6
_OFFLINE_WORDS: Final = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True, slots=True)
class Token:
    """A secret and the only host (with its port, as in the address) that may see it."""

    host: str
    secret: str

    def __repr__(self) -> str:  # the secret must not reach a log by way of a traceback
        return f"Token(host={self.host!r})"


class RetryLaterError(Exception):
    """The server is there and does not serve now; `after_s` where it said when to come again."""

    def __init__(self, host: str, status: int, after_s: float | None = None) -> None:
        super().__init__(f"{host}: {status}")
        self.host = host
        self.status = status
        self.after_s = after_s


class ConnectionLostError(Exception):
    """There is no connection, or it broke; trying again may help."""

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"{host}: {reason}")
        self.host = host
        self.reason = reason


class Session:
    """A client for one download. `close` it, or use it as a context manager."""

    def __init__(self, token: Token | None = None) -> None:
        self.token = token
        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.client = httpx2.Client(
            verify=context,
            timeout=httpx2.Timeout(READ_S, connect=CONNECT_S),
            follow_redirects=False,
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
            event_hooks={"request": [self._guard]},
        )

    def close(self) -> None:
        self.client.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _guard(self, request: httpx2.Request) -> None:
        """The last look at each request, also at those of libraries that use the client: the token's only way out."""
        request.headers.pop("Authorization", None)
        host = request.url.netloc.decode("ascii").lower()
        private = request.url.scheme == "https" or request.url.host in LOCAL
        if self.token is not None and host == self.token.host and private:
            request.headers["Authorization"] = f"Bearer {self.token.secret}"

    @contextmanager
    def open(self, address: str, headers: dict[str, str] | None = None) -> Iterator[httpx2.Response]:
        """The response to a GET, after redirects, with its body still to be read; 200 or 206.

        Raises:
            UserError: `DOWNLOAD_NOT_FOUND`, `DOWNLOAD_REFUSED`, `DOWNLOAD_CERTIFICATE`.
            RetryLaterError, ConnectionLostError: as they say.
        """
        refuse_offline(host_of(address))
        for _ in range(_MAX_REDIRECTS):
            with translated(address), self.client.stream("GET", address, headers=headers) as response:
                if not response.is_redirect:
                    check_status(response.status_code, address, response.headers.get("Retry-After"))
                    yield response
                    return
                address = _next_address(address, response.headers["Location"])
        raise ConnectionLostError(host_of(address), "too many redirects")


def _next_address(address: str, location: str) -> str:
    target = urljoin(address, location)
    parts = urlsplit(target)
    downgraded = parts.scheme != "https" and not (parts.scheme == "http" and is_local(parts))
    if downgraded:
        raise UserError(ErrorCode.DOWNLOAD_REFUSED, host=host_of(address), status="http", what=target[:200])
    return target


def refuse_offline(host: str) -> None:
    """
    Raises:
        UserError: `DOWNLOAD_UNREACHABLE` where the environment says that hubs may not be contacted.
    """
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in _OFFLINE_WORDS:
        raise UserError(ErrorCode.DOWNLOAD_UNREACHABLE, host=host, reason="HF_HUB_OFFLINE")


@contextmanager
def translated(address: str) -> Iterator[None]:
    """Turns what the HTTP library raises into this module's errors."""
    host = host_of(address)
    try:
        yield
    except httpx2.TransportError as error:
        reason = _certificate_reason(error)
        if reason:
            raise UserError(ErrorCode.DOWNLOAD_CERTIFICATE, host=host, reason=reason) from error
        raise ConnectionLostError(host, str(error) or type(error).__name__) from error
    except httpx2.HTTPError as error:
        raise ConnectionLostError(host, str(error) or type(error).__name__) from error


def _certificate_reason(error: BaseException) -> str:
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, ssl.SSLCertVerificationError):
            return found.verify_message or str(found)
        found = found.__cause__ or found.__context__
    return "certificate" if "CERTIFICATE_VERIFY_FAILED" in str(error) else ""


def check_status(status: int, address: str, retry_after: str | None = None) -> None:
    """
    Raises:
        UserError: `DOWNLOAD_NOT_FOUND`, `DOWNLOAD_REFUSED`.
        RetryLaterError: too many requests, or the server is in trouble.
    """
    host = host_of(address)
    if status in (200, 206):
        return
    if status in (408, 425, 429) or status >= 500:
        raise RetryLaterError(host, status, _seconds(retry_after))
    what = urlsplit(address).path.strip("/")
    if status in (404, 410):
        raise UserError(ErrorCode.DOWNLOAD_NOT_FOUND, what=what, host=host)
    raise UserError(ErrorCode.DOWNLOAD_REFUSED, host=host, status=str(status), what=what)


def _seconds(retry_after: str | None) -> float | None:
    """A `Retry-After`: seconds, or a date."""
    text = (retry_after or "").strip()
    if text.isdecimal() and len(text) < 8:
        return float(text)
    try:
        from datetime import UTC, datetime

        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()) if text else None
    except (ValueError, TypeError):
        return None
