"""Which turns a prompt is made of, where the context has no room for all of them.

Owns that decision: the oldest turns go, in whole pairs of question and answer; the system prompt, the last question and
room for the answer stay. It counts every turn once, however long the conversation is, and keeps nothing.

What has gone once stays out of the next prompts as well, as long as they fit: prompts that begin alike are computed
once only. So when turns have to go, a quarter of the context is made free for the turns to come, and the decision for
a question follows from those for all questions before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from finr1_desk.core.conversation import LeftOut
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.prompts import Turn
from finr1_desk.engine.prompt.building import PromptBuilder

_LEAST_ROOM: Final = 64


@dataclass(frozen=True, slots=True)
class Budget:
    """The tokens of a context, and how they are shared out.

    Attributes:
        context: all of them, for prompt and answer.
        least_room: what an answer needs at the very least: a prompt that leaves less is refused.
        room: what an answer shall have: turns are left out for it. A reasoning model needs much.
        fresh: what is made free beyond that where turns have to go.
    """

    context: int
    least_room: int
    room: int
    fresh: int

    @staticmethod
    def of(context: int, max_tokens: int) -> Budget:
        """The budget of a context, for answers of so many tokens at most."""
        least = min(_LEAST_ROOM, max(1, context // 8))
        return Budget(context, least, max(min(max_tokens, context // 4), least), context // 4)


@dataclass(frozen=True, slots=True)
class Prompt:
    """The token ids to compute, and what of the conversation is not among them."""

    tokens: list[int]
    left_out: LeftOut


def fit(builder: PromptBuilder, turns: Sequence[Turn], prefix: Sequence[int], budget: Budget) -> Prompt:
    """The prompt for the next answer, `prefix` being what of it is written already.

    Raises:
        UserError: `CONTEXT_TOO_LONG` where even the last question alone does not fit; `MODEL_NO_TEMPLATE`.
    """
    system, starts = _pairs(turns)
    counts = builder.counts(turns)
    first = _first_kept(counts, system, starts, len(prefix), budget)
    while True:
        start = starts[first]
        tokens = builder.build([*turns[:system], *turns[start:]])
        used = len(tokens) + len(prefix)
        if used + budget.room <= budget.context or first == len(starts) - 1:
            break
        first += 1  # a template made more of the turns than was counted
    over = used + budget.least_room - budget.context
    if over > 0:
        raise UserError(ErrorCode.CONTEXT_TOO_LONG, tokens=used, limit=budget.context, over=over)
    return Prompt([*tokens, *prefix], LeftOut(start - system, sum(counts[system:start])))


def _pairs(turns: Sequence[Turn]) -> tuple[int, list[int]]:
    """How many turns at the beginning are the system's, and where each question with its answer begins."""
    system = next((place for place, turn in enumerate(turns) if turn.role != "system"), len(turns))
    starts = [place for place, turn in enumerate(turns) if turn.role == "user" and place > system]
    return system, [system, *starts]


def _first_kept(counts: Sequence[int], system: int, starts: Sequence[int], prefix: int, budget: Budget) -> int:
    """The number of the first pair that is kept: what it was for the question before, unless that is too much now."""
    sums = list(accumulate(counts[:-1], initial=0))
    always = sums[system] + counts[-1] + budget.room
    last = len(starts) - 1
    first = 0
    for number, start in enumerate(starts):
        upto = sums[-1] + prefix if number == last else sums[start + 1]
        if always + upto - sums[starts[first]] > budget.context:
            while first < number and always + budget.fresh + upto - sums[starts[first]] > budget.context:
                first += 1
    return first
