"""`ask --samples`: several answers to one question, and the one that most agree on.

Owns the choice among them and the words and values that tell of it. The answers are written by the engine, and read as
values by `core.votes`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from finr1_desk.app.live import Phase
from finr1_desk.app.writing import Writing
from finr1_desk.core.boxed import boxed_answer
from finr1_desk.core.conversation import FinishReason, Message, Usage
from finr1_desk.core.errors import UserError
from finr1_desk.core.events import Finished, GenerateRequest
from finr1_desk.core.votes import Vote, tally
from finr1_desk.core.wording import count_text
from finr1_desk.terminal.answering import Answer, Answering
from finr1_desk.terminal.output import one_line
from finr1_desk.terminal.voice import Voice

if TYPE_CHECKING:
    from finr1_desk.store.database import Store


@dataclass(frozen=True, slots=True)
class Sampled:
    """All answers, in the order of their numbers, and how they voted. `finished` is the end of the whole."""

    answers: tuple[Answer, ...]
    votes: tuple[Vote, ...]
    finished: Finished

    @property
    def chosen(self) -> Answer:
        """The first of those that most agree with; without any vote the first that has an answer."""
        if self.votes:
            return self.answers[self.votes[0].samples[0]]
        return next((answer for answer in self.answers if answer.message.answer), self.answers[0])

    def values(self) -> dict[str, Any]:
        """What `--json` tells of the samples."""
        whole = self.finished
        return {
            "usage": {
                "prompt_tokens": whole.usage.prompt_tokens,
                "cached_tokens": whole.usage.cached_tokens,
                "completion_tokens": whole.usage.completion_tokens,
            },
            "timing": {
                "load_s": whole.timing.load_s,
                "prefill_s": whole.timing.prefill_s,
                "decode_s": whole.timing.decode_s,
                "tokens_per_s": whole.timing.tokens_per_s,
            },
            "samples": [_sample_values(answer) for answer in self.answers],
            "votes": [
                {"answer": vote.answer, "value": vote.value, "count": len(vote.samples), "samples": list(vote.samples)}
                for vote in self.votes
            ],
        }


def _sample_values(answer: Answer) -> dict[str, Any]:
    message = answer.message
    usage = message.generation.usage if message.generation is not None else Usage()
    return {
        "think": message.think,
        "answer": message.answer,
        "boxed": boxed_answer(message.answer),
        "finish_reason": answer.finished.reason.value,
        "completion_tokens": usage.completion_tokens,
        "think_tokens": usage.think_tokens,
        "think_cut": answer.finished.think_cut,
    }


def write_samples(answering: Answering, request: GenerateRequest, show: Callable[[str], None], voice: Voice) -> Sampled:
    """Has the answers written; `show` gets a line on how far they have come."""
    answers, finished = answering.write_samples(request, lambda writings: show(_progress(voice, writings)))
    return Sampled(tuple(answers), tally([boxed_answer(answer.message.answer) for answer in answers]), finished)


def kept(sampled: Sampled, message: Message, store: Store | None) -> Answer:
    """The chosen answer in the place of `message`, the empty answer of the question; in the store where there is one.

    Where the whole was stopped or failed, the answer says so, although it may have ended before.

    Raises:
        UserError: it could not be kept.
    """
    chosen, whole = sampled.chosen, sampled.finished
    own = chosen.message
    placed = replace(message, parts=own.parts, state=own.state, generation=own.generation)
    if store is not None:
        placed = store.finish_answer(placed.id, placed.parts, placed.state, placed.generation)
    if whole.code is not None:
        return replace(chosen, message=placed, finished=whole, error=UserError(whole.code, **whole.params))
    return replace(
        chosen, message=placed, finished=whole if whole.reason is FinishReason.CANCELLED else chosen.finished
    )


def agreement_note(voice: Voice, sampled: Sampled) -> str:
    """One sentence on how many agree, and what the others say."""
    total = str(len(sampled.answers))
    if not sampled.votes:
        return voice.translate("Terminal", "None of the %1 answers is boxed; the first one is shown.", total)
    first, *others = sampled.votes
    note = voice.translate("Terminal", "%1 of %2 agree.", str(len(first.samples)), total)
    if others:
        listed = "; ".join(f"{one_line(vote.answer)} ({len(vote.samples)})" for vote in others)
        note += " " + voice.translate("Terminal", "Others say: %1", listed)
    return note


def _progress(voice: Voice, writings: Sequence[Writing]) -> str:
    statuses = [writing.status for writing in writings]
    first = statuses[0]
    match first.phase:
        case Phase.QUEUED:
            return voice.translate("Terminal", "Waiting for %1 other answers…", str(first.ahead))
        case Phase.LOADING:
            return voice.translate("Terminal", "Loading the model… %1 %", f"{first.load_fraction:.0%}".rstrip("%"))
        case Phase.PREFILL if not any(status.tokens for status in statuses):
            return voice.translate(
                "Terminal", "Reading the question… %1 %", f"{first.prefill_fraction:.0%}".rstrip("%")
            )
    ended = sum(writing.end is not None for writing in writings)
    tokens = count_text(sum(status.tokens for status in statuses))
    return voice.translate("Terminal", "Writing %1 answers, %2 done… %3 tokens", str(len(writings)), str(ended), tokens)
