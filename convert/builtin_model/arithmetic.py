"""Written working of the four arithmetic tasks, in steps that a small network can learn exactly.

Long division goes by a table of multiples with trial digits, multiplication by columns from the right: every
step reads a few digits that stand close by. Owns the numbers and the wording of the working; it chooses
neither operands nor question templates, and its figures are exact (integers and ``Decimal``).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from builtin_model.records import Language, Mark, Piece

TRIAL_SHARE = 0.1
CLOSE_TRIAL_SHARE = 0.4
CLOSE = 8
"""A quotient digit is close to its neighbour where the rest is within this fraction of the divisor of it."""


@dataclass(frozen=True)
class Words:
    """The fixed words of the working in one language."""

    multiples: str
    colon: str
    comma: str
    left: str
    gap: str
    goal: str
    rise: str
    too_big: str
    too_small: str
    places: tuple[str, ...]
    so: str
    rounded: str
    stop: str
    fall: str
    column: str
    tenths: str
    year: str
    years: str
    one_year: str
    half: str
    total: str
    interest: str
    amount: str


ENGLISH = Words(
    multiples="Multiples of {}: ",
    colon=": ",
    comma=", ",
    left=", left",
    gap=" ",
    goal="Wanted: ",
    rise=", a rise",
    too_big=", too big",
    too_small=", too small",
    places=("hundreds", "tens", "ones", "tenths", "hundredths", "thousandths"),
    so="So ",
    rounded=", rounded ",
    stop=".",
    fall=", a fall",
    column=": column ",
    tenths="In tenths: ",
    year="Year {}",
    years="{} years: ",
    one_year="One year: ",
    half="0.5%: ",
    total="Total: ",
    interest="Interest",
    amount="Amount",
)
CHINESE = Words(
    multiples="{}的倍数：",
    colon="：",
    comma="，",
    left="，余",
    gap="",
    goal="要求：",
    rise="，是上升",
    too_big="，太大",
    too_small="，太小",
    places=("百位", "十位", "个位", "十分位", "百分位", "千分位"),
    so="所以",
    rounded="，约为",
    stop="。",
    fall="，是下降",
    column="：竖式",
    tenths="以0.1为单位：",
    year="第{}年",
    years="{}年：",
    one_year="一年：",
    half="0.5%：",
    total="合计：",
    interest="利息",
    amount="本利和",
)
WORDS: dict[Language, Words] = {"en": ENGLISH, "zh": CHINESE}


def plain(value: Decimal | int) -> str:
    """A figure without needless zeros: ``562.5``, ``10500``."""
    text = format(Decimal(value), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def cents(value: Decimal) -> Decimal:
    """Rounded half up to two decimals."""
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


class Sheet:
    """Collects the pieces of one working."""

    def __init__(self, language: Language, random: Random) -> None:
        self.words = WORDS[language]
        self.random = random
        self.pieces: list[Piece] = []

    def add(self, text: str, mark: Mark = Mark.PLAIN) -> None:
        """Append a stretch of text."""
        self.pieces.append(Piece(text, mark))

    def copy(self, text: str) -> None:
        """Append figures taken over from the question."""
        self.add(text, Mark.COPY)

    def line(self) -> None:
        """Begin a new line."""
        self.add("\n")

    def multiples(self, divisor: int, mark: Mark = Mark.PLAIN) -> None:
        """The table of twice to nine times the divisor; ``mark`` is that of the divisor."""
        before, after = self.words.multiples.split("{}")
        self.add(before)
        self.add(str(divisor), mark)
        self.add(after + " ".join(f"×{times}={times * divisor}" for times in range(2, 10)))

    def division(self, dividend: int, divisor: int, places: tuple[str, ...]) -> str:
        """Long division, one line for each place; returns the digits of the quotient, the last one cut off."""
        digits = ""
        rest = dividend
        for index, place in enumerate(places):
            digit, rest = self.step(place, rest * 10 if index else rest, divisor)
            digits += str(digit)
        return digits

    def step(self, place: str, current: int, divisor: int, mark: Mark = Mark.PLAIN) -> tuple[int, int]:
        """One line of a division: quotient digit and rest of ``current``, whose mark (with the place's) is given."""
        self.line()
        self.add(f"{place}{self.words.colon}{current}", mark)
        self.add(f"{self.words.comma}×")
        digit, rest = divmod(current, divisor)
        self._trial(current, divisor, digit)
        self.add(f"{digit}={digit * divisor}{self.words.left}")
        self._rest(current, digit * divisor)
        return digit, rest

    def _rest(self, current: int, product: int) -> None:
        """What is left of ``current``, in columns where there is something to take away."""
        if product == 0:
            self.add(f"{self.words.gap}{current}")
        elif product > current:
            self.add(f"{self.words.column}{borrowing(current, product)}{self.words.too_big}")
        else:
            self.add(f"{self.words.column}{borrowing(current, product)}→{current - product}")

    def _trial(self, current: int, divisor: int, digit: int) -> None:
        rest = current - digit * divisor
        low, high = rest * CLOSE < divisor, (divisor - rest) * CLOSE < divisor
        if self.random.random() >= (CLOSE_TRIAL_SHARE if low or high else TRIAL_SHARE):
            return
        wrong = digit + (1 if high else -1 if low else self.random.choice((-1, 1)))
        if not 0 <= wrong <= 9:
            return
        self.add(str(wrong), Mark.TRIAL)
        self.add(f"={wrong * divisor}{self.words.left}")
        self._rest(current, wrong * divisor)
        if wrong < digit:
            self.add(self.words.too_small)
        self.add(f"{self.words.comma}×")

    def minus(self, high: Decimal | int, low: Decimal | int, mark: Mark = Mark.COPY) -> None:
        """A difference in columns; ``mark`` is that of the two figures."""
        one, two = alike(high, low)
        self.add(f"{one}-{two}", mark)
        self.add(f"{self.words.column}{borrowing(digits_of(one), digits_of(two))}→{Decimal(one) - Decimal(two)}")

    def plus(self, first: Decimal | int, second: Decimal | int, mark: Mark = Mark.PLAIN) -> None:
        """A sum in columns; ``mark`` is that of the two figures."""
        one, two = alike(first, second)
        self.add(f"{one}+{two}", mark)
        self.add(f"{self.words.column}{carrying(digits_of(one), digits_of(two))}→{Decimal(one) + Decimal(two)}")

    def rounding(self, digits: str, places: int, unit: str = "", mark: Mark = Mark.PLAIN) -> str:
        """The digits of a quotient as a figure, and rounded to ``places`` decimals, which is returned."""
        self.add(f"{self.words.so}{unrounded_digits(digits, places + 1)}{unit}", mark)
        value = rounded_digits(digits, places)
        self.add(f"{self.words.rounded}{value}{unit}")
        return value

    def goal(self, wanted: str) -> None:
        """The first line: what is asked for."""
        self.add(self.words.goal)
        self.copy(wanted)
        self.add(self.words.stop)
        self.line()

    def times(self, value: Decimal, digit: int, mark: Mark = Mark.PLAIN) -> Decimal:
        """``value × digit`` in columns from the right: each item is digit times digit plus what was carried.

        ``mark`` is that of the two factors.
        """
        shown = plain(value)
        carried, items = 0, []
        for figure in reversed(shown.replace(".", "")):
            carried = int(figure) * digit + carried // 10
            items.append(str(carried))
        self.add(f"{shown}×{digit}", mark)
        self.add(f"{self.words.column}{','.join(items)}→")
        exact = value * digit
        self.add(with_places(exact, places_of(shown)))
        return exact


def alike(first: Decimal | int, second: Decimal | int) -> tuple[str, str]:
    """Two figures written with the same number of decimals."""
    shown = plain(first), plain(second)
    places = max(places_of(text) for text in shown)
    return with_places(Decimal(first), places), with_places(Decimal(second), places)


def digits_of(shown: str) -> int:
    """A written figure without its decimal point."""
    return int(shown.replace(".", ""))


def borrowing(high: int, low: int) -> str:
    """The digits of ``high − low`` from the right, all columns of the longer; an apostrophe where one was borrowed.

    An apostrophe at the last column says that ``low`` was the larger.
    """
    items, borrowed = [], 0
    for column in range(len(str(max(high, low)))):
        value = high // 10**column % 10 - low // 10**column % 10 - borrowed
        borrowed = int(value < 0)
        items.append(f"{value % 10}{chr(39) * borrowed}")
    return ",".join(items)


def carrying(first: int, second: int) -> str:
    """The sums of the columns of ``first + second`` from the right, each with what was carried."""
    items, carried = [], 0
    for column in range(len(str(max(first, second)))):
        carried = first // 10**column % 10 + second // 10**column % 10 + carried // 10
        items.append(str(carried))
    return ",".join(items)


def places_of(shown: str) -> int:
    """Number of decimals in a written figure."""
    return len(shown.partition(".")[2])


def with_places(value: Decimal, places: int) -> str:
    """A figure with exactly so many decimals."""
    return f"{value:.{places}f}"


def rounded_digits(digits: str, places: int) -> str:
    """The digits of a quotient as a figure: the last digit rounds the one before it, ``places`` decimals remain."""
    value = (int(digits) + 5) // 10
    return with_places(Decimal(value).scaleb(-places), places)


def unrounded_digits(digits: str, places: int) -> str:
    """The digits of a quotient as a figure with ``places`` decimals."""
    return with_places(Decimal(int(digits)).scaleb(-places), places)


def whole(first: Decimal, second: Decimal, sheet: Sheet) -> tuple[int, int]:
    """Both operands as integers, writing a line about the change of unit where they have a decimal."""
    scale = max(places_of(str(first)), places_of(str(second)))
    if scale == 0:
        return int(first), int(second)
    one, two = int(first * 10), int(second * 10)
    sheet.line()
    sheet.add(f"{sheet.words.tenths}{one}{sheet.words.comma}{two}")
    return one, two


def percentage(sheet: Sheet, part: int, base: int, places: slice, fall: bool = False) -> str:
    """``part ÷ base`` in per cent to one decimal, with its working; returns the figure without the sign for per cent.

    Where the places begin with the tens, ``part`` comes multiplied by ten.
    """
    words = sheet.words
    sheet.line()
    sheet.multiples(base)
    digits = sheet.division(part, base, words.places[places])
    sheet.line()
    value = sheet.rounding(digits, 1, "%")
    if fall:
        sheet.add(f"{words.fall}{words.comma}-{value}%")
        value = "-" + value
    sheet.add(words.stop)
    return value


def growth(sheet: Sheet, label: str, old: Decimal, new: Decimal) -> str:
    """Growth from ``old`` to ``new`` in per cent, one decimal."""
    sheet.add(f"{label}=(")
    sheet.copy(f"{new}-{old})÷{old}")
    before, after = whole(old, new, sheet)
    change = compared(sheet, before, after)
    return percentage(sheet, abs(change), before, slice(0, 5), change < 0)


def compared(sheet: Sheet, before: int, after: int) -> int:
    """Rise or fall, and by how much; returns ``after − before``.

    The columns tell: where the last one has to borrow, the figure fell, and a second line takes them the other way.
    """
    words = sheet.words
    sheet.line()
    if after < before:
        sheet.copy(f"{after}-{before}")
        sheet.add(f"{words.column}{borrowing(after, before)}{words.fall}")
        sheet.line()
        sheet.minus(before, after)
    else:
        sheet.minus(after, before)
        sheet.add(words.rise)
    return after - before


def margin_of_costs(sheet: Sheet, label: str, revenue: Decimal, costs: Decimal) -> str:
    """(revenue − costs) ÷ revenue in per cent, one decimal."""
    sheet.add(f"{label}=(")
    sheet.copy(f"{revenue}-{costs})÷{revenue}")
    base, minus = whole(revenue, costs, sheet)
    sheet.line()
    sheet.minus(base, minus)
    return percentage(sheet, (base - minus) * 10, base, slice(1, 5))


def margin_of_profit(sheet: Sheet, label: str, revenue: Decimal, profit: Decimal) -> str:
    """profit ÷ revenue in per cent, one decimal."""
    sheet.add(f"{label}=")
    sheet.copy(f"{profit}÷{revenue}")
    part, base = whole(profit, revenue, sheet)
    return percentage(sheet, part * 10, base, slice(1, 5))


def ratio(sheet: Sheet, label: str, assets: Decimal, liabilities: Decimal) -> str:
    """assets ÷ liabilities to two decimals."""
    words = sheet.words
    sheet.add(f"{label}=")
    sheet.copy(f"{assets}÷{liabilities}")
    part, base = whole(assets, liabilities, sheet)
    sheet.line()
    sheet.multiples(base)
    digits = sheet.division(part, base, words.places[2:6])
    sheet.line()
    value = sheet.rounding(digits, 2)
    sheet.add(words.stop)
    return value


def simple_interest(sheet: Sheet, principal: int, rate: Decimal, years: int, with_principal: bool) -> str:
    """Simple interest, or principal and interest; exact."""
    words = sheet.words
    sheet.goal(words.amount if with_principal else words.interest)
    sheet.add(f"{words.interest}=")
    sheet.copy(f"{principal}×{plain(rate)}%×{years}")
    hundredth = Decimal(principal) / 100
    sheet.line()
    sheet.add(f"1%{words.colon}{plain(hundredth)}")
    yearly = _rate_part(sheet, hundredth, int(rate))
    if rate != int(rate):
        sheet.line()
        sheet.add(words.half)
        half = sheet.times(hundredth, 5) / 10
        sheet.add(f"{words.comma}÷10={plain(half)}")
        sheet.line()
        sheet.add(words.one_year)
        sheet.plus(yearly, half)
        yearly += half
    interest = yearly * years
    sheet.line()
    sheet.add(words.years.format(years))
    if years == 10:
        sheet.add(f"{plain(yearly)}×10={plain(interest)}")
    else:
        sheet.times(yearly, years)
    if with_principal:
        sheet.line()
        sheet.add(words.total)
        sheet.plus(principal, interest)
        return plain(principal + interest)
    return plain(interest)


def _rate_part(sheet: Sheet, hundredth: Decimal, rate: int) -> Decimal:
    sheet.line()
    sheet.add(f"{rate}%{sheet.words.colon}")
    if rate == 10:
        sheet.add(f"{plain(hundredth)}×10={plain(hundredth * 10)}")
        return hundredth * 10
    return sheet.times(hundredth, rate)


def compound_interest(sheet: Sheet, principal: int, rate: int, years: int, only_interest: bool) -> str:
    """Principal and compound interest (or the interest alone) rounded half up to cents, year by year."""
    words = sheet.words
    sheet.goal(words.interest if only_interest else words.amount)
    sheet.add(f"{words.amount}=")
    sheet.copy(f"{principal}×(1+{rate}%)^{years}")
    amount = Decimal(principal)
    for year in range(1, years + 1):
        amount = _compound_year(sheet, amount, rate, year)
    if only_interest:
        sheet.line()
        sheet.add(f"{words.interest}{words.colon}")
        sheet.minus(amount, principal)
        return plain(amount - principal)
    return plain(amount)


def _compound_year(sheet: Sheet, amount: Decimal, rate: int, year: int) -> Decimal:
    """One year's line. Rounding the year's interest equals rounding the amount: the amount before has only cents."""
    words = sheet.words
    hundredth = amount / 100
    sheet.line()
    sheet.add(f"{words.year.format(year)}{words.colon}{plain(amount)}×1%={plain(hundredth)}{words.comma}")
    if rate == 10:
        exact = hundredth * 10
        sheet.add(f"{plain(hundredth)}×10={plain(exact)}")
    else:
        exact = sheet.times(hundredth, rate)
    interest = cents(exact)
    if interest != exact:
        sheet.add(f"≈{plain(interest)}")
    sheet.add(words.comma)
    sheet.plus(amount, interest)
    return amount + interest
