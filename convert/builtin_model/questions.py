"""Draws arithmetic exercises: operands, a wording, and the working that answers it.

Owns the published ranges of the operands. Half of what makes a question natural (companies, units, years)
is drawn here too; the working itself is ``arithmetic``'s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from builtin_model import arithmetic, templates
from builtin_model.records import Exercise, Language, boxed, is_held_out

COMPANIES: dict[Language, tuple[str, ...]] = {
    "en": (
        "the company", "Acme", "Northwind", "a retailer", "the group", "Blue River", "Contoso", "a bank", "the firm",
        "Redwood Foods", "Harbour Lines", "Atlas Motors", "a software house", "Orion", "Company A", "Company B",
    ),
    "zh": (
        "某公司", "该公司", "A公司", "B公司", "甲公司", "乙公司", "华星科技", "东海食品", "北辰汽车", "某银行",
        "该集团",
        "长河能源", "某零售企业", "蓝天航空", "公司", "某上市公司",
    ),
}  # fmt: skip
ITEMS: dict[Language, tuple[str, ...]] = {
    "en": ("revenue", "revenue", "sales", "turnover", "net sales", "total revenue", "operating revenue", "net profit"),
    "zh": ("营业收入", "营业收入", "收入", "营收", "销售额", "销售收入", "营业总收入", "净利润"),
}
MONEY: dict[Language, tuple[str, ...]] = {
    "en": ("{}", "{}", "${}", "${} million", "{} million", "{} million yuan", "${}m", "{} billion", "${} billion",
           "USD {} million", "{} yuan", "€{} million", "RMB {} million"),
    "zh": ("{}", "{}元", "{}万元", "{}万元", "{}亿元", "{}亿元", "{}百万元", "{}万", "{}亿", "人民币{}万元", "{}千元"),
}  # fmt: skip
CASH: dict[Language, tuple[str, ...]] = {
    "en": ("{}", "${}", "${}", "{} yuan", "{} dollars", "€{}", "USD {}", "RMB {}"),
    "zh": ("{}元", "{}元", "{}元", "{}", "人民币{}元", "{}美元"),
}
ANSWERS: dict[str, dict[Language, str]] = {
    "growth": {"en": "The growth rate is {}.", "zh": "增长率为{}。"},
    "gross": {"en": "The gross margin is {}.", "zh": "毛利率为{}。"},
    "net": {"en": "The net margin is {}.", "zh": "净利率为{}。"},
    "current": {"en": "The current ratio is {}.", "zh": "流动比率为{}。"},
    "interest": {"en": "The interest is {}.", "zh": "利息为{}。"},
    "total": {"en": "The total amount is {}.", "zh": "本利和为{}。"},
}
LABELS: dict[str, dict[Language, str]] = {
    "growth": {"en": "Growth rate", "zh": "增长率"},
    "gross": {"en": "Gross margin", "zh": "毛利率"},
    "net": {"en": "Net margin", "zh": "净利率"},
    "current": {"en": "Current ratio", "zh": "流动比率"},
}

LARGEST = 9999
FRAMED_SHARE = 0.15


@dataclass(frozen=True)
class Draw:
    """What kind of exercise is wanted. ``held_out`` asks for operands that training never shows."""

    language: Language
    held_out: bool = False
    unseen_template: bool = False


def figure(random: Random) -> int:
    """A reported figure: two to four digits, the longer ones often round."""
    kind = random.random()
    if kind < 0.15:
        return random.randint(12, 99)
    if kind < 0.70:
        value = random.randint(100, 999)
        return value // 10 * 10 if random.random() < 0.3 else value
    if kind < 0.90:
        return random.randint(100, 999) * 10
    return random.randint(1000, 9999)


def near(random: Random, base: int) -> int:
    """A second figure of the order of ``base``, never equal to it."""
    low, high = (0.4, 1.0) if random.random() < 0.35 else (1.0, 1.7 if random.random() < 0.8 else 3.0)
    value = round(base * random.uniform(low, high))
    if value > LARGEST:
        value = round(base * random.uniform(0.4, LARGEST / base))
    if base % 10 == 0 and base >= 100:
        value = value // 10 * 10
    return value if value != base and value > 0 else base - max(1, base // 10)


def below(random: Random, base: int, low: float, high: float) -> int:
    """A part of ``base`` between two shares of it, smaller than ``base``."""
    value = round(base * random.uniform(low, high))
    if base % 10 == 0 and base >= 1000:
        value = value // 10 * 10
    return min(max(value, 1), base - 1)


def pair(random: Random, draw: Draw, key: str, make: Callable[[int], tuple[int, int]]) -> tuple[Decimal, Decimal]:
    """Two operands of the wanted split, one in ten of them with one decimal."""
    while True:
        first, second = make(figure(random))
        tenths = random.random() < 0.1 and max(first, second) < 10000 and min(first, second) >= 10
        if is_held_out(key, first, second) != draw.held_out:
            continue
        if tenths:
            return Decimal(first).scaleb(-1), Decimal(second).scaleb(-1)
        return Decimal(first), Decimal(second)


def shown(random: Random, value: Decimal | int, grouped: bool) -> str:
    """A figure as a question writes it."""
    return f"{value:,}" if grouped else str(value)


def money(random: Random, language: Language, *values: Decimal) -> list[str]:
    """Figures in one unit and one style."""
    style = random.choice(MONEY[language])
    grouped = random.random() < 0.35
    return [style.format(shown(random, value, grouped)) for value in values]


def choose(random: Random, wordings: tuple[str, ...], draw: Draw) -> tuple[int, str]:
    """A wording of the wanted split and its number."""
    index = random.choice(templates.split(wordings, draw.unseen_template))
    return index, wordings[index]


def capitalised(text: str) -> str:
    """With a capital first letter (no change in Chinese)."""
    return text[:1].upper() + text[1:]


def framed(random: Random, draw: Draw, question: str) -> str:
    """The question, sometimes with a few words around it."""
    if random.random() >= FRAMED_SHARE:
        return question
    _, frame = choose(random, templates.FRAMES[draw.language], draw)
    return frame.format(question)


def exercise(
    task: str, draw: Draw, template: str, question: str, sheet: arithmetic.Sheet, kind: str, value: str
) -> Exercise:
    """Put the parts of a finished working together."""
    box = value.replace("%", "\\%")
    return Exercise(
        task=task,
        language=draw.language,
        template=template,
        question=framed(sheet.random, draw, capitalised(question)),
        thinking=tuple(sheet.pieces),
        answer=ANSWERS[kind][draw.language].format(boxed(box)),
        expected=value,
        held_out=draw.held_out,
        unseen_template=draw.unseen_template,
    )


def growth(random: Random, draw: Draw) -> Exercise:
    """Growth of revenue (or another line of the income statement) from one year to the next."""
    language = draw.language
    old, new = pair(random, draw, "growth", lambda base: (base, near(random, base)))
    index, wording = choose(random, templates.GROWTH[language], draw)
    before, after = money(random, language, old, new)
    year = random.randint(2015, 2025)
    question = wording.format(
        old=before,
        new=after,
        who=random.choice(COMPANIES[language]),
        item=random.choice(ITEMS[language]),
        y0=year - 1,
        y1=year,
    )
    sheet = arithmetic.Sheet(language, random)
    value = arithmetic.growth(sheet, LABELS["growth"][language], old, new)
    return exercise("growth", draw, f"growth.{index}", question, sheet, "growth", value + "%")


def ratios(random: Random, draw: Draw) -> Exercise:
    """Gross margin, net margin or current ratio."""
    kind = random.choice(("gross_costs", "gross_costs", "gross_profit", "net_profit", "net_profit", "net_costs",
                          "current", "current", "current"))  # fmt: skip
    return RATIOS[kind](random, draw)


def _margin(
    random: Random,
    draw: Draw,
    name: str,
    wordings: dict[Language, tuple[str, ...]],
    of_costs: bool,
    low: float,
    high: float,
) -> Exercise:
    language = draw.language
    revenue, other = pair(random, draw, name, lambda base: (base, below(random, base, low, high)))
    index, wording = choose(random, wordings[language], draw)
    income, part = money(random, language, revenue, other)
    question = wording.format(revenue=income, costs=part, profit=part, who=random.choice(COMPANIES[language]))
    sheet = arithmetic.Sheet(language, random)
    label = name.partition("_")[0]
    working = arithmetic.margin_of_costs if of_costs else arithmetic.margin_of_profit
    value = working(sheet, LABELS[label][language], revenue, other)
    return exercise("ratios", draw, f"{name}.{index}", question, sheet, label, value + "%")


def gross_costs(random: Random, draw: Draw) -> Exercise:
    """Gross margin from revenue and cost of sales."""
    return _margin(random, draw, "gross_costs", templates.GROSS_COSTS, True, 0.2, 0.95)


def gross_profit(random: Random, draw: Draw) -> Exercise:
    """Gross margin from revenue and gross profit."""
    return _margin(random, draw, "gross_profit", templates.GROSS_PROFIT, False, 0.05, 0.8)


def net_profit(random: Random, draw: Draw) -> Exercise:
    """Net margin from revenue and net profit."""
    return _margin(random, draw, "net_profit", templates.NET_PROFIT, False, 0.02, 0.4)


def net_costs(random: Random, draw: Draw) -> Exercise:
    """Net margin from revenue and everything spent."""
    return _margin(random, draw, "net_costs", templates.NET_COSTS, True, 0.6, 0.98)


def current(random: Random, draw: Draw) -> Exercise:
    """Current ratio."""
    language = draw.language

    def make(base: int) -> tuple[int, int]:
        assets = round(base * random.uniform(0.5, min(3.2, LARGEST / base)))
        return (assets // 10 * 10 if base % 10 == 0 and assets >= 100 else assets), base

    assets, debts = pair(random, draw, "current", make)
    index, wording = choose(random, templates.CURRENT[language], draw)
    owned, owed = money(random, language, assets, debts)
    question = wording.format(assets=owned, debts=owed, who=random.choice(COMPANIES[language]))
    sheet = arithmetic.Sheet(language, random)
    value = arithmetic.ratio(sheet, LABELS["current"][language], assets, debts)
    return exercise("ratios", draw, f"current.{index}", question, sheet, "current", value)


RATIOS: dict[str, Callable[[Random, Draw], Exercise]] = {
    "gross_costs": gross_costs,
    "gross_profit": gross_profit,
    "net_profit": net_profit,
    "net_costs": net_costs,
    "current": current,
}


def principal(random: Random) -> int:
    """An amount of money to invest: one to three leading digits, then zeros, 100 to 999,000."""
    kind = random.random()
    if kind < 0.35:
        return random.randint(1, 9) * random.choice((1000, 10000, 10000, 100000))
    if kind < 0.8:
        return random.randint(11, 99) * random.choice((100, 1000, 1000))
    return random.randint(101, 999) * 100


def interest_draw(
    random: Random, draw: Draw, key: str, half_rates: bool, terms: tuple[int, ...]
) -> tuple[int, Decimal, int]:
    """Principal, rate and years of the wanted split."""
    while True:
        amount, years = principal(random), random.choice(terms)
        rate = Decimal(random.randint(1, 10))
        if half_rates and rate < 10 and random.random() < 0.35:
            rate += Decimal("0.5")
        if is_held_out(key, amount, rate, years) == draw.held_out:
            return amount, rate, years


def _interest(random: Random, draw: Draw, wording: str, amount: int, rate: Decimal, years: int) -> str:
    style = random.choice(CASH[draw.language])
    cash = style.format(shown(random, amount, random.random() < 0.4))
    rate_text = arithmetic.plain(rate)
    return wording.format(p=cash, r=rate_text, t=years, who=random.choice(COMPANIES[draw.language]))


def simple_interest(random: Random, draw: Draw) -> Exercise:
    """Simple interest, sometimes with the principal added (wordings that begin with a plus)."""
    amount, rate, years = interest_draw(random, draw, "simple", True, (2, 3, 4, 5, 6, 7, 8, 9, 10))
    index, wording = choose(random, templates.SIMPLE[draw.language], draw)
    total = wording.startswith("+")
    question = _interest(random, draw, wording.removeprefix("+"), amount, rate, years)
    sheet = arithmetic.Sheet(draw.language, random)
    value = arithmetic.simple_interest(sheet, amount, rate, years, total)
    kind = "total" if total else "interest"
    return exercise("simple_interest", draw, f"simple.{index}", question, sheet, kind, value)


def compound_interest(random: Random, draw: Draw) -> Exercise:
    """The amount after two or three years, or the interest alone (wordings that begin with a minus)."""
    amount, rate, years = interest_draw(random, draw, "compound", False, (2, 2, 3))
    index, wording = choose(random, templates.COMPOUND[draw.language], draw)
    alone = wording.startswith("-")
    question = _interest(random, draw, wording.removeprefix("-"), amount, rate, years)
    sheet = arithmetic.Sheet(draw.language, random)
    value = arithmetic.compound_interest(sheet, amount, int(rate), years, alone)
    kind = "interest" if alone else "total"
    return exercise("compound_interest", draw, f"compound.{index}", question, sheet, kind, value)
