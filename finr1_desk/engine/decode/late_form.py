"""A form that begins with the answer: what a model thinks before that is free.

Owns where the form begins. Fin-R1 opens its thinking itself, as text; whether it does is its own decision, with its
first token. The form begins after the thinking, behind the `<answer>` that the model may write there; at once where
it does not think. No token ever straddles that place, and the answer does not end before it.
"""

from __future__ import annotations

import codecs
from typing import Final, Protocol

import numpy as np

from finr1_desk.core.reasoning import ReasoningSplitter
from finr1_desk.engine.decode.sampler import Form, Logits

_OPENING: Final = "<think>"
_CLOSING: Final = "</think>"
_ANSWER: Final = "<answer>"
_MOST_SPACE: Final = 4  # characters beside a tag


class Pieces(Protocol):
    """What is to be known of a vocabulary."""

    def piece(self, token: int) -> bytes: ...

    def is_end(self, token: int) -> bool: ...

    def tokenise(self, text: str, *, parse_special: bool) -> list[int]: ...


class LateForm:
    """A form for the sampler; `thinking` says that everything may come as yet.

    Args:
        form: of the answer.
        starts_in_think: the prompt has opened the thinking.
        prefix: what the answer begins with already.
    """

    def __init__(self, form: Form, pieces: Pieces, *, starts_in_think: bool = False, prefix: str = "") -> None:
        self._form = form
        self._pieces = pieces
        self._splitter = ReasoningSplitter(starts_in_think)
        self._splitter.feed(prefix)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._has_begun = False
        self._tag = _ANSWER if prefix or starts_in_think else _OPENING  # that may stand before the form
        self._lead = ""  # what there is of it, with white space
        self._tail = ""  # the end of the thinking, shorter than a tag
        self._refused = -1

    @property
    def thinking(self) -> bool:
        return not self._has_begun and self._splitter.thinking

    # -- as the sampler asks

    def allows(self, token: int) -> bool:
        if self._has_begun:
            return self._form.allows(token)
        self._refused = token
        text = self._pieces.piece(token).decode("utf-8", "replace")
        if self.thinking:
            return not self._pieces.is_end(token) and self._leaves_well(text)
        if text and self._may_lead(text):
            return True
        return not self._is_inside_tag and self._form.allows(token)

    def forbid(self, logits: Logits) -> None:
        """Of the thinking, only what was refused is known not to come; the sampler asks again."""
        if self._has_begun or not (self.thinking or self._is_inside_tag):
            self._form.forbid(logits)
        elif self.thinking:
            logits[self._refused] = -np.inf
        else:
            rest = self._tag[len(self._lead.lstrip()) :]
            token = self._pieces.tokenise(rest, parse_special=False)[0]
            logits[:] = -np.inf
            logits[token] = 0.0

    def accept(self, token: int) -> None:
        if self._has_begun:
            self._form.accept(token)
            return
        was_thinking = self.thinking
        text = self._decoder.decode(self._pieces.piece(token))
        if not was_thinking and not (text and self._may_lead(text)):
            self._has_begun = True
            self._form.accept(token)
            return
        self._splitter.feed(text)
        if was_thinking:
            self._follow_thinking(text)
        else:
            self._lead += text
        if self.thinking:
            self._tag = _ANSWER

    # -- where the form begins

    def _follow_thinking(self, text: str) -> None:
        text = self._tail + text
        if self._splitter.thinking:
            self._tail = text[1 - len(_CLOSING) :]
            return
        closed, answered = text.rfind(_CLOSING), text.rfind(_ANSWER)
        # A closing that an `<answer>` follows in the same piece, too, or that it stands for, is told by what is behind.
        self._lead = text[answered:] if answered > closed else text[closed + len(_CLOSING) :]

    def _leaves_well(self, text: str) -> bool:
        """Whether this token, if it ends the thinking, brings nothing of the answer along."""
        text, begun = self._tail + text, len(self._tail)
        for tag in (_CLOSING, _ANSWER):
            place = text.rfind(tag)
            if place >= 0 and place + len(tag) > begun:
                lead = text[place + len(tag) :] if tag == _CLOSING else text[place:]
                if not _is_lead(lead, _ANSWER):
                    return False
        return True

    def _may_lead(self, text: str) -> bool:
        return _is_lead(self._lead + text, self._tag)

    @property
    def _is_inside_tag(self) -> bool:
        lead = self._lead.strip()
        return lead != "" and lead != self._tag


def _is_lead(text: str, tag: str) -> bool:
    """Whether the text may be the beginning of what stands before the form: white space, the tag, white space."""
    words = text.lstrip()
    if len(text) - len(words) > _MOST_SPACE:
        return False
    if not words.startswith(tag):
        return tag.startswith(words)
    rest = words[len(tag) :]
    return tag == _OPENING or (len(rest) <= _MOST_SPACE and not rest.strip())
