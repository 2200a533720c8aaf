"""What is sent to a team server, and through which client.

Owns the bodies and headers of requests. Beside the conversation's turns, the sampling and the key it sends nothing:
the client library's own headers about this machine are left out.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from finr1_desk.core.events import GenerateRequest, LoadedModel, ModelRequest, Started
from finr1_desk.core.prompts import Turn
from finr1_desk.core.remote import ServerAccess, is_loopback
from finr1_desk.core.sampling import Sampling
from finr1_desk.core.version import VERSION

if TYPE_CHECKING:
    from openai import AsyncOpenAI

NO_KEY: Final = "EMPTY"  # as vLLM's documentation writes it where no key is needed
_WRITE_S: Final = 60.0
_ABOUT_THIS_MACHINE: Final = "x-stainless-"  # headers of the client library


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, with everything that is decided before it is sent."""

    request: GenerateRequest
    access: ServerAccess
    model: str
    sampling: Sampling
    seed: int

    def body(self, prefix: str, limit: int, *, extra: bool) -> dict[str, Any]:
        """The arguments of OpenAI's `chat.completions.create`.

        Args:
            prefix: text that the answer is to go on from.
            limit: tokens that may be written.
            extra: with what goes beyond OpenAI's own parameters; vLLM and llama-server know it.
        """
        sampling = self.sampling
        body: dict[str, Any] = {
            "model": self.model,
            "messages": messages(self.request.turns, prefix),
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": limit,
            "seed": self.seed,
        }
        if self.request.samples > 1:
            body["n"] = self.request.samples
        more: dict[str, Any] = {}
        if sampling.repetition_penalty != 1:
            more["repetition_penalty"] = more["repeat_penalty"] = sampling.repetition_penalty  # vLLM's, llama.cpp's
        if sampling.top_k:
            more["top_k"] = sampling.top_k
        if sampling.min_p:
            more["min_p"] = sampling.min_p
        if prefix:
            more |= {
                "continue_final_message": True,
                "add_generation_prompt": False,
            }  # vLLM; llama-server does it anyway
        if extra and more:
            body["extra_body"] = more
        return body

    def started(self, id: str) -> Started:
        """How many tokens the prompt has is told with the end."""
        loaded = loaded_model(self.request.model, self.model, self.access, 0)
        return Started(id, 0, 0, 0, self.sampling, self.seed, 0.0, loaded)


def messages(turns: tuple[Turn, ...], prefix: str) -> list[dict[str, str]]:
    written = [{"role": turn.role, "content": turn.content} for turn in turns]
    return [*written, {"role": "assistant", "content": prefix}] if prefix else written


def loaded_model(request: ModelRequest, model: str, access: ServerAccess, context: int) -> LoadedModel:
    """A server's model, as if it were loaded here; what a server does not tell is empty or 0."""
    return LoadedModel(
        request=request,
        name=model,
        file_name="",
        architecture="",
        quantisation="",
        parameters=0,
        context_length=context,
        trained_context=0,
        device=access.server.host,
        layers=0,
        gpu_layers=0,
        threads=0,
        load_s=0.0,
    )


def make_client(access: ServerAccess) -> AsyncOpenAI:
    """The client for one request. Certificates are checked as the system does, so a company's own are known."""
    import httpx2
    import openai
    import truststore

    server = access.server
    timeout = httpx2.Timeout(connect=server.connect_s, read=server.silence_s, write=_WRITE_S, pool=server.connect_s)
    http = openai.DefaultAsyncHttpxClient(
        verify=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        timeout=timeout,
        event_hooks={"request": [_say_nothing_of_this_machine]},
        follow_redirects=False,  # text goes to the server that was named, and to no other
        trust_env=not is_loopback(server.base_url),  # a company's proxy does not know this machine's servers
    )
    return openai.AsyncOpenAI(
        api_key=access.key or NO_KEY,
        base_url=server.base_url,
        timeout=timeout,
        max_retries=0,  # waiting for a busy server is shown
        default_headers={"User-Agent": f"finr1-desk/{VERSION}", **access.headers},
        http_client=http,
    )


async def _say_nothing_of_this_machine(request: Any) -> None:
    for name in [name for name in request.headers if name.lower().startswith(_ABOUT_THIS_MACHINE)]:
        del request.headers[name]
