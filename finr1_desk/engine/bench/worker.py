"""The worker that `finr1-desk bench` measures: the engine's own, with a bare loop beside it in the same process.

Owns the bare loop, which is `llama_decode` and arg-max over the model that the worker has loaded, and the connection
over which it is asked for. What clients ask for goes through the worker unchanged. The two never compute at once: the
one client that measures asks for one after the other, and what the worker does for nobody is waited for.
"""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from functools import partial
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any, Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.prompts import Turn
from finr1_desk.engine import endpoint, llama, worker
from finr1_desk.engine.loading import Loaded
from finr1_desk.engine.plan import offload, probe
from finr1_desk.engine.service import Service

_SEQUENCE: Final = 0
_SETTLED_POLL_S: Final = 0.01
_CELLS: Final = 256  # contexts are made in steps of so many tokens


class BareLoop:
    """`llama_decode` and arg-max and nothing else; its context is kept from one run to the next."""

    def __init__(self) -> None:
        self._context: llama.Context | None = None
        self._made_for: tuple[int, int] = (0, 0)
        self._length = 0

    def run(self, loaded: Loaded, turns: Sequence[Turn], tokens: int, threads: int) -> dict[str, float]:
        """Reads the prompt of these turns and decodes `tokens` tokens, whatever they are.

        Args:
            threads: for both; 0 for as many as the worker has.

        Returns:
            `prompt_tokens`, the durations `prefill_s` and `decode_s`, and `processor_s` of the whole process.

        Raises:
            UserError: `OUT_OF_MEMORY`, `DECODE_FAILED`.
        """
        prompt = loaded.prompts.build(turns)
        context = self._context_for(loaded, len(prompt) + tokens, threads)
        context.drop(_SEQUENCE)
        used, started = time.process_time(), time.perf_counter()
        for start in range(0, len(prompt), context.micro_batch):
            end = start + context.micro_batch
            _check(context.decode_bare(prompt[start:end], want_logits=end >= len(prompt)))
        token = int(context.logits().argmax())
        prefilled = time.perf_counter()
        for _ in range(tokens - 1):
            _check(context.decode_bare((token,), want_logits=True))
            token = int(context.logits().argmax())
        ended = time.perf_counter()
        return {
            "prompt_tokens": len(prompt),
            "prefill_s": prefilled - started,
            "decode_s": ended - prefilled,
            "processor_s": time.process_time() - used,
        }

    def release(self) -> None:
        """Gives the context's memory back."""
        if self._context is not None:
            self._context.close()
            self._context = None

    def _context_for(self, loaded: Loaded, length: int, threads: int) -> llama.Context:
        chosen = offload.choose_threads(threads or loaded.facts.request.threads, offload.usable_cores())
        wanted = (chosen.decode, chosen.prefill)
        if self._context is not None and self._made_for == wanted and length <= self._length:
            return self._context
        self.release()
        self._length = -(-length // _CELLS) * _CELLS
        self._made_for = wanted
        try:
            self._context = llama.Context(
                loaded.model,
                length=self._length,
                threads=chosen.decode,
                threads_prefill=chosen.prefill,
                micro_batch=loaded.context.micro_batch,
                should_abort=lambda: False,
                kv_type=loaded.context.kv_type,
                flash_attention=loaded.context.flash_attention,
            )
        except llama.LlamaError as error:
            raise UserError(ErrorCode.OUT_OF_MEMORY, context=self._length) from error
        return self._context


def _check(status: int) -> None:
    if status != 0:
        raise UserError(ErrorCode.DECODE_FAILED, status=status)


def _prepared(loaded: Loaded) -> dict[str, Any]:
    """What the worker has chosen for the loaded model, and llama.cpp's build; answers do not end by themselves now."""
    loaded.model.vocabulary.ignore_ends()
    threads = offload.choose_threads(loaded.facts.request.threads, offload.usable_cores())
    return {
        "llama_cpp": probe.facts(),
        "micro_batch": loaded.context.micro_batch,
        "kv_type": loaded.context.kv_type,
        "threads_prefill": threads.prefill,
    }


def _answer(bare: BareLoop, loaded: Loaded, asked: Mapping[str, Any]) -> dict[str, Any]:
    match asked["ask"]:
        case "prepare":
            return _prepared(loaded)
        case "release":
            bare.release()
            return {}
        case "settle":
            return {}
        case "empty":
            loaded.cache.forget("")
            return {}
        case _:
            turns = [Turn(role, content) for role, content in asked["turns"]]
            return bare.run(loaded, turns, asked["tokens"], asked["threads"])


def _serve(connection: Connection, service: Service) -> None:
    bare = BareLoop()
    while True:
        asked = json.loads(connection.recv_bytes())
        while not service.is_settled:
            time.sleep(_SETTLED_POLL_S)
        try:
            with service.holding_model() as loaded:
                if loaded is None:
                    raise UserError(ErrorCode.NO_MODEL)
                answer = _answer(bare, loaded, asked)
        except UserError as error:
            answer = {"code": error.code.value, "params": dict(error.params)}
        except llama.LlamaError as error:
            answer = {"code": ErrorCode.DECODE_FAILED.value, "params": {"status": str(error)}}
        connection.send_bytes(json.dumps(answer).encode())


def _listen(listener: Listener, service: Service) -> None:
    with contextlib.suppress(EOFError, OSError), listener.accept() as connection:
        _serve(connection, service)


def attend(runtime: Path, service: Service) -> None:
    """Listens, in a folder of its own, for the one client that measures."""
    folder = runtime / endpoint.BARE_FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    own = endpoint.new_endpoint(folder)
    listener = Listener(own.address, own.family, authkey=own.secret)
    if own.family == "AF_UNIX":
        Path(own.address).chmod(0o600)
    threading.Thread(target=_listen, args=(listener, service), name="bare", daemon=True).start()
    endpoint.publish(folder, own)


def main() -> int:
    runtime = worker.prepared_runtime()
    return worker.run(runtime, partial(attend, runtime))


if __name__ == "__main__":
    sys.exit(main())
