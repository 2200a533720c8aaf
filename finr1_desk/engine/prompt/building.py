"""Turns to token ids: what a model is shown.

Owns the markers around turns, written by token id: ChatML (Fin-R1, Qwen2.5), DeepSeek's distilled models, and what
other models' own templates say. Text that a user typed is never parsed for control tokens.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Final, Generic, Protocol, TypeVar

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.prompts import Turn
from finr1_desk.engine.llama import Model
from finr1_desk.engine.llama_vocabulary import Vocabulary
from finr1_desk.engine.prompt.template import Segment, TemplateFailedError, TemplateProcess, render_turns

_Key = TypeVar("_Key", bound=Hashable)

_MOST_COUNTED: Final = 50_000
_THINK: Final = "<think>"
_DEEPSEEK_USER: Final = "<｜User｜>"
_DEEPSEEK_ASSISTANT: Final = "<｜Assistant｜>"
_DEEPSEEK_END: Final = "<｜end▁of▁sentence｜>"


class PromptBuilder(Protocol):
    """Makes prompts for one model. `starts_in_think`: they end inside an open `<think>`."""

    @property
    def starts_in_think(self) -> bool: ...

    def build(self, turns: Sequence[Turn]) -> list[int]:
        """The token ids after which the assistant's turn begins.

        Raises:
            UserError: `MODEL_NO_TEMPLATE`.
        """
        ...

    def counts(self, turns: Sequence[Turn]) -> list[int]:
        """The tokens of each turn in the prompt, the marks around it included; and last of what begins the answer.

        Together they are as many as `build` gives, or about as many where a template joins them. What was counted once
        costs nothing again. Raises UserError as `build`.
        """
        ...


def builder_for(model: Model, path: str, process: TemplateProcess) -> PromptBuilder:
    """The builder that suits a model's vocabulary and template."""
    vocabulary = model.vocabulary
    start, end = vocabulary.control_token("<|im_start|>"), vocabulary.control_token("<|im_end|>")
    if start is not None and end is not None:
        return ChatMLPrompt(vocabulary, start, end)
    user, assistant = vocabulary.control_token(_DEEPSEEK_USER), vocabulary.control_token(_DEEPSEEK_ASSISTANT)
    closing = vocabulary.control_token(_DEEPSEEK_END)
    if user is not None and assistant is not None and closing is not None:
        after_assistant = (model.template or "").rpartition(_DEEPSEEK_ASSISTANT)[2]
        return DeepSeekPrompt(vocabulary, user, assistant, closing, opens_think=_THINK in after_assistant)
    return TemplatePrompt(vocabulary, model.template, path, process)


class _Counted(Generic[_Key]):
    """Remembers how many tokens texts have, so that a long conversation is counted once; it keeps no text."""

    def __init__(self, count: Callable[[_Key], int]) -> None:
        self._count = count
        self._known: dict[int, int] = {}

    def __call__(self, thing: _Key) -> int:
        key = hash(thing)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _MOST_COUNTED:
                self._known.clear()
            known = self._known[key] = self._count(thing)
        return known


def normalised(vocabulary: Vocabulary, text: str) -> str:
    """The text as the model's own tokeniser would see it: Qwen's compose characters (NFC), others do not."""
    return unicodedata.normalize("NFC", text) if vocabulary.pre.startswith("qwen") else text


class ChatMLPrompt:
    """`<|im_start|>role\\ncontent<|im_end|>\\n`; role and content are tokenised in one call, as Hugging Face does."""

    starts_in_think = False

    def __init__(self, vocabulary: Vocabulary, start: int, end: int) -> None:
        self._vocabulary, self._start, self._end = vocabulary, start, end
        self._counted = _Counted[Turn](lambda turn: len(self._turn(turn)))

    def build(self, turns: Sequence[Turn]) -> list[int]:
        tokens = [token for turn in turns for token in self._turn(turn)]
        return tokens + self._beginning()

    def counts(self, turns: Sequence[Turn]) -> list[int]:
        return [*map(self._counted, turns), len(self._beginning())]

    def _beginning(self) -> list[int]:
        return [self._start, *self._text("assistant\n")]

    def _turn(self, turn: Turn) -> list[int]:
        return [self._start, *self._text(f"{turn.role}\n{turn.content}"), self._end, *self._text("\n")]

    def _text(self, text: str) -> list[int]:
        return self._vocabulary.tokenise(normalised(self._vocabulary, text), parse_special=False)


class DeepSeekPrompt:
    """`<｜User｜>content<｜Assistant｜>content<｜end▁of▁sentence｜>`, the system prompt in front without a marker."""

    def __init__(self, vocabulary: Vocabulary, user: int, assistant: int, end: int, *, opens_think: bool) -> None:
        self._vocabulary = vocabulary
        self._user, self._assistant, self._end = user, assistant, end
        self.starts_in_think = opens_think
        self._counted = _Counted[Turn](lambda turn: len(self._turn(turn)))
        self._opening = [] if vocabulary.bos is None else [vocabulary.bos]

    def build(self, turns: Sequence[Turn]) -> list[int]:
        return [*self._opening, *(token for turn in turns for token in self._turn(turn)), *self._beginning()]

    def counts(self, turns: Sequence[Turn]) -> list[int]:
        return [*map(self._counted, turns), len(self._opening) + len(self._beginning())]

    def _beginning(self) -> list[int]:
        think = self._vocabulary.tokenise(f"{_THINK}\n", parse_special=True) if self.starts_in_think else []
        return [self._assistant, *think]

    def _turn(self, turn: Turn) -> list[int]:
        text = self._vocabulary.tokenise(normalised(self._vocabulary, turn.content), parse_special=False)
        if turn.role == "system":
            return text
        return [self._user, *text] if turn.role == "user" else [self._assistant, *text, self._end]


class TemplatePrompt:
    """What the template in the model's file makes of the turns."""

    def __init__(self, vocabulary: Vocabulary, template: str | None, path: str, process: TemplateProcess) -> None:
        self._vocabulary = vocabulary
        self._template = template
        self._path = path
        self._process = process
        self._starts_in_think: bool | None = None
        self._counted = _Counted[Segment](lambda segment: len(self._segment(segment)))

    @property
    def starts_in_think(self) -> bool:
        if self._starts_in_think is None:
            try:
                segments = self._render([Turn("user", "?")])
            except UserError:  # reported when a question is asked
                return False
            self._starts_in_think = segments[-1].text.rstrip().endswith(_THINK)
        return self._starts_in_think

    def build(self, turns: Sequence[Turn]) -> list[int]:
        segments = self._render(turns)
        tokens = self._tokenised(segments)
        bos = self._vocabulary.bos
        if self._vocabulary.adds_bos and bos is not None and tokens[:1] != [bos]:
            tokens.insert(0, bos)
        return tokens

    def counts(self, turns: Sequence[Turn]) -> list[int]:
        """The template's own text counts with the turn that it follows."""
        counts = [0] * (len(turns) + 1)
        current = -1
        for segment in self._render(turns):
            current = current if segment.turn is None else segment.turn
            counts[current] += self._counted(replace(segment, turn=None if segment.turn is None else 0))
        return counts

    def _render(self, turns: Sequence[Turn]) -> list[Segment]:
        if not self._template:
            raise UserError(ErrorCode.MODEL_NO_TEMPLATE, path=self._path, reason="no template")
        vocabulary = self._vocabulary
        bos = "" if vocabulary.bos is None else vocabulary.text(vocabulary.bos)
        eos = "" if vocabulary.eos is None else vocabulary.text(vocabulary.eos)
        try:
            return render_turns(self._process, self._template, turns, bos=bos, eos=eos)
        except TemplateFailedError as error:
            raise UserError(ErrorCode.MODEL_NO_TEMPLATE, path=self._path, reason=str(error)) from error

    def _tokenised(self, segments: Sequence[Segment]) -> list[int]:
        """The segments' ids: in one call where contents hold no control token's text, else each by itself.

        One call is what the model was trained on: characters at the seams may share a token. It is safe if it finds
        exactly the control tokens that the template wrote.
        """
        apart = [self._segment(segment) for segment in segments]
        whole = self._vocabulary.tokenise(
            normalised(self._vocabulary, "".join(segment.text for segment in segments)), parse_special=True
        )
        by_parts = [token for tokens in apart for token in tokens]
        same = self._controls(whole) == self._controls(by_parts)
        return whole if same else by_parts

    def _segment(self, segment: Segment) -> list[int]:
        text = normalised(self._vocabulary, segment.text)
        return self._vocabulary.tokenise(text, parse_special=not segment.is_content)

    def _controls(self, tokens: Sequence[int]) -> list[int]:
        return [token for token in tokens if self._vocabulary.is_control(token)]
