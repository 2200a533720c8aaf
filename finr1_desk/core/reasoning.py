"""Splits a model's output into thinking, answer and the tags between them.

Owns the one parser of Fin-R1's output: live streams, stored replays and imports all go through it, so they give
the same parts. The tags are ordinary text for the model, several tokens each, and it gets them wrong: they arrive
in pieces, are missing, repeated, or quoted in code. It changes no character: the parts in order are the input.

The rules:

- `<think>` opens thinking at the start of a line; `</think>` closes it anywhere. `<answer>` at the start of a line
  opens the answer, also from thinking that was never closed. `</answer>` closes it.
- A tag inside a code block or inline code is text. A code block that thinking opens and never closes would swallow
  the answer: when the stream ends that way, the block is taken not to be one.
- `</think>` without `<think>` makes thinking of all that stood before it (the template opened it).
- Text outside all tags is answer. White space beside a tag belongs to the tags.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from finr1_desk.core.conversation import Part, PartKind

TAGS: Final = ("<think>", "</think>", "<answer>", "</answer>")
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})([^\n]*)$")


@dataclass(slots=True)
class _Line:
    """What decides, on the current line, whether a tag is one: its text so far and an open inline code span."""

    text: str = ""
    code_span: int = 0  # length of the run of backticks that opened inline code; 0 outside
    ticks: int = 0  # length of the run of backticks being read

    def take(self, char: str) -> None:
        self.text += char
        if char == "`":
            self.ticks += 1
            return
        if self.ticks:
            if self.code_span == 0:
                self.code_span = self.ticks
            elif self.code_span == self.ticks:
                self.code_span = 0
            self.ticks = 0

    @property
    def in_code_span(self) -> bool:
        if self.ticks:  # the run just read opens a span, or closes the open one
            return self.code_span != self.ticks
        return self.code_span != 0


@dataclass(slots=True)
class ReasoningSplitter:
    """Feed it text in any chunks; `parts` is right at every moment, but for a tag that is still incomplete.

    Args:
        starts_in_think: the prompt ended with an open `<think>` (DeepSeek's distilled models).

    `revision` goes up when text that was already given out has changed its kind; a view that appends then has to
    show the parts anew.
    """

    starts_in_think: bool = False
    revision: int = 0
    _pieces: list[tuple[PartKind, list[str]]] = field(default_factory=list)
    _mode: PartKind = PartKind.ANSWER
    _line: _Line = field(default_factory=_Line)
    _fence: str = ""  # the run that opened the current code block
    _fence_start: int = 0  # offset in characters of the line that opened it
    _offset: int = 0
    _no_fence_at: int = -1
    _space: str = ""  # white space of which it is not known yet whether it belongs to a tag
    _held: str = ""  # the beginning of what may become a tag
    _saw_tag: bool = False
    _finished: bool = False

    def __post_init__(self) -> None:
        if self.starts_in_think:
            self._mode = PartKind.THINK
            self._saw_tag = True

    # -- what a caller sees

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts so far. Text held back because it may become a tag counts as text of the current kind."""
        pieces = [Part(kind, "".join(texts)) for kind, texts in self._pieces]
        rest = self._space + self._held
        if rest:
            if pieces and pieces[-1].kind is self._mode:
                pieces[-1] = Part(self._mode, pieces[-1].text + rest)
            else:
                pieces.append(Part(self._mode if rest.strip() else PartKind.TAG, rest))
        return tuple(pieces)

    @property
    def thinking(self) -> bool:
        """Whether the next character would be thinking."""
        return self._mode is PartKind.THINK

    @property
    def raw(self) -> str:
        return "".join("".join(texts) for _, texts in self._pieces) + self._space + self._held

    def feed(self, text: str) -> None:
        if self._finished:
            raise ValueError("the splitter was finished")
        for char in text:
            self._take(char)

    def finish(self) -> tuple[Part, ...]:
        """No more text comes: decides what was held back and returns the parts."""
        if self._finished:
            return self.parts
        if self._in_unclosed_fence_with_close():
            self._resplit_without_fence()
        self._release_held()
        if self._space:
            kind = PartKind.TAG if self._saw_tag or not self._pieces else self._mode
            self._append(PartKind.THINK if self._mode is PartKind.THINK else kind, self._space)
            self._space = ""
        self._finished = True
        return self.parts

    # -- the machine

    def _take(self, char: str) -> None:
        if self._held:
            candidate = self._held + char
            if candidate in TAGS:
                self._held = ""
                self._tag(candidate)
                return
            if any(tag.startswith(candidate) for tag in TAGS):
                self._held = candidate
                return
            self._release_held()
        if char == "<" and not self._quoted:
            self._held = char
            return
        self._text(char)

    @property
    def _quoted(self) -> bool:
        return bool(self._fence) or self._line.in_code_span

    def _release_held(self) -> None:
        held, self._held = self._held, ""
        for char in held:
            self._text(char)

    def _text(self, char: str) -> None:
        self._offset += 1
        if char == "\n":
            self._end_line()
        else:
            self._line.take(char)
        self._emit(char)

    def _emit(self, char: str) -> None:
        """Text of the current kind; white space waits where a tag beside it may claim it."""
        if self._mode is PartKind.THINK:
            self._append(PartKind.THINK, char)
        elif char.isspace():
            self._space += char
        else:
            space, self._space = self._space, ""
            self._append(PartKind.ANSWER, space + char)

    def _append(self, kind: PartKind, text: str) -> None:
        if kind is not PartKind.TAG and self._pieces and self._pieces[-1][0] is kind:
            self._pieces[-1][1].append(text)
        else:
            self._pieces.append((kind, [text]))

    def _end_line(self) -> None:
        match = _FENCE.match(self._line.text)
        if match:
            run, info = match.group(1), match.group(2)
            start = self._offset - 1 - len(self._line.text)
            if self._fence:
                if run[0] == self._fence[0] and len(run) >= len(self._fence) and not info.strip():
                    self._fence = ""
            elif start != self._no_fence_at and not (run[0] == "`" and "`" in info):
                self._fence, self._fence_start = run, start
        self._line = _Line()

    def _tag(self, tag: str) -> None:
        at_line_start = not self._line.text.strip()
        if tag == "<think>" and at_line_start:
            self._mark(tag, PartKind.THINK)
        elif tag == "</think>" and self._mode is PartKind.THINK:
            self._mark(tag, PartKind.ANSWER)
        elif tag == "</think>" and not self._saw_tag:
            self._all_before_was_thinking()
            self._mark(tag, PartKind.ANSWER)
        elif (tag == "<answer>" and (at_line_start or self._after_tag)) or (
            tag == "</answer>" and self._mode is PartKind.ANSWER and self._saw_tag
        ):
            self._mark(tag, PartKind.ANSWER)
        elif tag == "</think>" and at_line_start:
            self._mark(tag, PartKind.ANSWER)  # once more; nothing to close
        else:
            for char in tag:
                self._text(char)

    @property
    def _after_tag(self) -> bool:
        return bool(self._pieces) and self._pieces[-1][0] is PartKind.TAG

    def _mark(self, tag: str, mode: PartKind) -> None:
        if self._space:
            self._append(PartKind.TAG, self._space)
            self._space = ""
        self._append(PartKind.TAG, tag)
        self._offset += len(tag)
        self._line = _Line()  # what follows a tag counts as the start of a line
        self._mode = mode
        self._saw_tag = True

    def _all_before_was_thinking(self) -> None:
        text = self.raw
        self._pieces = [(PartKind.THINK, [text])] if text else []
        self._space = ""
        self.revision += 1

    # -- a code block in the thinking that never ends

    def _in_unclosed_fence_with_close(self) -> bool:
        if not self._fence or self._mode is not PartKind.THINK:
            return False
        return "</think>" in self.raw[self._fence_start :]

    def _resplit_without_fence(self) -> None:
        again = ReasoningSplitter(self.starts_in_think, _no_fence_at=self._fence_start)
        again.feed(self.raw)
        again.finish()
        self._pieces, self._mode, self._saw_tag = again._pieces, again._mode, again._saw_tag
        self._space = self._held = self._fence = ""
        self.revision += 1


def split(text: str, *, starts_in_think: bool = False) -> tuple[Part, ...]:
    """The parts of a complete output."""
    splitter = ReasoningSplitter(starts_in_think)
    splitter.feed(text)
    return splitter.finish()
