"""The loop that writes one answer: token after token until it ends.

Owns what llama.cpp is asked to compute: the last token, and with it, where that pays, a guess of the tokens after
it. The sampler draws each token from its own logits whatever was guessed: a guess that is right has saved a
`llama_decode`, and what follows a wrong one is taken out of the cache again. So guessing changes no answer, except
where two tokens are as likely as makes no difference: batches of other shapes differ in the last bits.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from finr1_desk.core.conversation import FinishReason
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.engine.decode.answer import Answer
from finr1_desk.engine.decode.computing import Append, Extend, Read, Steps, read_all, run_alone
from finr1_desk.engine.decode.lookup import PromptLookup
from finr1_desk.engine.llama import DECODE_ABORTED, Context


@dataclass(slots=True)
class Control:
    """What others ask of a running generation: other threads by the events, who computes by `in_company`.

    In company rows are shared with other answers: guessing would take them away.
    """

    cancelled: threading.Event
    answer_now: threading.Event
    in_company: bool = False


class Decoding:
    """Writes one answer into a sequence that holds its prompt, with the logits of its last token computed.

    Args:
        lookup: guesses, and holds the prompt; None for not guessing.
        row: of the last computation, whose logits are the first token's.
        guess_always: in company too, so that the shape of its batches follows from the text alone.
    """

    def __init__(
        self,
        context: Context,
        sequence: int,
        answer: Answer,
        control: Control,
        lookup: PromptLookup | None,
        *,
        row: int = -1,
        guess_always: bool = False,
    ) -> None:
        self._context = context
        self._sequence = sequence
        self._answer = answer
        self._control = control
        self._lookup = lookup
        self._first_row = row
        self._guess_always = guess_always

    def run(self) -> FinishReason:
        """Writes, with the context to itself, until the answer ends; raises as `steps`."""
        return run_alone(self._context, self.steps())

    def steps(self) -> Steps[FinishReason]:
        """Writes until the answer ends; its text has been given out then, and the sequence holds nothing else.

        Raises:
            UserError: `DECODE_FAILED`.
            BadLogitsError: the model computed no distribution.
        """
        self._answer.start()
        try:
            return (yield from self._loop())
        finally:
            self._answer.finish()
            self._context.cut(self._sequence, self._answer.length)

    def _loop(self) -> Steps[FinishReason]:
        context, answer, control, lookup = self._context, self._answer, self._control, self._lookup
        append = Append(self._sequence)
        row = self._first_row  # whose logits are the next token's
        draft: Sequence[int] = ()
        guessed_right = 0  # of the draft
        while True:
            if control.cancelled.is_set():
                return FinishReason.CANCELLED
            if control.answer_now.is_set():
                control.answer_now.clear()
                answer.ask_for_answer()
            if answer.is_to_answer and (closed := (yield from self._close_thinking())) is not None:
                row, draft = closed, ()
                continue
            reason = answer.draw(context.logits(row))
            if reason is not None:
                return reason
            token = answer.token
            if lookup is not None:
                lookup.add(token)
                if guessed_right < len(draft) and draft[guessed_right] == token:
                    answer.measured.accepted_tokens += 1
                    guessed_right += 1
                    row += 1
                    continue
                if draft:
                    context.cut(self._sequence, answer.length - 1)
                draft = lookup.draft(answer.room) if self._guess_always or not control.in_company else ()
                guessed_right = 0
            if draft:
                answer.measured.drafted_tokens += len(draft)
                extend = Extend([(self._sequence, each) for each in (token, *draft)])
                status = yield extend
                row = extend.row
            else:
                append.token = token
                status = yield append
                row = append.row
            if status == DECODE_ABORTED:
                return FinishReason.CANCELLED
            if status != 0:
                raise UserError(ErrorCode.DECODE_FAILED, status=status)

    def _close_thinking(self) -> Steps[int | None]:
        """Closes the thinking in the model's place. Returns the row of the next token's logits; None if it did not.

        Raises:
            UserError: `DECODE_FAILED`.
        """
        tokens = self._answer.closing_tokens()
        if not tokens:
            return None
        self._context.cut(self._sequence, self._answer.length)
        need = Read(self._sequence, tokens)
        status = yield from read_all(need)
        if status == DECODE_ABORTED:  # cancelled meanwhile; the loop sees that next
            return need.row
        if status != 0:
            raise UserError(ErrorCode.DECODE_FAILED, status=status)
        self._answer.take_closing(tokens)
        if self._lookup is not None:
            for token in tokens:
                self._lookup.add(token)
        return need.row
