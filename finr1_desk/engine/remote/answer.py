"""One answer as it comes from a team server: its text, its thinking, its figures.

Owns how the pieces of a stream become the text that Fin-R1 itself would have written: servers with a reasoning parser
send the thinking in a field of its own, which is put between the model's tags again. It opens no connection.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from finr1_desk.core.conversation import FinishReason, Timing, Usage
from finr1_desk.core.reasoning import ReasoningSplitter
from finr1_desk.engine.remote.loops import TextLoops

_FIELDS: Final = ("reasoning_content", "reasoning")  # vLLM and llama-server; newer vLLM and LM Studio
_OPEN: Final = "<think>\n"
_CLOSE: Final = "\n</think>\n"
_REASONS: Final = {"stop": FinishReason.STOP, "length": FinishReason.LENGTH}


@dataclass(frozen=True, slots=True)
class Figures:
    """What a server says of one request: tokens of the prompt, of these from its cache, and of the answer."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0
    think: int | None = None


class RemoteAnswer:
    """Fed with the stream's pieces; tokens are counted as pieces until the server gives its figures.

    `is_looping` says that it writes the same passage over and over; what comes after that is not taken.

    Args:
        prefix: text that the answer begins with and that the server does not send back.
        stop_loops: whether loops are looked for.
        clock: seconds, monotonic.
    """

    def __init__(self, prefix: str, *, stop_loops: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self._splitter = ReasoningSplitter()
        self._splitter.feed(prefix)
        self._clock = clock
        self._begun = clock()
        self._first: float | None = None
        self._in_field = False  # the thinking comes in a field of its own, and has not ended
        self._figures = Figures()
        self._earlier = 0  # tokens of requests before this one, where the answer took several
        self._earlier_think = 0
        self._pieces = 0
        self._think_pieces = 0
        self._loops = TextLoops() if stop_loops else None
        self.is_looping = False
        self.reason: FinishReason | None = None
        self.think_cut = False

    # -- what comes

    def take(self, delta: Any) -> str:
        """The text of one piece of the stream, with tags where the server has taken them out; may be empty."""
        if self.is_looping:
            return ""
        thought = next((text for name in _FIELDS if (text := getattr(delta, name, None))), "")
        said = getattr(delta, "content", None) or ""
        text = ""
        if thought:
            text += ("" if self._in_field or self._splitter.thinking else _OPEN) + str(thought)
            self._in_field = True
        if said and self._in_field:
            text += _CLOSE
            self._in_field = False
        text += said
        if text:
            self._grow(text)
        return text

    def end(self, reason: str | None) -> None:
        """The server says why it stopped."""
        if reason is not None and not self.is_looping:
            self.reason = _REASONS.get(reason, FinishReason.STOP)

    def take_usage(self, usage: Any) -> None:
        """Figures of the server; they come last, or with every piece."""
        prompt = getattr(usage, "prompt_tokens_details", None)
        completion = getattr(usage, "completion_tokens_details", None)
        self._figures = Figures(
            _count(getattr(usage, "prompt_tokens", 0)),
            _count(getattr(prompt, "cached_tokens", 0)),
            _count(getattr(usage, "completion_tokens", 0)),
            _count(getattr(completion, "reasoning_tokens", 0)) or None,
        )

    def close_thinking(self) -> str:
        """Ends the thinking in the model's place; what the server is to go on from has it too."""
        text = self._splitter.closing_text
        self._in_field = self.is_looping = False
        if self._loops is not None:
            self._loops.clear()
        self._splitter.feed(text)
        self.think_cut = True
        self._earlier, self._earlier_think = self.tokens, self.think_tokens
        self._pieces = self._think_pieces = 0
        self._figures = Figures(self._figures.prompt, self._figures.cached)
        return text

    def _grow(self, text: str) -> None:
        if self._first is None:
            self._first = self._clock()
        self._splitter.feed(text)
        if self._loops is not None and self._loops.feed(text):
            self.is_looping = True
        self._pieces += 1
        if self._splitter.thinking:
            self._think_pieces += 1

    # -- how it stands

    @property
    def raw(self) -> str:
        """The whole answer so far, prefix included."""
        return self._splitter.raw

    @property
    def thinking(self) -> bool:
        return self._splitter.thinking

    @property
    def has_ended(self) -> bool:
        """Whether nothing more of it is wanted or comes."""
        return self.is_looping or self.reason is not None

    @property
    def is_to_answer(self) -> bool:
        """Whether its thinking goes in a circle and can be closed: only once, as here."""
        return self.is_looping and self.thinking and not self.think_cut

    @property
    def tokens(self) -> int:
        return self._earlier + (self._figures.completion or self._pieces)

    @property
    def think_tokens(self) -> int:
        """Where the server does not tell them apart: by the share of the pieces."""
        if self._figures.think is not None:
            return self._earlier_think + self._figures.think
        if not self._figures.completion or not self._pieces:
            return self._earlier_think + self._think_pieces
        return self._earlier_think + round(self._figures.completion * self._think_pieces / self._pieces)

    @property
    def context_used(self) -> int:
        return self._figures.prompt + self.tokens

    @property
    def tokens_per_s(self) -> float:
        seconds = self._decoding()
        return max(self.tokens - 1, 0) / seconds if seconds > 0 else 0.0

    @property
    def usage(self) -> Usage:
        return Usage(self._figures.prompt, self._figures.cached, self.tokens, self.think_tokens)

    @property
    def timing(self) -> Timing:
        """As it was seen from here: the network is part of it."""
        first = self._first if self._first is not None else self._clock()
        return Timing(
            prefill_s=first - self._begun, decode_s=self._decoding(), tokens_per_s=round(self.tokens_per_s, 3)
        )

    def _decoding(self) -> float:
        return self._clock() - self._first if self._first is not None else 0.0


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else 0
