"""The address of a team server, from what a person types."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.remote import (
    RemoteServer,
    checked_url,
    is_in_the_clear,
    is_loopback,
    is_remote,
    server_from_json,
)


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("http://0.0.0.0:8000/v1", "http://0.0.0.0:8000/v1"),
        (" desk.example:8000 ", "http://desk.example:8000/v1"),
        ("https://Desk.Example/v1/", "https://desk.example/v1"),
        ("https://desk.example/openai/v1", "https://desk.example/openai/v1"),
        ("[::1]:8000", "http://[::1]:8000/v1"),
    ],
)
def test_an_address_is_completed(typed: str, url: str) -> None:
    assert checked_url(typed) == url
    assert checked_url(url) == url


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "",
            "ftp://x/v1",
            "http://",
            "http://key@desk/v1",
            "http://a:b@desk",
            "http://desk:99999",
            "http://desk:x/v1",
        ),
        *("http://desk/v1?key=1", "http://desk/v1#m", "http://de sk", "file:///etc/passwd", "http://desk\n.example"),
        "x" * 3000,
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(UserError) as caught:
        checked_url(typed)
    assert caught.value.code is ErrorCode.SERVER_ADDRESS


@given(st.text())
def test_anything_typed_is_an_address_or_an_error(typed: str) -> None:
    try:
        url = checked_url(typed)
    except UserError:
        return
    assert is_remote(url)
    assert checked_url(url) == url


def test_this_machine_is_told_from_others() -> None:
    assert all(is_loopback(url) for url in ("http://127.0.0.1:1/v1", "http://localhost/v1", "http://[::1]/v1"))
    assert is_loopback("http://0.0.0.0:8000/v1")
    assert not is_loopback("http://10.0.0.1/v1")
    assert not is_loopback("http://localhost.example/v1")
    assert is_in_the_clear("http://10.0.0.1/v1")
    assert not is_in_the_clear("https://10.0.0.1/v1")
    assert not is_in_the_clear("http://127.0.0.1/v1")


def test_a_file_of_any_origin_gives_a_server() -> None:
    server = RemoteServer("https://desk.example/v1", "Fin-R1", True, 3.0, 60.0)
    assert server_from_json(server.to_json()) == server
    assert server.address == "https://desk.example/v1#Fin-R1"
    assert server_from_json({"base_url": "ftp://x", "in_use": True}) == RemoteServer()
    odd = {"base_url": "desk.example", "model": 3, "in_use": "yes", "connect_s": -1, "silence_s": float("nan")}
    assert server_from_json(odd) == RemoteServer("http://desk.example/v1")
