"""One answer: prefill, then token after token until the model ends it.

Owns the generation loop and what is measured in it. It is given a loaded model and tells of its progress through a
sink; it knows nothing of clients, queues or connections. Little Python runs per token: text is given out about 20
times a second.
"""

from __future__ import annotations

import codecs
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from finr1_desk.core.conversation import FinishReason, Timing, Usage
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import Finished, GenerateRequest, PrefillProgress, Started, TextProduced
from finr1_desk.core.reasoning import ReasoningSplitter
from finr1_desk.core.sampling import Sampling, resolve
from finr1_desk.engine.context_policy import Budget, Prompt, fit
from finr1_desk.engine.llama import DECODE_ABORTED, Context, LlamaError
from finr1_desk.engine.loading import Loaded, effective_context
from finr1_desk.engine.repetition import LoopDetector
from finr1_desk.engine.sampler import BadLogitsError, Sampler

Event = Started | PrefillProgress | TextProduced | Finished

SEQUENCE: Final = 0  # one at a time for now
_FLUSH_S: Final = 1 / 20
_PROGRESS_S: Final = 0.1
_MAX_SEED: Final = 1 << 64


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

    def end(self) -> str:
        text = self._decoder.decode(b"", final=True)
        if text:
            self.pending.append(text)
        return text

    def take(self) -> str:
        text = "".join(self.pending)
        self.pending.clear()
        return text


def make_prompt(loaded: Loaded, request: GenerateRequest, prefix: Sequence[int], budget: Budget) -> Prompt:
    """The prompt with `prefix`, what the answer already begins with; the oldest turns are left out where need be.

    Raises:
        UserError: `EMPTY_QUESTION`, `MODEL_NO_TEMPLATE`, `CONTEXT_TOO_LONG`.
    """
    if not any(turn.role == "user" and turn.content.strip() for turn in request.turns):
        raise UserError(ErrorCode.EMPTY_QUESTION)
    return fit(loaded.prompts, request.turns, prefix, budget)


def checked_seed(seed: int | None) -> int:
    """The seed to use: short enough to be typed again where it is chosen here.

    Raises:
        UserError: `BAD_VALUE`.
    """
    if seed is None:
        return secrets.randbits(32)
    if not 0 <= seed < _MAX_SEED:
        raise UserError(ErrorCode.BAD_VALUE, name="seed", value=str(seed))
    return seed


class Generation:
    """Writes one answer. `run` returns when it has ended, however it ended."""

    def __init__(
        self,
        request_id: str,
        request: GenerateRequest,
        loaded: Loaded,
        load_s: float,
        control: Control,
        emit: Callable[[Event], None],
    ) -> None:
        self._id = request_id
        self._request = request
        self._loaded = loaded
        self._context: Context = loaded.context
        self._control = control
        self._emit = emit
        self._measured = Measured(load_s=load_s)
        self._splitter = ReasoningSplitter(loaded.prompts.starts_in_think)
        self._text = _Text()
        self._loops = LoopDetector(self._has_words) if request.stop_loops else None
        self._thought_before = 0  # tokens of thinking that the answer already begins with
        self._closing_failed = False
        self._decode_started = 0.0
        self._last_flush = 0.0

    def run(self) -> None:
        """Emits `Started`, progress, text, and `Finished` at last."""
        code: ErrorCode | None = None
        params: Mapping[str, str | int | float | None] = {}
        try:
            reason = self._write()
        except UserError as error:
            reason, code, params = FinishReason.ERROR, error.code, error.params
        except BadLogitsError:
            reason, code, params = FinishReason.ERROR, ErrorCode.DECODE_FAILED, {"status": "not a number"}
        except LlamaError as error:
            reason, code, params = FinishReason.ERROR, ErrorCode.DECODE_FAILED, {"status": str(error)}
        self._finish_text()
        measured = self._measured
        self._emit(Finished(self._id, reason, measured.usage, measured.timing, code, params, measured.think_cut))

    def _write(self) -> FinishReason:
        request, loaded = self._request, self._loaded
        sampling = resolve(request.overrides, loaded.recommended)
        seed = checked_seed(request.seed)
        if request.max_think < 0:
            raise UserError(ErrorCode.BAD_VALUE, name="max_think", value=str(request.max_think))
        limit = effective_context(request.model.context_length, loaded.facts.trained_context)
        # As the model produced it, so neither normalised nor merged with what stands before.
        prefix = loaded.model.vocabulary.tokenise(request.prefix, parse_special=False)
        prompt = make_prompt(loaded, request, prefix, Budget.of(limit, sampling.max_tokens))
        tokens = prompt.tokens
        # An explicit seed fixes the shape of the batches too, so it starts from an empty cache.
        cached = self._context.keep_prefix(SEQUENCE, tokens if request.seed is None else ())
        self._measured.prompt_tokens, self._measured.cached_tokens = len(tokens), cached
        model = replace(loaded.facts, request=request.model, context_length=limit)
        load_s = self._measured.load_s
        self._emit(Started(self._id, SEQUENCE, len(tokens), cached, sampling, seed, load_s, model, prompt.left_out))
        if not self._prefill(tokens, cached):
            return FinishReason.CANCELLED
        if request.prefix:
            self._splitter.feed(request.prefix)
            self._thought_before = len(prefix) if self._splitter.thinking else 0
        return self._decode(Sampler(sampling, seed, loaded.model.vocabulary.size, tokens), sampling, limit)

    # -- prefill

    def _prefill(self, tokens: Sequence[int], cached: int) -> bool:
        """Computes the prompt from `cached` on; False if it was cancelled.

        Raises:
            UserError: `DECODE_FAILED`.
        """
        started = last_told = time.monotonic()
        step = self._context.micro_batch
        try:
            for start in range(cached, len(tokens), step):
                end = min(start + step, len(tokens))
                if self._control.cancelled.is_set():
                    return False
                status = self._context.prefill(SEQUENCE, tokens[start:end], want_logits=end == len(tokens))
                if status == DECODE_ABORTED:
                    return False
                if status != 0:
                    raise UserError(ErrorCode.DECODE_FAILED, status=status)
                now = time.monotonic()
                if now - last_told >= _PROGRESS_S or end == len(tokens):
                    self._emit(PrefillProgress(self._id, end, len(tokens)))
                    last_told = now
        finally:
            self._measured.prefill_s = time.monotonic() - started
        return True

    # -- decode

    def _decode(self, sampler: Sampler, sampling: Sampling, limit: int) -> FinishReason:
        """The loop. Raises UserError (`DECODE_FAILED`), BadLogitsError."""
        context, vocabulary, measured = self._context, self._loaded.model.vocabulary, self._measured
        held = context.sequences[SEQUENCE]
        self._decode_started = self._last_flush = time.monotonic()
        self._last_flush -= _FLUSH_S  # so that the first token is given out at once
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
            status = context.append(SEQUENCE, token)
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
        if now - self._last_flush >= _FLUSH_S:
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
        vocabulary = self._loaded.model.vocabulary
        tokens = vocabulary.tokenise(self._splitter.closing_text, parse_special=False)
        if len(self._context.sequences[SEQUENCE]) + len(tokens) + 1 >= limit:
            self._closing_failed = True
            return False
        for start in range(0, len(tokens), self._context.micro_batch):
            chunk = tokens[start : start + self._context.micro_batch]
            status = self._context.prefill(SEQUENCE, chunk, want_logits=True)
            if status == DECODE_ABORTED:  # cancelled meanwhile; the loop sees that next
                return True
            if status != 0:
                raise UserError(ErrorCode.DECODE_FAILED, status=status)
        self._measured.think_cut = True
        for token in tokens:
            sampler.accept(token)
            self._take(vocabulary.piece(token))
        return True

    def _has_words(self, tokens: Sequence[int]) -> bool:
        text = b"".join(map(self._loaded.model.vocabulary.piece, tokens)).decode("utf-8", "replace")
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
                context_used=len(self._context.sequences[SEQUENCE]),
                think_cut=measured.think_cut,
            )
        )

    def _finish_text(self) -> None:
        """Gives out what is left; bytes that never became a character are shown as the replacement character."""
        if self._decode_started:
            self._text.end()
            self._flush(time.monotonic())
