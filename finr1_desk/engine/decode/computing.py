"""What a request wants computed next, as values, and computing it for one request alone.

Owns the words between those who write answers and whoever calls `llama_decode` for them. A writer is a generator: it
yields what it needs, gets llama.cpp's status, and finds its logits at the row that stands in what it yielded; they are
valid until it yields again. So the same code writes an answer by itself, and beside others in shared batches
(`finr1_desk.engine.decode.company`).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from finr1_desk.engine.llama import Context

T = TypeVar("T")


@dataclass(slots=True)
class Append:
    """One token more, with its logits. The same object is yielded again and again."""

    sequence: int
    token: int = -1
    row: int = 0


@dataclass(slots=True)
class Extend:
    """A token for each row, with the logits of all; the first row's are at `row`, the others' follow."""

    rows: Sequence[tuple[int, int]]
    row: int = 0


@dataclass(slots=True)
class Read:
    """Tokens from `start` on, in pieces: whoever computes decides how many, and moves `start`.

    It is yielded until `start` has reached the end; `row` then has the logits of the last token.
    """

    sequence: int
    tokens: Sequence[int]
    start: int = 0
    row: int = -1

    @property
    def is_done(self) -> bool:
        return self.start >= len(self.tokens)


Need = Append | Extend | Read
Steps = Generator[Need, int, T]


def sequence_of(need: Need) -> int:
    """The sequence that it grows; of several, the first."""
    return need.rows[0][0] if isinstance(need, Extend) else need.sequence


def read_all(need: Read) -> Steps[int]:
    """Reads to the end; the status is the last one. Upon any but 0 some of the tokens may stand in the sequence."""
    while not need.is_done:
        status = yield need
        if status != 0:
            return status
    return 0


def compute(context: Context, need: Need) -> int:
    """Computes what one request needs, in a batch of its own. Returns llama.cpp's status."""
    if type(need) is Append:
        need.row = 0
        return context.append(need.sequence, need.token)
    if isinstance(need, Extend):
        need.row = 0
        return context.extend(need.rows)
    assert isinstance(need, Read)
    end = min(need.start + context.micro_batch, len(need.tokens))
    status = context.prefill(need.sequence, need.tokens[need.start : end], want_logits=end == len(need.tokens))
    if status == 0:
        need.start, need.row = end, -1
    return status


def run_alone(context: Context, steps: Steps[T]) -> T:
    """Runs a writer to its end with the context to itself; returns what it returns and raises what it raises."""
    try:
        need = next(steps)
        while True:
            need = steps.send(compute(context, need))
    except StopIteration as end:
        value: T = end.value
        return value
    finally:
        steps.close()
