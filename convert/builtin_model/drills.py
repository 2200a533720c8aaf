"""Drills: pages of single steps (differences, sums, columns, divisions) with figures given at random.

In a worked answer few tokens are the digits that are hard to learn; here most of them are. Figures that nothing
before could tell are marked as given and not learned. Owns the choice of figures; the wording is ``arithmetic``'s.
"""

from __future__ import annotations

from decimal import Decimal
from random import Random

from builtin_model.arithmetic import Sheet, cents, compared
from builtin_model.questions import below, figure, near, principal
from builtin_model.records import Language, Mark, Piece

LINES = 10


def drill(random: Random, language: Language) -> tuple[Piece, ...]:
    """One page of steps of one kind."""
    sheet = Sheet(language, random)
    pages = (division, differences, comparisons, sums, columns, tables, roundings)
    page = random.choices(pages, (5, 1, 2, 2, 3, 2, 1))[0]
    page(sheet, random)
    return tuple(sheet.pieces)


def division(sheet: Sheet, random: Random) -> None:
    """A table of multiples and quotient digits found with it."""
    divisor = figure(random)
    sheet.multiples(divisor, Mark.GIVEN)
    for _ in range(LINES):
        place = random.choice(sheet.words.places)
        digit, rest = random.randint(0, 9), rest_of(random, divisor)
        sheet.step(place, digit * divisor + rest, divisor, Mark.GIVEN)


def rest_of(random: Random, divisor: int) -> int:
    """What a division leaves: often next to nothing or nearly the divisor, where the digit is hard to tell."""
    kind = random.random()
    narrow = max(divisor // 12, 1)
    if kind < 0.12:
        return 0
    if kind < 0.3:
        return random.randrange(narrow)
    return divisor - 1 - random.randrange(narrow) if kind < 0.5 else random.randrange(divisor)


def differences(sheet: Sheet, random: Random) -> None:
    """Differences as growth rates and margins begin with."""
    for _ in range(LINES):
        base = figure(random)
        other = near(random, base) if random.random() < 0.5 else below(random, base, 0.05, 0.98)
        high, low = max(base, other), min(base, other)
        sheet.minus(high, low, Mark.GIVEN)
        sheet.line()


def comparisons(sheet: Sheet, random: Random) -> None:
    """How growth rates begin: the formula is given, rise or fall and the difference are found."""
    for _ in range(LINES // 2):
        before = figure(random)
        after = near(random, before)
        sheet.add(f"({after}-{before})÷{before}", Mark.GIVEN)
        compared(sheet, before, after)
        sheet.line()


def tables(sheet: Sheet, random: Random) -> None:
    """Tables of multiples."""
    for _ in range(LINES // 2):
        sheet.multiples(figure(random), Mark.GIVEN)
        sheet.line()


def roundings(sheet: Sheet, random: Random) -> None:
    """Quotients rounded, often over a nine."""
    for _ in range(LINES):
        value = random.randint(0, 99999)
        if random.random() < 0.3:
            value = value // 100 * 100 + random.randint(90, 99)
        if random.random() < 0.6:
            sheet.rounding(f"{value:05}", 1, "%", Mark.GIVEN)
        else:
            sheet.rounding(f"{value % 10000:04}", 2, "", Mark.GIVEN)
        sheet.line()


def money(random: Random) -> tuple[Decimal, Decimal]:
    """An amount as it stands after some years of compound interest, and the next year's interest."""
    amount, rate = Decimal(principal(random)), random.randint(1, 9)
    for _ in range(random.randint(0, 2)):
        amount += cents(amount * rate / 100)
    return amount, cents(amount * rate / 100)


def sums(sheet: Sheet, random: Random) -> None:
    """Sums as compound interest needs them."""
    for _ in range(LINES):
        amount, interest = money(random)
        if random.random() < 0.3:
            sheet.minus(amount + interest, amount, Mark.GIVEN)
        else:
            sheet.plus(amount, interest, Mark.GIVEN)
        sheet.line()


def columns(sheet: Sheet, random: Random) -> None:
    """Multiplications by one digit."""
    for _ in range(LINES):
        amount, interest = money(random)
        value = random.choice((amount / 100, amount / 100, interest))
        sheet.times(value, random.randint(1, 9), Mark.GIVEN)
        sheet.line()
