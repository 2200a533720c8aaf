"""Which sequence of the KV cache serves a prompt, and which gives way.

Owns what is known of the sequences of one context: whose tokens they are, how many of them another prompt may begin
with, when they were used. All of them share the context's cells: none has a part of its own, and the one that was not
used for longest is dropped when cells or sequences run short. It computes nothing and knows no text.

Cells are taken over as they were computed, at the place where they were computed, and only by prompts that begin with
the very same tokens: they are never shifted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from finr1_desk.engine.llama import Context

# Computing so few tokens again is cheaper than keeping a second sequence for them: what opens an answer, or closes it.
_SLACK: Final = 8


@dataclass(eq=False, slots=True)
class Held:
    """A sequence in use.

    Attributes:
        conversation: whose tokens these are; empty where nobody said.
        worth: so many tokens, from the first on, may begin another prompt; what follows them may go.
        used: counts up from use to use, through all sequences.
        pinned: being worked with, so that it cannot be dropped.
    """

    sequence: int
    conversation: str = ""
    worth: int = 0
    used: int = 0
    pinned: bool = False


class PrefixCache:
    """The sequences of a context; for the one thread that computes with it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._held: list[Held] = []
        self._uses = 0
        self._may_drop = True
        context.make_room = self._make_room

    def tokens(self, held: Held) -> list[int]:
        """The tokens whose cells the sequence holds: the context's own list, which grows and shrinks with them."""
        return self._context.sequences[held.sequence]

    def is_held(self, held: Held) -> bool:
        return held in self._held

    def of(self, conversation: str) -> Held | None:
        """What was used last for a conversation."""
        found = [held for held in self._held if conversation and held.conversation == conversation]
        return max(found, key=lambda held: held.used, default=None)

    # -- for a prompt

    def take(self, tokens: Sequence[int], conversation: str = "", *, anew: bool = False) -> Held:
        """The sequence to compute a prompt in, pinned; what it holds is a beginning of `tokens`, never all of them.

        Args:
            anew: nothing is to be taken over, so that the shape of all batches follows from the prompt alone.
        """
        best, common = self._most_like(tokens)
        common = min(common, len(tokens) - 1)
        if best is None or (common == 0 and not anew):
            held = self._empty()
        elif not best.pinned and (
            common + _SLACK >= min(best.worth, len(tokens) - 1) or self._context.sequence_limit == 1
        ):
            held = best
            self._context.cut(held.sequence, 0 if anew else common)
        else:
            was_pinned, best.pinned = best.pinned, True
            held = self._empty()
            best.pinned = was_pinned
            if not anew:
                self._context.copy(best.sequence, held.sequence, common)
        held.pinned, held.conversation, held.worth = True, conversation, len(self.tokens(held))
        held.used = self._next_use()
        return held

    def reusable(self, tokens: Sequence[int]) -> int:
        """How many of these tokens `take` could take over."""
        return self._most_like(tokens)[1]

    def release(self, held: Held, worth: int) -> None:
        """The work is done; of what the sequence holds now, `worth` tokens may begin another prompt."""
        held.pinned = False
        held.worth = min(worth, len(self.tokens(held)))

    def adopt(self, tokens: Sequence[int], state: bytearray, conversation: str) -> bool:
        """Takes cells over that the context gave away as `state` once; False where they have no room or do not fit."""
        held = self._empty()
        held.pinned = True
        # Cells that are shared count more than once here, which at worst drops a sequence too many.
        while len(tokens) + sum(len(self.tokens(other)) for other in self._held) > self._context.length:
            if not self._make_room():
                break
        if not self._context.restore(held.sequence, tokens, state):
            self.drop(held)
            return False
        held.pinned, held.conversation, held.worth = False, conversation, len(tokens)
        held.used = self._next_use()
        return True

    def spare(self) -> Held:
        """An empty sequence, pinned; to be given to `drop` when it is not needed any more."""
        held = self._empty()
        held.pinned = True
        return held

    # -- giving way

    def drop(self, held: Held) -> None:
        """Empties a sequence and forgets it; nothing where that has happened already."""
        if held in self._held:
            self._held.remove(held)
            self._context.drop(held.sequence)

    def forget(self, conversation: str) -> None:
        """Drops what a conversation left behind; everything where it is empty. What is being worked with stays."""
        for held in list(self._held):
            if not held.pinned and conversation in ("", held.conversation):
                self.drop(held)

    @contextmanager
    def dropping_nothing(self) -> Iterator[None]:
        """Within the block no sequence gives way: what finds no cells ends without them."""
        self._may_drop = False
        try:
            yield
        finally:
            self._may_drop = True

    def _make_room(self) -> bool:
        spared = [held for held in self._held if not held.pinned]
        if not self._may_drop or not spared:
            return False
        self.drop(min(spared, key=lambda held: held.used))
        return True

    # -- inside

    def _most_like(self, tokens: Sequence[int]) -> tuple[Held | None, int]:
        """The sequence with the longest common beginning, the last used of several; and how long that is.

        One that is being worked with serves too, where no other does as well: its cells can be shared.
        """
        best: Held | None = None
        longest = -1
        wanted = list(tokens)
        for held in sorted(self._held, key=lambda held: (held.pinned, -held.used)):
            common = common_beginning(self.tokens(held), wanted)
            if common > longest:
                best, longest = held, common
        return best, max(longest, 0)

    def _empty(self) -> Held:
        taken = {held.sequence for held in self._held}
        free = next((number for number in range(self._context.sequence_limit) if number not in taken), None)
        if free is None:
            spared = min((held for held in self._held if not held.pinned), key=lambda held: held.used)
            self.drop(spared)
            free = spared.sequence
        held = Held(free)
        self._held.append(held)
        self._context.sequences[free] = []
        return held

    def _next_use(self) -> int:
        self._uses += 1
        return self._uses


def common_beginning(one: list[int], other: list[int]) -> int:
    """How many elements two lists have in common, from the first on; halving compares slices, which is quick."""
    end = min(len(one), len(other))
    if one[:end] == other[:end]:
        return end
    same, different = 0, end  # one[:same] == other[:same], one[:different] != other[:different]
    while different - same > 1:
        middle = (same + different) // 2
        if one[same:middle] == other[same:middle]:
            same = middle
        else:
            different = middle
    return same
