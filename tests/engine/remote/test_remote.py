"""The engine on a team server, against a server that does as it is told: streams, thinking, stopping, going on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from finr1_desk.core.conversation import FinishReason, PartKind
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import (
    EngineEvent,
    GenerateRequest,
    ModelLoaded,
    ModelRequest,
    SampleFinished,
    Started,
    TextProduced,
    Waiting,
)
from finr1_desk.core.prompts import CLOSE_THINKING, Turn
from finr1_desk.core.reasoning import split
from finr1_desk.core.remote import RemoteServer, ServerAccess
from finr1_desk.engine.remote.engine import RemoteEngine
from tests.helpers.engine_events import Recorder
from tests.helpers.scripted_server import MODEL, Reply, ScriptedServer, answered, figures, piece, serving

Make = Callable[..., tuple[RemoteEngine, Recorder]]
TURNS = (Turn("system", "You answer."), Turn("user", "营业收入？"))


@pytest.fixture
def make() -> Iterator[Make]:
    engines = []

    def build(server: RemoteServer, key: str = "", headers: dict[str, str] | None = None) -> Any:
        recorder = Recorder()
        engine = RemoteEngine(lambda _: ServerAccess(server, key, headers or {}), recorder)
        engines.append(engine)
        return engine, recorder

    yield build
    for engine in engines:
        engine.close(30.0)


def at(server: ScriptedServer, **options: Any) -> RemoteServer:
    return RemoteServer(server.url, MODEL, True, **options)


def question(server: RemoteServer, **options: Any) -> GenerateRequest:
    return GenerateRequest(ModelRequest(server.address), TURNS, **options)


def test_an_answer_streams_with_its_figures(make: Make) -> None:
    text = "<think>\n看\n</think>\n<answer>\n12 %\n</answer>"
    with serving(answered(text)) as server:
        engine, seen = make(at(server), "k-1")
        id = engine.generate(question(at(server), overrides={"temperature": 0.2, "top_k": 5}, seed=7))
        end = seen.finished(id)
    assert end.reason is FinishReason.STOP
    assert seen.text(id) == text
    assert end.usage.prompt_tokens == 20
    assert end.usage.completion_tokens == len(text)
    assert 0 < end.usage.think_tokens < len(text)
    started = seen.wait_for(Started)
    assert (started.seed, started.sampling.temperature, started.model.device) == (7, 0.2, at(server).host)
    (asked,) = server.asked
    assert asked["messages"] == [
        {"role": "system", "content": "You answer."},
        {"role": "user", "content": "营业收入？"},
    ]
    assert (asked["temperature"], asked["top_k"], asked["seed"], asked["model"]) == (0.2, 5, 7, MODEL)
    assert asked["repetition_penalty"] == 1.05
    assert "continue_final_message" not in asked


def test_nothing_about_this_machine_is_sent(make: Make) -> None:
    with serving(answered("x")) as server:
        engine, seen = make(at(server), "k-1", {"X-Team": "desk"})
        seen.finished(engine.generate(question(at(server))))
    headers = server.got[0].headers
    assert headers["authorization"] == "Bearer k-1"
    assert headers["x-team"] == "desk"
    known = {"host", "accept", "accept-encoding", "connection", "content-type", "content-length"}
    assert set(headers) - known == {"authorization", "x-team", "user-agent"}
    assert headers["user-agent"].startswith("finr1-desk/")


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_thinking_in_a_field_of_its_own_comes_between_the_tags(make: Make, name: str) -> None:
    pieces = [piece(**{name: "3 − "}), piece(**{name: "2"}), piece("1"), piece(".", end="stop"), figures(5, 4)]
    with serving(Reply(events=[*pieces, "[DONE]"])) as server:
        engine, seen = make(at(server))
        id = engine.generate(question(at(server)))
        end = seen.finished(id)
    parts = split(seen.text(id))
    assert [part.text for part in parts if part.kind is PartKind.THINK] == ["3 − 2"]
    assert "".join(part.text for part in parts if part.kind is PartKind.ANSWER) == "1."
    assert end.usage.think_tokens == 2


def test_stopping_ends_the_request_at_the_server_and_keeps_what_came(make: Make) -> None:
    hold = threading.Event()
    with serving(Reply(events=[piece("half")], hold=hold)) as server:
        engine, seen = make(at(server))
        id = engine.generate(question(at(server)))
        seen.wait_for(TextProduced)
        engine.cancel(id)
        assert seen.finished(id).reason is FinishReason.CANCELLED
        assert seen.text(id) == "half"
        hold.set()


def test_going_on_sends_what_was_written_and_asks_for_the_rest(make: Make) -> None:
    with serving(answered(" 12 %")) as server:
        engine, seen = make(at(server))
        id = engine.generate(question(at(server), prefix="<think>\na\n</think>\nIt is"))
        seen.finished(id)
    assert seen.text(id) == " 12 %"
    (asked,) = server.asked
    assert asked["messages"][-1] == {"role": "assistant", "content": "<think>\na\n</think>\nIt is"}
    assert asked["continue_final_message"] is True
    assert asked["add_generation_prompt"] is False


def test_answer_now_closes_the_thinking_and_goes_on(make: Make) -> None:
    hold = threading.Event()
    thinking = Reply(events=[piece("<think>\n"), piece("long")], hold=hold)
    with serving(thinking, answered("12 %\n</answer>")) as server:
        engine, seen = make(at(server))
        id = engine.generate(question(at(server)))
        seen.wait_for(TextProduced, lambda event: "long" in seen.text(id))
        engine.answer_now(id)
        end = seen.finished(id)
        hold.set()
    assert end.think_cut
    assert seen.text(id) == f"<think>\nlong{CLOSE_THINKING}12 %\n</answer>"
    assert server.asked[1]["messages"][-1]["content"] == f"<think>\nlong{CLOSE_THINKING}"
    assert end.usage.completion_tokens == 2 + len("12 %\n</answer>")


def test_a_limit_of_the_thinking_closes_it_too(make: Make) -> None:
    hold = threading.Event()
    thinking = Reply(events=[piece("<think>\n"), *(piece("w ") for _ in range(20))], hold=hold)
    with serving(thinking, answered("1")) as server:
        engine, seen = make(at(server))
        id = engine.generate(question(at(server), max_think=5))
        end = seen.finished(id)
        hold.set()
    assert end.think_cut
    assert seen.text(id).count("w ") == 4 or seen.text(id).count("w ") == 5
    assert seen.text(id).endswith(f"{CLOSE_THINKING}1")


def test_thinking_that_was_cut_short_is_not_sent_on_where_the_server_was_switched_off_meanwhile() -> None:
    hold = threading.Event()
    thinking = Reply(events=[piece("<think>\n"), *(piece("w ") for _ in range(20))], hold=hold)
    is_off = threading.Event()
    with serving(thinking, answered("1")) as server:

        def access(_address: str) -> ServerAccess:
            if is_off.is_set():
                raise UserError(ErrorCode.SERVER_FORBIDDEN, host=at(server).host)
            return ServerAccess(at(server), "", {})

        seen = Recorder()

        def record(event: EngineEvent) -> None:
            if isinstance(event, Started):
                is_off.set()
            seen(event)

        engine = RemoteEngine(access, record)
        id = engine.generate(question(at(server), max_think=5))
        end = seen.finished(id)
        hold.set()
        engine.close(30.0)
        assert len(server.asked) == 1
    assert (end.reason, end.code) == (FinishReason.ERROR, ErrorCode.SERVER_FORBIDDEN)
    assert seen.text(id).startswith("<think>\nw w ")


def test_an_answer_in_a_circle_is_stopped_and_can_be_gone_on_with(make: Make) -> None:
    hold = threading.Event()
    round_ = Reply(events=[piece("It grew by 12 %, so it grew. ") for _ in range(100)], hold=hold)
    with serving(round_, answered("Enough.")) as server:
        engine, seen = make(at(server))
        id = engine.generate(question(at(server), stop_loops=True))
        end = seen.finished(id)
        hold.set()
        assert (end.reason, end.code) == (FinishReason.LOOP, None)
        assert 20 < seen.text(id).count("It grew") < 90
        more = engine.generate(question(at(server), stop_loops=True, prefix=seen.text(id)))
        assert seen.finished(more).reason is FinishReason.STOP
    assert seen.text(more) == "Enough."


def test_thinking_in_a_circle_is_closed_and_the_answer_asked_for(make: Make) -> None:
    hold = threading.Event()
    round_ = [piece(reasoning_content="等等，让我再检查一遍。") for _ in range(200)]
    with serving(Reply(events=round_, hold=hold), answered("12 %")) as server:
        engine, seen = make(at(server))
        id = engine.generate(question(at(server), stop_loops=True))
        end = seen.finished(id)
        hold.set()
    assert end.reason is FinishReason.STOP
    assert end.think_cut
    assert seen.text(id).endswith(f"{CLOSE_THINKING}12 %")
    assert seen.text(id).count("等等") < 200


def test_loops_are_let_be_where_that_is_wanted(make: Make) -> None:
    with serving(answered("again " * 700)) as server:
        engine, seen = make(at(server))
        id = engine.generate(question(at(server)))
        assert seen.finished(id).reason is FinishReason.STOP
    assert seen.text(id) == "again " * 700


def test_of_several_answers_those_in_a_circle_are_ended(make: Make) -> None:
    hold = threading.Event()
    events = [piece("ok", index=0, end="stop"), *(piece("again ", index=1) for _ in range(700))]
    with serving(Reply(events=events, hold=hold)) as server:
        engine, seen = make(at(server))
        id = engine.generate(question(at(server), samples=2, stop_loops=True))
        assert seen.finished(id).code is None
        hold.set()
    assert [e.reason for e in seen.of(SampleFinished, id)] == [FinishReason.STOP, FinishReason.LOOP]


def test_several_answers_come_side_by_side(make: Make) -> None:
    events = [piece("a", index=0), piece("b", index=1), piece("A", index=0, end="stop"), piece(end="length", index=1)]
    with serving(Reply(events=[*events, figures(3, 4), "[DONE]"])) as server:
        engine, seen = make(at(server))
        id = engine.generate(question(at(server), samples=2))
        seen.finished(id)
    texts = ["".join(e.text for e in seen.of(TextProduced, id) if e.sample == sample) for sample in (0, 1)]
    assert texts == ["aA", "b"]
    assert [e.reason for e in seen.of(SampleFinished, id)] == [FinishReason.STOP, FinishReason.LENGTH]
    assert server.asked[0]["n"] == 2


def test_a_busy_server_is_waited_for_visibly(make: Make) -> None:
    busy = Reply(429, {"Retry-After": "0.5"}, {"error": {"message": "slow down"}})
    with serving(busy, answered("x")) as server:
        engine, seen = make(at(server))
        id = engine.generate(question(at(server)))
        assert seen.finished(id).reason is FinishReason.STOP
    assert [event.seconds for event in seen.of(Waiting, id)] == [0.5]


def test_a_server_that_is_given_up_while_it_is_waited_for_is_not_asked_again() -> None:
    ways_in = 0

    def access(_: str) -> ServerAccess:
        nonlocal ways_in
        ways_in += 1
        if ways_in > 1:
            raise UserError(ErrorCode.SERVER_CHANGED, host="h")
        return ServerAccess(at(server))

    busy = Reply(429, {"Retry-After": "0.5"}, {"error": {"message": "slow down"}})
    with serving(busy, answered("x")) as server:
        seen = Recorder()
        engine = RemoteEngine(access, seen)
        end = seen.finished(engine.generate(question(at(server))))
        engine.close(30.0)
    assert end.code is ErrorCode.SERVER_CHANGED
    assert len(server.asked) == 1


def test_a_server_that_knows_only_openais_parameters_is_asked_with_these(make: Make) -> None:
    strict = Reply(400, body={"error": {"message": "unknown parameter: repetition_penalty"}})
    with serving(strict, answered("x")) as server:
        engine, seen = make(at(server))
        assert seen.finished(engine.generate(question(at(server)))).reason is FinishReason.STOP
    assert "repetition_penalty" in server.asked[0]
    assert set(server.asked[1]) <= {
        *("model", "messages", "stream", "stream_options", "temperature", "top_p", "max_tokens", "seed")
    }


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(401, body={"error": {"message": "bad key"}}), ErrorCode.SERVER_KEY),
        (Reply(403, body={"error": "no"}), ErrorCode.SERVER_KEY),
        (Reply(404, body={"error": {"message": "no such model"}}), ErrorCode.SERVER_NO_MODEL),
        (Reply(400, body={"error": {"message": "too long"}}), ErrorCode.SERVER_REFUSED),
        (Reply(500, body={"message": "oops"}), ErrorCode.SERVER_FAILED),
        (Reply(307, {"Location": "http://127.0.0.1:9/v1/chat/completions"}, {}), ErrorCode.SERVER_FAILED),
        (Reply(events=[piece("half")]), ErrorCode.SERVER_BROKE_OFF),
        (Reply(events=[piece("half")], cut=True), ErrorCode.SERVER_BROKE_OFF),
        (Reply(events=[piece("half"), "{no json"]), ErrorCode.SERVER_BROKE_OFF),
        (Reply(events=[piece("half"), {"error": {"message": "CUDA"}}]), ErrorCode.SERVER_BROKE_OFF),
    ],
)
def test_what_goes_wrong_is_said_and_what_came_is_kept(make: Make, reply: Reply, code: ErrorCode) -> None:
    with serving(reply) as server:
        engine, seen = make(at(server))
        id = engine.generate(question(at(server)))
        end = seen.finished(id)
    assert (end.reason, end.code) == (FinishReason.ERROR, code)
    assert end.params["host"] == at(server).host
    assert seen.text(id) == ("half" if reply.events else "")


def test_a_silent_server_is_not_waited_for_without_end(make: Make) -> None:
    hold = threading.Event()
    with serving(Reply(events=[piece("half")], hold=hold)) as server:
        engine, seen = make(at(server, silence_s=0.3))
        id = engine.generate(question(at(server)))
        end = seen.finished(id)
        hold.set()
    assert (end.code, end.params["seconds"]) == (ErrorCode.SERVER_TIMEOUT, 0.3)
    assert seen.text(id) == "half"


def test_a_server_that_is_not_there(make: Make) -> None:
    with serving(answered("x")) as server:
        nowhere = at(server)
    engine, seen = make(nowhere)
    end = seen.finished(engine.generate(question(nowhere)))
    assert end.code is ErrorCode.SERVER_UNREACHABLE


def test_a_server_that_speaks_no_tls(make: Make) -> None:
    with serving(answered("x")) as server:
        secure = replace(at(server), base_url=server.url.replace("http:", "https:"))
        engine, seen = make(secure)
        end = seen.finished(engine.generate(question(secure)))
    assert end.code is ErrorCode.SERVER_CERTIFICATE


def test_what_may_not_be_used_is_not_contacted() -> None:
    def forbidden(_: str) -> ServerAccess:
        raise UserError(ErrorCode.SERVER_FORBIDDEN, host="h", policy="p")

    with serving(answered("x")) as server:
        seen = Recorder()
        engine = RemoteEngine(forbidden, seen)
        end = seen.finished(engine.generate(question(at(server))))
        engine.close(30.0)
    assert end.code is ErrorCode.SERVER_FORBIDDEN
    assert server.got == []


def test_loading_asks_whether_the_model_is_there(make: Make) -> None:
    with serving(answered("x"), models=["other", MODEL]) as server:
        engine, seen = make(at(server))
        engine.load(ModelRequest(at(server).address))
        assert seen.wait_for(ModelLoaded).model.name == MODEL
        engine, seen = make(replace(at(server), model="missing"))
        end = seen.finished(engine.load(ModelRequest(at(server).address)))
        assert (end.code, end.params["model"]) == (ErrorCode.SERVER_NO_MODEL, "missing")


@pytest.mark.parametrize(
    ("told", "tokens"),
    [
        ({"max_model_len": 16384}, 16384),
        ({"loaded_context_length": 8192, "max_context_length": 32768}, 8192),
        ({"context_length": "16k"}, 0),
        ({"max_model_len": None, "context_window": 4096}, 4096),
        ({"max_model_len": True}, 0),
        ({}, 0),
    ],
)
def test_the_context_is_what_the_server_tells(make: Make, told: dict[str, object], tokens: int) -> None:
    with serving(answered("x")) as server:
        server.model_facts = told
        engine, seen = make(at(server))
        engine.load(ModelRequest(at(server).address))
        assert seen.wait_for(ModelLoaded).model.context_length == tokens


def test_without_a_name_it_is_the_servers_first_model(make: Make) -> None:
    with serving(answered("x"), models=["first", "second"]) as server:
        engine, seen = make(replace(at(server), model=""))
        seen.finished(engine.generate(question(at(server))))
    assert server.asked[0]["model"] == "first"


def test_nothing_is_sent_to_count_a_draft(make: Make) -> None:
    with serving(answered("x")) as server:
        server.tokenize = Reply(body={"count": 12, "max_model_len": 16384})
        engine, seen = make(at(server))
        end = seen.finished(engine.count(ModelRequest(at(server).address), TURNS))
    assert (end.reason, end.code) == (FinishReason.CANCELLED, None)
    assert server.got == []


def test_leaving_ends_what_runs(make: Make) -> None:
    hold = threading.Event()
    with serving(Reply(events=[piece("half")], hold=hold)) as server:
        engine, seen = make(at(server))
        id = engine.generate(question(at(server)))
        seen.wait_for(TextProduced)
        engine.close(30.0)
        assert seen.finished(id).reason is FinishReason.CANCELLED
        hold.set()
