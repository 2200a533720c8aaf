"""The model-based verifier against a real HTTP server, and what it adds to the rule."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any

import pytest

from builtin_model import questions
from builtin_model.questions import Draw
from builtin_model.rewards import rewards
from builtin_model.verifier import KEY_VARIABLE, Claim, Verifier, VerifierError, verdict, verifier_at

Reply = Callable[[dict[str, Any]], tuple[int, bytes]]
CLAIM = Claim("What is 1+1?", "2", "two")


class Server:
    """A chat-completions server on a free port whose replies the test decides."""

    def __init__(self) -> None:
        self.reply: Reply = lambda body: completion("yes")
        self.seen: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                owner.seen.append((self.path, dict(self.headers), body))
                code, content = owner.reply(body)
                self.send_response(code)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever)
        self.thread.start()

    @property
    def verifier(self) -> Verifier:
        return Verifier(f"http://127.0.0.1:{self.http.server_port}/v1", "judge", seconds=30, pause=0.01)

    def close(self) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


def completion(text: str) -> tuple[int, bytes]:
    return 200, json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def test_a_claim_is_put_to_the_named_model(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    assert server.verifier.accepts(CLAIM)
    path, headers, body = server.seen[0]
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer secret"
    assert body["model"] == "judge"
    assert body["temperature"] == 0
    for part in (CLAIM.question, CLAIM.expected, CLAIM.answer):
        assert part in body["messages"][0]["content"]


def test_verdicts_come_back_in_the_order_of_the_claims(server: Server) -> None:
    server.reply = lambda body: completion("yes" if "answer 3" in body["messages"][0]["content"] else "No.")
    claims = [Claim("q", "e", f"answer {number}") for number in range(8)]
    assert server.verifier.judge(claims) == [number == 3 for number in range(8)]
    assert server.verifier.judge([]) == []


def test_a_busy_server_is_asked_again_and_a_refusal_is_not(server: Server) -> None:
    replies = iter([(503, b"busy"), (429, b"slow down"), completion("yes")])
    server.reply = lambda body: next(replies)
    assert server.verifier.accepts(CLAIM)
    assert len(server.seen) == 3
    server.reply = lambda body: (401, b"no key")
    with pytest.raises(VerifierError, match=r"refused the request.*401"):
        server.verifier.accepts(CLAIM)
    assert len(server.seen) == 4


@pytest.mark.parametrize("content", [b"<html>", b"{}", b'{"choices": []}', b"[]", b'{"choices": [{"message": {}}]}'])
def test_a_reply_that_is_no_completion_is_named(server: Server, content: bytes) -> None:
    server.reply = lambda body: (200, content)
    with pytest.raises(VerifierError, match="no chat completion"):
        server.verifier.accepts(CLAIM)


def test_a_server_that_is_away_is_named_after_some_tries(server: Server) -> None:
    server.reply = lambda body: (500, b"")
    with pytest.raises(VerifierError, match=r"did not answer .tried 3"):
        server.verifier.accepts(CLAIM)
    assert len(server.seen) == 3
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        away = Verifier(f"http://127.0.0.1:{unheard.getsockname()[1]}/v1", "judge", seconds=30, tries=1)
        with pytest.raises(VerifierError, match=r"did not answer .tried 1"):
            away.accepts(CLAIM)


def test_an_address_without_a_scheme_is_refused() -> None:
    with pytest.raises(VerifierError, match="http:// or https://"):
        verifier_at("localhost:8000", "judge")


@pytest.mark.parametrize(
    ("content", "accepted"),
    [
        ("yes", True),
        ("No", False),
        ("<think>no, wait</think>\n\nYes.", True),
        ("<think>yes", True),
        ("They differ, so no.", False),
        ("I cannot say", False),
        ("", False),
        ("yesterday", False),
    ],
)
def test_the_last_word_after_the_thinking_decides(content: str, accepted: bool) -> None:
    assert verdict(content) is accepted


def test_the_verifier_is_asked_only_about_well_formed_answers_that_the_rule_turns_down(server: Server) -> None:
    exercise = questions.growth(Random(4), Draw("en"))
    loose = f"<think>\nlong yes yes\n</think>\n<answer>\nabout {exercise.expected}\n</answer>"
    wrong = "<think>\nx\n</think>\n<answer>\nno idea\n</answer>"
    outputs = [exercise.completion, loose, wrong, "nonsense"]
    server.reply = lambda body: completion("yes" if "about" in body["messages"][0]["content"] else "no")
    assert rewards(outputs, [exercise] * 4, server.verifier) == [2.0, 2.0, 1.0, 0.0]
    assert len(server.seen) == 2
    assert all("long yes yes" not in body["messages"][0]["content"] for _, _, body in server.seen)
    assert rewards(outputs, [exercise] * 4, None) == [2.0, 1.0, 1.0, 0.0]
