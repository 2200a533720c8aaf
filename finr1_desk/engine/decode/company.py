"""Answers to several requests, written side by side.

Owns which of them are at work and what of them is computed in one `llama_decode`: a token of each costs far less
together than one after the other. A prompt is read beside them in small pieces, so that nobody waits for it long. The
requests know nothing of each other (see `finr1_desk.engine.decode.computing`), and one that has the context to itself
is computed exactly as if there were no company.

A request with a seed of its own has batches of its own, in turn with the others': their shapes follow from it alone.

Where the cells run short, the youngest request waits: what it holds is kept as tokens, which are read again when there
is room.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from finr1_desk.engine.decode.computing import Append, Extend, Need, Read, compute, sequence_of
from finr1_desk.engine.decode.decoding import Control
from finr1_desk.engine.llama import DECODE_ABORTED, DECODE_NO_ROOM, Context

Key = TypeVar("Key")

_HEADROOM: Final = 256  # cells that there have to be for each request at work before another one joins
# llama.cpp computes 16 rows at once for little more than 8 (4.9 and 4.2 times a single one, 7B on two cores): a prompt
# that is read beside answers fills up what they leave of such a block, and takes another one where that is too little.
_BLOCK: Final = 16
_LEAST_PIECE: Final = 8


@dataclass(eq=False, slots=True)
class Member(Generic[Key]):
    """A request at work.

    Attributes:
        key: what the caller knows it by.
        alone: its batches are its own.
        held: what it had computed when it had to wait; None while it is at work.
        again: what of that has to be read again before it goes on.
        error: what it ended with, where that was an exception.
    """

    key: Key
    steps: Generator[Need, int, None]
    control: Control
    alone: bool
    need: Need = field(default_factory=lambda: Append(-1))
    held: list[int] | None = None
    again: Read | None = None
    has_ended: bool = False
    error: Exception | None = None

    @property
    def is_waiting(self) -> bool:
        return self.held is not None

    @property
    def wanted(self) -> Need:
        """What is to be computed for it next."""
        return self.need if self.again is None else self.again

    def go_on(self, status: int | None) -> None:
        """Lets it work with what was computed, up to its next need; None lets it begin."""
        if self.again is not None and status == 0:
            if self.again.is_done:
                self.again = None
            return
        try:
            self.need = next(self.steps) if status is None else self.steps.send(status)
        except StopIteration:
            self.has_ended = True
        except Exception as error:  # its own affair: the others go on
            self.has_ended, self.error = True, error


class Company(Generic[Key]):
    """The requests at work in one context; for the one thread that computes with it.

    Args:
        on_gpu: a GPU reads a large piece of a prompt as quickly as a small one.
    """

    def __init__(self, context: Context, *, on_gpu: bool) -> None:
        self._context = context
        # One sequence stays free for what an idle conversation begins with.
        self.most = self._most_rows = max(1, min(context.sequence_limit, context.micro_batch) - 1)
        self._on_gpu = on_gpu
        self.members: list[Member[Key]] = []

    def join(self, key: Key, steps: Generator[Need, int, None], control: Control, *, alone: bool) -> None:
        """A request begins, up to what it needs computed first."""
        member = Member(key, steps, control, alone)
        self.members.append(member)
        member.go_on(None)

    @property
    def may_grow(self) -> bool:
        """Whether there is room for another one."""
        if len(self.members) >= self.most or any(member.is_waiting for member in self.members):
            return False
        return self._has_cells_for(0)

    def step(self) -> list[Member[Key]]:
        """Computes the next token of each answer, or a piece of a prompt. Returns those that have ended, for good."""
        for member in self.members:
            if member.control.cancelled.is_set() and not member.has_ended:
                self._end_cancelled(member)
        self._let_return()
        working = self._working
        for member in working:
            member.control.in_company = len(working) > 1
        together = self._batch_of(working) if len(working) > 1 else []
        waits_its_turn = isinstance(together[-1].wanted, Read) if together else False
        for member in working:
            reads_later = waits_its_turn and not member.alone and isinstance(member.wanted, Read)
            if member not in together and not reads_later and not member.is_waiting:
                self._compute_apart(member)
        self._compute_together([member for member in together if not member.is_waiting])
        ended = [member for member in self.members if member.has_ended]
        self.members = [member for member in self.members if not member.has_ended]
        return ended

    def close(self) -> None:
        """Ends all that have not ended; for when the whole has failed."""
        for member in self.members:
            member.steps.close()
        self.members.clear()

    # -- computing

    @property
    def _working(self) -> list[Member[Key]]:
        return [member for member in self.members if not member.is_waiting and not member.has_ended]

    def _batch_of(self, members: list[Member[Key]]) -> list[Member[Key]]:
        """Those of the members that are computed together now: who writes, as far as rows go, and the first who reads.

        He comes last. Where it would be one only, it is none.
        """
        chosen, rows = [], 0
        for member in members:
            need = member.wanted
            count = len(need.rows) if isinstance(need, Extend) else 1
            if not member.alone and not isinstance(need, Read) and rows + count <= self._most_rows:
                chosen.append(member)
                rows += count
        chosen += [member for member in members if not member.alone and isinstance(member.wanted, Read)][:1]
        return chosen if len(chosen) > 1 else []

    def _compute_apart(self, member: Member[Key]) -> None:
        self._pass_on([member], compute(self._context, member.wanted))

    def _compute_together(self, members: list[Member[Key]]) -> None:
        if not members:
            return
        rows: list[tuple[int, int]] = []
        read: tuple[int, list[int], bool] | None = None
        reading: Read | None = None
        for member in members:
            need = member.wanted
            if isinstance(need, Append):
                need.row = len(rows)
                rows.append((need.sequence, need.token))
            elif isinstance(need, Extend):
                need.row = len(rows)
                rows.extend(need.rows)
            else:
                reading = need
        end = 0
        if reading is not None:
            end = min(reading.start + self._piece_beside(len(rows)), len(reading.tokens))
            read = (reading.sequence, list(reading.tokens[reading.start : end]), end == len(reading.tokens))
        status = self._context.extend(rows, read)
        if status == 0 and reading is not None:
            reading.row = len(rows) + end - reading.start - 1
            reading.start = end
        self._pass_on(members, status)

    def _piece_beside(self, rows: int) -> int:
        """How many tokens of a prompt are read in a batch with so many rows."""
        room = self._context.micro_batch - rows
        if self._on_gpu:
            return room
        piece = _BLOCK - rows % _BLOCK
        return min(piece if piece >= _LEAST_PIECE else piece + _BLOCK, room)

    def _pass_on(self, members: list[Member[Key]], status: int) -> None:
        if status == DECODE_ABORTED:  # those who asked for it end; for the others it is computed again
            for member in members:
                if member.control.cancelled.is_set():
                    self._end_cancelled(member)
        elif status == DECODE_NO_ROOM and len(self._working) > 1:
            self._let_wait()
        else:
            for member in members:
                member.go_on(status)

    @staticmethod
    def _end_cancelled(member: Member[Key]) -> None:
        member.held = member.again = None
        member.go_on(DECODE_ABORTED)
        if not member.has_ended:
            member.steps.close()
            member.has_ended, member.error = True, RuntimeError("went on although it was cancelled")

    # -- when the cells run short

    def _has_cells_for(self, tokens: int) -> bool:
        """Whether one more request with so many tokens leaves all of them room to write; shared cells count twice."""
        working, held = self._working, self._context.sequences
        cells = tokens + sum(len(held[sequence_of(member.need)]) for member in working)
        return cells + (len(working) + 1) * min(_HEADROOM, self._context.length // 8) <= self._context.length

    def _let_wait(self) -> None:
        """The youngest gives its cells up, one without a seed rather: reading again makes batches of other shapes."""
        working = self._working
        member = next((member for member in reversed(working) if not member.alone), working[-1])
        sequence = sequence_of(member.need)
        member.held = list(self._context.sequences[sequence] if member.again is None else member.again.tokens)
        member.again = None
        self._context.drop(sequence)
        self._context.sequences[sequence] = []

    def _let_return(self) -> None:
        """Those that wait go on, the oldest first, as far as there are cells; one does where nobody is at work."""
        for member in self.members:
            if member.held is None or member.has_ended:
                continue
            if self._working and not self._has_cells_for(len(member.held)):
                return
            member.again = Read(sequence_of(member.need), member.held) if member.held else None
            member.held = None
