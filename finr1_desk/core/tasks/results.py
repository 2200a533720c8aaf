r"""Reads the result of a task out of its answer: «Compliant: No», «Bullish», «B».

Owns the way from the final answer to a label, a number or the letters of options. What cannot be told for certain is
not told: an answer that names two labels has none.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from finr1_desk.core.boxed import boxed_answer
from finr1_desk.core.tasks.task import Label, ResultKind, ResultRule, Tone
from finr1_desk.core.tasks.words import Words
from finr1_desk.core.votes import canonical

_LETTERS: Final = re.compile(r"(?<![A-Za-z])[A-Z](?![A-Za-z])")
_NAMED_LETTERS: Final = re.compile(
    r"(?:选项|答案|选|options?|answers?)?\s*(?:是|为|is)?[:：]?\s*([A-Z](?:\s*[,、和&]\s*[A-Z])*)(?![A-Za-z])",
    re.IGNORECASE,
)
_JOINED_LETTERS: Final = re.compile(r"[A-Z]{1,26}")
_NUMBER: Final = re.compile(r"(?P<number>-?\d+(?:\.\d+)?(?:/\d+)?)(?: (?P<unit>.+))?")
_ORNAMENT: Final = " \t.。!！,，;；:：'\"“”‘’*()（）[]【】"
_LONGEST: Final = 400  # characters of a final line that is read without a box


@dataclass(frozen=True, slots=True)
class Result:
    """What an answer says.

    Attributes:
        name: what this is: «Compliant».
        words: what it is in words: «No»; of a number, the answer as it was written.
        value: the trained label, the letters, or the number as plain decimal.
        unit: of a number, where the answer has one.
    """

    kind: ResultKind
    name: Words
    words: Words
    value: str
    unit: str = ""
    tone: Tone = Tone.PLAIN


def read(rule: ResultRule, answer: str) -> Result | None:
    """The result that an answer states; None where it states none that is known."""
    if rule.kind is ResultKind.NONE:
        return None
    boxed = boxed_answer(answer)
    said = boxed if boxed else _last_line(answer)
    if not said:
        return None
    match rule.kind:
        case ResultKind.LABEL:
            label = _label(rule.labels, said)
            if label is None:
                return None
            return Result(rule.kind, rule.name, label.words, label.value, tone=label.tone)
        case ResultKind.OPTION:
            letters = _options(said)
            return Result(rule.kind, rule.name, Words(letters, letters), letters) if letters else None
        case ResultKind.NUMBER:
            return _number(rule, said) if boxed else None
        case _:
            return Result(rule.kind, rule.name, Words(said, said), said) if boxed else None


def _last_line(answer: str) -> str:
    line = next((line.strip() for line in reversed(answer.splitlines()) if line.strip()), "")
    return line if len(line) <= _LONGEST else ""


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip(_ORNAMENT)


def _label(labels: tuple[Label, ...], said: str) -> Label | None:
    """The label that is said: alone, else as the only one that stands in the text.

    Longer wordings are looked for first and taken out, so that 不合规 is not read as 合规.
    """
    text = _plain(said)
    wordings = [
        (_plain(wording), label)
        for label in labels
        for wording in dict.fromkeys((label.value, *label.also, *label.words.all))
    ]
    for wording, label in wordings:
        if text == wording:
            return label
    found: list[Label] = []
    for wording, label in sorted(wordings, key=lambda pair: -len(pair[0])):
        before = text
        text = re.sub(_bounded(wording), " ", text) if wording else text
        if text != before and label not in found:
            found.append(label)
    return found[0] if len(found) == 1 else None


def _bounded(wording: str) -> str:
    """A pattern for a wording that is no part of a longer word or number; Chinese has no such bounds."""
    before = r"(?<![\w.])" if wording[0].isascii() else ""
    behind = r"(?!\w)" if wording[-1].isascii() else ""
    return before + re.escape(wording) + behind


def _options(said: str) -> str:
    text = unicodedata.normalize("NFKC", said).strip(_ORNAMENT)
    if _JOINED_LETTERS.fullmatch(text):
        return "".join(sorted(set(text)))
    head = _NAMED_LETTERS.match(text)
    if head is not None and head[1].isupper():
        return "".join(sorted(set(_LETTERS.findall(head[1]))))
    letters = set(_LETTERS.findall(text))
    return letters.pop() if len(letters) == 1 else ""


def _number(rule: ResultRule, said: str) -> Result | None:
    """The boxed number. A share stands as it was written; its value is the number that it stands for."""
    match = _NUMBER.fullmatch(canonical(said))
    if match is None:
        return None
    return Result(rule.kind, rule.name, Words(said, said), match["number"], match["unit"] or "")
