"""Rule-based judgement of an output: well formed, and right. Serves the GRPO rewards and the scores. No torch here."""

from __future__ import annotations

import re

from builtin_model.off_list import SENTENCE
from builtin_model.records import Exercise

_FORM = re.compile(r"<think>\n(?P<think>.+?)\n</think>\n<answer>\n(?P<answer>.+?)\n</answer>", re.DOTALL)
_TAG = re.compile(r"</?(?:think|answer)>")
_BOX = re.compile(r"\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}")


def well_formed(output: str) -> bool:
    """Whether the output is exactly one think and one answer part, each with something in it."""
    return _FORM.fullmatch(output) is not None and len(_TAG.findall(output)) == 4


def answer_part(output: str) -> str | None:
    """The text between the answer tags."""
    match = _FORM.fullmatch(output)
    return match.group("answer") if match else None


def box(output: str) -> str | None:
    """What stands in the last box of the answer, LaTeX's escapes removed."""
    found = _BOX.findall(answer_part(output) or "")
    return found[-1].replace("\\", "").strip() if found else None


def declined(output: str) -> bool:
    """Whether the answer is the off-list sentence in either language."""
    return answer_part(output) in SENTENCE.values()


def right(output: str, exercise: Exercise) -> bool:
    """Whether the box holds the expected value, or the sentence stands where the question is off the list."""
    if exercise.expected is None:
        return answer_part(output) == SENTENCE[exercise.language]
    return box(output) == exercise.expected


def reward(output: str, exercise: Exercise) -> float:
    """One for the format and one for the answer."""
    return float(well_formed(output)) + float(right(output, exercise))
