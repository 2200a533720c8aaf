"""Amounts of money stay text, formulas between dollars are formulas: by hand, in real texts and in made-up ones."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finr1_desk.core.boxed import boxed_answer
from finr1_desk.core.reasoning import split
from finr1_desk.markup.dollars import is_opening
from finr1_desk.markup.formulas import delimited, render
from finr1_desk.markup.markdown import Env, Markdown, RunKind

TEXTS = [
    "$1,000 to $2,000",
    "US$5 and HK$6, A$7, C$ 8",
    "$ALLY and $TSLA fell, $ALLY/$TSLA too",
    "$5 million and $6 million",
    "(in $ millions) 5 (in $ thousands)",
    "(\\$m) $5 ($) $6 ($)",
    "from $5-$6 to $7–$8, $100/$200",
    "$0.43 instead of $0.40",
    "= $10,000 / $2,500",
    "[($1,000 - $950) / $950] * 100%",
    "Stocks $300,000 (60%), Bonds $100,000 (20%)",
    "**$5** to **$6**",
    "价格为$5元至$6元，利润$营业收入$",
    "costs 5$, 6$ or 7$ a piece",
    "$X and then $Y grew",
    "between $5 and 6$ a share",
    "a lone $ and another $",
    "$5 billion$ in sales",
    "$revenue_growth and $net_income",
    "`$x$` and `$y$`",
    "$[a](http://b.example)$",
    "$2,000 \\times 20 = $40,000",
    "",
]
FORMULAS = [
    "$x^2$",
    r"$\frac{a}{b}$",
    r"$r=5\%$",
    "$P_0$",
    "$x$",
    "$5$",
    "$EBIT$",
    "$[0, 1)$",
    "$NPV = PV - C$",
    "$500,000-350,000=150,000$",
    r"$\text{Net income} = 500 - 350$",
    r"$\text{净利润率} = \frac{\text{净利润}}{\text{营业收入}}$",
    r"$净利润_{2024}$",
    r"$\$500 - \$350$",
    r"$\alpha$",
    "$f(x, y)$",
    "$a + b$",
    r"$5 \times 10^{-3}$",
    r"$\sum_{i=1}^{n} x_i$",
    r"$\beta_{i}$",
    "$x_1\n+ y_1$",
    r"$\left( 1 + r \right)^n$",
]


def formulas(markdown: Markdown, text: str) -> list[str]:
    return [run.text for run in markdown.runs(text, {}) if run.kind is RunKind.MATHS]


@pytest.mark.parametrize("text", TEXTS)
def test_an_amount_is_text(markdown: Markdown, text: str) -> None:
    assert formulas(markdown, text) == []


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("around", ["{}", "so {} is", "为{}，", "({})", "it costs $5,000, {}; {} and $6"])
def test_a_formula_is_one(markdown: Markdown, formula: str, around: str) -> None:
    text = around.replace("{}", formula)
    assert formulas(markdown, text) == [formula] * around.count("{}")


def test_a_sign_may_touch_what_it_stands_between(markdown: Markdown) -> None:
    assert formulas(markdown, r"3$\times$5") == [r"$\times$"]


AMOUNTS = st.builds(
    "{}${}{}".format,
    st.sampled_from(["", "", "US", "A", "HK", "~", "("]),
    st.sampled_from(["5", "1,000", "0.43", "12.5", "950", "1,234,567.89", "300"]),
    st.sampled_from(["", "", " million", " billion", "B", "k", "%", " per share", "/share", "亿元", "元"]),
)
JOINTS = st.sampled_from(
    [" to ", " and ", ", ", "; ", " - ", "–", "-", "/", " (", ") ", ". ", "。", "，", " 至 ", "至", ": "]
)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(AMOUNTS, JOINTS), min_size=1, max_size=8))
def test_amounts_are_never_swallowed(markdown: Markdown, pieces: list[tuple[str, str]]) -> None:
    text = "".join(part for piece in pieces for part in piece)
    assert formulas(markdown, text) == []
    assert "".join(run.text for run in markdown.runs(text, {})) == text


LETTERS = st.sampled_from(["x", "P_0", r"\sigma", "r", r"CF_t", "n", r"\text{收入}", "5", "1{,}000"])
SIGNS = st.sampled_from([" + ", "-", "=", r" \times ", r" \cdot ", " = ", r" \leq "])


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.one_of(
            st.builds("${}{}{}$".format, LETTERS, SIGNS, LETTERS),
            st.builds(r"$\frac{{{}}}{{{}}}$".format, LETTERS, LETTERS),
            st.builds("${}^{{{}}}$".format, LETTERS, LETTERS),
        ),
        min_size=1,
        max_size=4,
    ),
    AMOUNTS,
)
def test_formulas_are_found_beside_amounts(markdown: Markdown, found: list[str], amount: str) -> None:
    text = f"It is {amount}, and " + "; ".join(found) + f" for {amount}."
    assert formulas(markdown, text) == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"so $\frac{a}{b", True),
        ("so $x_1 + y", True),
        ("so $x^", False),
        ("costs $5", False),
        ("costs $1,000 to", False),
        ("$x^2$ is", False),
        ("$x^2$ is $y^2", True),
        ("costs $5 and $P_0", True),
        ("US$x_1", False),
        ("", False),
        ("$", False),
    ],
)
def test_a_formula_that_is_being_written_is_known_early(text: str, expected: bool) -> None:
    assert is_opening(text) is expected


# -- real texts: what is expected was checked by hand, and is kept as counts


def _sentences(real_data: Path) -> list[str]:
    finqa: list[dict[str, Any]] = json.loads((real_data / "finance-qa/finqa_dev_200.json").read_text("utf-8"))
    tatqa: list[dict[str, Any]] = json.loads((real_data / "finance-qa/tatqa_dev.json").read_text("utf-8"))
    found = [text for page in finqa for text in (*page["pre_text"], *page["post_text"]) if "$" in text]
    found += [" | ".join(row) for page in finqa for row in page["table_ori"] if any("$" in cell for cell in row)]
    found += [paragraph["text"] for page in tatqa for paragraph in page["paragraphs"] if "$" in paragraph["text"]]
    return list(dict.fromkeys(found))


def test_no_amount_of_real_reports_is_swallowed(markdown: Markdown, real_data: Path) -> None:
    sentences = _sentences(real_data)
    assert len(sentences) > 1000
    assert sum(text.count("$") > 1 for text in sentences) > 500
    assert [text for text in sentences if formulas(markdown, text)] == []
    tight = [re.sub(r"\$\s+", "$", text) for text in sentences]  # as people write it: FinQA puts a space there
    assert [text for text in tight if formulas(markdown, text)] == []
    assert formulas(markdown, " ".join(tight)) == []


REAL_FORMULAS = {"judged_exam_1": 2, "judged_exam_2": 2, "judged_robo_advisor_1": 1}
REAL_BOXED = {  # with the length of the final answer as plain text
    "judged_compliance_1": 2,
    "judged_compliance_2": 13,
    "judged_compliance_3": 13,
    "judged_exam_1": 7,
    "judged_exam_2": 5,
    "judged_exam_3": 1,
    "judged_robo_advisor_1": 96,
    "judged_robo_advisor_2": 94,
    "kpi_1": 4,
    "kpi_2": 132,
    "risk_3": 70,
}


def test_every_formula_and_answer_of_real_outputs_is_found(markdown: Markdown, real_data: Path) -> None:
    found: dict[str, int] = {}
    boxed: dict[str, int] = {}
    for path in sorted((real_data / "fin-r1-outputs").glob("*.txt")):
        for part in split(path.read_text(encoding="utf-8")):
            env: Env = {}
            for token in markdown.blocks(part.text, env):
                runs = markdown.runs(token.content, env) if token.type == "inline" else []
                sources = [run.text for run in runs if run.kind is RunKind.MATHS]
                sources += [token.content] if token.type == "maths_block" else []
                for source in sources:
                    inner, displayed = delimited(source)
                    assert render(inner, displayed=displayed).width > 0
                    found[path.stem] = found.get(path.stem, 0) + 1
            if (answer := boxed_answer(part.text)) is not None:
                boxed[path.stem] = len(answer)
                assert "\\" not in answer
    assert found == REAL_FORMULAS
    assert boxed == REAL_BOXED
