"""What is chosen for one conversation or one question: sampling, seed, thinking, how many answers; and the presets.

Owns these values, their names and their JSON form. What is left open is decided by the settings and the model's file;
how the values act is the engine's.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.sampling import MOST_SAMPLES, MOST_THINKING, checked

MOST_SEED: Final = 2**64 - 1
_LONGEST_FIGURE: Final = 40
_SAMPLING: Final = ("temperature", "top_p", "repetition_penalty", "max_tokens")


@dataclass(frozen=True, slots=True)
class Choices:
    """Each value is None where nothing was chosen.

    Attributes:
        seed: 64 bits; makes the answer repeatable.
        max_think: tokens after which the thinking is closed; 0 for no limit.
        samples: so many answers are written to each question, side by side.
    """

    temperature: float | None = None
    top_p: float | None = None
    repetition_penalty: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    max_think: int | None = None
    samples: int | None = None

    def over(self, before: Choices) -> Choices:
        """These choices, and where nothing was chosen those before them."""
        return replace(before, **self.to_json())

    @property
    def sampling(self) -> dict[str, float | int]:
        """The sampling that was chosen, by name."""
        return {name: value for name, value in self.to_json().items() if name in _SAMPLING}

    def to_json(self) -> dict[str, Any]:
        """What was chosen, by name."""
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name)) is not None}


UNCHOSEN: Final = Choices()

# The figures are those that Fin-R1's authors publish: how they serve it, and how they evaluated it. Their evaluation
# names no penalty; there the one of the model's own generation configuration acted.
PRESETS: Final[Mapping[str, Choices]] = {
    "official": Choices(temperature=0.7, top_p=0.8, repetition_penalty=1.05, max_tokens=4000),
    "evaluation": Choices(temperature=0.6, top_p=0.95, repetition_penalty=1.05, max_tokens=4096),
    "deterministic": Choices(temperature=0.0, top_p=1.0, repetition_penalty=1.05, max_tokens=4000, seed=0),
}


def with_preset(choices: Choices, name: str) -> Choices:
    """The choices with the sampling and the seed of a preset; an empty name takes all of that out again."""
    preset = PRESETS[name] if name else UNCHOSEN
    sampling = {key: getattr(preset, key) for key in (*_SAMPLING, "seed")}
    return replace(choices, **sampling)


def preset_of(choices: Choices) -> str | None:
    """Which preset the sampling is: its name, "" where no sampling was chosen, None where it is one's own."""
    if with_preset(choices, "") == choices:
        return ""
    return next((name for name in PRESETS if with_preset(choices, name) == choices), None)


def from_json(value: object) -> Choices:
    """What was written by `to_json`, or stands in a file of any origin; names that are not known are left out.

    Raises:
        UserError: `BAD_VALUE` for a value that may not be chosen.
    """
    if not isinstance(value, Mapping):
        raise UserError(ErrorCode.BAD_VALUE, name="choices", value=type(value).__name__)
    known = {f.name: value[f.name] for f in fields(Choices) if value.get(f.name) is not None}
    chosen: dict[str, Any] = checked({name: known[name] for name in _SAMPLING if name in known})
    for name, most in (("seed", MOST_SEED), ("max_think", MOST_THINKING), ("samples", MOST_SAMPLES)):
        if name in known:
            chosen[name] = _whole(name, known[name], 1 if name == "samples" else 0, most)
    return Choices(**chosen)


def from_texts(value: object) -> Choices:
    """What stands in a file that a person may have edited, each value as text; what makes no sense is left out."""
    chosen = UNCHOSEN
    for name, text in value.items() if isinstance(value, Mapping) else ():
        if isinstance(text, str) and len(text) <= _LONGEST_FIGURE:
            with suppress(UserError, ValueError):
                figure = float(text) if name in ("temperature", "top_p", "repetition_penalty") else int(text)
                chosen = from_json({name: figure}).over(chosen)
    return chosen


def _whole(name: str, value: object, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise UserError(ErrorCode.BAD_VALUE, name=name, value=str(value))
    return value
