"""A request for an answer, from what it asks to its last byte.

Owns that order: the engine is asked for every prompt, what it says is put into choices, and those are sent whole or in
pieces. Where the program that asked has gone, everything that was asked for it is cancelled. What a request may say is
`bodies`', what an answer looks like is `replies`'.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from finr1_desk.core.conversation import FinishReason
from finr1_desk.core.events import (
    EngineEvent,
    Finished,
    GenerateRequest,
    ModelRequest,
    SampleFinished,
    Started,
    TextProduced,
    TokenLikelihood,
)
from finr1_desk.server.asking import Asking
from finr1_desk.server.bodies import Asked, parsed
from finr1_desk.server.errors import RefusalError, engine_refusal
from finr1_desk.server.guard import send_json
from finr1_desk.server.replies import Choice, Counted, Reply
from finr1_desk.server.separating import Separated

_PING_S: Final = 15.0  # so often a stream says something, that whoever waits knows that it lives
_RETRY: Final = ((b"retry-after", b"5"),)
_STREAM_HEADERS: Final = [(b"content-type", b"text/event-stream; charset=utf-8")]


@dataclass(frozen=True, slots=True)
class Served:
    """What is served, and how.

    Attributes:
        name: of the model, as programs call it.
        separate: the thinking goes to `reasoning_content`, and `content` is the answer without tags.
    """

    name: str
    model: ModelRequest
    separate: bool = False


class _GoneError(Exception):
    """Nobody reads the answer any more."""


class AnswerEndpoint:
    """An ASGI application for one address.

    Args:
        read: understands a body.
    """

    def __init__(self, served: Served, asking: Callable[[], Asking], read: Callable[[dict[str, Any]], Asked]) -> None:
        self._served = served
        self._asking = asking
        self._read = read

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            asked = self._read(parsed(await Request(scope, receive).body()))
            if asked.model not in (None, self._served.name):
                message = f"The model {asked.model!r:.200} is not served here; {self._served.name!r} is."
                raise RefusalError(404, message, code="model_not_found", param="model")
            await _while_there(receive, _Exchange(self._served, self._asking(), asked, send).run())
        except RefusalError as refusal:
            await send_json(send, refusal.status, refusal.body, _RETRY if refusal.status in (429, 503) else ())
        except _GoneError:
            return


async def _while_there(receive: Receive, work: Coroutine[Any, Any, None]) -> None:
    """Works as long as the other side is there.

    Raises:
        _GoneError: it has gone.
    """

    async def listen() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    listening = asyncio.create_task(listen())
    working = asyncio.create_task(work)
    try:
        await asyncio.wait({listening, working}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise _GoneError
        await working
    finally:
        for task in (listening, working):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


class _Exchange:
    """One request and its answer."""

    def __init__(self, served: Served, asking: Asking, asked: Asked, send: Send) -> None:
        self._served = served
        self._asking = asking
        self._asked = asked
        self._send = send
        self._counted = Counted()
        self._choices = [Choice(index) for index in range(len(asked.prompts) * asked.n)]
        self._separated: dict[int, Separated] = {}
        self._reply = Reply(
            is_chat=asked.is_chat,
            model=served.name,
            with_likelihoods=asked.logprobs is not None,
            include_usage=asked.include_usage,
        )
        self._streaming = False
        self._begun: set[int] = set()

    async def run(self) -> None:
        """Raises RefusalError: before anything was sent."""
        try:
            async with aclosing(self._events()) as events:
                async for number, event in events:
                    await self._take(number, event)
        except RefusalError as refusal:
            if not self._streaming:
                raise
            await self._put(refusal.body)
        else:
            if not self._asked.stream:
                await send_json(self._send, 200, self._reply.whole(self._choices, self._counted))
                return
            if self._asked.include_usage:
                await self._put(self._reply.usage(self._counted))
        await self._write(b"data: [DONE]\n\n", last=True)

    # -- from the engine

    def _request(self, prompt: Any) -> GenerateRequest:
        asked = self._asked
        return GenerateRequest(
            model=self._served.model,
            turns=() if isinstance(prompt, str) else prompt,
            text=prompt if isinstance(prompt, str) else None,
            overrides=asked.overrides,
            seed=asked.seed,
            samples=asked.n,
            may_leave_out=False,
            stop=asked.stop,
            logprobs=asked.logprobs,
            json_schema=asked.json_schema,
            free_thinking=asked.free_thinking,
        )

    async def _events(self) -> AsyncGenerator[tuple[int, EngineEvent | None], None]:
        """The number of the prompt, and what the engine says of it; None where it has been silent for long."""
        inbox: asyncio.Queue[tuple[int, EngineEvent | RefusalError]] = asyncio.Queue()

        async def follow(number: int, request: GenerateRequest) -> None:
            try:
                async with aclosing(self._asking.ask(request)) as events:
                    async for event in events:
                        inbox.put_nowait((number, event))
            except RefusalError as refusal:
                inbox.put_nowait((number, refusal))

        requests = [self._request(prompt) for prompt in self._asked.prompts]
        tasks = [asyncio.create_task(follow(*each)) for each in enumerate(requests)]
        open_ones = len(tasks)
        try:
            while open_ones:
                try:
                    async with asyncio.timeout(_PING_S):
                        number, event = await inbox.get()
                except TimeoutError:
                    yield -1, None
                    continue
                if isinstance(event, RefusalError):
                    raise event
                open_ones -= isinstance(event, Finished)
                yield number, event
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _take(self, number: int, event: EngineEvent | None) -> None:
        if event is None:
            if self._streaming:
                await self._write(b": still at work\n\n")
        elif isinstance(event, Started):
            await self._begin(number, event)
        elif isinstance(event, TextProduced):
            await self._add(number * self._asked.n + event.sample, event)
        elif isinstance(event, SampleFinished):
            await self._end(number * self._asked.n + event.sample, event.reason)
        elif isinstance(event, Finished):
            if event.code is not None:
                raise engine_refusal(event.code, event.params)
            if event.reason is FinishReason.CANCELLED:
                raise RefusalError(503, "The answer was stopped.", code="cancelled")
            self._counted.add(event.usage)
            if self._asked.n == 1:
                await self._end(number, event.reason)

    async def _begin(self, number: int, started: Started) -> None:
        if number in self._begun:  # the engine died before there was any text, and was asked again
            return
        self._begun.add(number)
        if self._asked.stream and not self._streaming:
            self._streaming = True
            await self._send({"type": "http.response.start", "status": 200, "headers": _STREAM_HEADERS})
        prompt = self._asked.prompts[number]
        for index in range(number * self._asked.n, (number + 1) * self._asked.n):
            # What was asked to be JSON is JSON from its first character, so the thinking stands beside it.
            if self._asked.is_chat and (self._served.separate or self._asked.json_schema is not None):
                self._separated[index] = Separated(started.model.starts_in_think)
            opening = self._reply.opening(index)
            if self._streaming and opening is not None:
                await self._put(opening)
            if self._asked.echo and isinstance(prompt, str):
                await self._give(index, prompt, "")

    async def _add(self, index: int, event: TextProduced) -> None:
        separated = self._separated.get(index)
        reasoning, content = ("", event.text) if separated is None else separated.feed(event.text)
        if content or reasoning or event.likelihoods:
            await self._give(index, content, reasoning, event.likelihoods)

    async def _give(
        self, index: int, content: str, reasoning: str, likelihoods: tuple[TokenLikelihood, ...] = ()
    ) -> None:
        if self._streaming:
            await self._put(self._reply.piece(index, content, reasoning, likelihoods))
            return
        choice = self._choices[index]
        choice.content.append(content)
        if reasoning:
            choice.reasoning.append(reasoning)
        choice.likelihoods.extend(likelihoods)

    async def _end(self, index: int, reason: FinishReason) -> None:
        separated = self._separated.get(index)
        if separated is not None:
            thinking, content = separated.finish()
            if thinking or content:
                await self._give(index, content, thinking)
        self._choices[index].reason = reason
        if self._streaming:
            await self._put(self._reply.closing(index, reason))

    # -- to the program

    async def _put(self, value: dict[str, Any]) -> None:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        await self._write(b"data: " + text.encode("utf-8", "replace") + b"\n\n")

    async def _write(self, data: bytes, *, last: bool = False) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": not last})
