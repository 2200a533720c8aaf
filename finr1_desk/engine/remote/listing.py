"""Which models a server names.

Owns the one question, for requests that run on the engine's thread and for whoever has a thread to wait on.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from finr1_desk.core.remote import ServerAccess
from finr1_desk.engine.remote.asking import make_client
from finr1_desk.engine.remote.failures import failure

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types import Model


# vLLM's and SGLang's; LM Studio's, what it loaded first; what gateways before others say.
_CONTEXT_NAMES: Final = (
    "max_model_len",
    "loaded_context_length",
    "max_context_length",
    "context_length",
    "context_window",
)


async def served(client: AsyncOpenAI, access: ServerAccess) -> list[Model]:
    """The server's models, in its order.

    Raises:
        UserError: why it does not tell.
    """
    try:
        return (await client.models.list()).data
    except Exception as error:
        raise failure(error, access) from error


def context_of(model: Model) -> int:
    """Tokens of its context, by any of the names that servers have for it; 0 where it is not told."""
    told = model.model_extra or {}
    return next((int(told[name]) for name in _CONTEXT_NAMES if type(told.get(name)) is int and told[name] > 0), 0)


def served_models(access: ServerAccess) -> tuple[str, ...]:
    """The names; waits for them.

    Raises:
        UserError: as `served`.
    """

    async def ask() -> tuple[str, ...]:
        async with make_client(access) as client:
            return tuple(model.id for model in await served(client, access))

    return asyncio.run(ask())
