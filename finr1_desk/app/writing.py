"""One answer while it is written: what has come, how it stands, and the record of how it was made.

Owns the state of a single answer. It sends nothing and stores nothing: `answers` does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePath

from finr1_desk.app.live import LiveStatus, Phase
from finr1_desk.core.choices import Choices
from finr1_desk.core.conversation import (
    STATE_OF_FINISH,
    Conversation,
    FinishReason,
    Generation,
    LeftOut,
    Message,
    MessageState,
    ModelIdentity,
    Role,
    Usage,
)
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import (
    EngineEvent,
    Finished,
    LoadProgress,
    PrefillProgress,
    Queued,
    SnapshotPlace,
    Started,
    TextProduced,
    Waiting,
)
from finr1_desk.core.reasoning import ReasoningSplitter
from finr1_desk.core.sampling import Sampling
from finr1_desk.core.version import VERSION

# What ends an answer from outside, so that it can be gone on with.
_INTERRUPTIONS = (ErrorCode.ENGINE_DIED, ErrorCode.SERVER_BROKE_OFF, ErrorCode.SERVER_TIMEOUT)


@dataclass(frozen=True, slots=True)
class Opened:
    """Answers as the store has opened them, with the tree they stand in and where the engine may keep that.

    `choices` are the conversation's and those for these answers alone.
    """

    conversation: Conversation
    messages: dict[str, Message]
    answers: tuple[Message, ...]
    choices: Choices
    snapshot: SnapshotPlace | None


def unsaved_answer() -> Message:
    """The empty answer of a question that is not kept."""
    return Message("", "", None, Role.ASSISTANT, (), MessageState.WRITING, 0.0)


class Writing:
    """An answer being written, fed with the engine's events.

    Args:
        message: the answer as it stands in the store, `WRITING`; its text is what is continued.
        model_path: the model that was asked for, to know whose loading concerns it.
        clock: seconds, monotonic.
    """

    def __init__(self, message: Message, model_path: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._before = message
        self._message = message
        self._model_path = model_path
        self._clock = clock
        self._splitter: ReasoningSplitter | None = None
        self._think_since: float | None = None
        self._think_s = 0.0
        self._status = LiveStatus(Phase.PREFILL)
        self._tokens = 0
        self._think_tokens = 0
        self._think_cut = message.generation is not None and message.generation.think_cut
        self._end: Finished | None = None
        self.request_id = ""
        self.started: Started | None = None
        self.context_used = 0
        self.unpainted = True
        self.unsaved = False
        self.saving = False
        self.complained = False  # that it cannot be saved was said once

    @property
    def id(self) -> str:
        return self._message.id

    @property
    def conversation_id(self) -> str:
        return self._message.conversation_id

    @property
    def message(self) -> Message:
        """The answer with all that has come."""
        if self._splitter is not None:
            return replace(self._message, parts=self._splitter.parts)
        return self._message

    @property
    def status(self) -> LiveStatus:
        left_out = self.started.left_out.turns if self.started is not None else None
        return replace(self._status, think_s=self._think_time(), left_out=left_out, think_cut=self._think_cut)

    @property
    def end(self) -> Finished | None:
        """How the answer ended; None while it is written."""
        return self._end

    def take(self, event: EngineEvent) -> None:
        """Takes one event of the engine that concerns this answer."""
        match event:
            case Queued(ahead=ahead):
                self._status = LiveStatus(Phase.QUEUED, ahead=ahead)
            case Waiting(seconds=seconds):
                self._status = LiveStatus(Phase.WAITING, wait_s=seconds)
            case LoadProgress(path, fraction) if self.started is None and path == self._model_path:
                self._status = LiveStatus(Phase.LOADING, load_fraction=fraction)
            case Started():
                self._start(event)
            case PrefillProgress(done=done, total=total):
                self._status = LiveStatus(Phase.PREFILL, prefill_fraction=done / total if total else 1.0)
            case TextProduced():
                self._grow(event)
            case Finished():
                self._end = event
                self._think_cut |= event.think_cut
                self._stop_thinking_clock()
            case _:
                return
        self.unpainted = True

    def _start(self, event: Started) -> None:
        self.started = event
        self._splitter = ReasoningSplitter(event.model.starts_in_think)
        self._splitter.feed(self._before.raw)
        self._status = LiveStatus(Phase.PREFILL)
        self.context_used = event.prompt_tokens

    def _grow(self, event: TextProduced) -> None:
        if self._splitter is None:
            raise ValueError("text came before the answer was started")
        self._splitter.feed(event.text)
        if self._splitter.thinking:
            if self._think_since is None:
                self._think_since = self._clock()
        else:
            self._stop_thinking_clock()
        self._tokens, self._think_tokens = event.tokens, event.think_tokens
        self._think_cut |= event.think_cut
        before = self._usage_before()
        self._status = LiveStatus(
            Phase.THINKING if self._splitter.thinking else Phase.ANSWERING,
            think_tokens=before.think_tokens + event.think_tokens,
            tokens=before.completion_tokens + event.tokens,
            tokens_per_s=event.tokens_per_s,
        )
        self.context_used = event.context_used
        self.unsaved = True

    def _stop_thinking_clock(self) -> None:
        self._think_s = self._think_time() - self._think_s_before()
        self._think_since = None

    def _think_time(self) -> float:
        running = self._clock() - self._think_since if self._think_since is not None else 0.0
        return self._think_s_before() + self._think_s + running

    def _usage_before(self) -> Usage:
        return self._before.generation.usage if self._before.generation is not None else Usage()

    def _think_s_before(self) -> float:
        return self._before.generation.timing.think_s if self._before.generation is not None else 0.0

    # -- the end

    def ended(self, identity: ModelIdentity | None) -> Message:
        """The answer as it is to be kept, once the engine has said how it ended (or it is being left)."""
        parts = self._splitter.finish() if self._splitter is not None else self._message.parts
        return replace(self._message, parts=parts, state=self._state(), generation=self._generation(identity))

    @property
    def error(self) -> UserError | None:
        end = self._end
        return UserError(end.code, **end.params) if end is not None and end.code is not None else None

    def _state(self) -> MessageState:
        if self._end is None or self._end.code in _INTERRUPTIONS:
            return MessageState.INTERRUPTED
        return STATE_OF_FINISH[self._end.reason]

    def _generation(self, identity: ModelIdentity | None) -> Generation:
        """How the answer was made. An engine that died reported nothing: then what was seen of it counts."""
        end = self._end or Finished(self.request_id, FinishReason.CANCELLED)
        started = self.started
        before = self._usage_before()
        error = self.error
        return Generation(
            model=identity or ModelIdentity("", PurePath(self._model_path).name, ""),
            sampling=started.sampling if started is not None else Sampling(),
            seed=started.seed if started is not None else 0,
            application_version=VERSION,
            usage=Usage(
                # A server tells with the end what the prompt took.
                prompt_tokens=max(started.prompt_tokens if started is not None else 0, end.usage.prompt_tokens),
                cached_tokens=max(started.cached_tokens if started is not None else 0, end.usage.cached_tokens),
                completion_tokens=before.completion_tokens + max(end.usage.completion_tokens, self._tokens),
                think_tokens=before.think_tokens + max(end.usage.think_tokens, self._think_tokens),
            ),
            timing=replace(end.timing, think_s=self._think_time()),
            finish_reason=self._end.reason if self._end is not None else None,
            error=error.to_json() if error is not None else None,
            left_out=started.left_out if started is not None else LeftOut(),
            think_cut=self._think_cut,
        )
