"""Several answers to one question, written side by side.

Owns who of them is at work. They share the cells of the prompt; each step computes one token of each in a single
`llama_decode`, which costs far less than one after the other. The answers know nothing of each other: their random
numbers are functions of seed, sample and position.

Where the cells run short, the youngest answer waits: what it wrote is kept as tokens, which are computed again when
others have ended. That follows from lengths alone, so a seed repeats it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from finr1_desk.core.conversation import FinishReason
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import SampleFinished
from finr1_desk.engine.decode.answer import Answer, Measured, Task
from finr1_desk.engine.decode.computing import Extend, Read, Steps, read_all, run_alone
from finr1_desk.engine.decode.decoding import Control
from finr1_desk.engine.llama import DECODE_ABORTED, DECODE_NO_ROOM, Context, Logits

_HEADROOM: Final = 256  # cells that there have to be for each answer at work before another one joins


@dataclass(eq=False, slots=True)
class _Sample:
    """One answer. `written` is what has to be computed before its last token, once it is at work again."""

    number: int
    answer: Answer
    written: list[int] = field(default_factory=list)
    begun: bool = False
    reason: FinishReason | None = None


class _StoppedError(Exception):
    """A computation was aborted, because the request was cancelled."""


class Samples:
    """Writes all answers of a task.

    Args:
        sequences: for the answers at work. The first one holds the prompt, with the logits of its last token computed;
            the others are empty, and are again when the work is done.
        measured: what holds for all answers; becomes their sum.
    """

    def __init__(
        self,
        context: Context,
        sequences: Sequence[int],
        task: Task,
        measured: Measured,
        control: Control,
        emit: Callable[[SampleFinished], None],
    ) -> None:
        self._context = context
        self._task = task
        self._control = control
        self._emit = emit
        self._measured = measured
        self._prompt = sequences[0]
        self._prompt_length = len(task.prompt)
        self._free = sorted(sequences, reverse=True)
        self._free.remove(self._prompt)
        self._free.append(self._prompt)  # taken first
        self._all = [_Sample(n, Answer(task, replace(measured), n)) for n in range(task.request.samples)]
        self._waiting = deque(self._all)
        self._working: dict[_Sample, int] = {}  # the sequence of each, in the order of their numbers

    def run(self) -> FinishReason:
        """Writes until every answer has ended; raises as `steps`."""
        return run_alone(self._context, self.steps())

    def steps(self) -> Steps[FinishReason]:
        """Writes until every answer has ended; what was written has been given out then. The context is theirs alone.

        Raises:
            UserError: `DECODE_FAILED`.
            BadLogitsError: the model computed no distribution.
        """
        started = time.monotonic()
        first = self._context.logits().copy()
        try:
            while self._waiting or self._working:
                if self._control.cancelled.is_set():
                    break
                if self._control.answer_now.is_set():
                    self._control.answer_now.clear()
                    for sample in self._all:
                        sample.answer.ask_for_answer()
                yield from self._let_work(first)
                yield from self._step()
        except _StoppedError:
            pass
        finally:
            for sample in list(self._working) + list(self._waiting):
                self._end(sample, FinishReason.CANCELLED)
            self._add_up(time.monotonic() - started)
        reasons = {sample.reason for sample in self._all}
        if FinishReason.CANCELLED in reasons:
            return FinishReason.CANCELLED
        return FinishReason.LENGTH if reasons == {FinishReason.LENGTH} else FinishReason.STOP

    # -- who is at work

    def _let_work(self, first: Logits) -> Steps[None]:
        """Begins answers, or takes them up again, as long as there are sequences and cells for them."""
        while self._waiting and self._free:
            sample = self._waiting[0]
            needed = len(sample.written) + (len(self._working) + 1) * min(_HEADROOM, self._task.sampling.max_tokens)
            if self._working and self._cells() + needed > self._context.length:
                return
            self._waiting.popleft()
            sequence = self._free.pop()
            if sequence != self._prompt:
                self._context.copy(self._prompt, sequence, self._prompt_length)
            elif missing := self._task.prompt[len(self._context.sequences[sequence]) :]:
                self._check((yield from read_all(Read(sequence, missing))))  # it could not be cut, so it was emptied
            self._working[sample] = sequence
            self._working = dict(sorted(self._working.items(), key=lambda item: item[0].number))
            if not sample.begun:
                sample.begun = True
                sample.answer.start()
                self._draw(sample, first.copy())
            elif sample.written:
                self._check((yield from read_all(Read(sequence, sample.written))))

    def _cells(self) -> int:
        """How many cells the prompt and the answers at work occupy."""
        held = self._context.sequences
        own = sum(len(held[sequence]) - self._prompt_length for sequence in self._working.values())
        return self._prompt_length + own

    def _pause_youngest(self) -> None:
        sample = max(self._working, key=lambda sample: sample.number)
        sample.written = self._context.sequences[self._working[sample]][self._prompt_length :]
        self._leave(sample)
        self._waiting.appendleft(sample)

    def _leave(self, sample: _Sample) -> None:
        sequence = self._working.pop(sample)
        if sequence == self._prompt:
            self._context.cut(sequence, self._prompt_length)
        else:
            self._context.drop(sequence)
            self._context.sequences[sequence] = []
        self._free.append(sequence)

    # -- computing

    def _step(self) -> Steps[None]:
        """One token more for each answer at work."""
        for sample in list(self._working):
            if sample.answer.is_to_answer:
                yield from self._close_thinking(sample)
        while len(self._working) > 1 and self._cells() + len(self._working) > self._context.length:
            self._pause_youngest()
        if not self._working:
            return
        need = Extend([(at, sample.answer.token) for sample, at in self._working.items()])
        status = yield need
        if status == DECODE_NO_ROOM and len(self._working) > 1:  # the cells are there, but not where they are needed
            self._pause_youngest()
            return
        self._check(status)
        for row, sample in enumerate(list(self._working)):
            self._draw(sample, self._context.logits(need.row + row))

    def _draw(self, sample: _Sample, logits: Logits) -> None:
        reason = sample.answer.draw(logits)
        if reason is not None:
            self._end(sample, reason)

    def _close_thinking(self, sample: _Sample) -> Steps[None]:
        tokens = sample.answer.closing_tokens()
        if not tokens:
            return
        need = Read(self._working[sample], [sample.answer.token, *tokens])
        self._check((yield from read_all(need)))
        sample.answer.take_closing(tokens)
        self._draw(sample, self._context.logits(need.row))

    @staticmethod
    def _check(status: int) -> None:
        if status == DECODE_ABORTED:
            raise _StoppedError
        if status != 0:
            raise UserError(ErrorCode.DECODE_FAILED, status=status)

    # -- the end

    def _end(self, sample: _Sample, reason: FinishReason) -> None:
        sample.reason = reason
        if sample in self._working:
            self._leave(sample)
        if sample.begun:
            sample.answer.finish()
        measured = sample.answer.measured
        self._emit(
            SampleFinished(
                self._task.request_id, sample.number, reason, measured.usage, measured.timing, measured.think_cut
            )
        )

    def _add_up(self, seconds: float) -> None:
        whole = self._measured
        each = [sample.answer.measured for sample in self._all]
        whole.completion_tokens = sum(measured.completion_tokens for measured in each)
        whole.think_tokens = sum(measured.think_tokens for measured in each)
        whole.think_cut = any(measured.think_cut for measured in each)
        whole.think_s = max(measured.think_s for measured in each)
        whole.decode_s = seconds
