"""Long pages of a report, with a table and a question, as analysts paste them.

Owns how such a page is put together, from a few hundred characters to about four thousand. Sentences, tables and
questions come from ``near_misses`` and its own grammar; nothing is taken from a published data set.
"""

from __future__ import annotations

from random import Random

from builtin_model.near_misses import MONTHS, measure, name, near_miss
from builtin_model.records import Language

LONGEST = 4400
SENTENCES: dict[Language, tuple[str, ...]] = {
    "en": (
        "{m} was $ {a} million in {y1} , compared with $ {b} million in {y0} .",
        "{m} increased {r}% ( {r}% ) to $ {a} from $ {b} , due to {k} .",
        "the company recognized {m} of approximately $ {a} and $ {b} for the years ended {d} , {y1} and {y0} .",
        "as of {d} , {y1} , {n} had {m} with a fair value of $ {a} million .",
        "in {y1} , {n} acquired {n2} for $ {a} million in cash , of which $ {b} million was allocated to {k} .",
        "we use {m} to manage our exposure to {k} .", "{m} is included in {k} in the consolidated statements .",
        "the decrease in {m} was offset by an increase in {k} .", "( {x} ) includes {m} of {n} and {n2} .",
        "the following table presents {m} and {k} ( in millions ) :", "see note {x} for a discussion of {m} .",
        "{n} agreed to pay {m} over {x} years at an interest rate of {r}% .", "{m} , net of {k} , totaled {a} .",
        "the graph compares {m} of {n} with {k} , assuming $ 100 was invested on {d} , {y0} .",
        "management believes that {m} is sufficient to meet {k} for the next {x} months .",
        "our board of directors authorized the repurchase of up to {a} shares ; {n} {n2} and {m} are not affected .",
    ),
    "zh": (
        "{y1}年{m}为{a}万元，{y0}年为{b}万元。", "{m}同比上升{r}%，主要由于{k}增加。",
        "截至{y1}年末，{n}的{m}为{a}万元。",
        "{n}以{a}万元收购{n2}，其中{b}万元计入{k}。", "公司通过{m}管理{k}的风险。", "{m}详见附注{x}。",
        "下表列示{m}与{k}（单位：百万元）：", "管理层认为{m}足以满足未来{x}个月的{k}。",
    ),
}  # fmt: skip


def sentence(random: Random, language: Language) -> str:
    """One sentence of a report."""
    year = random.randint(2000, 2024)
    return random.choice(SENTENCES[language]).format(
        m=measure(random, language), k=measure(random, language), n=name(random, language), n2=name(random, language),
        a=random.choice((f"{random.randint(1000, 99999):,}", f"{random.randint(1, 999)}.{random.randint(0, 9)}")),
        b=random.randint(1, 999), r=random.randint(1, 60), x=random.randint(1, 24), y0=year, y1=year + 1,
        d=random.choice(MONTHS),
    )  # fmt: skip


def paragraphs(random: Random, language: Language, length: int) -> str:
    """Sentences of at least ``length`` characters together."""
    text = ""
    while len(text) < length:
        text += sentence(random, language) + (" " if language == "en" else "")
    return text.strip()


def cell(random: Random) -> str:
    """One figure of a table."""
    value = random.choice((random.randint(1, 999), random.randint(1000, 99999)))
    style = random.choice(("{:,}", "$ {:,}", "{:,}.{}", "-{:,} ( {:,} )", "{}%", "$ {:,}.{} million", "2014"))
    return (
        style.format(value, random.randint(0, 9))
        if style.count("{") < 2 or "." in style
        else style.format(value, value)
    )


def table(random: Random, language: Language) -> list[list[str]]:
    """Rows of labelled figures under years."""
    columns, year = random.randint(1, 5), random.randint(2004, 2024)
    rows = [[random.choice(("", "( in millions )", "year")), *(str(year - back) for back in range(columns))]]
    for _ in range(random.randint(2, 9)):
        rows.append([measure(random, language), *(cell(random) for _ in range(columns))])
    return rows


def page(random: Random, language: Language, unseen: bool) -> str:
    """A page of at most about ``LONGEST`` characters in Fin-R1's wording or a free one."""
    length = random.randint(150, LONGEST - 1200) // (1 if language == "en" else 3)
    share = random.random()
    before = paragraphs(random, language, round(length * share))
    after = paragraphs(random, language, round(length * (1 - share)))
    rows = str(table(random, language))
    if random.random() < 0.2:
        rows = rows.replace("], [", "\n").strip("[]").replace("', '", " | ").strip("'")
    asked = near_miss(random, language, unseen)
    identity = (
        f"{name(random, 'en').upper()[:4].strip()}/{random.randint(2001, 2022)}/page_{random.randint(1, 160)}.pdf"
    )
    style = random.randrange(5)
    if style < 3:
        return (
            "Please answer the question based on all the information provided below:\n"
            f"Document: {identity}\nID: {identity}-{random.randint(1, 4)}\nPrevious Text: {before}\n"
            f"Table Data: {rows}\nFollowing Text: {after}\nQuestion: {asked}"
        )
    if style == 3:
        return (
            "Read the following texts and table with financial data from an S&P 500 earnings report carefully. "
            "Based on the question-answer history (if provided), answer the last question. The answer may require "
            f"mathematical calculation based on the data provided.\n{before}\n{rows}\n{after}\nQuestion: {asked}"
        )
    return f"{before}\n{rows}\n{after}\n{asked}"
