"""Who may ask at all: what is checked before a request is looked at.

Owns the refusals that do not depend on what is asked: a foreign Host (a web page that has its own name point to this
machine sends that name), a missing key, a body that is no JSON or too large. No answer ever carries a CORS header, so
no page of a browser can read one. It is an ASGI application around another one.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Collection
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from finr1_desk.server.errors import RefusalError, bad

MOST_BYTES: Final = 8 * 2**20
BODY_S: Final = 60.0  # a body has to come within
_OPEN_PATHS: Final = frozenset({"/health"})
_HEADERS: Final = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]


def allowed_hosts(names: Collection[str], port: int) -> frozenset[str]:
    """What the Host header may say: one of the names, with the port; without it where it is HTTP's own."""
    bracketed = {f"[{name}]" if ":" in name else name for name in (name.strip("[]").lower() for name in names)}
    hosts = {f"{name}:{port}" for name in bracketed}
    return frozenset(hosts | bracketed if port == 80 else hosts)


class Guard:
    """Lets through what is allowed; the inner application finds the whole body as one message.

    Args:
        key: what `Authorization: Bearer` has to give.
        hosts: as `allowed_hosts` gives them.
    """

    def __init__(self, inner: ASGIApp, key: str, hosts: Collection[str]) -> None:
        self._inner = inner
        self._key = key.encode("utf-8", "surrogateescape")
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        try:
            headers = _headers(scope)
            self._check(scope, headers)
            if scope["method"] == "POST":
                _check_type(headers)
                receive = _Replay(await _body(headers, receive), receive)
        except RefusalError as refusal:
            await send_json(send, refusal.status, refusal.body)
            return
        await self._inner(scope, receive, _with_headers(send))

    def _check(self, scope: Scope, headers: dict[bytes, list[bytes]]) -> None:
        hosts = headers.get(b"host", [])
        if len(hosts) != 1 or hosts[0].decode("latin-1").lower() not in self._hosts:
            raise RefusalError(403, "The Host header names no address that is served here.", code="host_not_allowed")
        if scope["path"] in _OPEN_PATHS:
            return
        given = headers.get(b"authorization", [b""])
        kind, _, key = given[0].partition(b" ")
        if len(given) != 1 or kind.lower() != b"bearer" or not hmac.compare_digest(key.strip(), self._key):
            raise RefusalError(401, "The API key is missing or wrong.", code="invalid_api_key")


def _headers(scope: Scope) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.lower(), []).append(value)
    return found


def _check_type(headers: dict[bytes, list[bytes]]) -> None:
    """A form of a web page can send text, but not JSON without asking first."""
    given = headers.get(b"content-type", [b""])
    kind = given[0].partition(b";")[0].strip().lower()
    if len(given) != 1 or kind != b"application/json":
        raise RefusalError(415, "The body has to be application/json.")


async def _body(headers: dict[bytes, list[bytes]], receive: Receive) -> bytes:
    too_large = RefusalError(413, f"The body is larger than {MOST_BYTES} bytes.")
    announced = headers.get(b"content-length", [b"0"])[0]
    if announced.isdigit() and int(announced[:20]) > MOST_BYTES:
        raise too_large
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_S):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise bad("The body did not come.")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > MOST_BYTES:
                    raise too_large
                if not message.get("more_body"):
                    return b"".join(parts)
    except TimeoutError:
        raise RefusalError(408, "The body did not come in time.") from None


class _Replay:
    """Gives the body that was read already, and after it what comes."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


def _with_headers(send: Send) -> Send:
    async def send_more(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *_HEADERS]}
        await send(message)

    return send_more


async def send_json(
    send: Send, status: int, value: dict[str, Any], extra: tuple[tuple[bytes, bytes], ...] = ()
) -> None:
    """Sends a whole answer."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *_HEADERS, *extra]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
