"""Every line of a generated working is checked by reading its figures back out of the text."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builtin_model import drills, questions
from builtin_model.arithmetic import Sheet
from builtin_model.questions import Draw
from builtin_model.records import Exercise, Language, Mark
from builtin_model.rewards import box, well_formed

NUMBER = r"\d+(?:\.\d+)?"
SUM = re.compile(rf"(?<![\d.×÷^(%-])({NUMBER})([+\-×])({NUMBER})=({NUMBER})(?![\d.]*[×÷])")
COLUMN = re.compile(rf"({NUMBER})×(\d)(?:: column |：竖式)([\d,]+)→({NUMBER})")
STEP = re.compile(
    r"(?:: |：)(\d+)(?:, |，)(?:×\d=\d+[^\n]*?)*×(\d)=(\d+)"
    r"(?:, left|，余)(?: ?(\d+)|(?:: column |：竖式)([\d',]+)→(\d+))(?=\n|$)"
)
BY_COLUMNS = re.compile(rf"(?<![\d.])({NUMBER})([+\-])({NUMBER})(?:: column |：竖式)([\d',]+)→({NUMBER})")
NEGATIVE = re.compile(
    r"(?:(?<=: )|(?<=：)|^)(\d+)(?:-(\d+)|(?:, |，)×\d=(\d+)(?:, left|，余))(?:: column |：竖式)([\d',]+)"
    r"(?:, too big|，太大|, a fall|，是下降)", re.MULTILINE
)  # fmt: skip
TABLE = re.compile(r"(?:Multiples of (\d+): |(\d+)的倍数：)([^\n]+)")

seeds = st.integers(0, 2**32)
languages = st.sampled_from(("en", "zh"))


def working(exercise: Exercise) -> str:
    return "".join(piece.text for piece in exercise.thinking)


def check_columns(text: str) -> int:
    found = COLUMN.findall(text)
    for value, digit, items, result in found:
        assert Decimal(value) * int(digit) == Decimal(result), (value, digit, result)
        carried = 0
        for figure, item in zip(reversed(value.replace(".", "")), items.split(","), strict=True):
            carried = int(figure) * int(digit) + carried // 10
            assert carried == int(item)
    return len(found)


def check_sums(text: str) -> int:
    found = SUM.findall(text)
    for first, sign, second, result in found:
        one, two = Decimal(first), Decimal(second)
        expected = {"+": one + two, "-": one - two, "×": one * two}[sign]
        assert expected == Decimal(result), (first, sign, second, result)
    return len(found)


def check_difference(high: int, low: int, items: str) -> None:
    """Add the written digits to the smaller figure: an apostrophe says that the column borrowed ten.

    One at the last column says that there was nothing left to borrow from: ``low`` is the larger.
    """
    borrowed = 0
    for place, item in enumerate(items.split(",")):
        digit, owing = int(item.removesuffix("'")), item.endswith("'")
        upper, lower = high // 10**place % 10, low // 10**place % 10
        assert upper + 10 * owing == digit + lower + borrowed
        borrowed = owing
    assert len(items.split(",")) == len(str(max(high, low)))
    assert borrowed == (low > high)


def check_negatives(text: str) -> int:
    """Columns that end in an apostrophe, which is how a trial is seen to be too big and a figure to have fallen."""
    found = NEGATIVE.findall(text)
    for first, second, product, items in found:
        assert int(first) < int(second or product)
        check_difference(int(first), int(second or product), items)
    return len(found)


def check_by_columns(text: str) -> int:
    found = BY_COLUMNS.findall(text)
    for first, sign, second, items, result in found:
        one, two = Decimal(first), Decimal(second)
        assert len(first.partition(".")[2]) == len(second.partition(".")[2])
        if sign == "-":
            assert one - two == Decimal(result), (first, second, result)
            check_difference(int(first.replace(".", "")), int(second.replace(".", "")), items)
            continue
        assert one + two == Decimal(result), (first, second, result)
        carried = 0
        for place, item in enumerate(items.split(",")):
            digits = (int(figure.replace(".", "")) // 10**place % 10 for figure in (first, second))
            carried = sum(digits) + carried // 10
            assert carried == int(item)
    return len(found)


def check_division(text: str) -> int:
    table = TABLE.search(text)
    assert table is not None
    divisor = int(table[1] or table[2])
    assert table[3] == " ".join(f"×{times}={times * divisor}" for times in range(2, 10))
    steps = check_steps(text, divisor)
    for before, after in pairwise(steps):
        assert after[0] == before[1] * 10
    return len(steps)


def check_steps(text: str, divisor: int) -> list[tuple[int, int]]:
    """Each line's figure and what was left of it."""
    steps = []
    for current, digit, product, whole, items, rest in STEP.findall(text):
        left = int(whole or rest)
        assert int(digit) * divisor == int(product)
        assert int(current) - int(product) == left
        assert 0 <= left < divisor
        if items:
            check_difference(int(current), int(product), items)
        steps.append((int(current), left))
    return steps


def test_the_columns_of_a_sum_and_a_difference_are_checked_both_ways() -> None:
    assert check_by_columns("820-123: column 7',9',6→697, 820+193: column 3,11,10→1013") == 2


@given(seeds, languages, st.booleans(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_growth_working_is_exact(seed: int, language: Language, held_out: bool, unseen: bool) -> None:
    exercise = questions.growth(Random(seed), Draw(language, held_out, unseen))
    text = working(exercise)
    operands = re.search(rf"\(({NUMBER})-({NUMBER})\)÷({NUMBER})", text)
    assert operands is not None
    new, old, base = (Decimal(value) for value in operands.groups())
    assert old == base
    exact = ((new - old) * 100 / old).copy_abs().quantize(Decimal("0.1"), ROUND_HALF_UP)
    assert exercise.expected == f"{'-' if new < old else ''}{exact}%"
    assert check_division(text) == 5
    assert check_by_columns(text) == 1
    assert any(word in text for word in ((", a fall", "，是下降") if new < old else (", a rise", "，是上升")))
    too_big = sum(text.count(word) for word in (", too big", "，太大"))
    assert check_negatives(text) == too_big + (new < old)
    written = exercise.question.replace(",", "")
    assert f"{new}" in written
    assert f"{old}" in written


@given(seeds, languages, st.booleans(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_ratio_working_is_exact(seed: int, language: Language, held_out: bool, unseen: bool) -> None:
    exercise = questions.ratios(Random(seed), Draw(language, held_out, unseen))
    text = working(exercise)
    assert check_division(text) == 4
    margin = re.search(rf"=\(({NUMBER})-({NUMBER})\)÷({NUMBER})", text)
    quotient = re.search(rf"=({NUMBER})÷({NUMBER})", text)
    if margin is not None:
        revenue, costs, base = (Decimal(value) for value in margin.groups())
        share = (revenue - costs) / base
        assert check_by_columns(text) == 1
    else:
        assert quotient is not None
        share = Decimal(quotient[1]) / Decimal(quotient[2])
    if exercise.template.startswith("current"):
        assert exercise.expected == str(share.quantize(Decimal("0.01"), ROUND_HALF_UP))
    else:
        assert exercise.expected == f"{(share * 100).quantize(Decimal('0.1'), ROUND_HALF_UP)}%"


@given(seeds, languages, st.booleans(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_simple_interest_working_is_exact(seed: int, language: Language, held_out: bool, unseen: bool) -> None:
    exercise = questions.simple_interest(Random(seed), Draw(language, held_out, unseen))
    text = working(exercise)
    operands = re.search(rf"=(\d+)×({NUMBER})%×(\d+)", text)
    assert operands is not None
    principal, rate, years = (Decimal(value) for value in operands.groups())
    interest = principal * rate * years / 100
    total = "total" in exercise.answer or "本利和" in exercise.answer
    assert exercise.expected is not None
    assert Decimal(exercise.expected) == interest + (principal if total else 0)
    assert check_columns(text) + text.count("×10=") >= 2
    check_sums(text)
    assert check_by_columns(text) == total + (rate % 1 != 0)
    assert text.splitlines()[0] in (
        ("Wanted: Amount.", "要求：本利和。") if total else ("Wanted: Interest.", "要求：利息。")
    )


@given(seeds, languages, st.booleans(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_compound_interest_working_is_exact(seed: int, language: Language, held_out: bool, unseen: bool) -> None:
    exercise = questions.compound_interest(Random(seed), Draw(language, held_out, unseen))
    text = working(exercise)
    operands = re.search(r"=(\d+)×\(1\+(\d+)%\)\^(\d)", text)
    assert operands is not None
    principal, rate, years = (int(value) for value in operands.groups())
    exact = Decimal(principal) * (1 + Decimal(rate) / 100) ** years
    amount = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
    only_interest = "interest" in exercise.answer or "利息" in exercise.answer
    assert exercise.expected is not None
    assert Decimal(exercise.expected) == amount - (principal if only_interest else 0)
    assert check_columns(text) + text.count("×10=") == years
    assert check_by_columns(text) == years + only_interest
    check_sums(text)
    wanted = ("Wanted: Interest.", "要求：利息。") if only_interest else ("Wanted: Amount.", "要求：本利和。")
    assert text.splitlines()[0] in wanted


MAKERS: tuple[Callable[[Random, Draw], Exercise], ...] = (
    questions.growth,
    questions.ratios,
    questions.simple_interest,
    questions.compound_interest,
)


@pytest.mark.parametrize("maker", MAKERS)
@given(seed=seeds, language=languages)
@settings(max_examples=40, deadline=None)
def test_boxed_answer_is_the_computed_one(
    maker: Callable[[Random, Draw], Exercise], seed: int, language: Language
) -> None:
    exercise = maker(Random(seed), Draw(language))
    assert well_formed(exercise.completion)
    assert box(exercise.completion) == exercise.expected


@given(seeds, languages)
@settings(max_examples=100, deadline=None)
def test_wrong_trials_are_marked_and_corrected(seed: int, language: Language) -> None:
    exercise = questions.growth(Random(seed), Draw(language))
    for index, piece in enumerate(exercise.thinking):
        if piece.mark is Mark.TRIAL:
            following = "".join(later.text for later in exercise.thinking[index + 1 :]).partition("\n")[0]
            verdict = re.search(r"(?:, too big|, too small|，太大|，太小)(?:, |，)×(\d)", following)
            assert verdict is not None
            assert verdict[1] != piece.text


def test_a_wrong_working_would_be_noticed() -> None:
    with pytest.raises(AssertionError):
        check_sums("820-123=698")
    with pytest.raises(AssertionError):
        check_by_columns("820-123: column 7',9',6→698")
    with pytest.raises(AssertionError):
        check_by_columns("820-123: column 7',9,6→697")
    with pytest.raises(AssertionError):
        check_by_columns("820+123: column 3,4,9→942")
    with pytest.raises(AssertionError):
        check_negatives("tens: 730, ×6=744, left: column 6',8',9, too big")
    with pytest.raises(AssertionError):
        check_negatives("730-727: column 3,0,0, a fall")
    with pytest.raises(AssertionError):
        check_columns("125×4: column 20,10,4→500")
    with pytest.raises(AssertionError):
        check_division("Multiples of 20: ×2=40 ×3=60\n")


ROUNDED = re.compile(r"(?:So |所以)(\d+\.\d+)(%?)(?:, rounded |，约为)(\d+\.\d+)(%?)\n")


@pytest.mark.parametrize("page", [drills.division, drills.tables, drills.roundings, drills.comparisons])
@given(seed=seeds, language=languages)
@settings(max_examples=25, deadline=None)
def test_drills_are_exact(page: Callable[[Sheet, Random], None], seed: int, language: Language) -> None:
    sheet = Sheet(language, Random(seed))
    page(sheet, Random(seed))
    text = "".join(piece.text for piece in sheet.pieces)
    found = TABLE.findall(text)
    for divisor in (int(one or two) for one, two, _ in found):
        assert " ".join(f"×{times}={times * divisor}" for times in range(2, 10)) in text
    rounded = ROUNDED.findall(text)
    for exact, unit, value, same in rounded:
        assert Decimal(exact).quantize(Decimal(value), ROUND_HALF_UP) == Decimal(value)
        assert unit == same
    lines = {
        drills.division: len(check_steps(text, int(found[0][0] or found[0][1]))) if found else 0,
        drills.tables: 2 * len(found),
        drills.roundings: len(rounded),
        drills.comparisons: 2 * check_by_columns(text),
    }
    assert lines[page] == drills.LINES


@given(seeds, languages)
@settings(max_examples=80, deadline=None)
def test_drills_learn_no_given_figure(seed: int, language: Language) -> None:
    pieces = drills.drill(Random(seed), language)
    text = "".join(piece.text for piece in pieces)
    check_columns(text)
    check_by_columns(text)
    assert sum(piece.mark is Mark.GIVEN for piece in pieces) >= drills.LINES // 2
