"""Which models a server names.

Owns one question, asked and waited for; for whoever has a thread to wait on.
"""

from __future__ import annotations

import asyncio

from finr1_desk.core.remote import ServerAccess
from finr1_desk.engine.remote.asking import make_client
from finr1_desk.engine.remote.failures import failure


def served_models(access: ServerAccess) -> tuple[str, ...]:
    """The names, in the server's order.

    Raises:
        UserError: why it does not tell.
    """

    async def ask() -> tuple[str, ...]:
        async with make_client(access) as client:
            return tuple(entry.id for entry in (await client.models.list()).data)

    try:
        return asyncio.run(ask())
    except Exception as error:
        raise failure(error, access) from error
