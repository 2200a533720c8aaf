"""One answer from its question to its end: the prompt, its prefill, and how it ended.

Owns the order of these. It is given a loaded model and tells of its progress through a sink; it knows nothing of
clients, queues or connections. The loop that writes the answer is in `decoding`.
"""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from finr1_desk.core.conversation import FinishReason, LeftOut
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import (
    LONGEST_STOP,
    MOST_LOGPROBS,
    MOST_STOPS,
    Finished,
    GenerateRequest,
    PrefillProgress,
    SampleFinished,
    Started,
    TextProduced,
)
from finr1_desk.core.sampling import MOST_SAMPLES, resolve
from finr1_desk.engine.cache.cells import Held
from finr1_desk.engine.cache.idle import Answered
from finr1_desk.engine.cache.snapshots import reopen
from finr1_desk.engine.decode.answer import Answer, Measured, Task
from finr1_desk.engine.decode.computing import Read, Steps, run_alone
from finr1_desk.engine.decode.decoding import Control, Decoding
from finr1_desk.engine.decode.lookup import PromptLookup, costs_of_rows
from finr1_desk.engine.decode.sampler import BadLogitsError
from finr1_desk.engine.decode.samples import Samples
from finr1_desk.engine.llama import DECODE_ABORTED, Context, LlamaError
from finr1_desk.engine.llama_grammar import grammar_of
from finr1_desk.engine.loading import Loaded
from finr1_desk.engine.plan.planning import effective_context
from finr1_desk.engine.prompt.building import normalised
from finr1_desk.engine.prompt.context_policy import Budget, Prompt, fit

Event = Started | PrefillProgress | TextProduced | SampleFinished | Finished

_PROGRESS_S: Final = 0.1
_MAX_SEED: Final = 1 << 64


def make_prompt(loaded: Loaded, request: GenerateRequest, prefix: Sequence[int], budget: Budget) -> Prompt:
    """The prompt with `prefix`, what the answer already begins with; the oldest turns are left out where need be.

    Raises:
        UserError: `EMPTY_QUESTION`, `MODEL_NO_TEMPLATE`, `CONTEXT_TOO_LONG`.
    """
    if request.text is not None:
        return _whole([*_raw(loaded, request.text), *prefix], budget)
    if not any(turn.role == "user" and turn.content.strip() for turn in request.turns):
        raise UserError(ErrorCode.EMPTY_QUESTION)
    if not request.may_leave_out:
        return _whole([*loaded.prompts.build(request.turns), *prefix], budget)
    return fit(loaded.prompts, request.turns, prefix, budget)


def _raw(loaded: Loaded, text: str) -> list[int]:
    """A text that is the prompt itself: markers written in it are markers."""
    vocabulary = loaded.model.vocabulary
    tokens = vocabulary.tokenise(normalised(vocabulary, text), parse_special=True)
    bos = vocabulary.bos
    if vocabulary.adds_bos and bos is not None and tokens[:1] != [bos]:
        tokens.insert(0, bos)
    if not tokens:
        raise UserError(ErrorCode.EMPTY_QUESTION)
    return tokens


def _whole(tokens: list[int], budget: Budget) -> Prompt:
    over = len(tokens) + budget.least_room - budget.context
    if over > 0:
        raise UserError(ErrorCode.CONTEXT_TOO_LONG, tokens=len(tokens), limit=budget.context, over=over)
    return Prompt(tokens, LeftOut())


def check_bounds(request: GenerateRequest) -> None:
    """Refuses numbers that no answer can be written by.

    Raises:
        UserError: `BAD_VALUE`.
    """
    if request.max_think < 0:
        raise UserError(ErrorCode.BAD_VALUE, name="max_think", value=str(request.max_think))
    if not 1 <= request.samples <= MOST_SAMPLES:
        raise UserError(ErrorCode.BAD_VALUE, name="samples", value=str(request.samples))
    if len(request.stop) > MOST_STOPS or not all(0 < len(text) <= LONGEST_STOP for text in request.stop):
        raise UserError(ErrorCode.BAD_VALUE, name="stop", value=str(len(request.stop)))
    if request.logprobs is not None and not 0 <= request.logprobs <= MOST_LOGPROBS:
        raise UserError(ErrorCode.BAD_VALUE, name="logprobs", value=str(request.logprobs))


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
    """Writes one answer. `steps` returns when it has ended, however it ended; `answered` is what it left, if anything.

    `is_reading` says that the prompt is not read yet: what another prompt begins with alike is not to be had so far.
    """

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
        self._held: Held | None = None
        self.answered: Answered | None = None
        self.is_reading = True

    def run(self) -> None:
        """With the context to itself; as `steps`."""
        run_alone(self._context, self.steps())

    def steps(self) -> Steps[None]:
        """Emits `Started`, progress, text, and `Finished` at last."""
        code: ErrorCode | None = None
        params: Mapping[str, str | int | float | None] = {}
        try:
            reason = yield from self._write()
        except UserError as error:
            reason, code, params = FinishReason.ERROR, error.code, error.params
        except BadLogitsError:
            reason, code, params = FinishReason.ERROR, ErrorCode.DECODE_FAILED, {"status": "not a number"}
        except LlamaError as error:
            reason, code, params = FinishReason.ERROR, ErrorCode.DECODE_FAILED, {"status": str(error)}
        finally:
            self.is_reading = False
            self._give_back(code)
        measured = self._measured
        self._emit(
            Finished(
                self._id,
                reason,
                measured.usage,
                measured.timing,
                code,
                params,
                measured.think_cut,
                measured.drafted_tokens,
                measured.accepted_tokens,
            )
        )

    def _write(self) -> Steps[FinishReason]:
        request, loaded = self._request, self._loaded
        sampling = resolve(request.overrides, loaded.recommended)
        seed = checked_seed(request.seed)
        check_bounds(request)
        grammar = None if request.json_schema is None else grammar_of(request.json_schema)
        limit = effective_context(request.model.context_length, loaded.facts.context_length)
        # As the model produced it, so neither normalised nor merged with what stands before.
        prefix = loaded.model.vocabulary.tokenise(request.prefix, parse_special=False)
        budget = Budget.of(limit, sampling.max_tokens)
        prompt = make_prompt(loaded, request, prefix, budget)
        tokens = prompt.tokens
        held = self._held = self._taken(tokens)
        held.worth = 0  # known at the end
        cached = len(loaded.cache.tokens(held))
        self._measured.prompt_tokens, self._measured.cached_tokens = len(tokens), cached
        model = replace(loaded.facts, request=request.model, context_length=limit)
        load_s, left_out = self._measured.load_s, prompt.left_out
        self._emit(Started(self._id, held.sequence, len(tokens), cached, sampling, seed, load_s, model, left_out))
        need = Read(held.sequence, tokens, cached)
        if not (yield from self._prefill(need)):
            return FinishReason.CANCELLED
        self.is_reading = False
        task = Task(self._id, request, loaded, sampling, seed, tokens, len(prefix), limit, self._emit, grammar)
        if request.samples == 1:
            return (yield from self._write_one(task, held, budget, need.row))
        return (yield from self._write_samples(task, held))

    def _write_one(self, task: Task, held: Held, budget: Budget, row: int) -> Steps[FinishReason]:
        request, loaded = self._request, self._loaded
        answer = Answer(task, self._measured)
        seeded = request.seed is not None
        lookup = self._lookup(task.prompt)
        decoding = Decoding(self._context, held.sequence, answer, self._control, lookup, row=row, guess_always=seeded)
        reason = yield from decoding.steps()
        # An answer that ended by itself is not gone on with: what is asked next sees it without its thinking.
        ended = reason is FinishReason.STOP
        held.worth = len(task.prompt) - task.prefix_tokens if ended else len(loaded.cache.tokens(held))
        if request.may_leave_out:
            self.answered = Answered(request, budget, held, answer.shown)
        else:  # what comes next is sent as a whole, thinking and all
            held.worth = len(loaded.cache.tokens(held))
        return reason

    def _write_samples(self, task: Task, held: Held) -> Steps[FinishReason]:
        """Several answers; no later turn follows any of them, so only the prompt is kept."""
        cache = self._loaded.cache
        at_once = min(self._request.samples, self._context.sequence_limit)
        spares = [cache.spare() for _ in range(at_once - 1)]
        try:
            sequences = [held.sequence, *(spare.sequence for spare in spares)]
            samples = Samples(self._context, sequences, task, self._measured, self._control, self._emit)
            return (yield from samples.steps())
        finally:
            for spare in spares:
                cache.drop(spare)

    def _lookup(self, tokens: Sequence[int]) -> PromptLookup | None:
        """What guesses the tokens after these, as far as the context can compute guesses."""
        context, facts = self._context, self._loaded.facts
        costs = costs_of_rows(
            facts.threads,
            on_gpu=facts.gpu_layers > 0,
            most_rows=min(context.sequence_limit, context.micro_batch),
        )
        return PromptLookup(tokens, costs) if costs and self._request.prompt_lookup else None

    # -- the cache

    def _taken(self, tokens: list[int]) -> Held:
        """The sequence for a prompt, with what is known of it already; a conversation may come back from disk first.

        An explicit seed fixes the shape of the batches too, so nothing is taken over then.
        """
        request, cache = self._request, self._loaded.cache
        anew = request.seed is not None
        if request.snapshot is not None and not anew and cache.of(request.conversation) is None:
            reopen(self._loaded, request.snapshot, request.conversation, tokens, self._control.cancelled.is_set)
        return cache.take(tokens, request.conversation, anew=anew)

    def _give_back(self, code: ErrorCode | None) -> None:
        """What went wrong may have left cells that are no good: nothing begins with them."""
        held, cache = self._held, self._loaded.cache
        if held is None:
            return
        if code is not None or sys.exc_info()[0] is not None:
            cache.drop(held)
        else:
            cache.release(held, held.worth or len(cache.tokens(held)))

    # -- prefill

    def _prefill(self, need: Read) -> Steps[bool]:
        """Computes the prompt; False if it was cancelled.

        Raises:
            UserError: `DECODE_FAILED`.
        """
        started = last_told = time.monotonic()
        try:
            while not need.is_done:
                if self._control.cancelled.is_set():
                    return False
                status = yield need
                if status == DECODE_ABORTED:
                    return False
                if status != 0:
                    raise UserError(ErrorCode.DECODE_FAILED, status=status)
                now = time.monotonic()
                if now - last_told >= _PROGRESS_S or need.is_done:
                    self._emit(PrefillProgress(self._id, need.start, len(need.tokens)))
                    last_told = now
        finally:
            self._measured.prefill_s = time.monotonic() - started
        return True
