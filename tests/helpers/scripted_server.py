"""A server of OpenAI's chat API that says what the test tells it to, and breaks off where the test wants it to.

It speaks plain HTTP/1.1 on loopback; every request it got can be looked at. Nothing of it is known to the product.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

MODEL = "Fin-R1"


@dataclass
class Got:
    """One request as it came; the names of its headers in small letters."""

    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass
class Reply:
    """What is answered.

    Attributes:
        body: JSON of an answer that is no stream.
        events: of a stream; text is sent as it is, anything else as JSON.
        hold: waits, after the events, until the test sets it (or the client goes).
        cut: the connection is closed in the middle of the last event.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    events: Sequence[Any] | None = None
    hold: threading.Event | None = None
    cut: bool = False


def piece(content: str = "", *, end: str | None = None, index: int = 0, **delta: Any) -> dict[str, Any]:
    """One chunk of a stream."""
    fields = delta | ({"content": content} if content else {})
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": MODEL,
        "choices": [{"index": index, "delta": fields, "finish_reason": end}],
    }


def figures(prompt: int, completion: int, cached: int = 0) -> dict[str, Any]:
    """The last chunk of a stream, with `include_usage`."""
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    return piece() | {"choices": [], "usage": usage}


def answered(text: str) -> Reply:
    """A whole answer, a character at a time."""
    return Reply(events=[*(piece(char) for char in text), piece(end="stop"), figures(20, len(text)), "[DONE]"])


class ScriptedServer:
    """`replies` are used one after the other by chat requests; the last one stays."""

    def __init__(self, *replies: Reply, models: Sequence[str] = (MODEL,)) -> None:
        self.replies = list(replies)
        self.models = list(models)
        self.model_facts: dict[str, Any] = {}  # what is told of each model besides
        self.tokenize: Reply = Reply(404, body={"detail": "Not Found"})
        self.got: list[Got] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="scripted server")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def asked(self) -> list[Any]:
        """The bodies of the chat requests."""
        return [got.body for got in self.got if got.path.endswith("/chat/completions")]

    def reply_to(self, path: str) -> Reply:
        if path.endswith("/models"):
            told = {"object": "model", "created": 0, "owned_by": "test", **self.model_facts}
            entries = [{"id": name, **told} for name in self.models]
            return Reply(body={"object": "list", "data": entries})
        if path == "/tokenize":
            return self.tokenize
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        for reply in self.replies:
            if reply.hold is not None:
                reply.hold.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def serving(*replies: Reply, **options: Any) -> Iterator[ScriptedServer]:
    server = ScriptedServer(*replies, **options)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _handler(server: ScriptedServer) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", "0"))
            self._answer(json.loads(self.rfile.read(length) or b"null"))

        def _answer(self, body: Any) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.got.append(Got(self.path, headers, body))
            reply = server.reply_to(self.path)
            try:
                if reply.events is None:
                    self._whole(reply)
                else:
                    self._stream(reply)
            except OSError:  # the client went away
                self.close_connection = True

        def _whole(self, reply: Reply) -> None:
            if reply.hold is not None:
                reply.hold.wait(60)
            content = json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _stream(self, reply: Reply) -> None:
            self.send_response(reply.status)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for event in reply.events or ():
                text = event if isinstance(event, str) else json.dumps(event)
                self._chunk(f"data: {text}\n\n".encode())
            if reply.hold is not None:
                reply.hold.wait(60)
            if reply.cut:
                self.wfile.write(b"ff\r\ndata: {")
                self.close_connection = True
                return
            self._chunk(b"")

        def _chunk(self, content: bytes) -> None:
            self.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")
            self.wfile.flush()

    return cast("Callable[..., BaseHTTPRequestHandler]", Handler)
