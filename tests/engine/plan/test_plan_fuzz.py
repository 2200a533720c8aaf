"""Headers of any kind: what reads them for a plan gives facts or a sentence, and never hangs."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import Finished, ModelRequest, Planned
from finr1_desk.engine import llama_devices
from finr1_desk.engine.plan.gguf_facts import missing_bytes, read_facts, tensor_places
from finr1_desk.library.gguf_header import glance, read_header
from finr1_desk.ui.words.sentences import sentence
from tests.engine.conftest import MakeClient, MakeModel
from tests.helpers.tiny_models import endless

EXPECTED = {ErrorCode.MODEL_TRUNCATED, ErrorCode.MODEL_UNREADABLE, ErrorCode.MODEL_NOT_GGUF}
LENGTHS = (0, 1, 2, 255, 2**16, 2**31, 2**32, 2**40, 2**63, 2**64 - 1)
LONGEST_S = 5.0  # for one header, on a busy machine


def mutated(header: bytes, chance: random.Random) -> bytes:
    """The header with one to eight small changes: bytes, lengths, parts left out, put in, or the end missing."""
    content = bytearray(header)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(content))
        match chance.randrange(5):
            case 0:
                content[at] = chance.randrange(256)
            case 1:
                content[at : at + 8] = struct.pack("<Q", chance.choice(LENGTHS))
            case 2:
                del content[at : at + chance.randint(1, 16)]
            case 3:
                content[at:at] = chance.randbytes(chance.randint(1, 16))
            case _:
                content[at : at + 4] = struct.pack("<I", chance.choice((0, 1, 4, 8, 9, 2**31, 2**32 - 1)))
    return bytes(content[: chance.randrange(1, len(content))] if chance.random() < 0.1 else content)


def header_of(path: Path) -> tuple[bytes, bytes]:
    """A model's header and the rest of it."""
    raw = path.read_bytes()
    start = raw.index(b"blk.1.ffn_down.weight") + 64
    return raw[:start], raw[start:]


def read_all(path: Path) -> ErrorCode | None:
    """Everything that reads a header in our own code, in the window's process and in the worker's."""
    found: ErrorCode | None = None
    for read in (
        lambda: read_header(path),
        lambda: glance(path),
        lambda: tensor_places(str(path), read_facts(str(path)).split_count, llama_devices.tensor_bytes),
    ):
        found = check(error_of(read)) or found
    check(missing_bytes(str(path), llama_devices.tensor_bytes))
    return found


def error_of(read: Callable[[], object]) -> UserError | None:
    try:
        read()
    except UserError as error:
        return error
    return None


def check(error: UserError | None) -> ErrorCode | None:
    if error is None:
        return None
    assert error.code in EXPECTED
    assert sentence(error).text
    return error.code


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])])
def test_mutated_headers_give_facts_or_a_sentence_and_never_hang(
    make_model: MakeModel, tmp_path: Path, count: int
) -> None:
    header, rest = header_of(make_model(endless()))
    path, seen, slowest = tmp_path / "mutated.gguf", Counter[ErrorCode | None](), 0.0
    for number in range(count):
        path.write_bytes(mutated(header, random.Random(number)) + rest)
        started = time.monotonic()
        seen[read_all(path)] += 1
        slowest = max(slowest, time.monotonic() - started)
    assert slowest < LONGEST_S
    assert seen[None] > 0
    assert seen[ErrorCode.MODEL_TRUNCATED] > 0


@pytest.mark.parametrize("count", [4, pytest.param(200, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])])
def test_a_mutated_model_is_planned_or_gives_a_sentence(
    make_client: MakeClient, make_model: MakeModel, tmp_path: Path, count: int
) -> None:
    """llama.cpp reads these in the worker; should it end there, the next question gets a new worker."""
    client, seen = make_client()
    header, rest = header_of(make_model(endless()))
    for number in range(count):
        path = tmp_path / f"mutated{number}.gguf"
        path.write_bytes(mutated(header, random.Random(number)) + rest)
        asked = client.plan(ModelRequest(str(path), 512, threads=1))
        ended = seen.end_of(asked)
        if isinstance(ended, Finished):
            assert ended.code is not None
            assert sentence(UserError(ended.code, **ended.params)).text
        else:
            assert isinstance(ended, Planned)
        path.unlink()


def test_the_readers_need_no_llama_cpp() -> None:
    code = "import sys; from finr1_desk.engine.plan import gguf_facts; from finr1_desk.library import gguf_header; "
    code += "sys.exit('llama_cpp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
