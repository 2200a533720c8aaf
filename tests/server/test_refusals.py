"""Who is not answered, and what is not done: over the wire, with curl, and for any body at all."""

from __future__ import annotations

import json
import math
import shutil
import string
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finr1_desk.core.sampling import BOUNDS
from finr1_desk.server import bodies
from finr1_desk.server.errors import RefusalError
from finr1_desk.server.guard import MOST_BYTES, allowed_hosts
from tests.server.conftest import KEY, Server

GOOD = json.dumps({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 2}).encode()
CHAT = "/v1/chat/completions"


@pytest.mark.parametrize(
    ("status", "headers", "code"),
    [
        (200, {}, None),
        (200, {"Host": "localhost:PORT"}, None),
        (200, {"Host": "0.0.0.0:PORT"}, None),
        (403, {"Host": "127.0.0.1"}, "host_not_allowed"),
        (403, {"Host": "evil.example:PORT"}, "host_not_allowed"),
        (403, {"Host": "127.0.0.1:1"}, "host_not_allowed"),
        (401, {"Authorization": "", "Origin": "http://localhost"}, "invalid_api_key"),
        (401, {"Authorization": "Bearer "}, "invalid_api_key"),
        (401, {"Authorization": f"Bearer {KEY}x"}, "invalid_api_key"),
        (401, {"Authorization": f"Basic {KEY}"}, "invalid_api_key"),
        (401, {"Authorization": "Bearer \xff\xfe"}, "invalid_api_key"),
        (415, {"Content-Type": ""}, None),
        (415, {"Content-Type": "text/plain"}, None),
        (415, {"Content-Type": "application/x-www-form-urlencoded"}, None),
        (200, {"Content-Type": "application/json; charset=utf-8", "Origin": "http://evil.example"}, None),
        (413, {"Content-Length": str(MOST_BYTES + 1)}, None),
    ],
)
def test_who_may_ask(server: Server, status: int, headers: dict[str, str], code: str | None) -> None:
    given_ = {name: value.replace("PORT", str(server.port)) for name, value in headers.items()}
    found, answered, raw = server.request("POST", CHAT, GOOD, given_)
    assert found == status
    assert not any(name.startswith("access-control") for name in answered)
    assert "server" not in answered
    body = json.loads(raw)
    if status != 200:
        assert set(body["error"]) == {"message", "type", "param", "code"}
        assert body["error"]["code"] == code
        assert KEY not in raw.decode()


def test_without_a_host_nothing_is_answered(server: Server) -> None:
    assert server.request("POST", CHAT, GOOD, {"Host": ""})[0] in (400, 403)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("OPTIONS", CHAT, 405),
        ("GET", CHAT, 405),
        ("PUT", "/v1/models", 405),
        ("GET", "/", 404),
        ("GET", "/v1/models/../../etc/passwd", 404),
        ("GET", "/health", 200),
        ("HEAD", "/health", 200),
    ],
)
def test_other_addresses_and_methods(server: Server, method: str, path: str, status: int) -> None:
    found, answered, _ = server.request(method, path, headers={"Origin": "http://evil.example"})
    assert found == status
    assert not any(name.startswith("access-control") for name in answered)


def test_health_needs_no_key_and_tells_nothing_else(server: Server) -> None:
    status, _, raw = server.request("GET", "/health", headers={"Authorization": ""})
    assert (status, json.loads(raw)["status"]) == (200, "ok")
    assert server.request("GET", "/v1/models", headers={"Authorization": ""})[0] == 401


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"", None),
        (b"{", None),
        (b"[]", None),
        (b"\xff\xfe", None),
        (b'{"messages": [], "messages": 1}', "messages"),
        (b"[" * 100_000, None),
        (b'{"a":' * 70 + b"1" + b"}" * 70, None),
        (b'{"messages":[{"role":"user","content":"x"}],"temperature":NaN}', None),
        (b'{"messages":[{"role":"user","content":"x"}],"temperature":' + b"9" * 5000 + b"}", None),
        (b'{"messages":[{"role":"user","content":"x"}],"temperature":1e999}', "temperature"),
        (b'{"messages":[{"role":"user","content":"x"}],"n":99}', "n"),
        (b'{"messages":[{"role":"tool","content":"x"}]}', "messages[0].role"),
        (b'{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}', "messages[0].content"),
        (b'{"messages":[{"role":"user","content":"x"}],"tools":[{}]}', "tools"),
        (b'{"messages":[{"role":"user","content":"x"}],"frequency_penalty":0.5}', "frequency_penalty"),
        (b'{"messages":[{"role":"system","content":"x"}]}', "messages"),
    ],
)
def test_what_cannot_be_done_is_said(server: Server, body: bytes, param: str | None) -> None:
    status, _, raw = server.request("POST", CHAT, body)
    assert status == 400
    error = json.loads(raw)["error"]
    assert error["type"] == "invalid_request_error"
    assert error["param"] == param


def test_a_prompt_that_is_too_long_is_refused_whole(server: Server) -> None:
    status, body = server.chat(messages=[{"role": "user", "content": "word " * 20_000}])
    assert (status, body["error"]["code"]) == (400, "context_length_exceeded")
    assert "tokens" in body["error"]["message"]
    status, _ = server.chat(messages=[{"role": "user", "content": "word " * 20_000}], stream=True)
    assert status == 400


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_streams_and_sends_in_chunks(server: Server) -> None:
    body = json.dumps({"messages": [{"role": "user", "content": "财务风险?"}], "stream": True, "max_tokens": 5})
    command = ["curl", "-sN", f"{server.url}/chat/completions", "-H", f"Authorization: Bearer {KEY}"]
    command += ["-H", "Content-Type: application/json", "-H", "Transfer-Encoding: chunked", "-d", "@-"]
    done = subprocess.run(command, input=body.encode(), capture_output=True, check=True, timeout=120)
    lines = [line for line in done.stdout.decode().split("\n") if line]
    assert all(line.startswith("data: ") for line in lines)
    assert lines[-1] == "data: [DONE]"
    assert all(json.loads(line[6:])["object"] == "chat.completion.chunk" for line in lines[:-1])


def test_names_are_allowed_with_their_port() -> None:
    assert allowed_hosts(("A.example", "::1", "[fe80::1]"), 81) == {"a.example:81", "[::1]:81", "[fe80::1]:81"}
    assert allowed_hosts(("a",), 80) == {"a", "a:80"}


# -- any body at all

_SAMPLING = ["temperature", "top_p", "top_k", "min_p", "repetition_penalty", "max_tokens", "max_completion_tokens"]
_ASKED = ["model", "messages", "prompt", "n", "seed", "stop", "stream", "stream_options", "logprobs", "top_logprobs"]
_PARTS = ["response_format", "json_schema", "schema", "tools", "echo", "role", "content", "type", "text"]
_NAMES = st.sampled_from([*_SAMPLING, *_ASKED, *_PARTS, "include_usage"])
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(string.printable + "财\ud800", max_size=8)
    | st.sampled_from(["user", "assistant", "text", "json_object", "json_schema", 1, 0.5, -1])
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=10,
)
_MESSAGES = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "system", "assistant"]), "content": st.text(max_size=5)}),
    min_size=1,
    max_size=3,
)
_BODIES = st.dictionaries(_NAMES, _VALUES, max_size=6) | st.builds(
    lambda rest, messages: {**rest, "messages": messages, "prompt": "x"},
    st.dictionaries(_NAMES, _LEAVES, max_size=4),
    _MESSAGES,
)


@settings(max_examples=80, deadline=None)
@given(_BODIES, st.sampled_from([bodies.chat, bodies.completion]))
def test_any_body_is_understood_or_refused(body: dict[str, object], read: object) -> None:
    raw = json.dumps(body).encode()
    try:
        asked = read(bodies.parsed(raw))  # type: ignore[operator]
    except RefusalError as refusal:
        refused = refusal
    else:
        refused = None
    if refused is not None:
        assert refused.status == 400
        json.dumps(refused.body)
        return
    assert 1 <= asked.n * len(asked.prompts) <= bodies.MOST_CHOICES
    for name, value in asked.overrides.items():
        low, high = BOUNDS[name]
        assert math.isfinite(value)
        assert low <= value <= high
    assert asked.seed is None or 0 <= asked.seed < 2**64


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=_BODIES, path=st.sampled_from([CHAT, "/v1/completions"]))
def test_no_body_breaks_the_server(server: Server, body: dict[str, object], path: str) -> None:
    status, _, raw = server.request("POST", path, json.dumps({**body, "max_tokens": 2}).encode())
    assert status in (200, 400, 404)
    if not body.get("stream"):
        json.loads(raw)
