"""Sealed files: what was written comes back with its key and name, and anything else is noticed."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finr1_desk.engine.cache.sealed import CHUNK, SealBrokenError, SealedFile, StoppedError, sealed_size, write_sealed

KEY = bytes(range(32))
NAME = "one.kv"


def read(path: Path, lengths: list[int], key: bytes = KEY, name: str = NAME) -> list[bytes]:
    with SealedFile(path, key, name) as file:
        parts = [file.first()]
        parts += [
            bytes(file.part(length, last=number == len(lengths))) for number, length in enumerate(lengths[1:], start=2)
        ]
        return parts


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=100),
    st.binary(max_size=2000),
    st.sampled_from([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK]),
)
def test_what_was_written_is_read(tmp_path: Path, first: bytes, second: bytes, size: int) -> None:
    path = tmp_path / NAME
    parts = [first, second, bytearray(secrets.token_bytes(size))]
    write_sealed(path, KEY, NAME, parts)
    assert read(path, [len(part) for part in parts]) == parts
    assert path.stat().st_size == sealed_size([len(part) for part in parts])
    assert path.stat().st_mode & 0o077 == 0
    assert [found.name for found in tmp_path.iterdir()] == [NAME]


def test_neither_the_parts_nor_the_key_can_be_read_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / NAME
    secret = b"net profit of 4,711 million"
    write_sealed(path, KEY, NAME, [secret, secret * 50, secret])
    content = path.read_bytes()
    assert secret[:8] not in content
    assert KEY[:8] not in content
    write_sealed(path, KEY, NAME, [secret, secret * 50, secret])
    assert content[8:] != path.read_bytes()[8:]  # no two files are encrypted alike


def test_every_byte_counts(tmp_path: Path) -> None:
    path = tmp_path / NAME
    parts = [b"first", b"second" * 10, b"third" * 5]
    write_sealed(path, KEY, NAME, parts)
    lengths, whole = [len(part) for part in parts], path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        with pytest.raises(SealBrokenError):
            read(path, lengths)
    for end in range(0, len(whole), 3):
        path.write_bytes(whole[:end])
        with pytest.raises(SealBrokenError):
            read(path, lengths)
    path.write_bytes(whole + b"\0")
    with pytest.raises(SealBrokenError):
        read(path, lengths)
    path.write_bytes(whole)
    assert read(path, lengths) == parts


def test_chunks_keep_their_order_and_none_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / NAME
    parts = [b"", b"", bytearray(secrets.token_bytes(3 * CHUNK))]
    write_sealed(path, KEY, NAME, parts)
    whole, size = path.read_bytes(), CHUNK + 16
    head = len(whole) - 3 * size
    one, two, three = (whole[head + number * size : head + (number + 1) * size] for number in range(3))
    assert read(path, [0, 0, 3 * CHUNK]) == parts
    for changed, length in (((two, one, three), 3), ((one, three), 2), ((one, two), 2), ((one, two, two), 3)):
        path.write_bytes(whole[:head] + b"".join(changed))
        with pytest.raises(SealBrokenError):
            read(path, [0, 0, length * CHUNK])


def test_another_key_and_another_name_open_nothing(tmp_path: Path) -> None:
    path = tmp_path / NAME
    write_sealed(path, KEY, NAME, [b"first", b"second"])
    for key, name in ((bytes(32), NAME), (KEY, "other.kv")):
        with pytest.raises(SealBrokenError):
            read(path, [5, 6], key, name)


def test_what_is_stopped_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / NAME
    write_sealed(path, KEY, NAME, [b"first", b"second"])
    asked = 0

    def is_stopped() -> bool:
        nonlocal asked
        asked += 1
        return asked > 2

    with pytest.raises(StoppedError):
        write_sealed(path, KEY, NAME, [b"", bytes(5 * CHUNK)], is_stopped)
    with pytest.raises(StoppedError), SealedFile(path, KEY, NAME) as file:
        file.part(5, is_stopped=lambda: True)
    assert read(path, [5, 6]) == [b"first", b"second"]
    assert [found.name for found in tmp_path.iterdir()] == [NAME]
