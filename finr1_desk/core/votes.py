r"""Which of several answers to one question agree.

Owns the reading of a final answer as a value, so that `1.64%`, `1.64\%` and `0.0164` are one, and the count. It judges
no answer: what most samples say may still be wrong.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from finr1_desk.core.boxed import plain

_MOST_CHARACTERS: Final = 400  # of an answer that is read closely; a longer one is no value
_MOST_PASSES: Final = 8
_MOST_DIGITS: Final = 60
_MOST_POWER: Final = 60

_SCALES: Final = {
    "hundred": 10**2,
    "thousand": 10**3,
    "k": 10**3,
    "million": 10**6,
    "mn": 10**6,
    "mm": 10**6,
    "m": 10**6,
    "billion": 10**9,
    "bn": 10**9,
    "b": 10**9,
    "trillion": 10**12,
    "百": 10**2,
    "千": 10**3,
    "万": 10**4,
    "百万": 10**6,
    "千万": 10**7,
    "亿": 10**8,
    "万亿": 10**12,
}
_SHARES: Final = {
    "%": 100,
    "percent": 100,
    "per cent": 100,
    "pct": 100,
    "‰": 1000,
    "bp": 10_000,
    "bps": 10_000,
    "basis point": 10_000,
    "basis points": 10_000,
    "个基点": 10_000,
    "基点": 10_000,
}
_CURRENCY: Final = (
    r"(?:us\$|hk\$|[$¥€£元]|usd|cny|rmb|hkd|eur|gbp|(?:u\.?s\.? )?dollars?|yuan|euros?|pounds?"
    r"|人民币|美元|港元|港币|欧元|英镑)"
)
_ABOUT: Final = re.compile(r"^(?:[≈~]|about|approximately|approx\.?|around|roughly|约为|大约|约)\s*")
_NUMBER: Final = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+"


def _words(table: dict[str, int]) -> str:
    return "|".join(sorted(map(re.escape, table), key=len, reverse=True))


_VALUE: Final = re.compile(
    rf"(?P<sign>[-+])?\s*(?:{_CURRENCY}\s*)?(?P<inner>[-+])?\s*(?P<share_before>百分之)?(?P<number>{_NUMBER})"
    rf"(?:\s*/\s*(?P<under>{_NUMBER}))?"
    rf"(?:\s*(?:×|\*|x)\s*10\s*\^\s*(?P<power>-?\d{{1,3}}|\{{-?\d{{1,3}}\}}))?"
    rf"\s*(?P<scale>(?:{_words(_SCALES)})(?![a-z]))?"
    rf"\s*(?P<share>(?:{_words(_SHARES)})(?![a-z]))?"
    rf"\s*(?:{_CURRENCY}(?![a-z]))?\s*(?P<unit>[^\W\d](?:[^\d=]{{0,40}}))?"
)
_EQUATION: Final = re.compile(r"^[^=≈]*[^\W\d][^=≈]*[=≈]\s*(?P<right>.+)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Vote:
    """Samples that agree: their numbers, and the answer as the first of them wrote it."""

    answer: str
    value: str
    samples: tuple[int, ...]


def canonical(answer: str) -> str:
    """An answer as a value: a plain number with its unit if it is one, else its text without case and ornament.

    Percent, per mille and basis points are read as the number that they stand for, words of scale as a factor; which
    currency it is, and that it is approximate, is left out. The result read again gives itself.
    """
    for _ in range(_MOST_PASSES):
        before, answer = answer, _read(answer)
        if answer == before:
            break
    return answer


def tally(answers: Sequence[str | None]) -> tuple[Vote, ...]:
    """The votes of samples with these final answers, None where there is none; most first, then the earliest.

    A number without its unit agrees with the same number with one, where only one unit was given.
    """
    voters: dict[str, list[int]] = {}
    for number, answer in enumerate(answers):
        if answer is not None and answer.strip():
            voters.setdefault(canonical(answer), []).append(number)
    for bare in [value for value in voters if " " not in value]:
        same = [value for value in voters if value.startswith(f"{bare} ") and _is_number(bare)]
        if len(same) == 1:
            voters[same[0]] = sorted(voters[same[0]] + voters.pop(bare))
    votes = [Vote((answers[samples[0]] or "").strip(), value, tuple(samples)) for value, samples in voters.items()]
    return tuple(sorted(votes, key=lambda vote: (-len(vote.samples), vote.samples)))


def _read(answer: str) -> str:
    text = unicodedata.normalize("NFKC", plain(answer)).casefold()
    text = unicodedata.normalize("NFKC", text).replace("−", "-").replace("–", "-")
    text = " ".join(text.split()).rstrip(" .。").strip(" ;；,，:：'\"“”‘’*").rstrip(" .。")
    if len(text) > _MOST_CHARACTERS:
        return text
    equation = _EQUATION.match(text)
    if equation is not None:
        text = equation["right"].strip()
    text = _ABOUT.sub("", text)
    value = _VALUE.fullmatch(text)
    return text if value is None else _number_of(value) or text


def _number_of(value: re.Match[str]) -> str:
    """The number of a match, with its unit; empty where it cannot be one."""
    number, under = (Fraction((value[name] or "1").replace(",", "")) for name in ("number", "under"))
    power = int((value["power"] or "0").strip("{}"))
    if not under or len(value["number"]) > _MOST_DIGITS or abs(power) > _MOST_POWER:
        return ""
    number = number / under * Fraction(10) ** power * _SCALES.get(value["scale"] or "", 1)
    number /= _SHARES.get(value["share"] or "", 1) * (100 if value["share_before"] else 1)
    if (value["sign"] == "-") != (value["inner"] == "-"):
        number = -number
    unit = (value["unit"] or "").strip()
    return f"{_decimal(number)} {unit}" if unit else _decimal(number)


def _decimal(number: Fraction) -> str:
    """All digits where the decimal ends, else a fraction."""
    places, rest = 0, number.denominator
    for prime in (2, 5):
        count = 0
        while rest % prime == 0:
            rest //= prime
            count += 1
        places = max(places, count)
    if rest != 1:
        return f"{number.numerator}/{number.denominator}"
    digits = str(abs(number.numerator) * 10**places // number.denominator).rjust(places + 1, "0")
    sign = "-" if number < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?[\d./]+", text) is not None
