"""Judgement of an output: well formed, and right. Serves the GRPO rewards and the scores. No torch here.

The rule decides first; where a verifier is at hand, it is asked about well-formed answers that the rule turns down.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from builtin_model.off_list import SENTENCE
from builtin_model.records import Exercise
from builtin_model.verifier import Claim, Verifier

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


def rewards(outputs: Sequence[str], exercises: Sequence[Exercise], verifier: Verifier | None) -> list[float]:
    """One for the format and one for the answer, for each output."""
    by_rule = [right(output, exercise) for output, exercise in zip(outputs, exercises, strict=True)]
    asked = [(exercise.question, exercise.expected or exercise.answer) for exercise in exercises]
    accepted = appealed(by_rule, outputs, asked, verifier)
    return [float(well_formed(output)) + float(accept) for output, accept in zip(outputs, accepted, strict=True)]


def appealed(
    by_rule: Sequence[bool], outputs: Sequence[str], asked: Sequence[tuple[str, str]], verifier: Verifier | None
) -> list[bool]:
    """The rule's verdicts; those that turn down a well-formed output are put to the verifier, where there is one.

    ``asked`` holds question and expected answer. The verifier sees the answer part alone, so that no thinking can
    talk it round.
    """
    verdicts = list(by_rule)
    if verifier is None:
        return verdicts
    claims: dict[int, Claim] = {}
    for index, (output, (question, expected)) in enumerate(zip(outputs, asked, strict=True)):
        answer = answer_part(output)
        if answer is not None and not verdicts[index]:
            claims[index] = Claim(question, expected, answer)
    for index, verdict in zip(claims, verifier.judge(list(claims.values())), strict=True):
        verdicts[index] = verdict
    return verdicts


def agrees(output: str, expected: str) -> bool:
    """Whether an output gives an expected answer in free words: the same box where the expected one has a box,
    otherwise the same text but for case, spaces, thousands separators and a final stop."""
    answer = answer_part(output)
    if answer is None:
        return False
    wanted = _BOX.findall(expected)
    given = _BOX.findall(answer)
    if wanted:
        return bool(given) and _bare(given[-1]) == _bare(wanted[-1])
    return _bare(answer) == _bare(expected) or (len(given) == 1 and _bare(given[0]) == _bare(expected))


def _bare(text: str) -> str:
    """A text without what does not change its meaning."""
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text.replace("\\", ""))
    return " ".join(text.split()).rstrip(".。").strip().casefold()
