"""What the engine is asked for at a time: the answers to one question, mostly one, that are written side by side.

Owns which of them an event concerns, and which of them is shown in the end. It sends nothing and stores nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from finr1_desk.app.live import LiveStatus
from finr1_desk.app.writing import Writing
from finr1_desk.core.boxed import boxed_answer
from finr1_desk.core.conversation import Message
from finr1_desk.core.events import EngineEvent, Finished, SampleFinished, TextProduced


class Work:
    """The answers of one request, in the order of their numbers."""

    def __init__(self, writings: Sequence[Writing]) -> None:
        self.writings = tuple(writings)
        self.kept: dict[str, Message] = {}  # those that are on disk to their end

    @property
    def request_id(self) -> str:
        return self.writings[0].request_id

    def begin(self, request_id: str) -> None:
        for writing in self.writings:
            writing.request_id = request_id

    @property
    def conversation_id(self) -> str:
        return self.writings[0].conversation_id

    def take(self, event: EngineEvent) -> list[Writing]:
        """Takes an event of the request; returns the answers that have ended with it."""
        if isinstance(event, TextProduced):
            self.writings[event.sample].take(event)
            return []
        if isinstance(event, SampleFinished):
            writing = self.writings[event.sample]
            writing.take(Finished(event.request, event.reason, event.usage, event.timing, think_cut=event.think_cut))
            return [writing]
        open_ = [writing for writing in self.writings if writing.end is None]
        for writing in open_:
            writing.take(event)
        return open_ if isinstance(event, Finished) else []

    @property
    def messages(self) -> dict[str, Message]:
        """All answers as they stand, by id."""
        return {writing.id: self.kept.get(writing.id) or writing.message for writing in self.writings}

    @property
    def statuses(self) -> dict[str, LiveStatus]:
        """How those stand that are not on disk to their end."""
        return {writing.id: writing.status for writing in self.writings if writing.id not in self.kept}

    @property
    def tokens_per_s(self) -> float:
        return sum(writing.status.tokens_per_s for writing in self.writings if writing.end is None)

    @property
    def is_kept(self) -> bool:
        return len(self.kept) == len(self.writings)

    @property
    def chosen(self) -> Message:
        """The first of those that most agree with; without any vote the first that has an answer."""
        answers = [self.kept[writing.id] for writing in self.writings]
        from finr1_desk.core.votes import tally  # seldom needed, and it brings fractions with it

        votes = tally([boxed_answer(answer.answer) for answer in answers])
        if votes:
            return answers[votes[0].samples[0]]
        return next((answer for answer in answers if answer.answer), answers[0])
