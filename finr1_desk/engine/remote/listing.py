"""Which models a server names.

Owns the one question, for requests that run on the engine's thread and for whoever has a thread to wait on.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from finr1_desk.core.remote import ServerAccess
from finr1_desk.engine.remote.asking import make_client
from finr1_desk.engine.remote.failures import failure

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types import Model


async def served(client: AsyncOpenAI, access: ServerAccess) -> list[Model]:
    """The server's models, in its order.

    Raises:
        UserError: why it does not tell.
    """
    try:
        return (await client.models.list()).data
    except Exception as error:
        raise failure(error, access) from error


def served_models(access: ServerAccess) -> tuple[str, ...]:
    """The names; waits for them.

    Raises:
        UserError: as `served`.
    """

    async def ask() -> tuple[str, ...]:
        async with make_client(access) as client:
            return tuple(model.id for model in await served(client, access))

    return asyncio.run(ask())
