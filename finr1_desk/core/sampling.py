"""Sampling parameters: their defaults, their bounds and which source wins.

Owns names and numbers only; the arithmetic over logits is the worker's. The order in which the parameters
act is fixed: repetition penalty over prompt and output, temperature, top-k, top-p, min-p, as vLLM serves Fin-R1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from finr1_desk.core.errors import ErrorCode, UserError


@dataclass(frozen=True, slots=True)
class Sampling:
    """Concrete sampling parameters; the defaults are those Fin-R1's authors serve it with.

    `top_k` 0, `top_p` 1.0 and `min_p` 0.0 switch the respective step off; `temperature` 0 takes the most likely token.
    """

    temperature: float = 0.7
    top_k: int = 0
    top_p: float = 0.8
    min_p: float = 0.0
    repetition_penalty: float = 1.05
    max_tokens: int = 4000

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


MOST_SAMPLES: Final = 64  # of one question
MOST_THINKING: Final = 32768  # tokens that can be set as a limit

BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    "temperature": (0.0, 5.0),
    "top_k": (0, 1_000_000),
    "top_p": (0.0, 1.0),
    "min_p": (0.0, 1.0),
    "repetition_penalty": (0.1, 10.0),
    "max_tokens": (1, 1_000_000),
}

# GGUF key → our name. llama.cpp writes these keys from a checkpoint's generation config.
GGUF_SAMPLING_KEYS: Final[Mapping[str, str]] = {
    "general.sampling.temp": "temperature",
    "general.sampling.top_k": "top_k",
    "general.sampling.top_p": "top_p",
    "general.sampling.min_p": "min_p",
    "general.sampling.penalty_repeat": "repetition_penalty",
}

Overrides = Mapping[str, float | int]


def checked(overrides: Overrides) -> dict[str, float | int]:
    """The overrides with each value of its field's type and within `BOUNDS`.

    Raises:
        UserError: `BAD_VALUE` for an unknown name, a value that is no number, or one out of bounds.
    """
    types = {f.name: int if f.type == "int" else float for f in fields(Sampling)}
    result: dict[str, float | int] = {}
    for name, value in overrides.items():
        if name not in BOUNDS or isinstance(value, bool) or not isinstance(value, int | float):
            raise UserError(ErrorCode.BAD_VALUE, name=name, value=str(value))
        low, high = BOUNDS[name]
        if not low <= value <= high:  # also false for NaN
            raise UserError(ErrorCode.BAD_VALUE, name=name, value=str(value))
        result[name] = types[name](value)
    return result


def resolve(explicit: Overrides, of_model: Overrides) -> Sampling:
    """What is used: what was asked for, else what the model's file recommends, else the defaults.

    `of_model` comes from a file of any origin: values that make no sense there are left out rather than raised.
    """
    merged: dict[str, Any] = Sampling().to_json()
    for name, value in of_model.items():
        try:
            merged.update(checked({name: value}))
        except UserError:
            continue
    merged.update(checked(explicit))
    return Sampling(**merged)
