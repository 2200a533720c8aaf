"""How soon a conversation goes on: after a pause, at once, and in an engine that was started anew.

Owns the conversation that is asked for and what its answers begin with; they mean nothing. Each case is measured beside
reading all of the same prompt, within one run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from finr1_desk.core.events import SnapshotPlace
from finr1_desk.core.prompts import Turn, shown_to_model
from finr1_desk.core.reasoning import split
from finr1_desk.engine.bench.measuring import ANSWER_ROOM, GREEDY, LONGEST_PIECE, SEED, Answered, Bench
from finr1_desk.engine.bench.results import FirstToken

_CONVERSATION: Final = "bench"
_ANSWER_TOKENS: Final = 16  # of the model's own; the rest of an answer is given, so that each model has thought
_NEXT_QUESTION: Final = "And compared with the year before? 与上一年相比如何？"
_THOUGHT: Final = "Revenue rose by 5% while costs rose by 3%. 收入增速高于成本增速。"
_SAID: Final = "Profit grew faster than revenue. 利润增速高于收入增速。"


def _begun(number: int) -> str:
    """What an answer begins with: a thinking, and most of the answer; no two alike."""
    thought, said = (text * 3 for text in (_THOUGHT, _SAID))
    return f"<think>\n{number}. {thought}\n</think>\n<answer>\n{number}. {said}"


@dataclass(frozen=True, slots=True)
class Kept:
    """A conversation on disk: where, and what is asked next in it."""

    place: SnapshotPlace
    turns: tuple[Turn, ...]


def follow_ups(bench: Bench, tokens: int, rounds: int) -> tuple[FirstToken, FirstToken]:
    """The next question of a conversation of about so many tokens, or of what fits: after a pause, and at once.

    Raises:
        UserError: whatever keeps the engine from answering.
    """
    first = _beginning(bench, tokens)
    after_pause, at_once, whole = [], [], []
    for number in range(rounds):
        bench.empty()
        turns = _next(first, 2 * number, _asked(bench, first, 2 * number))
        bench.settle()
        after_pause.append(bench.answer(turns, 1, GREEDY))
        bench.settle()
        turns = _next(first, 2 * number + 1, _asked(bench, first, 2 * number + 1))
        at_once.append(bench.answer(turns, 1, GREEDY))
        bench.empty()
        whole.append(bench.answer(turns, 1, GREEDY, seed=SEED))
    return _first_token(after_pause, whole), _first_token(at_once, whole)


def keep(bench: Bench, tokens: int, place: SnapshotPlace) -> Kept:
    """Has a conversation of about so many tokens answered, and waits until it is on disk.

    Raises:
        UserError: whatever keeps the engine from answering.
    """
    first = _beginning(bench, tokens)
    bench.empty()
    turns = _next(first, 0, _asked(bench, first, 0, place))
    bench.settle()
    return Kept(replace(place, budget_bytes=0), turns)  # so that nothing takes its place


def reopened(bench: Bench, kept: Kept, rounds: int) -> FirstToken:
    """The next question of a conversation that another engine has kept.

    Raises:
        UserError: whatever keeps the engine from answering.
    """
    from_disk, whole = [], []
    for _ in range(rounds):
        bench.empty()
        from_disk.append(bench.answer(kept.turns, 1, GREEDY, conversation=_CONVERSATION, snapshot=kept.place))
        bench.empty()
        whole.append(bench.answer(kept.turns, 1, GREEDY, seed=SEED))
    return _first_token(from_disk, whole)


def _beginning(bench: Bench, tokens: int) -> tuple[Turn, ...]:
    """A first question, such that the follow-up's prompt has about so many tokens, and no fewer than it must have."""

    def count(text: str) -> int:
        return bench.count((Turn("user", text),))

    question = count(_NEXT_QUESTION) + _ANSWER_TOKENS
    shown = count(shown_to_model(split(_begun(0))))
    # What the model adds may have more tokens when it is read again.
    most = bench.context_length - ANSWER_ROOM - count(_begun(0)) - question - _ANSWER_TOKENS * LONGEST_PIECE
    return bench.sized(min(max(tokens - shown - question, count(".")), most))


def _asked(bench: Bench, first: tuple[Turn, ...], number: int, place: SnapshotPlace | None = None) -> str:
    answered = bench.answer(
        first, _ANSWER_TOKENS, GREEDY, prefix=_begun(number), conversation=_CONVERSATION, snapshot=place
    )
    return answered.text


def _next(first: tuple[Turn, ...], number: int, text: str) -> tuple[Turn, ...]:
    shown = shown_to_model(split(_begun(number) + text))
    return (*first, Turn("assistant", shown), Turn("user", _NEXT_QUESTION))


def _first_token(ours: list[Answered], whole: list[Answered]) -> FirstToken:
    usage = ours[-1].finished.usage
    return FirstToken(
        usage.prompt_tokens,
        usage.cached_tokens,
        tuple(answered.finished_at - answered.sent_at for answered in ours),
        tuple(answered.finished_at - answered.sent_at for answered in whole),
    )
