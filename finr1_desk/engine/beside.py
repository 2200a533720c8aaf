"""What may be done beside answers at work, and what has to wait for their end.

Owns that decision, and what is known of an answer at work. It does nothing itself.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from finr1_desk.core.errors import UserError
from finr1_desk.core.events import GenerateRequest
from finr1_desk.engine.decode.generation import Generation
from finr1_desk.engine.loading import Loaded
from finr1_desk.engine.protocol import Forget, Generate, Load
from finr1_desk.engine.scheduler import Job, Work

KEPT_FOR_OTHERS: Final = 3  # of the answers at work: so many places one client leaves to others


@dataclass(frozen=True, eq=False, slots=True)
class Writing:
    """An answer at work, and for whom."""

    job: Job
    generation: Generation

    @property
    def _request(self) -> GenerateRequest:
        assert isinstance(self.job.work, Generate)
        return self.job.work.generate

    @property
    def conversation(self) -> str:
        return self._request.conversation

    @property
    def is_exclusive(self) -> bool:
        """Whether it takes all sequences of the context."""
        return self._request.samples > 1


def is_sociable(request: GenerateRequest, loaded: Loaded) -> bool:
    """Whether an answer can be written beside others."""
    try:
        return request.samples == 1 and loaded.serves(request.model)
    except UserError:  # told when it is its turn
        return False


def is_quick(work: Work, loaded: Loaded, conversations: Collection[str]) -> bool:
    """Whether something else can be done at once, without harm to the answers at work.

    Args:
        conversations: those that they belong to.
    """
    if isinstance(work, Forget):
        return bool(work.conversation) and work.conversation not in conversations
    try:
        return isinstance(work, Load) and loaded.serves(work.model)
    except UserError:
        return False
