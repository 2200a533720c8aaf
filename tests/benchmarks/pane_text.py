"""The texts of the pane's benchmarks: what a long answer looks like, and a long conversation."""

from __future__ import annotations

from dataclasses import replace

from finr1_desk.core.conversation import Message, MessageState
from tests.ui.pane.samples import CHINESE, ENGLISH, answer, question

CHARS_A_TOKEN = 3
TABLES, FORMULAS, CODES = 20, 100, 40

_WORDS = (
    "The operating margin of the group rose from **12.4 %** to **14.1 %**, mainly because costs of goods sold grew by "
    "less than revenue did; see `note 14` of the report. Of the $1,204.5 million in revenue, $386.2 million came from "
    "abroad. "
)
_CHINESE = "公司2023年实现**营业收入**1,386.2亿元，同比增长15.1%，**归属于母公司的净利润**为113.0亿元，毛利率有所提高。"


def _table(number: int) -> str:
    rows = "".join(
        f"| Item {number}.{row} | {row * 1204.5:,.1f} | {row * 1386.2:,.1f} | 15.1% |\n" for row in range(1, 9)
    )
    return "| Position | 2022 | 2023 | Change |\n|---|---:|---:|---:|\n" + rows


def _formula(number: int) -> str:
    if number % 2:
        return f"so that \\( r_{{{number}}} = \\frac{{1386.2 - 1204.5}}{{1204.5}} = 0.{number}51 \\) holds. "
    return f"\n\n\\[ V_{{{number}}} = \\sum_{{t=1}}^{{{number}}} \\frac{{C_t}}{{(1 + r)^t}} \\]\n\n"


def _code(number: int) -> str:
    return (
        f"```python\ndef value_{number}(flows: list[float], rate: float) -> float:\n"
        '    """The present value of yearly payments."""\n'
        "    total = 0.0\n"
        "    for year, flow in enumerate(flows, start=1):\n"
        "        total += flow / (1 + rate) ** year  # paid at the end of the year\n"
        "    return total\n```\n"
    )


def long_answer(tokens: int) -> str:
    """An answer of so many tokens with 20 tables, 100 formulas and 40 blocks of code, spread evenly."""
    parts = []
    pieces = CODES
    room = tokens * CHARS_A_TOKEN // pieces
    formula = 0
    for number in range(pieces):
        part = f"### Step {number + 1}\n\n"
        while formula < FORMULAS * (number + 1) // pieces:
            formula += 1
            part += _formula(formula)
        part += "\n\n" + _code(number) + "\n"
        if number % 2 == 0:
            part += _table(number) + "\n"
        part += "1. first the **rate**,\n2. then the *sum*,\n   - of the flows,\n   - year by year.\n\n"
        filler = 0
        while len(part) < room:
            part += (_CHINESE if filler % 3 == 2 else _WORDS) + ("\n\n" if filler % 3 == 2 else "")
            filler += 1
        parts.append(part[:room].rstrip("\n") + "\n\n")
    return "".join(parts)[: tokens * CHARS_A_TOKEN]


def conversation(count: int, characters: int) -> list[Message]:
    """So many messages with so many characters of Markdown in all, questions and answers in turn."""
    each = characters // (count // 2)
    messages = []
    for number in range(count // 2):
        messages.append(question(f"Question {number}: what about the year {2000 + number % 25}?", id=f"q{number}"))
        source = (ENGLISH, CHINESE)[number % 2]
        text = source
        while len(text) < each:
            text = text.removesuffix("</answer>") + "\n\n" + source.partition("<answer>")[2]
        built = answer(text, id=f"a{number}", state=MessageState.COMPLETE)
        messages.append(replace(built, parent_id=f"q{number}"))
    return messages
