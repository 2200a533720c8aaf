"""The engine on a team server: any that speaks OpenAI's chat API, such as vLLM, llama-server or LM Studio.

Owns the connections and the one thread they live on. Requests name their server in the place of a model's path, and
whoever makes this engine says what lets them in. Nothing is contacted before a request is made, redirects are not
followed, and no more is sent than the conversation's turns and the sampling.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from finr1_desk.core.conversation import FinishReason
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import (
    EngineEvent,
    Finished,
    GenerateRequest,
    ModelLoaded,
    ModelRequest,
    SampleFinished,
    TextProduced,
    Waiting,
)
from finr1_desk.core.prompts import Turn
from finr1_desk.core.remote import REQUEST, ServerAccess
from finr1_desk.core.sampling import resolve
from finr1_desk.engine.remote.answer import RemoteAnswer
from finr1_desk.engine.remote.asking import Asked, loaded_model, make_client

if TYPE_CHECKING:
    from openai import AsyncOpenAI

TELL_S: Final = 0.05  # between two events of new text, as the local engine
MOST_WAITS: Final = 6  # for a busy server, one after the other
_LEAST_TOKENS: Final = 16  # left for an answer whose thinking was closed

log = logging.getLogger(__name__)
Access = Callable[[str], ServerAccess]


class _Request:
    """A request that runs: its task, and whether its thinking is to be closed."""

    def __init__(self) -> None:
        self.task: asyncio.Task[None] | None = None
        self.reading: asyncio.Task[None] | None = None
        self.answer: RemoteAnswer | None = None
        self.closing = False


class RemoteEngine:
    """Thread-safe; every method returns at once. `finr1_desk.engine.interface.Engine` says what each one means."""

    def __init__(self, access: Access, on_event: Callable[[EngineEvent], None]) -> None:
        """`access` tells what lets a request in, and may wait for a keychain: it is called off the engine's thread.

        It raises `UserError` where the server may not be used.
        """
        self._access = access
        self._on_event = on_event
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._requests: dict[str, _Request] = {}
        self._closed = False

    @property
    def worker_pid(self) -> int | None:
        return None

    # -- the interface

    def load(self, model: ModelRequest) -> str:
        """Asks whether the server is there and has the model; it is loaded as far as this machine is concerned."""
        return self._run(lambda id, _: self._load(id, model))

    def generate(self, request: GenerateRequest) -> str:
        return self._run(lambda id, running: self._generate(id, running, request))

    def count(self, model: ModelRequest, turns: tuple[Turn, ...]) -> str:
        """Nothing is sent for a count, so there is none: what is counted is a draft, which nobody has asked yet."""
        return self._run(lambda id, _: self._tell_async(Finished(id, FinishReason.CANCELLED)))

    def plan(self, model: ModelRequest) -> str:
        """Nothing is loaded here, so there is no plan."""
        return self._run(lambda id, _: self._tell_async(Finished(id, FinishReason.CANCELLED)))

    def answer_now(self, request_id: str) -> None:
        self._call(lambda: self._close_thinking(request_id))

    def cancel(self, request_id: str) -> None:
        self._call(lambda: self._cancel(request_id))

    def forget(self, conversation: str) -> None:
        """Nothing of a conversation is kept here."""

    def unload(self) -> None:
        """The model is the server's."""

    def close(self, timeout: float = 2.0) -> None:
        with self._lock:
            self._closed = True
            loop, thread, self._thread = self._loop, self._thread, None
        if loop is None or thread is None:
            return
        for id in list(self._requests):
            self.cancel(id)
        asyncio.run_coroutine_threadsafe(self._leave(), loop)
        thread.join(timeout)

    # -- the thread

    def _run(self, work: Callable[[str, _Request], Coroutine[Any, Any, None]]) -> str:
        id, running = REQUEST + uuid4().hex, _Request()
        self._requests[id] = running

        def start() -> None:
            running.task = asyncio.get_running_loop().create_task(self._guarded(id, work(id, running)))

        self._call(start)
        return id

    def _call(self, work: Callable[[], None]) -> None:
        with self._lock:
            if self._closed and self._loop is None:
                return
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._serve, args=(self._loop,), name="server", daemon=True)
                self._thread.start()
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(work)

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    async def _leave(self) -> None:
        loop = asyncio.get_running_loop()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        loop.stop()

    async def _guarded(self, id: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except asyncio.CancelledError:
            self._on_event(Finished(id, FinishReason.CANCELLED))
        except UserError as error:
            self._on_event(Finished(id, FinishReason.ERROR, code=error.code, params=error.params))
        except Exception as error:  # a bug, which must not leave an answer waiting for its end
            log.exception("a request to a server failed")
            params = {"host": "", "reason": type(error).__name__}
            self._on_event(Finished(id, FinishReason.ERROR, code=ErrorCode.SERVER_BROKE_OFF, params=params))
        finally:
            self._requests.pop(id, None)

    async def _tell_async(self, event: EngineEvent) -> None:
        self._on_event(event)

    def _cancel(self, id: str) -> None:
        running = self._requests.get(id)
        if running is not None and running.task is not None:
            running.task.cancel()

    def _close_thinking(self, id: str) -> None:
        running = self._requests.get(id)
        if running is None or running.answer is None or not running.answer.thinking or running.reading is None:
            return
        running.closing = True
        running.reading.cancel()

    # -- what is asked of the server

    async def _open(self, address: str) -> tuple[ServerAccess, AsyncOpenAI]:
        """The client for one request, made where the imports hold up nobody."""
        access = await asyncio.to_thread(self._access, address)
        return access, await asyncio.to_thread(make_client, access)

    async def _load(self, id: str, model: ModelRequest) -> None:
        from finr1_desk.engine.remote.listing import context_of, served

        access, client = await self._open(model.path)
        async with client:
            models = await served(client, access)
        wanted = access.server.model
        found = next((entry for entry in models if entry.id == wanted), None)
        if found is None and (wanted or not models):
            raise UserError(ErrorCode.SERVER_NO_MODEL, host=access.server.host, model=wanted)
        found = found or models[0]
        self._on_event(ModelLoaded(loaded_model(model, found.id, access, context_of(found))))
        self._on_event(Finished(id, FinishReason.STOP))

    async def _generate(self, id: str, running: _Request, request: GenerateRequest) -> None:
        access, client = await self._open(request.model.path)
        sampling = resolve(request.overrides, {})
        seed = request.seed if request.seed is not None else secrets.randbelow(2**31)
        async with client:
            model = access.server.model or await self._first_model(client, access)
            asked = Asked(request, access, model, sampling, seed)
            if request.samples > 1:
                await self._several(id, asked, client)
            else:
                await self._one(id, running, asked, client)

    async def _first_model(self, client: AsyncOpenAI, access: ServerAccess) -> str:
        from finr1_desk.engine.remote.listing import served

        models = await served(client, access)
        if not models:
            raise UserError(ErrorCode.SERVER_NO_MODEL, host=access.server.host, model="")
        return models[0].id

    async def _one(self, id: str, running: _Request, asked: Asked, client: AsyncOpenAI) -> None:
        """One answer, in as many requests as closings of its thinking take."""
        from finr1_desk.engine.remote.failures import failure

        answer = running.answer = RemoteAnswer(asked.request.prefix, stop_loops=asked.request.stop_loops)
        teller = _Teller(id, answer, self._on_event)
        prefix, limit = asked.request.prefix, asked.sampling.max_tokens
        started = False
        while True:
            try:
                if started:
                    await self._check_again(asked)
                stream = await self._begin(id, asked, client, prefix, limit)
                if not started:
                    self._on_event(asked.started(id))
                    started = True
                running.reading = asyncio.create_task(_read(stream, answer, teller, asked.request.max_think))
                try:
                    await running.reading
                except asyncio.CancelledError:
                    if not running.closing:
                        raise
                finally:
                    await stream.close()
            except (asyncio.CancelledError, UserError):
                teller.flush()
                raise
            except Exception as error:
                teller.flush()
                raise failure(error, asked.access) from error
            over = answer.is_to_answer or _has_thought_enough(answer, asked.request.max_think)
            if not running.closing and not over:
                break
            running.closing = False
            teller.add(answer.close_thinking())
            prefix, limit = answer.raw, max(asked.sampling.max_tokens - answer.tokens, _LEAST_TOKENS)
        teller.flush()
        self._on_event(
            Finished(id, _ended(answer, asked.access), answer.usage, answer.timing, think_cut=answer.think_cut)
        )

    async def _check_again(self, asked: Asked) -> None:
        """Before more is sent, since time has passed.

        Raises:
            UserError: the server was changed, switched off or forbidden meanwhile.
        """
        await asyncio.to_thread(self._access, asked.request.model.path)

    async def _several(self, id: str, asked: Asked, client: AsyncOpenAI) -> None:
        """Several answers to one question, which the server writes side by side."""
        from finr1_desk.engine.remote.failures import failure

        answers = [RemoteAnswer("", stop_loops=asked.request.stop_loops) for _ in range(asked.request.samples)]
        tellers = [_Teller(id, answer, self._on_event, sample) for sample, answer in enumerate(answers)]
        try:
            stream = await self._begin(id, asked, client, "", asked.sampling.max_tokens)
            self._on_event(asked.started(id))
            try:
                async for chunk in stream:
                    for choice in chunk.choices:
                        if 0 <= choice.index < len(answers):
                            tellers[choice.index].add(answers[choice.index].take(choice.delta))
                            answers[choice.index].end(choice.finish_reason)
                    if all(answer.has_ended for answer in answers):
                        break  # the server may go on with one that goes in a circle
            finally:
                await stream.close()
        except (asyncio.CancelledError, UserError):
            raise
        except Exception as error:
            raise failure(error, asked.access) from error
        finally:
            for teller in tellers:
                teller.flush()
        for sample, answer in enumerate(answers):
            reason = _ended(answer, asked.access)
            self._on_event(SampleFinished(id, sample, reason, answer.usage, answer.timing))
        tokens = sum(answer.tokens for answer in answers)
        usage = replace(answers[0].usage, completion_tokens=tokens, think_tokens=sum(a.think_tokens for a in answers))
        self._on_event(Finished(id, FinishReason.STOP, usage, answers[0].timing))

    async def _begin(self, id: str, asked: Asked, client: AsyncOpenAI, prefix: str, limit: int) -> Any:
        """The stream of an answer; waits for a busy server, and does without what this one does not know."""
        from finr1_desk.engine.remote.failures import is_about_parameters, waits

        attempt, extra = 0, True
        while True:
            try:
                return await client.chat.completions.create(**asked.body(prefix, limit, extra=extra))
            except Exception as error:
                pause = waits(error, attempt)
                if pause is not None and attempt < MOST_WAITS:
                    attempt += 1
                    self._on_event(Waiting(id, pause))
                    await asyncio.sleep(pause)
                    await self._check_again(asked)
                elif extra and is_about_parameters(error):
                    extra = False
                else:
                    raise


async def _read(stream: Any, answer: RemoteAnswer, teller: _Teller, max_think: int) -> None:
    """Reads the stream to its end, or until the thinking has become too long."""
    async for chunk in stream:
        if chunk.usage is not None:
            answer.take_usage(chunk.usage)
        for choice in chunk.choices:
            teller.add(answer.take(choice.delta))
            answer.end(choice.finish_reason)
        if answer.is_looping or _has_thought_enough(answer, max_think):
            return


def _has_thought_enough(answer: RemoteAnswer, max_think: int) -> bool:
    return 0 < max_think <= answer.think_tokens and answer.thinking and answer.reason is None


def _ended(answer: RemoteAnswer, access: ServerAccess) -> FinishReason:
    """
    Raises:
        UserError: the stream ended without the server having said why: it, or something on the way, broke it off.
    """
    if answer.is_looping:
        return FinishReason.LOOP
    if answer.reason is None:
        raise UserError(ErrorCode.SERVER_BROKE_OFF, host=access.server.host, reason="no_end")
    return answer.reason


class _Teller:
    """Gathers new text, so that a quick server does not cost an event for each token."""

    def __init__(self, id: str, answer: RemoteAnswer, on_event: Callable[[EngineEvent], None], sample: int = 0) -> None:
        self._id = id
        self._answer = answer
        self._on_event = on_event
        self._sample = sample
        self._text: list[str] = []
        self._told = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, text: str) -> None:
        if not text:
            return
        self._text.append(text)
        left = self._told + TELL_S - time.monotonic()
        if left <= 0:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(left, self.flush)

    def flush(self) -> None:
        """Tells of everything that has come."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._text:
            return
        text, self._text = "".join(self._text), []
        self._told = time.monotonic()
        answer = self._answer
        self._on_event(
            TextProduced(
                self._id,
                text,
                answer.tokens,
                answer.think_tokens,
                answer.tokens_per_s,
                answer.context_used,
                answer.think_cut,
                self._sample,
            )
        )
