"""What is answered, in the shapes of OpenAI's API: whole, and in pieces.

Owns those shapes. It is given what the engine said and does no I/O.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from finr1_desk.core.conversation import FinishReason, Usage
from finr1_desk.core.events import Likelihood, TokenLikelihood

_REASONS = {FinishReason.STOP: "stop", FinishReason.LOOP: "stop", FinishReason.LENGTH: "length"}


@dataclass(slots=True)
class Choice:
    """One of the answers, as far as it has come; `reason` once it has ended."""

    index: int
    content: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    likelihoods: list[TokenLikelihood] = field(default_factory=list)
    reason: FinishReason | None = None


@dataclass(slots=True)
class Counted:
    """The tokens of all answers to a request."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0
    reasoning: int = 0

    def add(self, usage: Usage) -> None:
        self.prompt += usage.prompt_tokens
        self.cached += usage.cached_tokens
        self.completion += usage.completion_tokens
        self.reasoning += usage.think_tokens

    def as_json(self) -> dict[str, Any]:
        return {
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
            "prompt_tokens_details": {"cached_tokens": self.cached},
            "completion_tokens_details": {"reasoning_tokens": self.reasoning},
        }


class Reply:
    """Makes the answers to one request.

    Args:
        model: the name that is served.
        with_likelihoods: whether probabilities were asked for.
        include_usage: whether the pieces of a stream say that the counts come at the end.
    """

    def __init__(self, *, is_chat: bool, model: str, with_likelihoods: bool, include_usage: bool) -> None:
        self._is_chat = is_chat
        self._with_likelihoods = with_likelihoods
        self._include_usage = include_usage
        self._lengths: dict[int, int] = {}  # characters told so far, by choice
        kind = "chat.completion" if is_chat else "text_completion"
        self._head = {
            "id": f"{'chatcmpl' if is_chat else 'cmpl'}-{secrets.token_hex(12)}",
            "object": kind,
            "created": int(time.time()),
            "model": model,
        }

    def whole(self, choices: Sequence[Choice], counted: Counted) -> dict[str, Any]:
        return {**self._head, "choices": [self._choice(choice) for choice in choices], "usage": counted.as_json()}

    def _choice(self, choice: Choice) -> dict[str, Any]:
        common = {"index": choice.index, "finish_reason": _reason(choice.reason)}
        logprobs = self._logprobs(choice.index, choice.likelihoods)
        text = "".join(choice.content)
        if not self._is_chat:
            return {**common, "text": text, "logprobs": logprobs}
        message: dict[str, Any] = {"role": "assistant", "content": text}
        if choice.reasoning:
            message["reasoning_content"] = "".join(choice.reasoning)
        return {**common, "message": message, "logprobs": logprobs}

    # -- in pieces

    def opening(self, index: int) -> dict[str, Any] | None:
        """The first piece of a choice, where there is one before its text."""
        return self._piece(index, {"role": "assistant", "content": ""}) if self._is_chat else None

    def piece(
        self, index: int, content: str, reasoning: str = "", likelihoods: Sequence[TokenLikelihood] = ()
    ) -> dict[str, Any]:
        logprobs = self._logprobs(index, likelihoods)
        if not self._is_chat:
            return self._piece(index, content, logprobs=logprobs)
        delta = {"reasoning_content": reasoning} if reasoning else {}
        if content or not reasoning:
            delta["content"] = content
        return self._piece(index, delta, logprobs=logprobs)

    def closing(self, index: int, reason: FinishReason | None) -> dict[str, Any]:
        return self._piece(index, {} if self._is_chat else "", reason=reason)

    def usage(self, counted: Counted) -> dict[str, Any]:
        return {**self._piece_head, "choices": [], "usage": counted.as_json()}

    @property
    def _piece_head(self) -> dict[str, Any]:
        return {**self._head, "object": "chat.completion.chunk"} if self._is_chat else self._head

    def _piece(
        self,
        index: int,
        text: str | dict[str, Any],
        *,
        logprobs: dict[str, Any] | None = None,
        reason: FinishReason | None = None,
    ) -> dict[str, Any]:
        choice = {
            "index": index,
            "delta" if self._is_chat else "text": text,
            "logprobs": logprobs,
            "finish_reason": _reason(reason),
        }
        usage = {"usage": None} if self._include_usage else {}
        return {**self._piece_head, "choices": [choice], **usage}

    # -- probabilities

    def _logprobs(self, index: int, tokens: Sequence[TokenLikelihood]) -> dict[str, Any] | None:
        if not self._with_likelihoods:
            return None
        if self._is_chat:
            content = [
                {**_token(token.drawn), "top_logprobs": [_token(each) for each in token.likeliest]} for token in tokens
            ]
            return {"content": content, "refusal": None}
        offsets, place = [], self._lengths.get(index, 0)
        for token in tokens:
            offsets.append(place)
            place += len(_text(token.drawn))
        self._lengths[index] = place
        return {
            "tokens": [_text(token.drawn) for token in tokens],
            "token_logprobs": [token.drawn.logprob for token in tokens],
            "top_logprobs": [{_text(each): each.logprob for each in token.likeliest} for token in tokens],
            "text_offset": offsets,
        }


def _reason(reason: FinishReason | None) -> str | None:
    return None if reason is None else _REASONS.get(reason, "stop")


def _text(token: Likelihood) -> str:
    return bytes.fromhex(token.piece).decode("utf-8", "replace")


def _token(token: Likelihood) -> dict[str, Any]:
    return {"token": _text(token), "logprob": token.logprob, "bytes": list(bytes.fromhex(token.piece))}
