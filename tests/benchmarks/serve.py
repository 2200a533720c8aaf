"""What the local API costs and gains: one stream against the engine alone, and eight programs at once against one.

Run: `python -m tests.benchmarks.serve MODEL.gguf [--tokens N] [--rounds N] [--threads N] [--streams N] [--seeded]
[--bare]`, with a file that `tests.benchmarks.random_7b` wrote, for example. Server and engine are the real processes;
«the engine alone» is a client of the very same worker. All take turns within one run. Every question is asked once,
under the official system prompt: reading it counts, as it does for a program that asks. `writing` leaves the reading
out; it is 0 where the answers are so short that the first ends before the last begins. `bare` is what as many rows gain
in llama.cpp itself against one, with nothing around `llama_decode`.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from finr1_desk.core.events import EngineEvent, Finished, GenerateRequest, ModelRequest, TextProduced
from finr1_desk.core.prompts import OFFICIAL_SYSTEM_PROMPT, Turn
from finr1_desk.engine.client import EngineClient
from finr1_desk.store.paths import resolve_data_dir
from tests.benchmarks import rows

KEY = "benchmark"
CONTEXT = 16_384  # as the application has it: with less, some would wait for room


@dataclass(frozen=True)
class Stream:
    """One answer: its tokens, and seconds on the clock."""

    tokens: int
    asked: float
    first: float
    ended: float


@dataclass(frozen=True)
class Round:
    """Streams that were asked for at the same time."""

    streams: list[Stream]

    @property
    def per_s(self) -> float:
        began, ended = min(s.asked for s in self.streams), max(s.ended for s in self.streams)
        return sum(s.tokens for s in self.streams) / (ended - began)

    @property
    def writing_per_s(self) -> float:
        """While all of them wrote: of what each wrote in that time, as if it wrote evenly."""
        began, ended = max(s.first for s in self.streams), min(s.ended for s in self.streams)
        return sum((s.tokens - 1) / (s.ended - s.first) for s in self.streams) if ended > began else 0.0


class Alone:
    """The engine without the server: a client of its worker."""

    def __init__(self, runtime: Path, model: ModelRequest, tokens: int) -> None:
        self._model, self._tokens = model, tokens
        self._changed = threading.Condition()
        self._events: list[tuple[float, EngineEvent]] = []
        self._client = EngineClient(runtime, self._on_event, kind="benchmark")

    def _on_event(self, event: EngineEvent) -> None:
        with self._changed:
            self._events.append((time.perf_counter(), event))
            self._changed.notify()

    def ask(self, question: str) -> Stream:
        turns = (Turn("system", OFFICIAL_SYSTEM_PROMPT), Turn("user", question))
        overrides = {"max_tokens": self._tokens, "temperature": 0.0}
        self._events.clear()
        asked = time.perf_counter()
        self._client.generate(
            GenerateRequest(self._model, turns, overrides=overrides, prompt_lookup=False, may_leave_out=False)
        )
        with self._changed:
            self._changed.wait_for(lambda: any(isinstance(event, Finished) for _, event in self._events))
            first = next(at for at, event in self._events if isinstance(event, TextProduced))
            ended, finished = next((at, event) for at, event in self._events if isinstance(event, Finished))
        assert finished.code is None, finished
        return Stream(finished.usage.completion_tokens, asked, first, ended)

    def close(self) -> None:
        self._client.close(30.0)


def through(port: int, question: str, tokens: int, *, seeded: bool) -> Stream:
    """One answer over HTTP, in pieces."""
    messages = [{"role": "system", "content": OFFICIAL_SYSTEM_PROMPT}, {"role": "user", "content": question}]
    body = {"messages": messages, "max_tokens": tokens, "temperature": 0, "stream": True}
    body["stream_options"] = {"include_usage": True}
    if seeded:
        body["seed"] = 7
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    asked = time.perf_counter()
    connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    first = 0.0
    written = 0
    for line in answer:
        if not line.startswith(b"data: {"):
            continue
        said = json.loads(line[6:])
        if not first and any(choice["delta"].get("content") for choice in said["choices"]):
            first = time.perf_counter()
        if said.get("usage"):
            written = said["usage"]["completion_tokens"]
    ended = time.perf_counter()
    connection.close()
    return Stream(written, asked, first, ended)


def at_once(ask: Callable[[str], Stream], questions: list[str]) -> Round:
    streams: list[Stream] = []
    threads = [threading.Thread(target=lambda q=question: streams.append(ask(q))) for question in questions]  # type: ignore[misc]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Round(streams)


def bare_gain(model: Path, streams: int, threads: int) -> float:
    """How many times as many tokens come of so many rows as of one."""
    rows.be_quiet()
    found = rows.measured(model, rows.Way(threads=threads), [1, streams], held=256, steps=3, rounds=3)
    return streams * found[1] / found[streams]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("--tokens", type=int, default=48)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--streams", type=int, default=8)
    parser.add_argument("--seeded", action="store_true", help="requests name a seed")
    parser.add_argument("--bare", action="store_true", help="measures bare rows of llama.cpp, too")
    options = parser.parse_args()
    bare = bare_gain(options.model, options.streams, options.threads) if options.bare else None
    numbers = itertools.count(101)

    def question() -> str:
        number = next(numbers)
        return f"{number} million were invested and {number + 17} million came back after three years. The yearly rate?"

    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "finr1_desk", "--data-dir", folder, "--language", "en", "serve", "--port", "0"]
        command += ["--api-key", KEY, "--model", str(options.model), "--ctx", str(CONTEXT)]
        command += ["--threads", str(options.threads)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert server.stdout is not None
        found = re.search(r":(\d+)/v1", server.stdout.readline())
        assert found
        port = int(found[1])
        model = ModelRequest(str(options.model.absolute()), CONTEXT, threads=options.threads)

        def ask(text: str) -> Stream:
            return through(port, text, options.tokens, seeded=options.seeded)

        alone = Alone(resolve_data_dir(Path(folder)).runtime, model, options.tokens)
        try:
            kinds: dict[str, Callable[[], Round]] = {
                "engine": lambda: at_once(alone.ask, [question()]),
                "one": lambda: at_once(ask, [question()]),
                "several": lambda: at_once(ask, [question() for _ in range(options.streams)]),
            }
            through(port, question(), 2, seeded=False)  # loads the model, and reads what all prompts begin with
            rounds: dict[str, list[Round]] = {name: [] for name in kinds}
            for number in range(options.rounds):
                for name in list(kinds) if number % 2 == 0 else reversed(list(kinds)):
                    rounds[name].append(kinds[name]())
        finally:
            alone.close()
            server.send_signal(signal.SIGINT)
            server.wait()
            server.stdout.close()

    def ratio(name: str, other: str, of: Callable[[Round], float]) -> float:
        return statistics.median(of(a) / of(b) for a, b in zip(rounds[name], rounds[other], strict=True))

    report = {
        "tokens_each": options.tokens,
        "streams": options.streams,
        "tokens_per_s": {name: statistics.median(each.per_s for each in found) for name, found in rounds.items()},
        "one_stream_against_engine": ratio("one", "engine", lambda each: each.per_s),
        "several_against_one": ratio("several", "one", lambda each: each.per_s),
        "several_against_one_writing": ratio("several", "one", lambda each: each.writing_per_s),
        "bare": bare,
    }
    print(json.dumps(report, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
