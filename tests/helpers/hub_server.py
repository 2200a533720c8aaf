"""A hub on the loopback that speaks the file APIs of Hugging Face and ModelScope, and fails when it is told to.

Owns a server for the records and redirects and a second one, under another host name, for the contents, as real hubs
have. Every request is kept, with the bytes that were sent for it. It knows nothing of the product.
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_PIECE = 64 * 1024


@dataclass
class Fault:
    """What goes wrong with the next answer: a status, contents that end early, or that are not what they should be.

    `where` says which server fails: `hub` (records, redirects) or `contents`.
    """

    where: str = "contents"
    status: int = 0
    retry_after: str = ""
    after_bytes: int | None = None
    reset: bool = False
    spoilt: bool = False
    whole: bool = False  # the range is passed over
    redirect: str = ""


@dataclass
class Seen:
    """A request as it came; `sent` counts the bytes of contents."""

    where: str
    method: str
    path: str
    range: str
    authorization: str
    sent: int = 0


@dataclass
class HubServer:
    """Repositories by name, each with its files; `endpoint` is what a client is pointed at."""

    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    small: int = 1000  # files below this are not in LFS: of them only git's hash is recorded
    commit: str = COMMIT
    faults: deque[Fault] = field(default_factory=deque)
    seen: list[Seen] = field(default_factory=list)
    secret: str = ""  # what is asked for before anything is given
    pause_s: float = 0.0  # after each piece of contents
    hashes: dict[tuple[str, str], tuple[bytes, str]] = field(default_factory=dict)  # a large file is hashed once
    endpoint: str = ""
    contents: str = ""

    def sha256(self, repository: str, path: str) -> str:
        content = self.repositories[repository][path]
        known = self.hashes.get((repository, path))
        if known is None or known[0] is not content:
            known = self.hashes[repository, path] = content, hashlib.sha256(content).hexdigest()
        return known[1]

    def fault(self, where: str) -> Fault | None:
        if self.faults and self.faults[0].where == where:
            return self.faults.popleft()
        return None

    def fetched(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.where == "contents"]


@contextmanager
def running(server: HubServer) -> Iterator[HubServer]:
    """Serves until the block ends; the hub is `127.0.0.1`, the contents are at `localhost`."""
    hub = _Server(server, "hub")
    contents = _Server(server, "contents")
    server.endpoint = f"http://127.0.0.1:{hub.server_port}"
    server.contents = f"http://localhost:{contents.server_port}"
    threads = [threading.Thread(target=each.serve_forever, args=(0.02,)) for each in (hub, contents)]
    for thread in threads:
        thread.start()
    try:
        yield server
    finally:
        for each in (hub, contents):
            each.shutdown()
            each.server_close()
        for thread in threads:
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 64

    def __init__(self, server: HubServer, where: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub = server
        self.where = where

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None: ...

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(20)

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        hub, where = self.server.hub, self.server.where
        seen = Seen(
            where,
            self.command,
            self.path,
            self.headers.get("Range", ""),
            self.headers.get("Authorization", ""),
        )
        hub.seen.append(seen)
        fault = hub.fault(where)
        if fault is not None and fault.status:
            headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
            self._send(fault.status, headers)
        elif fault is not None and fault.redirect:
            self._send(302, {"Location": fault.redirect})
        elif where == "contents":
            self._send_contents(seen, fault)
        elif hub.secret and seen.authorization != f"Bearer {hub.secret}":
            self._send(401, {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted"})
        else:
            self._send_record()

    # -- the hub

    def _send_record(self) -> None:
        hub, parts = self.server.hub, urlsplit(self.path)
        path = unquote(parts.path)
        if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/([^/]+)", path):
            self._send_info(match[1])
        elif match := re.fullmatch(r"/api/v1/models/([^/]+/[^/]+)/repo/files", path):
            self._send_model_scope(match[1], parse_qs(parts.query))
        elif match := re.fullmatch(r"(?:/models)?/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self._send_resolved(match[1], match[3])
        else:
            self._send(404, {})
        assert hub.endpoint

    def _send_info(self, name: str) -> None:
        hub = self.server.hub
        if name not in hub.repositories:
            self._send(404, {"X-Error-Code": "RepoNotFound"})
            return
        siblings = []
        for path, content in hub.repositories[name].items():
            entry: dict[str, Any] = {"rfilename": path, "size": len(content), "blobId": _git_hash(content)}
            if len(content) >= hub.small:
                sha256 = hub.sha256(name, path)
                entry["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 135}
            siblings.append(entry)
        self._send_json({"id": name, "modelId": name, "sha": hub.commit, "siblings": siblings, "tags": []})

    def _send_model_scope(self, name: str, query: dict[str, list[str]]) -> None:
        hub = self.server.hub
        if name not in hub.repositories:
            self._send_json({"Code": 10010205001, "Success": False, "Data": None}, 404)
            return
        assert query["Recursive"]
        files = [
            {"Path": path, "Name": path, "Type": "blob", "Size": len(content), "Sha256": hub.sha256(name, path)}
            for path, content in hub.repositories[name].items()
        ]
        self._send_json({"Code": 200, "Success": True, "Data": {"Files": [{"Path": "d", "Type": "tree"}, *files]}})

    def _send_resolved(self, name: str, path: str) -> None:
        hub = self.server.hub
        content = hub.repositories.get(name, {}).get(path)
        if content is None:
            self._send(404, {"X-Error-Code": "EntryNotFound"})
            return
        sha256 = hub.sha256(name, path)
        self._send(
            302,
            {
                "Location": f"{hub.contents}/{name}/{path}?Signature=x",
                "X-Repo-Commit": hub.commit,
                "X-Linked-Size": str(len(content)),
                "X-Linked-ETag": f'"{sha256 if len(content) >= hub.small else _git_hash(content)}"',
            },
        )

    # -- the contents

    def _send_contents(self, seen: Seen, fault: Fault | None) -> None:
        hub = self.server.hub
        owner, name, path = unquote(urlsplit(self.path).path).lstrip("/").split("/", 2)
        content = hub.repositories[f"{owner}/{name}"][path]
        if fault is not None and fault.spoilt:
            content = bytes([content[0] ^ 1]) + content[1:]
        start = 0
        match = re.fullmatch(r"bytes=(\d+)-", seen.range)
        headers = {}
        if match and not (fault is not None and fault.whole):
            start = int(match[1])
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        body = memoryview(content)[start:]
        self.send_response(206 if headers else 200)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        end = len(body) if fault is None or fault.after_bytes is None else min(fault.after_bytes, len(body))
        self._send_pieces(seen, body[:end])
        if end < len(body):
            self._break_off(reset=fault is not None and fault.reset)

    def _send_pieces(self, seen: Seen, body: memoryview) -> None:
        while body:
            sent = self.connection.send(body[:_PIECE])
            seen.sent += sent
            body = body[sent:]
            if self.server.hub.pause_s:
                threading.Event().wait(self.server.hub.pause_s)

    def _break_off(self, *, reset: bool) -> None:
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        else:
            self.connection.shutdown(socket.SHUT_WR)

    # -- both

    def _send_json(self, value: object, status: int = 200) -> None:
        self._send(status, {"Content-Type": "application/json"}, json.dumps(value).encode())

    def _send(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _git_hash(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
