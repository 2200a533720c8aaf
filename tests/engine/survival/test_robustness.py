"""Both sides of the connection die, leave, start at once or talk nonsense; nobody else is harmed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import connection as mp
from multiprocessing.connection import Connection, Listener
from pathlib import Path

import psutil
import pytest

from finr1_desk.core.conversation import FinishReason
from finr1_desk.core.errors import ErrorCode
from finr1_desk.core.events import (
    EngineDied,
    Finished,
    LoadProgress,
    ModelLoaded,
    ModelRequest,
    PrefillProgress,
    Queued,
    Started,
    TextProduced,
    TokensCounted,
)
from finr1_desk.core.prompts import Turn
from finr1_desk.engine import endpoint, protocol
from finr1_desk.engine.client import EngineClient
from finr1_desk.engine.protocol import Cancel, Hello, Refused, Welcome
from tests.engine.conftest import MakeClient, MakeModel, ask, model_request
from tests.helpers.engine_events import PATIENCE_S, Recorder
from tests.helpers.tiny_models import LLAMA, endless, slow_to_prefill, speaking, write_slow_to_load

ANSWER = speaking("<think>\nx\n</think>\n<answer>\n42\n</answer>")
LONG_QUESTION = "profit margin " * 150

needs_posix = pytest.mark.skipif(os.name != "posix", reason="signals")


def wait_gone(pid: int) -> None:
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=PATIENCE_S)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


# -- the worker dies


@needs_posix
def test_all_clients_of_a_dead_worker_come_back_to_one_new_worker(
    make_client: MakeClient, make_model: MakeModel
) -> None:
    clients = [make_client() for _ in range(3)]
    for client, seen in clients:
        seen.finished(client.generate(ask(make_model(ANSWER))))
    old = clients[0][0].worker_pid
    assert old is not None
    os.kill(old, signal.SIGKILL)
    for _, seen in clients:
        seen.wait_for(EngineDied)
    requests = [client.generate(ask(make_model(ANSWER))) for client, _ in clients]
    for (_, seen), request in zip(clients, requests, strict=True):
        assert seen.finished(request).reason is FinishReason.STOP
    pids = {client.worker_pid for client, _ in clients}
    assert len(pids) == 1
    assert pids.isdisjoint({old, None})


# -- cancelling


def test_cancel_in_prefill_does_not_wait_for_its_end(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(slow_to_prefill(endless()))
    whole = client.generate(ask(path, LONG_QUESTION, context_length=8192, overrides={"max_tokens": 1}))
    full_prefill = seen.finished(whole).timing.prefill_s
    request = client.generate(ask(path, "x" + LONG_QUESTION, context_length=8192, seed=1))
    seen.wait_for(PrefillProgress, lambda event: event.request == request)
    client.cancel(request)
    finished = seen.finished(request)
    assert finished.reason is FinishReason.CANCELLED
    assert not seen.of(TextProduced, request)
    assert finished.timing.prefill_s < full_prefill


def test_cancel_while_loading_and_while_queued(make_client: MakeClient, make_model: MakeModel, tmp_path: Path) -> None:
    client, seen = make_client()
    loading = client.generate(ask(write_slow_to_load(tmp_path / "slow.gguf")))
    queued = client.generate(ask(make_model(ANSWER)))
    after = client.generate(ask(make_model(ANSWER)))
    seen.wait_for(LoadProgress)
    client.cancel(queued)
    assert seen.finished(queued).reason is FinishReason.CANCELLED
    client.cancel(loading)
    assert seen.finished(loading).reason is FinishReason.CANCELLED
    assert not seen.of(Started, loading)
    assert seen.finished(after).reason is FinishReason.STOP


def test_cancelling_what_has_ended_does_nothing(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    request = client.generate(ask(make_model(ANSWER)))
    seen.finished(request)
    client.cancel(request)
    client.answer_now(request)
    client.cancel("never heard of")
    assert seen.finished(client.generate(ask(make_model(ANSWER)))).reason is FinishReason.STOP


# -- several clients


def test_clients_that_start_at_once_share_one_worker_and_one_model(
    make_client: MakeClient, make_model: MakeModel
) -> None:
    clients = [make_client() for _ in range(4)]
    path = make_model(ANSWER)
    requests = [client.generate(ask(path)) for client, _ in clients]
    finished = [seen.finished(request) for (_, seen), request in zip(clients, requests, strict=True)]
    assert {event.reason for event in finished} == {FinishReason.STOP}
    assert len({client.worker_pid for client, _ in clients}) == 1
    assert sum(event.timing.load_s > 0 for event in finished) == 1


def test_a_shorter_context_shares_the_model_and_keeps_its_own_limit(
    make_client: MakeClient, make_model: MakeModel
) -> None:
    client, seen = make_client()
    path = make_model(endless())
    seen.finished(client.generate(ask(path, context_length=1024, overrides={"max_tokens": 1})))
    request = client.generate(ask(path, context_length=300))
    finished = seen.finished(request)
    assert finished.timing.load_s == 0
    assert finished.reason is FinishReason.LENGTH
    assert finished.usage.prompt_tokens + finished.usage.completion_tokens == 300
    assert seen.of(Started, request)[0].model.context_length == 300


def test_requests_queue_fairly(make_client: MakeClient, make_model: MakeModel) -> None:
    path = make_model(endless())
    first, first_seen = make_client()
    second, second_seen = make_client()
    running = first.generate(ask(path))
    first_seen.wait_for(TextProduced)
    # Several samples are written by themselves: beside the one that runs, a single answer would not have to wait.
    waiting = [first.generate(ask(path, samples=2, overrides={"max_tokens": 3})) for _ in range(2)]
    first_seen.wait_for(Queued, lambda event: event.request == waiting[1] and event.ahead == 2)
    other = second.generate(ask(path, samples=2, overrides={"max_tokens": 3}))
    second_seen.wait_for(Queued, lambda event: event.request == other)
    first_seen.wait_for(Queued, lambda event: event.request == waiting[1] and event.ahead == 3)
    first.cancel(running)
    second_seen.finished(other)
    first_seen.finished(waiting[1])
    # Behind the running one and its own client's first; then the other client's comes before it as well.
    assert [event.ahead for event in first_seen.of(Queued, waiting[1])] == [2, 3, 2, 1]
    assert [event.ahead for event in second_seen.of(Queued, other)] == [2, 1]


def test_unload_is_refused_while_another_client_is_answered(make_client: MakeClient, make_model: MakeModel) -> None:
    path = make_model(endless())
    first, first_seen = make_client()
    second, second_seen = make_client()
    request = first.generate(ask(path))
    first_seen.wait_for(TextProduced)
    second.unload()
    second.count(model_request(path), (Turn("user", "x"),))
    second_seen.wait_for(TokensCounted)  # so the worker has read what came before
    first.cancel(request)
    assert first_seen.finished(request).reason is FinishReason.CANCELLED
    shared = second.generate(ask(path, overrides={"max_tokens": 3}))
    assert second_seen.finished(shared).timing.load_s == 0


CHILD = """
import sys, pathlib, threading
from finr1_desk.core.events import *
from finr1_desk.core.prompts import Turn
from finr1_desk.engine.client import EngineClient
writing = threading.Event()
client = EngineClient(pathlib.Path(sys.argv[1]), lambda e: isinstance(e, TextProduced) and writing.set(), kind="test")
client.generate(GenerateRequest(ModelRequest(sys.argv[2], 2048, threads=1), (Turn("user", "Hi"),)))
writing.wait()
print(client.worker_pid, flush=True)
sys.stdin.read()
client.close()
"""


@contextmanager
def client_process(
    runtime: Path, model: Path, folder: Path | None = None
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Another process, in `folder`, that is being answered; and its worker."""
    with subprocess.Popen(
        [sys.executable, "-P", "-c", CHILD, str(runtime), str(model)],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


def test_a_killed_client_frees_the_worker_for_the_others(
    make_client: MakeClient, make_model: MakeModel, runtime: Path
) -> None:
    client, seen = make_client()
    path = make_model(endless())
    seen.finished(client.generate(ask(path, overrides={"max_tokens": 3})))
    with client_process(runtime, path) as (process, worker):
        assert worker == client.worker_pid
        waiting = client.generate(ask(path, overrides={"max_tokens": 3}))
        seen.wait_for(Queued, lambda event: event.request == waiting)
        process.kill()
        assert seen.finished(waiting).reason is FinishReason.LENGTH
    assert client.worker_pid == worker


def test_the_worker_ends_with_its_last_client_however_that_ends(make_model: MakeModel, runtime: Path) -> None:
    with client_process(runtime, make_model(endless())) as (process, worker):
        process.kill()
        process.wait(PATIENCE_S)
        wait_gone(worker)
    assert not (runtime / endpoint.ENDPOINT_FILE).exists()


def test_modules_in_the_current_folder_are_not_the_workers(
    make_model: MakeModel, runtime: Path, tmp_path: Path
) -> None:
    for module in ("json", "numpy", "jinja2", "finr1_desk"):
        (tmp_path / f"{module}.py").write_text("raise SystemExit('imported from the current folder')", "utf-8")
    with client_process(runtime, make_model(endless(model=LLAMA, after="\n\n")), tmp_path) as (_, worker):
        assert psutil.pid_exists(worker)
    wait_gone(worker)


def test_a_worker_outlives_the_client_that_started_it(
    make_client: MakeClient, make_model: MakeModel, runtime: Path
) -> None:
    client, seen = make_client()
    path = make_model(endless())
    with client_process(runtime, path) as (process, worker):
        waiting = client.generate(ask(path, overrides={"max_tokens": 3}))
        seen.wait_for(Queued, lambda event: event.request == waiting)
        process.kill()
        process.wait(PATIENCE_S)
    assert seen.finished(waiting).reason is FinishReason.LENGTH
    assert client.worker_pid == worker


def test_closing_at_once_and_twice_is_fine(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    client.close()
    client.close()
    assert client.worker_pid is None
    client.generate(ask(make_model(ANSWER)))  # to nobody
    assert not seen.events
    other, _ = make_client()
    other.generate(ask(make_model(endless())))
    other.close(timeout=30.0)
    other.close()


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_asked_in_whatever_order_ends_once(
    make_client: MakeClient, make_model: MakeModel, seed: int
) -> None:
    choose = random.Random(seed)
    clients = [make_client() for _ in range(3)]
    paths = [make_model(ANSWER), make_model(endless())]
    asked: list[tuple[int, str]] = []
    for _ in range(40):
        number = choose.randrange(len(clients))
        client = clients[number][0]
        action = choose.random()
        if action < 0.5 or not asked:
            request = ask(choose.choice(paths), overrides={"max_tokens": choose.choice([1, 30, 2000])})
            asked.append((number, client.generate(request)))
        elif action < 0.8:
            owner, request_id = choose.choice(asked)
            clients[owner][0].cancel(request_id)
        elif action < 0.9:
            owner, request_id = choose.choice(asked)
            clients[owner][0].answer_now(request_id)
        else:
            client.unload()
    for owner, request_id in asked:
        clients[owner][0].cancel(request_id)
    for owner, request_id in asked:
        seen = clients[owner][1]
        assert seen.finished(request_id).reason is not FinishReason.ERROR
        assert len(seen.of(Finished, request_id)) == 1
        events = [event for event in seen.events if getattr(event, "request", None) == request_id]
        assert isinstance(events[-1], Finished)


# -- starting


def test_what_a_dead_worker_left_is_replaced(make_client: MakeClient, make_model: MakeModel, runtime: Path) -> None:
    stale = endpoint.new_endpoint(runtime)
    Listener(stale.address, stale.family).close()
    if stale.family == "AF_UNIX":
        Path(stale.address).touch()  # as it is after a kill
    endpoint.publish(runtime, stale)
    client, seen = make_client()
    assert seen.finished(client.generate(ask(make_model(ANSWER)))).reason is FinishReason.STOP
    assert endpoint.read(runtime) != stale
    assert not Path(stale.address).exists()


def test_a_client_that_comes_while_the_worker_leaves_gets_a_new_one(
    make_client: MakeClient, make_model: MakeModel
) -> None:
    path = make_model(ANSWER)
    for _ in range(5):
        leaving, leaving_seen = make_client()
        leaving_seen.finished(leaving.generate(ask(path)))
        closing = threading.Thread(target=leaving.close, args=(30.0,))
        closing.start()
        coming, coming_seen = make_client()
        assert coming_seen.finished(coming.generate(ask(path))).reason is FinishReason.STOP
        closing.join()
        coming.close(timeout=30.0)


def test_a_worker_that_cannot_start_says_why(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client(command=[sys.executable, "-c", "raise SystemExit('the reason')"])
    for _ in range(2):
        finished = seen.finished(client.generate(ask(make_model(ANSWER))))
        assert finished.code is ErrorCode.ENGINE_START_FAILED
        assert finished.params["reason"] == "the reason"
    assert client.worker_pid is None


def test_a_runtime_folder_that_is_gone_is_an_error(
    make_client: MakeClient, make_model: MakeModel, runtime: Path
) -> None:
    runtime.rmdir()
    client, seen = make_client()
    assert seen.finished(client.generate(ask(make_model(ANSWER)))).code is ErrorCode.ENGINE_START_FAILED


def test_a_long_runtime_path_works(make_model: MakeModel, tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 40)
    folder.mkdir()
    seen = Recorder()
    client = EngineClient(folder, seen)
    assert seen.finished(client.generate(ask(make_model(ANSWER)))).reason is FinishReason.STOP
    found = endpoint.read(folder)
    client.close(timeout=30.0)
    assert found is not None
    assert not Path(found.address).parent.exists()


# -- peers that are none


def raw_connection(runtime: Path) -> tuple[Connection, endpoint.Endpoint]:
    found = endpoint.read(runtime)
    assert found is not None
    return mp.Client(found.address, found.family), found


def greeted_connection(runtime: Path, hello: Hello) -> Connection:
    connection, found = raw_connection(runtime)
    mp.answer_challenge(connection, found.secret)
    mp.deliver_challenge(connection, found.secret)
    connection.send_bytes(protocol.encode(hello))
    return connection


def own_hello() -> Hello:
    return Hello(protocol.PROTOCOL_VERSION, protocol.application_version(), "test", os.getpid())


def test_strangers_harm_nobody(make_client: MakeClient, make_model: MakeModel, runtime: Path) -> None:
    client, seen = make_client()
    path = make_model(ANSWER)
    seen.finished(client.generate(ask(path)))
    silent = [raw_connection(runtime)[0] for _ in range(3)]
    noisy, _ = raw_connection(runtime)
    noisy.send_bytes(b"\x00" * 1000)
    impostor, _ = raw_connection(runtime)
    with pytest.raises(Exception, match="digest"):  # multiprocessing's own words
        mp.answer_challenge(impostor, b"wrong key" * 4)
    other, other_seen = make_client()
    assert other_seen.finished(other.generate(ask(path))).reason is FinishReason.STOP
    assert seen.finished(client.generate(ask(path))).reason is FinishReason.STOP
    for connection in (*silent, noisy, impostor):
        connection.close()


@pytest.mark.parametrize(
    "raw", [b"", b"\xff", b"{}", b'{"type":"Finished","request":"r","reason":"stop"}', b'{"type":"Generate"}']
)
def test_a_client_that_talks_nonsense_is_dropped_alone(
    make_client: MakeClient, make_model: MakeModel, runtime: Path, raw: bytes
) -> None:
    client, seen = make_client()
    path = make_model(ANSWER)
    seen.finished(client.generate(ask(path)))
    peer = greeted_connection(runtime, own_hello())
    assert isinstance(protocol.decode(peer.recv_bytes()), Welcome)
    assert isinstance(protocol.decode(peer.recv_bytes()), ModelLoaded)  # a new client is told what is loaded
    peer.send_bytes(raw)
    with pytest.raises(EOFError):
        peer.recv_bytes()
    peer.close()
    assert seen.finished(client.generate(ask(path))).reason is FinishReason.STOP


@pytest.mark.parametrize("hello", [Hello(99, "0", "test", 1), Cancel("r")])
def test_another_version_is_refused(
    make_client: MakeClient, make_model: MakeModel, runtime: Path, hello: Hello
) -> None:
    client, seen = make_client()
    seen.finished(client.generate(ask(make_model(ANSWER))))
    peer = greeted_connection(runtime, hello)
    assert protocol.decode(peer.recv_bytes()) == Refused(protocol.PROTOCOL_VERSION, protocol.application_version())
    with pytest.raises(EOFError):
        peer.recv_bytes()
    peer.close()


def test_a_worker_of_another_version_is_reported(make_client: MakeClient, runtime: Path) -> None:
    made = endpoint.new_endpoint(runtime)

    def refuse() -> None:
        with listener.accept() as connection:
            mp.deliver_challenge(connection, made.secret)
            mp.answer_challenge(connection, made.secret)
            connection.recv_bytes()
            connection.send_bytes(protocol.encode(Refused(99, "9.9")))

    with Listener(made.address, made.family) as listener:
        endpoint.publish(runtime, made)
        worker = threading.Thread(target=refuse)
        worker.start()
        client, seen = make_client()
        finished = seen.finished(client.load(ModelRequest("/nowhere.gguf")))
        worker.join(PATIENCE_S)
    assert finished.code is ErrorCode.ENGINE_VERSION
    assert finished.params["actual"] == "9.9/99"
    assert finished.params["expected"] == f"{protocol.application_version()}/{protocol.PROTOCOL_VERSION}"
