"""A real client and a real worker process with real llama.cpp in it."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from finr1_desk.core.conversation import FinishReason
from finr1_desk.core.errors import ErrorCode
from finr1_desk.core.events import EngineEvent, ModelLoaded, PrefillProgress, Started, TextProduced, TokensCounted
from finr1_desk.core.prompts import Turn
from finr1_desk.engine.client import EngineClient
from finr1_desk.engine.interface import Engine
from tests.engine.conftest import MakeClient, MakeModel, ask, model_request
from tests.helpers.engine_events import Recorder
from tests.helpers.tiny_models import endless, speaking

ANSWER = "<think>\nRevenue was 净利润 100.\n</think>\n<answer>\nIt is \\boxed{42}.\n</answer>"


def test_an_answer_arrives_whole_and_in_order(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    request = client.generate(ask(make_model(speaking(ANSWER))))
    finished = seen.finished(request)
    assert finished.reason is FinishReason.STOP
    assert seen.text(request) == ANSWER
    order = [type(e) for e in seen.events if getattr(e, "request", None) == request]
    assert order[0] is Started
    assert order[1] is PrefillProgress
    assert order[2] is TextProduced
    started = seen.of(Started, request)[0]
    assert started.prompt_tokens == finished.usage.prompt_tokens > 0
    assert 0 < finished.usage.think_tokens < finished.usage.completion_tokens
    assert finished.timing.prefill_s > 0
    assert finished.timing.tokens_per_s > 0
    assert started.load_s > 0


def test_one_client_makes_one_connection_and_the_worker_ends_with_it(
    make_client: MakeClient, make_model: MakeModel
) -> None:
    client, seen = make_client()
    path = make_model(speaking(ANSWER))
    client.load(model_request(path))
    loaded = seen.wait_for(ModelLoaded)
    assert loaded.model.architecture == "qwen2"
    assert loaded.model.quantisation == "F16"
    assert loaded.model.device == "CPU"
    assert loaded.model.memory_bytes.keys() == {"CPU"}
    assert loaded.model.memory_bytes["CPU"] > path.stat().st_size
    assert client.worker_pid is not None
    worker = psutil.Process(client.worker_pid)
    client.close(timeout=30.0)
    assert not worker.is_running()


def test_cancel_while_decoding_keeps_what_was_written(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    request = client.generate(ask(make_model(endless())))
    seen.wait_for(TextProduced, lambda event: event.tokens >= 2)
    client.cancel(request)
    finished = seen.finished(request)
    assert finished.reason is FinishReason.CANCELLED
    assert seen.text(request).startswith(" word000 word001")


def test_counting_agrees_with_the_prompt(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(speaking(ANSWER))
    turns = (Turn("system", "You answer."), Turn("user", "Hello"))
    without_weights = client.count(model_request(path), turns)
    first = seen.wait_for(TokensCounted, lambda event: event.request == without_weights)
    request = client.generate(ask(path))
    seen.finished(request)
    beside = client.count(model_request(path), turns)
    second = seen.wait_for(TokensCounted, lambda event: event.request == beside)
    assert first.tokens == second.tokens == seen.of(Started, request)[0].prompt_tokens


def test_counting_does_not_wait_for_a_running_answer(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(endless())
    request = client.generate(ask(path))
    seen.wait_for(TextProduced, lambda event: event.tokens >= 2)
    count = client.count(model_request(path), (Turn("user", "Hello"),))
    seen.wait_for(TokensCounted, lambda event: event.request == count)
    client.cancel(request)
    assert seen.finished(request).reason is FinishReason.CANCELLED, "the answer had ended before it was counted"


def test_a_missing_model_is_an_error(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    request = client.generate(ask(make_model(speaking(ANSWER)).with_name("absent.gguf")))
    assert seen.finished(request).code is ErrorCode.MODEL_NOT_FOUND


def test_a_listener_that_fails_is_told_of_the_next_event(
    runtime: Path, make_model: MakeModel, caplog: pytest.LogCaptureFixture
) -> None:
    seen = Recorder()

    def listen(event: EngineEvent) -> None:
        seen(event)
        raise RuntimeError("a bug")

    engine: Engine = EngineClient(runtime, listen)
    request = engine.generate(ask(make_model(speaking(ANSWER))))
    assert seen.finished(request).reason is FinishReason.STOP
    engine.close(timeout=30.0)
    assert "the listener failed on Started" in caplog.text
