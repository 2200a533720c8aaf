"""Figures as analysts write them: `1,234.5`, `(123)`, `-5%`, `¥12.3亿元`, `25 bps`.

Owns what counts as a figure and its value. Nothing is guessed: text around a number makes it text, and so does what
only looks like a number, such as a stock code with leading zeros.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

EMPTY: Final = frozenset({"", "-", "–", "—", "--", "n/a", "N/A", "NA", "n.m.", "nm", "不适用", "无", "/"})
LONGEST: Final = 40  # characters
MOST_DIGITS: Final = 15  # a longer number is an identifier, and no floating-point number holds it

_SCALES: Final = {
    "": 1.0,
    "k": 1e3,
    "thousand": 1e3,
    "m": 1e6,
    "mn": 1e6,
    "mm": 1e6,
    "million": 1e6,
    "b": 1e9,
    "bn": 1e9,
    "billion": 1e9,
    "t": 1e12,
    "tn": 1e12,
    "trn": 1e12,
    "trillion": 1e12,
    "百": 1e2,
    "千": 1e3,
    "万": 1e4,
    "萬": 1e4,
    "十万": 1e5,
    "百万": 1e6,
    "千万": 1e7,
    "亿": 1e8,
    "億": 1e8,
    "十亿": 1e9,
    "百亿": 1e10,
    "千亿": 1e11,
    "万亿": 1e12,
    "%": 1e-2,
    "％": 1e-2,
    "‰": 1e-3,
    "bp": 1e-4,
    "bps": 1e-4,
    "个百分点": 1e-2,
    "pp": 1e-2,
}
_DIGIT: Final = re.compile("[0-9]")
_FIGURE: Final = re.compile(
    r"""
    [~≈约]?\s*
    (?P<open>[(（])?\s*
    (?P<sign>[+\-−–])?\s*
    (?P<currency>(?:(?:US|HK|NT|CA|AU|[ACSR])?[$€£¥￥₩₹]|RMB|CNY|USD|EUR|GBP|HKD|JPY|人民币))?\s*
    (?P<sign_behind>[+\-−–])?
    (?P<whole>[0-9]{1,3}(?:[,，][0-9]{3})+|[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3})+|[0-9]+)?(?P<fraction>\.[0-9]+)?
    \s*(?P<scale>%|％|‰|个百分点|pp|bps?|thousand|million|billion|trillion|mn|mm|bn|trn|tn|[kmbt]
        |[百千]?[万亿]|十[万亿]|万亿|[万萬億百千])?
    \s*(?P<unit>元|美元|港元|港币|欧元|日元|英镑|人民币|RMB|CNY|USD|EUR|GBP|HKD|JPY|股|人|家|个|倍|年|月|天|次|笔|户|x|×)?
    \s*(?P<close>[)）])?\s*
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as it was written.

    Attributes:
        number: as written, with its sign, before any unit: 12.3 for `12.3亿元` and 5.0 for `5%`.
        scale: what one unit is: 1e8 for 亿, 0.01 for %.
        decimals: digits behind the point.
        grouped: whether thousands are set apart.
        bracketed: whether brackets say that it is negative.
        prefix, suffix: currency and unit, as written.
    """

    number: float
    scale: float = 1.0
    decimals: int = 0
    grouped: bool = False
    bracketed: bool = False
    prefix: str = ""
    suffix: str = ""

    @property
    def value(self) -> float:
        return self.number * self.scale

    @property
    def is_percent(self) -> bool:
        return self.suffix in ("%", "％")


def read_figure(text: str) -> Figure | None:
    """The figure that a cell consists of; None where it holds anything else."""
    text = text.strip()
    if len(text) > LONGEST or not _DIGIT.search(text):  # most cells of text end here, and nothing long is tried
        return None
    match = _FIGURE.fullmatch(text)
    if match is None:
        return None
    part = match.groupdict(default="")
    whole, fraction = part["whole"], part["fraction"]
    if (
        not (whole or fraction)
        or bool(part["open"]) is not bool(part["close"])
        or (part["sign"] and part["sign_behind"])
    ):
        return None
    digits = re.sub(r"\D", "", whole)
    is_code = len(digits) > 1 and digits.startswith("0")
    if is_code or len(digits) + len(fraction) > MOST_DIGITS:
        return None
    sign = part["sign"] or part["sign_behind"]
    is_negative = bool(part["open"]) or sign in ("-", "−", "–")
    number = float((digits or "0") + fraction)
    return Figure(
        number=-number if is_negative and number else number,
        scale=_SCALES[part["scale"].casefold()],
        decimals=max(len(fraction) - 1, 0),
        grouped=len(whole) > len(digits),
        bracketed=bool(part["open"]),
        prefix=part["currency"],
        suffix=part["scale"] + part["unit"],
    )


def are_figures(cells: Sequence[str]) -> bool:
    """Whether a column holds nothing but figures and empty cells, and at least one figure."""
    told = [cell for cell in map(str.strip, cells) if cell not in EMPTY]
    return bool(told) and all(read_figure(cell) is not None for cell in told)
