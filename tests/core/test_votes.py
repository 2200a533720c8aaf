"""Answers that mean the same count as one."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finr1_desk.core.votes import Vote, canonical, tally


@pytest.mark.parametrize(
    "same",
    [
        (
            "1.64%",
            r"1.64\%",
            "0.0164",
            "1.64 %",
            r"\text{1.64%}",
            "1.640%",
            "1.64 percent",
            "1.64％",
            "百分之1.64",
            "164bp",
        ),
        (
            "150,000",
            r"150,\!000",
            "150{,}000",
            "$150,000",
            "150000.00",
            "150,000元",
            "US$150,000",
            "15万",
            "150 thousand",
        ),
        ("-15%", r"-15\%", "−15%", "-0.15", "- 15 %"),
        ("-$5", "$-5", "-5 dollars", "-5"),
        ("5 million", "$5M", "5,000,000", r"5 \times 10^6", r"5 \times 10^{6}", "500万元", "5 million dollars"),
        ("1/2", r"\frac{1}{2}", "0.5", "50%", ".5"),
        ("x = 5", "5", r"\text{Net income} = 5", "≈ 5", "about 5", "约5", "5."),
        ("Yes", "yes", "yes.", r"\text{Yes}", "**Yes**"),
        ("是", "是。"),
        ("A", "a", "A.", r"\text{A}"),
        ("4 years", "4.0 Years", r"4 \text{ years}"),
        ("1/3", r"\frac{2}{6}"),
    ],
)
def test_one_value_written_in_many_ways(same: tuple[str, ...]) -> None:
    assert len({canonical(answer) for answer in same}) == 1, {answer: canonical(answer) for answer in same}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.64%", "1.64"),
        ("1.64%", "1.65%"),
        ("15", "-15"),
        ("5 million", "5 billion"),
        ("5 years", "5 months"),
        ("Yes", "No"),
        ("A", "B"),
        ("是", "否"),
        ("1,5", "15"),
        ("10", "100"),
        ("1/0", "0"),
        ("1 to 5", "1"),
        ("2019", "2019 and 2020"),
    ],
)
def test_what_differs_stays_apart(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


numbers = st.decimals(-(10**9), 10**9, allow_nan=False, allow_infinity=False, places=4)


@given(numbers)
def test_percent_is_a_hundredth(number: Decimal) -> None:
    hundredth = canonical(str(number / 100 if number else Decimal(0)))
    for written in (f"{number}%", f"{number}\\%", f"\\text{{{number}%}}", f"{number:,}\\%", f"{number} percent"):
        assert canonical(written) == hundredth


@given(numbers)
def test_separators_currency_and_zeros_do_not_matter(number: Decimal) -> None:
    value = canonical(str(number))
    assert Decimal(value) == number
    latex = f"{number:,}".replace(",", "{,}")
    for written in (
        f"{number:,}",
        latex,
        f"\\${number:,}",
        f"{number}00",
        f"{number}元",
        f"{number} USD",
        f"x = {number}",
    ):
        assert canonical(written) == value


@given(st.text(max_size=50) | st.text(alphabet="0123456789.,%-/ $\\{}()=×^10 万亿元mbkyears\n", max_size=30))
def test_any_text_has_a_value_that_reads_as_itself(text: str) -> None:
    value = canonical(text)
    assert canonical(value) == value


@given(numbers, numbers)
def test_other_numbers_are_other_values(one: Decimal, other: Decimal) -> None:
    assert (canonical(f"{one}%") == canonical(f"{other}%")) is (one == other)


def test_votes_are_counted() -> None:
    answers = ["1.64%", None, r"1.64\%", "2%", "0.0164", "", "yes"]
    assert tally(answers) == (
        Vote("1.64%", "0.0164", (0, 2, 4)),
        Vote("2%", "0.02", (3,)),
        Vote("yes", "yes", (6,)),
    )
    assert tally([None, ""]) == ()
    assert [vote.samples for vote in tally(["a", "b", "b", "a"])] == [(0, 3), (1, 2)]  # the earlier one first


def test_a_missing_unit_is_no_disagreement_unless_there_are_two() -> None:
    assert tally(["4", "4 years", "4.0"]) == (Vote("4", "4 years", (0, 1, 2)),)
    assert len(tally(["4", "4 years", "4 months"])) == 3
    assert len(tally(["a", "a dog"])) == 2


def test_long_and_monstrous_answers_take_no_time() -> None:
    started = time.monotonic()
    for answer in ("9" * 100_000, "1" * 399, "1,000" * 80, "5 × 10^999", "(" * 399, "- " * 200, "1/" * 200, "x=" * 199):
        canonical(answer)
    assert time.monotonic() - started < 10
