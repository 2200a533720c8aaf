"""One answer while it is written: from logits to tokens, to text, to the events that tell of it.

Owns what an answer consists of and what ends it: its sampler, its counts, its thinking, its loops, its limits. It
computes no logits; `decoding` and `samples` do, and give them to it token by token. Text is given out about 20 times a
second, so that little Python runs per token.
"""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from finr1_desk.core.conversation import FinishReason, Timing, Usage
from finr1_desk.core.events import GenerateRequest, TextProduced
from finr1_desk.core.prompts import shown_to_model
from finr1_desk.core.reasoning import ReasoningSplitter
from finr1_desk.core.sampling import Sampling
from finr1_desk.engine.decode.late_form import LateForm
from finr1_desk.engine.decode.likelihoods import Likelihoods
from finr1_desk.engine.decode.repetition import LoopDetector
from finr1_desk.engine.decode.sampler import Logits, Sampler
from finr1_desk.engine.decode.stop_texts import StopTexts
from finr1_desk.engine.llama_grammar import Grammar
from finr1_desk.engine.llama_vocabulary import Vocabulary
from finr1_desk.engine.loading import Loaded

_FLUSH_S: Final = 1 / 20
# A model that writes more than this between two givings out is quicker than any reader, and every waking of a window
# takes time from the threads that compute: it tells half as often.
_HURRIED: Final = 12
_HURRIED_FLUSH_S: Final = 1 / 10


@dataclass(slots=True)
class Measured:
    """Counts and durations of one answer, growing while it is written."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    think_tokens: int = 0
    drafted_tokens: int = 0
    accepted_tokens: int = 0
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
    """Bytes of tokens on their way to text: waits for characters to be complete and for the next time to give out.

    `length` is how many characters came, `given` how many of them can be given out or were.
    """

    stops: StopTexts = field(default_factory=lambda: StopTexts(()))
    pending: list[str] = field(default_factory=list)
    length: int = 0
    given: int = 0
    _decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")("replace")
    )

    @property
    def inside_character(self) -> bool:
        return bool(self._decoder.getstate()[0])

    @property
    def is_ended(self) -> bool:
        """Whether a text that ends the answer has come."""
        return self.stops.found

    def add(self, piece: bytes) -> str:
        """What may be given out of the text that these bytes complete."""
        return self._take_in(self._decoder.decode(piece))

    def _take_in(self, text: str) -> str:
        self.length += len(text)
        text = self.stops.feed(text)
        return self._keep(text)

    def _keep(self, text: str) -> str:
        if text:
            self.given += len(text)
            self.pending.append(text)
        return text

    @property
    def patience_s(self) -> float:
        """How long what waits may wait, in seconds."""
        return _FLUSH_S if len(self.pending) <= _HURRIED else _HURRIED_FLUSH_S

    def end(self) -> None:
        self._take_in(self._decoder.decode(b"", final=True))
        self._keep(self.stops.end())

    def take(self) -> str:
        text = "".join(self.pending)
        self.pending.clear()
        return text


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be written, the same for all samples of one question.

    Attributes:
        seed: 64 bits, for all samples.
        prompt: the token ids before the first new token, with the request's `prefix` at their end.
        prefix_tokens: so many of these are the prefix.
        limit: tokens that prompt and answer may come to.
        grammar: what the answer has to look like, in llama.cpp's notation; None for anything.
    """

    request_id: str
    request: GenerateRequest
    loaded: Loaded
    sampling: Sampling
    seed: int
    prompt: Sequence[int]
    prefix_tokens: int
    limit: int
    emit: Callable[[TextProduced], None]
    grammar: str | None = None

    @property
    def vocabulary(self) -> Vocabulary:
        return self.loaded.model.vocabulary


class Answer:
    """Takes the logits of one token after the other.

    `length` is the number of tokens, prompt and all, that the next logits are computed from; `token` is the last of
    them where it was drawn here. The token that ends an answer is not among them.

    Args:
        sample: which of the answers to the same question this is.
    """

    def __init__(self, task: Task, measured: Measured, sample: int = 0) -> None:
        self._task = task
        self._sample = sample
        self._vocabulary = task.vocabulary
        self._most_tokens = task.sampling.max_tokens
        self._most_thinking = task.request.max_think
        self._limit = task.limit
        self._grammar = None if task.grammar is None else Grammar(task.vocabulary, task.grammar)
        self._late = self._after_thinking(task)
        form = self._late or self._grammar
        self._sampler = Sampler(task.sampling, task.seed, task.vocabulary.size, task.prompt, sample, form)
        logprobs = task.request.logprobs
        self._likelihoods = None if logprobs is None else Likelihoods(logprobs, task.vocabulary.piece)
        self._splitter = ReasoningSplitter(task.loaded.prompts.starts_in_think)
        self._splitter.feed(task.request.prefix)
        self._thought_before = task.prefix_tokens if task.request.prefix and self._splitter.thinking else 0
        self._text = _Text(StopTexts(task.request.stop))
        self._loops = LoopDetector(self._has_words) if task.request.stop_loops else None
        self._is_to_close = False
        self._closing_failed = False
        self._started = self._last_flush = 0.0
        self.measured = measured
        self.length = len(task.prompt)
        self.token = -1

    def _after_thinking(self, task: Task) -> LateForm | None:
        """The form of an answer that may be thought about; that is bounded then, so that there is room for it."""
        if self._grammar is None or not task.request.free_thinking:
            return None
        room = min(self._most_tokens, self._limit - len(task.prompt))
        most = max(1, room - room // 4)
        self._most_thinking = min(self._most_thinking, most) if self._most_thinking else most
        starts_in_think = task.loaded.prompts.starts_in_think
        return LateForm(self._grammar, task.vocabulary, starts_in_think=starts_in_think, prefix=task.request.prefix)

    def start(self) -> None:
        """The first logits are there: the time of decoding begins."""
        self._started = time.monotonic() - self.measured.decode_s
        self._last_flush = self._started - _FLUSH_S  # so that the first token is given out at once

    def draw(self, logits: Logits) -> FinishReason | None:
        """Draws the next token, which is `token` then; or says how the answer ended.

        Raises:
            BadLogitsError: these are no logits.
        """
        likelihoods = self._likelihoods
        if likelihoods is not None:
            likelihoods.look(logits)
        token = self._sampler.sample(logits, self.length)
        if self._vocabulary.is_end(token):
            return FinishReason.STOP
        if likelihoods is not None:
            likelihoods.note(token, self._text.length)
        self._take(token)
        if self._text.is_ended:
            return FinishReason.STOP
        if self._loops is not None and self._loops.add(token) and not self._break_loop():
            return FinishReason.LOOP
        if self.measured.completion_tokens >= self._most_tokens or self.length + 1 >= self._limit:
            return FinishReason.LENGTH
        self.length += 1
        self.token = token
        return None

    @property
    def room(self) -> int:
        """How many tokens beyond `token` could be of use at most."""
        return min(self._most_tokens - self.measured.completion_tokens, self._limit - self.length) - 1

    def _take(self, token: int) -> None:
        """Counts one token and gives its text out when it is time."""
        measured = self.measured
        measured.completion_tokens += 1
        was_thinking = self._splitter.thinking
        text = self._text.add(self._vocabulary.piece(token))
        if text:
            self._splitter.feed(text)
        now = time.monotonic()
        measured.decode_s = now - self._started
        if was_thinking or self._splitter.thinking:
            measured.think_tokens += 1
            measured.think_s = measured.decode_s
        if now - self._last_flush >= self._text.patience_s:
            self._flush(now)

    # -- the end of the thinking

    def ask_for_answer(self) -> None:
        """The thinking is to be closed as soon as that can be done; without any effect on what is no thinking."""
        self._is_to_close = True

    @property
    def is_to_answer(self) -> bool:
        """Whether the thinking is to be closed now: it was asked for, or there was enough of it."""
        most = self._most_thinking
        if most and self._splitter.thinking and self._thought_before + self.measured.think_tokens >= most:
            return not self._closing_failed
        return self._is_to_close

    def _break_loop(self) -> bool:
        """Asks for the answer where it is the thinking that goes in a circle; False where there is no way out."""
        assert self._loops is not None
        if not self._splitter.thinking or self.measured.think_cut or self._closing_failed:
            return False
        self._loops.clear()
        self._is_to_close = True
        return True

    def closing_tokens(self) -> list[int]:
        """What is to be written in the model's place to close its thinking, once the character it writes is complete.

        Nothing where the model does not think, or where there is no room.
        """
        if self._text.inside_character:
            return []
        self._is_to_close = False
        if not self._splitter.thinking or (self._late is not None and not self._late.thinking):
            return []
        tokens = self._vocabulary.tokenise(self._splitter.closing_text, parse_special=False)
        if self.length + len(tokens) + 1 >= self._limit:
            self._closing_failed = True
            return []
        return tokens

    def take_closing(self, tokens: Sequence[int]) -> None:
        """These have been written: what `closing_tokens` gave."""
        self.measured.think_cut = True
        self.length += len(tokens)
        for token in tokens:
            self._sampler.accept(token)
            if self._late is not None:
                self._late.accept(token)
            self._take(token)

    def _has_words(self, tokens: Sequence[int]) -> bool:
        text = b"".join(map(self._vocabulary.piece, tokens)).decode("utf-8", "replace")
        return any(map(str.isalpha, text))

    # -- giving out

    @property
    def shown(self) -> str | None:
        """What a later turn sees of the answer; None while its thinking is open. To be asked once, at the end."""
        return None if self._splitter.thinking else shown_to_model(self._splitter.finish())

    def _flush(self, now: float) -> None:
        text = self._text.take()
        likelihoods = () if self._likelihoods is None else self._likelihoods.take(self._text.given)
        if not text and not likelihoods:
            return
        self._last_flush = now
        measured = self.measured
        self._task.emit(
            TextProduced(
                self._task.request_id,
                text,
                measured.completion_tokens,
                measured.think_tokens,
                measured.tokens_per_s,
                context_used=self.length,
                think_cut=measured.think_cut,
                sample=self._sample,
                likelihoods=likelihoods,
            )
        )

    def finish(self) -> None:
        """Gives out what is left; bytes that never became a character are shown as the replacement character."""
        self._text.end()
        self._flush(time.monotonic())
        if self._grammar is not None:
            self._grammar.close()
