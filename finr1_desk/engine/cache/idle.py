"""What the engine does when nobody waits for it: makes the conversations it has answered ready for what comes next.

Owns what is left to do after an answer, once for each: its thinking is dropped and what the next prompt will begin with
is computed, and then the conversation goes to disk. It works in pieces, and each piece ends at once where the context
is told to abort; a request that comes in between finds everything that was finished. It starts nothing by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from finr1_desk.core.errors import UserError
from finr1_desk.core.events import GenerateRequest
from finr1_desk.core.prompts import Turn
from finr1_desk.engine.cache.cells import Held, common_beginning
from finr1_desk.engine.cache.snapshots import LEAST_TOKENS, SnapshotWriter, circumstances
from finr1_desk.engine.llama import DECODE_ABORTED, LlamaError
from finr1_desk.engine.loading import Loaded
from finr1_desk.engine.plan.offload import available_memory
from finr1_desk.engine.prompt.context_policy import Budget, fit

_WRITER_POLL_S: Final = 0.05
_MOST_TASKS: Final = 8  # conversations that were answered and interrupted; who asks faster than that does not wait

# Two questions that have nothing in common: prompts with either begin with what every next prompt begins with.
_ONE_QUESTION: Final = "A"
_OTHER_QUESTION: Final = "7"


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that has ended, and the sequence that holds it.

    Attributes:
        shown: what a later turn sees of the answer; None while its thinking is open, which is gone on with or given up.
    """

    request: GenerateRequest
    budget: Budget
    held: Held
    shown: str | None


@dataclass(eq=False, slots=True)
class _Task:
    """What is left to do for one conversation. `target`: the tokens to be held, once they are known."""

    answered: Answered
    held: Held
    used: int
    target: list[int] | None = None
    computed: bool = False


class IdleWork:
    """The work for the loaded model; for the one thread that computes with it.

    Args:
        report: gets what failed, by name.
    """

    def __init__(self, report: Callable[[str, BaseException], None]) -> None:
        self._report = report
        self._writer = SnapshotWriter(report)
        self._tasks: list[_Task] = []

    @property
    def due_s(self) -> float | None:
        """Seconds until `step` has something to do; None where there is nothing."""
        if not self._tasks:
            return None
        return _WRITER_POLL_S if self._writer.is_busy and all(task.computed for task in self._tasks) else 0.0

    @property
    def is_done(self) -> bool:
        """Whether everything is computed and on disk."""
        return not self._tasks and not self._writer.is_busy

    def after(self, answered: Answered) -> None:
        """An answer has ended."""
        if answered.request.conversation:
            self._drop_tasks(answered.request.conversation)
        self._tasks.append(_Task(answered, answered.held, answered.held.used, computed=answered.shown is None))
        del self._tasks[:-_MOST_TASKS]

    def step(self, loaded: Loaded) -> None:
        """Does the next piece: of the last answer first, and what concerns the disk after everything else."""
        self._tasks = [task for task in self._tasks if self._is_current(task, loaded)]
        task = next((task for task in reversed(self._tasks) if not task.computed), None)
        if task is not None:
            self._compute(task, loaded)
        elif self._tasks and not self._writer.is_busy:
            try:
                self._write(self._tasks[-1], loaded)
            finally:
                self._tasks.pop()

    def forget(self, conversation: str) -> None:
        """A conversation is gone, or all of them where it is empty: nothing of it stays on disk."""
        self._drop_tasks(conversation)
        self._writer.forget(conversation)

    def clear(self) -> None:
        """The model is to be freed; what is being written needs it no more."""
        self._tasks.clear()

    def _drop_tasks(self, conversation: str) -> None:
        kept = [task for task in self._tasks if conversation not in ("", task.answered.request.conversation)]
        self._tasks = kept

    @staticmethod
    def _is_current(task: _Task, loaded: Loaded) -> bool:
        """Whether its sequence still is what it was left as: no prompt has taken it over, nothing has displaced it."""
        return loaded.cache.is_held(task.held) and task.held.used == task.used

    # -- computing

    def _compute(self, task: _Task, loaded: Loaded) -> None:
        cache, context = loaded.cache, loaded.context
        if task.target is None:
            task.target = _next_beginning(task.answered, loaded)
            if not task.target:
                task.computed = True
                return
            # In another sequence, where the answer as it stands may still be gone on with.
            task.held = cache.take(task.target, task.answered.request.conversation)
            task.used = task.held.used
        tokens = cache.tokens(task.held)
        with cache.dropping_nothing():
            piece = task.target[len(tokens) : len(tokens) + context.micro_batch]
            status = context.prefill(task.held.sequence, piece, want_logits=False)
        cache.release(task.held, len(tokens))
        # Where no cells are left, what there is has to do.
        task.computed = len(tokens) == len(task.target) or status not in (0, DECODE_ABORTED)

    # -- writing

    def _write(self, task: _Task, loaded: Loaded) -> None:
        place = task.answered.request.snapshot
        tokens = list(loaded.cache.tokens(task.held))
        if place is None or len(tokens) < LEAST_TOKENS or loaded.context.sequence_limit == 1:
            return
        if 2 * loaded.context.state_bytes(task.held.sequence) > available_memory():
            return
        try:
            now = circumstances(loaded, place.model_sha256)
            state = loaded.context.state(task.held.sequence)
        except (OSError, UserError, LlamaError, MemoryError) as error:
            self._report("snapshot", error)
            return
        self._writer.write(task.answered.request.conversation, place, now, tokens, state)


def _next_beginning(answered: Answered, loaded: Loaded) -> list[int]:
    """What the prompt of any next question begins with, as the prompt builder and the context policy will make it."""
    request = answered.request
    assert answered.shown is not None
    turns = (*request.turns, Turn("assistant", answered.shown))
    try:
        one, other = (
            fit(loaded.prompts, (*turns, Turn("user", question)), (), answered.budget).tokens
            for question in (_ONE_QUESTION, _OTHER_QUESTION)
        )
    except UserError:  # a template that takes no such turns, or a context that is full
        return []
    return one[: common_beginning(one, other)]
