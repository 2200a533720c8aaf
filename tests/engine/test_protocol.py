"""Messages survive the wire, and what is no message is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finr1_desk.core.conversation import FinishReason, Timing, Usage
from finr1_desk.core.errors import ErrorCode
from finr1_desk.core.events import (
    Finished,
    GenerateRequest,
    LoadedModel,
    ModelLoaded,
    ModelRequest,
    Started,
    TextProduced,
)
from finr1_desk.core.prompts import Turn
from finr1_desk.core.sampling import Sampling
from finr1_desk.engine.protocol import Count, Generate, ProtocolError, decode, encode

anything = st.text(st.characters(exclude_categories=()))  # lone surrogates and zeros included
numbers = st.floats(allow_nan=False, allow_infinity=False)
requests = st.builds(
    GenerateRequest,
    model=st.builds(ModelRequest, path=anything, context_length=st.integers(), threads=st.integers(0, 99)),
    turns=st.lists(st.builds(Turn, anything, anything)).map(tuple),
    prefix=anything,
    overrides=st.dictionaries(st.sampled_from(["temperature", "top_k"]), numbers | st.integers(0, 9)),
    seed=st.none() | st.integers(0, 2**64 - 1),
)


@settings(deadline=None)
@given(st.builds(Generate, anything, requests))
def test_requests_survive(message: Generate) -> None:
    again = decode(encode(message))
    assert again == message
    assert isinstance(again, Generate)
    for name, value in message.generate.overrides.items():
        assert type(again.generate.overrides[name]) is type(value)


@settings(deadline=None)
@given(
    st.builds(
        Finished,
        request=anything,
        reason=st.sampled_from(FinishReason),
        usage=st.builds(Usage, *[st.integers(0, 10**6)] * 4),
        timing=st.builds(Timing, *[numbers] * 5),
        code=st.none() | st.sampled_from(ErrorCode),
        params=st.dictionaries(anything, anything | st.integers() | numbers | st.none()),
    )
)
def test_finished_survives(message: Finished) -> None:
    assert decode(encode(message)) == message


def test_a_model_survives_with_its_nested_parts() -> None:
    request = ModelRequest("/a/模型.gguf", 512)
    model = LoadedModel(
        request, "n", "模型.gguf", "qwen2", "Q4_K_M", 7, 512, 1024, "CPU", 28, 0, 2, 1.5, True, {"CPU": 5}
    )
    assert decode(encode(ModelLoaded(model))) == ModelLoaded(model)
    started = Started("r", 0, 10, 3, Sampling(), 2**63, 0.5, model)
    assert decode(encode(started)) == started


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"type": 3}',
        b'{"type": "Nonsense"}',
        b'{"type": "EngineDied", "exit_code": 1, "stage": "load"}',  # never sent: a client makes it itself
        b'{"type": "Cancel"}',
        b'{"type": "Cancel", "request": 3}',
        b'{"type": "Cancel", "request": "r", "more": 1}',
        b'{"type": "Generate", "request": "r", "generate": null}',
        b'{"type": "Finished", "request": "r", "reason": "tired"}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_message_is_refused(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(raw)


def test_wrong_types_inside_are_refused() -> None:
    good = json.loads(encode(Count("r", ModelRequest("/m.gguf"), (Turn("user", "hi"),))))
    for broken in (
        {**good, "turns": "hi"},
        {**good, "turns": [["user", "hi"]]},
        {**good, "model": {"path": 7}},
        {**good, "model": {"path": "/m.gguf", "context_length": True}},
        {**good, "model": {"path": "/m.gguf", "context_length": 1.5}},
    ):
        with pytest.raises(ProtocolError):
            decode(json.dumps(broken).encode())


@settings(deadline=None)
@given(st.builds(TextProduced, anything, anything, st.integers(), st.integers(), numbers, st.integers()))
def test_events_are_one_line_of_ascii(message: TextProduced) -> None:
    raw = encode(message)
    assert raw.isascii()
    assert decode(raw) == message
