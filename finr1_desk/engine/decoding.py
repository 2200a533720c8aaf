"""One answer after its prompt: token after token until the model ends it.

Owns the loop, what ends it, the closing of the thinking, and what is measured meanwhile. It is given a context whose
sequence holds the prompt, with the logits of its last token; it knows nothing of clients, queues or connections.
Little Python runs per token: text is given out about 20 times a second.
"""

from __future__ import annotations

import codecs
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from finr1_desk.core.conversation import FinishReason, Timing, Usage
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import GenerateRequest, TextProduced
from finr1_desk.core.prompts import shown_to_model
from finr1_desk.core.reasoning import ReasoningSplitter
from finr1_desk.core.sampling import Sampling
from finr1_desk.engine.llama import DECODE_ABORTED, Context
from finr1_desk.engine.loading import Loaded
from finr1_desk.engine.repetition import LoopDetector
from finr1_desk.engine.sampler import Sampler

_FLUSH_S: Final = 1 / 20
# A model that writes more than this between two givings out is quicker than any reader, and every waking of a window
# takes time from the threads that compute: it tells half as often.
_HURRIED: Final = 12
_HURRIED_FLUSH_S: Final = 1 / 10


@dataclass(slots=True)
class Control:
    """What other threads ask of a running generation."""

    cancelled: threading.Event
    answer_now: threading.Event


@dataclass(slots=True)
class Measured:
    """Counts and durations of one answer, growing while it is written."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    think_tokens: int = 0
    load_s: float = 0.0
    prefill_s: float = 0.0
    decode_s: float = 0.0
    think_s: float = 0.0
    think_cut: bool = False

    @property
    def tokens_per_s(self) -> float:
        return self.completion_tokens / self.decode_s if self.decode_s > 0 else 0.0

    @property
    def usage(self) -> Usage:
        return Usage(self.prompt_tokens, self.cached_tokens, self.completion_tokens, self.think_tokens)

    @property
    def timing(self) -> Timing:
        return Timing(self.load_s, self.prefill_s, self.decode_s, self.think_s, self.tokens_per_s)


@dataclass(slots=True)
class _Text:
    """Bytes of tokens on their way to text: waits for characters to be complete and for the next time to give out."""

    pending: list[str] = field(default_factory=list)
    _decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")("replace")
    )

    @property
    def inside_character(self) -> bool:
        return bool(self._decoder.getstate()[0])

    def add(self, piece: bytes) -> str:
        text = self._decoder.decode(piece)
        if text:
            self.pending.append(text)
        return text

    @property
    def patience_s(self) -> float:
        """How long what waits may wait, in seconds."""
        return _FLUSH_S if len(self.pending) <= _HURRIED else _HURRIED_FLUSH_S

    def end(self) -> str:
        text = self._decoder.decode(b"", final=True)
        if text:
            self.pending.append(text)
        return text

    def take(self) -> str:
        text = "".join(self.pending)
        self.pending.clear()
        return text


class Decoding:
    """Writes one answer into a sequence that holds its prompt.

    Args:
        emit: gets the text as it comes.
    """

    def __init__(
        self,
        request_id: str,
        request: GenerateRequest,
        loaded: Loaded,
        sequence: int,
        measured: Measured,
        control: Control,
        emit: Callable[[TextProduced], None],
    ) -> None:
        self._id = request_id
        self._request = request
        self._vocabulary = loaded.model.vocabulary
        self._context: Context = loaded.context
        self._sequence = sequence
        self._held = loaded.context.sequences[sequence]
        self._measured = measured
        self._control = control
        self._emit = emit
        self._splitter = ReasoningSplitter(loaded.prompts.starts_in_think)
        self._text = _Text()
        self._loops = LoopDetector(self._has_words) if request.stop_loops else None
        self._thought_before = 0  # tokens of thinking that the answer already begins with
        self._closing_failed = False
        self._decode_started = 0.0
        self._last_flush = 0.0

    @property
    def shown(self) -> str | None:
        """What a later turn sees of the answer; None while its thinking is open. To be asked once, at the end."""
        return None if self._splitter.thinking else shown_to_model(self._splitter.finish())

    def run(self, sampler: Sampler, sampling: Sampling, limit: int, prefix_tokens: int) -> FinishReason:
        """Writes until the answer ends; what was written has been given out then, however it ended.

        Args:
            limit: tokens that the sequence may come to.
            prefix_tokens: tokens of the prompt that the answer begins with, the request's `prefix`.

        Raises:
            UserError: `DECODE_FAILED`.
            BadLogitsError: the model computed no distribution.
        """
        if self._request.prefix:
            self._splitter.feed(self._request.prefix)
            self._thought_before = prefix_tokens if self._splitter.thinking else 0
        self._decode_started = self._last_flush = time.monotonic()
        self._last_flush -= _FLUSH_S  # so that the first token is given out at once
        try:
            return self._loop(sampler, sampling, limit)
        finally:
            self._finish_text()

    def _loop(self, sampler: Sampler, sampling: Sampling, limit: int) -> FinishReason:
        context, vocabulary, measured, held = self._context, self._vocabulary, self._measured, self._held
        while True:
            if self._control.cancelled.is_set():
                return FinishReason.CANCELLED
            if self._is_to_answer() and self._close_thinking(sampler, limit):
                continue
            token = sampler.sample(context.logits(), len(held))
            if vocabulary.is_end(token):
                return FinishReason.STOP
            self._take(vocabulary.piece(token))
            if self._loops is not None and self._loops.add(token) and not self._break_loop():
                return FinishReason.LOOP
            if measured.completion_tokens >= sampling.max_tokens or len(held) + 1 >= limit:
                return FinishReason.LENGTH
            status = context.append(self._sequence, token)
            if status != 0:
                raise UserError(ErrorCode.DECODE_FAILED, status=status)

    def _take(self, piece: bytes) -> None:
        """Counts one token and gives its text out when it is time."""
        measured = self._measured
        measured.completion_tokens += 1
        was_thinking = self._splitter.thinking
        text = self._text.add(piece)
        if text:
            self._splitter.feed(text)
        now = time.monotonic()
        measured.decode_s = now - self._decode_started
        if was_thinking or self._splitter.thinking:
            measured.think_tokens += 1
            measured.think_s = measured.decode_s
        if now - self._last_flush >= self._text.patience_s:
            self._flush(now)

    # -- the end of the thinking

    def _is_to_answer(self) -> bool:
        """Whether the thinking is to be closed now: it was asked for, or there was enough of it."""
        most = self._request.max_think
        if most and self._splitter.thinking and self._thought_before + self._measured.think_tokens >= most:
            return not self._closing_failed
        return self._control.answer_now.is_set()

    def _break_loop(self) -> bool:
        """Asks for the answer where it is the thinking that goes in a circle; False where there is no way out."""
        assert self._loops is not None
        if not self._splitter.thinking or self._measured.think_cut or self._closing_failed:
            return False
        self._loops.clear()
        self._control.answer_now.set()
        return True

    def _close_thinking(self, sampler: Sampler, limit: int) -> bool:
        """Closes the thinking in the model's place, once the character it is writing is complete.

        Returns whether anything was computed: not where the model does not think, or where there is no room.

        Raises:
            UserError: `DECODE_FAILED`.
        """
        if self._text.inside_character:
            return False
        self._control.answer_now.clear()
        if not self._splitter.thinking:
            return False
        tokens = self._vocabulary.tokenise(self._splitter.closing_text, parse_special=False)
        if len(self._held) + len(tokens) + 1 >= limit:
            self._closing_failed = True
            return False
        for start in range(0, len(tokens), self._context.micro_batch):
            chunk = tokens[start : start + self._context.micro_batch]
            status = self._context.prefill(self._sequence, chunk, want_logits=True)
            if status == DECODE_ABORTED:  # cancelled meanwhile; the loop sees that next
                return True
            if status != 0:
                raise UserError(ErrorCode.DECODE_FAILED, status=status)
        self._measured.think_cut = True
        for token in tokens:
            sampler.accept(token)
            self._take(self._vocabulary.piece(token))
        return True

    def _has_words(self, tokens: Sequence[int]) -> bool:
        text = b"".join(map(self._vocabulary.piece, tokens)).decode("utf-8", "replace")
        return any(map(str.isalpha, text))

    def _flush(self, now: float) -> None:
        text = self._text.take()
        if not text:
            return
        self._last_flush = now
        measured = self._measured
        self._emit(
            TextProduced(
                self._id,
                text,
                measured.completion_tokens,
                measured.think_tokens,
                measured.tokens_per_s,
                context_used=len(self._held),
                think_cut=measured.think_cut,
            )
        )

    def _finish_text(self) -> None:
        """Gives out what is left; bytes that never became a character are shown as the replacement character."""
        self._text.end()
        self._flush(time.monotonic())
