"""Splits a model's output into thinking, answer and the tags between them.

Owns the one parser of Fin-R1's output: live streams, stored replays and imports all go through it, so they give
the same parts. The tags are ordinary text for the model, several tokens each, and it gets them wrong: they arrive
in pieces, are missing, repeated, or quoted in code. It changes no character: the parts in order are the input.

The rules:

- `<think>` opens thinking at the start of a line; `</think>` closes it anywhere. `<answer>` at the start of a line
  opens the answer, also from thinking that was never closed. `</answer>` closes it. A tag ends the line before it.
- A tag inside a code block or inline code is text. Code that is opened and never closed would swallow the tags after
  it: inline code that its line does not close, and a block that the stream does not close, are taken not to be code
  where they hide a tag.
- `</think>` without `<think>` makes thinking of all that stood before it (the template opened it).
- Text outside all tags is answer. White space beside a tag belongs to the tags.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from finr1_desk.core.conversation import Part, PartKind
from finr1_desk.core.prompts import CLOSE_THINKING

TAGS: Final = ("<think>", "</think>", "<answer>", "</answer>")
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})([^\n]*)")
_WORDS: Final = re.compile(r"[^\s<`]+|[\s<`]")  # runs of what can neither begin a tag nor code, and the rest singly


class ReasoningSplitter:
    """Feed it text in any chunks; `parts` is right at every moment, as far as can be known then.

    What cannot be known yet, white space at the end and the beginning of a tag, counts as text of the current kind.

    Args:
        starts_in_think: the prompt ended with an open `<think>` (DeepSeek's distilled models).
    """

    def __init__(self, starts_in_think: bool = False) -> None:
        self.starts_in_think = starts_in_think
        self._chunks: list[str] = []
        self._not_fences: frozenset[int] = frozenset()
        self._machine = _Machine(starts_in_think, self._not_fences)
        self._replays = 0
        self._finished = False

    @property
    def parts(self) -> tuple[Part, ...]:
        return self._machine.parts

    @property
    def thinking(self) -> bool:
        """Whether the next character would be thinking."""
        return self._machine.mode is PartKind.THINK

    @property
    def raw(self) -> str:
        """Everything that was fed."""
        self._chunks = ["".join(self._chunks)]
        return self._chunks[0]

    @property
    def revision(self) -> int:
        """Goes up when text that was given out already has changed its kind, so that it has to be shown anew."""
        return self._replays + self._machine.reclassified

    @property
    def closing_text(self) -> str:
        """What ends the thinking if it is written here in the model's place; it ends an open code block first."""
        fence = self._machine.open_fence
        return f"\n{fence}{CLOSE_THINKING}" if fence else CLOSE_THINKING

    def feed(self, text: str) -> None:
        if self._finished:
            raise ValueError("the splitter was finished")
        self._chunks.append(text)
        self._machine.take_all(text)

    def finish(self) -> tuple[Part, ...]:
        """No more text comes: decides what was held back and returns the parts."""
        while not self._finished:
            mistake = self._machine.finish(self.raw)
            if mistake is None:
                self._finished = True
            else:
                self._replay_without(mistake)
        return self.parts

    def _replay_without(self, fence_at: int) -> None:
        """Reads everything again with one place more at which no code block opens."""
        self._not_fences |= {fence_at}
        self._machine = _Machine(self.starts_in_think, self._not_fences)
        self._replays += 1
        self._machine.take_all(self.raw)


def split(text: str, *, starts_in_think: bool = False) -> tuple[Part, ...]:
    """The parts of a complete output."""
    splitter = ReasoningSplitter(starts_in_think)
    splitter.feed(text)
    return splitter.finish()


@dataclass(slots=True)
class _Line:
    """What decides, on the current line, whether a tag is one: its text so far and an open inline code span."""

    chars: list[str] = field(default_factory=list)
    is_blank: bool = True
    span: int = 0  # length of the run of backticks that opened inline code; 0 outside
    ticks: int = 0  # length of the run of backticks being read
    tried: int = 0  # so many characters are known to open no span that the line closes

    @property
    def text(self) -> str:
        return "".join(self.chars)

    @property
    def in_code_span(self) -> bool:
        if self.ticks:  # the run just read opens a span, or may close the open one
            return self.span != self.ticks and (self.span != 0 or len(self.chars) > self.tried)
        return self.span != 0

    def take(self, char: str) -> None:
        if char == "`":
            self.ticks += 1
        elif self.ticks:
            self._end_ticks()
        self.chars.append(char)
        if not char.isspace():
            self.is_blank = False

    def take_word(self, word: str) -> None:
        """Takes characters of which none is white space or a backtick."""
        if self.ticks:
            self._end_ticks()
        self.chars.extend(word)
        self.is_blank = False

    def _end_ticks(self) -> None:
        if self.span == self.ticks:
            self.span = 0
        elif not self.span and len(self.chars) > self.tried:
            self.span = self.ticks
        self.ticks = 0

    def back_to(self, length: int) -> None:
        """Forgets what came after so many characters, and the span that was open there."""
        del self.chars[length:]
        self.tried = length
        self.span = self.ticks = 0


class _Machine:
    """Reads one character after the other. `not_fences` are offsets of lines that open no code block.

    Offsets count characters from the start of the stream.
    """

    def __init__(self, starts_in_think: bool, not_fences: frozenset[int]) -> None:
        self.mode = PartKind.THINK if starts_in_think else PartKind.ANSWER
        self.reclassified = 0
        self._not_fences = not_fences
        self._saw_tag = starts_in_think
        self._pieces: list[tuple[PartKind, list[str]]] = []
        self._space = ""  # white space of which it is not known yet whether it belongs to a tag
        self._held = ""  # the beginning of what may become a tag
        self._in_span: list[str] = []  # a tag in inline code and what follows it, until the span is closed
        self._span_from = 0  # the length of the line before that tag
        self._offset = 0
        self._line = _Line()
        self._line_at = 0
        self._fence = ""  # the run that opened the current code block
        self._fence_at = 0

    @property
    def parts(self) -> tuple[Part, ...]:
        for _, texts in self._pieces:
            texts[:] = ["".join(texts)]  # so that the next time costs only what is new
        parts = [Part(kind, texts[0]) for kind, texts in self._pieces]
        undecided = "".join(self._in_span) + self._held
        rest = self._space + undecided
        if not rest:
            return tuple(parts)
        if not undecided and self._follows_tag:
            parts.append(Part(PartKind.TAG, rest))
        elif parts and parts[-1].kind is self.mode:
            parts[-1] = Part(self.mode, parts[-1].text + rest)
        else:
            parts.append(Part(self.mode, rest))
        return tuple(parts)

    @property
    def open_fence(self) -> str:
        """The run of characters that would end the code block that is open here; empty outside."""
        line = self._line.text + self._held
        if self._fence:
            return "" if self._closes_fence(line) else self._fence
        return self._opening_fence(line) or ""

    def take_all(self, text: str) -> None:
        """Takes words at once where nothing is undecided: a model writes thousands of characters a second."""
        for found in _WORDS.finditer(text):
            word = found[0]
            if len(word) == 1 or self._held or self._in_span:
                for char in word:
                    self.take(char)
            else:
                self._offset += len(word)
                self._line.take_word(word)
                self._settle_space()
                self._append(self.mode, word)

    def take(self, char: str) -> None:
        if self._in_span:
            self._take_in_span(char)
            return
        if self._held:
            candidate = self._held + char
            if candidate in TAGS:
                self._held = ""
                self._take_tag(candidate)
                return
            if any(tag.startswith(candidate) for tag in TAGS):
                self._held = candidate
                return
            self._release_held()
        if char == "<" and not self._fence:
            self._held = char
        else:
            self._take_text(char)

    def finish(self, raw: str) -> int | None:
        """No more text comes; `raw` is everything that was read.

        Returns the offset of a line that was taken to open a code block and did not, where that makes a difference.
        """
        self._release_span()
        self._release_held()
        self._end_line()
        if self._fence and self._hides_tag(raw[self._fence_at :]):
            return self._fence_at
        if self._space:
            self._append(PartKind.TAG if self._follows_tag or not self._pieces else self.mode, self._space)
            self._space = ""
        return None

    # -- text

    def _take_text(self, char: str) -> None:
        self._offset += 1
        if char == "\n":
            self._end_line()
        else:
            self._line.take(char)
        self._emit(char)

    def _emit(self, char: str) -> None:
        """White space waits: a tag beside it claims it."""
        if char.isspace():
            self._space += char
            return
        self._settle_space()
        self._append(self.mode, char)

    def _settle_space(self) -> None:
        """Text follows: what white space came before it belongs to the text, but for that beside a tag."""
        if self._space:
            self._append(PartKind.TAG if self._follows_tag else self.mode, self._space)
            self._space = ""

    def _release_held(self) -> None:
        held, self._held = self._held, ""
        for char in held:
            self._take_text(char)

    def _append(self, kind: PartKind, text: str) -> None:
        if kind is not PartKind.TAG and self._pieces and self._pieces[-1][0] is kind:
            self._pieces[-1][1].append(text)
        else:
            self._pieces.append((kind, [text]))

    @property
    def _follows_tag(self) -> bool:
        return bool(self._pieces) and self._pieces[-1][0] is PartKind.TAG

    # -- code

    def _take_in_span(self, char: str) -> None:
        """A tag was read in inline code: what follows waits until the span is closed, or the line ends without."""
        if char == "\n":
            self._release_span()
            self.take(char)
            return
        if not self._line.in_code_span:
            self._emit_span()
            self.take(char)
            return
        self._in_span.append(char)
        self._line.take(char)

    def _emit_span(self) -> None:
        """The span was closed: the tag in it was text."""
        for char in self._in_span:
            self._offset += 1
            self._emit(char)
        self._in_span = []

    def _release_span(self) -> None:
        """The line ended inside the span, so it was none: reads what waited again."""
        while self._in_span:
            if not self._line.in_code_span:
                self._emit_span()
                return
            waiting, self._in_span = self._in_span, []
            self._line.back_to(self._span_from)
            self.reclassified += 1
            for char in waiting:
                self.take(char)

    def _end_line(self) -> None:
        text = self._line.text
        if self._fence:
            if self._closes_fence(text):
                self._fence = ""
        elif opened := self._opening_fence(text):
            self._fence, self._fence_at = opened, self._line_at
        self._line = _Line()
        self._line_at = self._offset

    def _opening_fence(self, line: str) -> str | None:
        match = _FENCE.fullmatch(line)
        if match is None or self._line_at in self._not_fences:
            return None
        run, info = match[1], match[2]
        return None if run[0] == "`" and "`" in info else run

    def _closes_fence(self, line: str) -> bool:
        match = _FENCE.fullmatch(line)
        return match is not None and match[1].startswith(self._fence) and not match[2].strip()

    def _hides_tag(self, code: str) -> bool:
        """Whether code that never ended holds a tag that would have ended the current section."""
        if self.mode is PartKind.THINK:
            return "</think>" in code or "\n<answer>" in code
        return ("</answer>" if self._saw_tag else "</think>") in code

    # -- tags

    def _take_tag(self, tag: str) -> None:
        if self._line.in_code_span:
            self._span_from = len(self._line.chars)
            for char in tag:
                self._in_span.append(char)
                self._line.take(char)
            return
        mode = self._mode_after(tag)
        if mode is None:
            for char in tag:
                self._take_text(char)
            return
        if tag == "</think>" and not self._saw_tag:
            self._make_all_thinking()
        if self._space:
            self._append(PartKind.TAG, self._space)
            self._space = ""
        self._append(PartKind.TAG, tag)
        self._offset += len(tag)
        self._line = _Line()  # what follows a tag counts as the start of a line
        self._line_at = self._offset
        self.mode = mode
        self._saw_tag = True

    def _mode_after(self, tag: str) -> PartKind | None:
        """What a tag makes of the text after it; None where it is no tag but text."""
        at_line_start = self._line.is_blank
        match tag:
            case "<think>":
                return PartKind.THINK if at_line_start else None
            case "<answer>":
                return PartKind.ANSWER if at_line_start else None
            case "</think>":
                closes = self.mode is PartKind.THINK or not self._saw_tag
                return PartKind.ANSWER if closes or at_line_start else None
            case _:
                closes = self.mode is PartKind.ANSWER and self._saw_tag
                return PartKind.ANSWER if closes else None

    def _make_all_thinking(self) -> None:
        if self._pieces:
            self._pieces = [(PartKind.THINK, [text for _, texts in self._pieces for text in texts])]
            self.reclassified += 1
