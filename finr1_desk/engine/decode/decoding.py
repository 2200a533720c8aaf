"""The loop that writes one answer: token after token until it ends.

Owns what is given to llama.cpp to compute: the last token, and with it, where that pays, a guess of the tokens after
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
from finr1_desk.engine.decode.lookup import PromptLookup
from finr1_desk.engine.llama import DECODE_ABORTED, Context


@dataclass(slots=True)
class Control:
    """What other threads ask of a running generation."""

    cancelled: threading.Event
    answer_now: threading.Event


class Decoding:
    """Writes one answer into a sequence that holds its prompt, with the logits of its last token computed.

    Args:
        lookup: guesses, and holds the prompt; None for not guessing.
    """

    def __init__(
        self, context: Context, sequence: int, answer: Answer, control: Control, lookup: PromptLookup | None
    ) -> None:
        self._context = context
        self._sequence = sequence
        self._answer = answer
        self._control = control
        self._lookup = lookup

    def run(self) -> FinishReason:
        """Writes until the answer ends; its text has been given out then, and the sequence holds nothing else.

        Raises:
            UserError: `DECODE_FAILED`.
            BadLogitsError: the model computed no distribution.
        """
        self._answer.start()
        try:
            return self._loop()
        finally:
            self._answer.finish()
            self._context.cut(self._sequence, self._answer.length)

    def _loop(self) -> FinishReason:
        context, answer, control, lookup = self._context, self._answer, self._control, self._lookup
        row = -1  # whose logits are the next token's: those of the last one computed
        draft: Sequence[int] = ()
        while True:
            if control.cancelled.is_set():
                return FinishReason.CANCELLED
            if control.answer_now.is_set():
                control.answer_now.clear()
                answer.ask_for_answer()
            if answer.is_to_answer and self._close_thinking():
                row, draft = -1, ()
                continue
            reason = answer.draw(context.logits(row))
            if reason is not None:
                return reason
            token = answer.token
            if lookup is not None:
                lookup.add(token)
                if 0 <= row < len(draft) and draft[row] == token:
                    answer.measured.accepted_tokens += 1
                    row += 1
                    continue
                if draft:
                    context.cut(self._sequence, answer.length - 1)
                draft = lookup.draft(answer.room)
            row = 0
            status = self._compute(token, draft)
            if status == DECODE_ABORTED:
                return FinishReason.CANCELLED
            if status != 0:
                raise UserError(ErrorCode.DECODE_FAILED, status=status)

    def _compute(self, token: int, draft: Sequence[int]) -> int:
        if not draft:
            return self._context.append(self._sequence, token)
        self._answer.measured.drafted_tokens += len(draft)
        return self._context.extend([(self._sequence, each) for each in (token, *draft)])

    def _close_thinking(self) -> bool:
        """Closes the thinking in the model's place. Returns whether anything was computed.

        Raises:
            UserError: `DECODE_FAILED`.
        """
        tokens = self._answer.closing_tokens()
        if not tokens:
            return False
        context = self._context
        context.cut(self._sequence, self._answer.length)
        status = compute_all(context, self._sequence, tokens)
        if status == DECODE_ABORTED:  # cancelled meanwhile; the loop sees that next
            return True
        if status != 0:
            raise UserError(ErrorCode.DECODE_FAILED, status=status)
        self._answer.take_closing(tokens)
        if self._lookup is not None:
            for token in tokens:
                self._lookup.add(token)
        return True


def compute_all(context: Context, sequence: int, tokens: Sequence[int]) -> int:
    """Appends tokens in the largest batches that the context allows, with the logits of the last. Returns the status.

    Upon any status but 0 some of them may stand in the sequence.
    """
    for start in range(0, len(tokens), context.micro_batch):
        chunk = tokens[start : start + context.micro_batch]
        status = context.prefill(sequence, chunk, want_logits=start + len(chunk) == len(tokens))
        if status != 0:
            return status
    return 0
