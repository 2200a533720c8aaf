"""The bodies of requests: from a program's JSON to what the engine is asked.

Owns every field that is understood, its bounds, and what is said where a value cannot be done. What would change the
answer and is not understood is refused rather than passed over; what would not is ignored. It does no I/O.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from finr1_desk.core.errors import UserError
from finr1_desk.core.events import LONGEST_STOP, MOST_LOGPROBS, MOST_STOPS
from finr1_desk.core.prompts import Turn
from finr1_desk.core.sampling import BOUNDS, checked
from finr1_desk.server.errors import bad

MOST_CHOICES: Final = 16
MOST_TURNS: Final = 2048
DEEPEST: Final = 64
_MAX_SEED: Final = 1 << 64
_COMPLETION_TOKENS: Final = 16  # what OpenAI's and vLLM's completions have where nothing is said
_ROLES: Final = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
# Fields that would change the answer: refused unless they say what is done anyway.
_NOT_DONE: Final[Mapping[str, tuple[Any, ...]]] = {
    "frequency_penalty": (0, None),
    "presence_penalty": (0, None),
    "logit_bias": ({}, None),
    "tools": ([], None),
    "tool_choice": ("none", "auto", None),
    "functions": ([], None),
    "function_call": ("none", "auto", None),
    "modalities": (["text"], None),
    "audio": (None,),
    "prediction": (None,),
    "best_of": (1, None),
    "suffix": ("", None),
    "min_tokens": (0, None),
    "guided_json": (None,),
    "guided_regex": (None,),
    "guided_choice": (None,),
    "guided_grammar": (None,),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for.

    Attributes:
        prompts: of each, the turns or the text itself; every one gets `n` choices.
        logprobs: how many of the likeliest tokens are to be told; None where no probabilities are.
        stream: in pieces, with the counts at the end where `include_usage` says so.
        echo: the prompt's text comes before the answer.
        free_thinking: the model may think before an answer of a given form.
    """

    is_chat: bool
    model: str | None
    prompts: tuple[tuple[Turn, ...] | str, ...]
    n: int = 1
    overrides: Mapping[str, float | int] = field(default_factory=dict)
    seed: int | None = None
    stop: tuple[str, ...] = ()
    logprobs: int | None = None
    json_schema: str | None = None
    stream: bool = False
    include_usage: bool = False
    echo: bool = False
    free_thinking: bool = False


def parsed(raw: bytes) -> dict[str, Any]:
    """The JSON object of a body.

    Raises:
        RefusalError: 400: it is none, or it is too deep.
    """
    try:
        body = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise bad("The body is not JSON.") from error
    if not isinstance(body, dict):
        raise bad("The body is not a JSON object.")
    waiting: list[tuple[Any, int]] = [(body, 1)]
    while waiting:
        node, depth = waiting.pop()
        if depth > DEEPEST:
            raise bad(f"The body is nested deeper than {DEEPEST} levels.")
        if isinstance(node, dict):
            waiting += [(value, depth + 1) for value in node.values()]
        elif isinstance(node, list):
            waiting += [(value, depth + 1) for value in node]
    return body


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def chat(body: Mapping[str, Any]) -> Asked:
    """A request for `/v1/chat/completions`.

    Raises:
        RefusalError: 400.
    """
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise bad("messages: a list of at least one message is needed.", "messages")
    if len(messages) > MOST_TURNS:
        raise bad(f"messages: more than {MOST_TURNS}.", "messages")
    turns = tuple(_turn(message, number) for number, message in enumerate(messages))
    limit = body.get("max_completion_tokens")
    name = "max_tokens" if limit is None else "max_completion_tokens"
    asked = _boolean(body, "logprobs")
    likeliest = _integer(body, "top_logprobs", 0, MOST_LOGPROBS)
    if likeliest and not asked:
        raise bad("top_logprobs: needs logprobs.", "top_logprobs")
    return Asked(
        is_chat=True,
        prompts=(turns,),
        overrides=_overrides(body, name, None),
        logprobs=(likeliest or 0) if asked else None,
        json_schema=_schema(body),
        free_thinking=body.get("reasoning_effort") != "none",
        **_common(body),
    )


def completion(body: Mapping[str, Any]) -> Asked:
    """A request for `/v1/completions`.

    Raises:
        RefusalError: 400.
    """
    prompt = body.get("prompt")
    given = prompt if isinstance(prompt, list) else [prompt]
    texts = [text for text in given if isinstance(text, str)]
    if not texts or len(texts) < len(given):
        raise bad("prompt: a text, or a list of texts, is needed; token ids are not taken.", "prompt")
    common = _common(body)
    if len(texts) * common["n"] > MOST_CHOICES:
        raise bad(f"prompt: more than {MOST_CHOICES} choices in all.", "prompt")
    logprobs = _integer(body, "logprobs", 0, MOST_LOGPROBS)
    echo = _boolean(body, "echo")
    if echo and logprobs is not None:
        raise bad("logprobs: the prompt's are not told, so not together with echo.", "logprobs")
    return Asked(
        is_chat=False,
        prompts=tuple(texts),
        overrides=_overrides(body, "max_tokens", _COMPLETION_TOKENS),
        logprobs=logprobs,
        json_schema=_schema(body),
        echo=echo,
        **common,
    )


def _common(body: Mapping[str, Any]) -> dict[str, Any]:
    for name, harmless in _NOT_DONE.items():
        value = body.get(name)
        if value not in harmless or isinstance(value, bool):
            raise bad(f"{name}: is not supported here.", name, "unsupported_parameter")
    model = body.get("model")
    if model is not None and not isinstance(model, str):
        raise bad("model: is not a text.", "model")
    stream = _boolean(body, "stream")
    options = body.get("stream_options")
    if options is not None and not isinstance(options, dict):
        raise bad("stream_options: is not an object.", "stream_options")
    if options and not stream:
        raise bad("stream_options: needs stream.", "stream_options")
    return {
        "model": model,
        "n": _integer(body, "n", 1, MOST_CHOICES) or 1,
        "seed": _seed(body),
        "stop": _stop(body),
        "stream": stream,
        "include_usage": _boolean(options or {}, "include_usage"),
    }


# -- messages


def _turn(message: Any, number: int) -> Turn:
    where = f"messages[{number}]"
    if not isinstance(message, dict):
        raise bad(f"{where}: is not an object.", where)
    role = message.get("role")
    if not isinstance(role, str) or role not in _ROLES:
        raise bad(f"{where}.role: is none of {', '.join(_ROLES)}.", f"{where}.role")
    if message.get("tool_calls"):
        raise bad(f"{where}.tool_calls: is not supported here.", f"{where}.tool_calls", "unsupported_parameter")
    return Turn(_ROLES[role], _content(message.get("content"), f"{where}.content"))


def _content(content: Any, where: str) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list) and content:
        texts = [part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text"]
        if len(texts) == len(content) and all(isinstance(text, str) for text in texts):
            return "".join(text for text in texts if text is not None)
    raise bad(f"{where}: is neither a text nor a list of text parts.", where)


# -- values


def _boolean(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise bad(f"{name}: is neither true nor false.", name)
    return bool(value)


def _integer(body: Mapping[str, Any], name: str, low: int, high: int) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise bad(f"{name}: is not a whole number from {low} to {high}.", name)
    return value


def _seed(body: Mapping[str, Any]) -> int | None:
    """Negative ones too, as OpenAI's seeds are signed."""
    value = _integer(body, "seed", -(_MAX_SEED // 2), _MAX_SEED - 1)
    return None if value is None else value % _MAX_SEED


def _stop(body: Mapping[str, Any]) -> tuple[str, ...]:
    value = body.get("stop")
    texts = [value] if isinstance(value, str) else [] if value is None else value
    if (
        not isinstance(texts, list)
        or len(texts) > MOST_STOPS
        or not all(isinstance(text, str) and 0 < len(text) <= LONGEST_STOP for text in texts)
    ):
        raise bad(f"stop: is not a text or a list of up to {MOST_STOPS}, none empty or over {LONGEST_STOP}.", "stop")
    return tuple(texts)


def _overrides(body: Mapping[str, Any], limit_name: str, limit: int | None) -> dict[str, float | int]:
    """The sampling parameters that are given; the others are the model's own, or Fin-R1's."""
    found: dict[str, float | int] = {}
    for name in BOUNDS:
        key = limit_name if name == "max_tokens" else name
        value = body.get(key)
        if value is None:
            continue
        if name == "top_k" and value == -1 and type(value) is int:  # vLLM's word for «off»
            value = 0
        is_whole = name in ("top_k", "max_tokens")
        low, high = BOUNDS[name]
        if isinstance(value, bool) or not isinstance(value, int if is_whole else int | float):
            raise bad(f"{key}: is not a {'whole ' if is_whole else ''}number.", key)
        try:
            found |= checked({name: value})
        except (UserError, OverflowError):
            raise bad(f"{key}: is not between {low:g} and {high:g}.", key) from None
    if limit is not None:
        found.setdefault("max_tokens", limit)
    return found


def _schema(body: Mapping[str, Any]) -> str | None:
    """The JSON schema that the answer is to follow, as text."""
    form = body.get("response_format")
    if form is None:
        return None
    if not isinstance(form, dict):
        raise bad("response_format: is not an object.", "response_format")
    match form.get("type"):
        case "text":
            return None
        case "json_object":
            return '{"type":"object"}'
        case "json_schema":
            described = form.get("json_schema")
            schema = described.get("schema") if isinstance(described, dict) else None
            if not isinstance(schema, dict):
                raise bad("response_format.json_schema.schema: is not an object.", "response_format")
            return json.dumps(schema)
        case _:
            raise bad("response_format.type: is none of text, json_object, json_schema.", "response_format")
