"""Formulas that somebody typed are found; amounts, code and everything else stay as they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finr1_desk.markup.markdown import RunKind
from finr1_desk.markup.typed import typed_runs

FORMULAS = {
    "What is $x^2$?": ["$x^2$"],
    r"Let \(a\) and \[ b = \frac{1}{2} \] be": [r"\(a\)", r"\[ b = \frac{1}{2} \]"],
    "$$E = mc^2$$": ["$$E = mc^2$$"],
    r"若 $r=5\%$，求 $\frac{P}{1+r}$": [r"$r=5\%$", r"$\frac{P}{1+r}$"],
    "It cost $1,000 in 2022 and $2,000 in 2023; with $g$ the growth": ["$g$"],
}
TEXTS = [
    "from $1,000 to $2,000",
    "US$5 and $ALLY and $5 million and $6 million (in $ millions)",
    r"\$950 and \$20",
    "`$x^2$` and ```\necho $a^2 $b^2\n``` and ```$y^2$",
    r"C:\\(x86\) \\[a\]",
    "an opener \\( without end, $$ and $$, \\(\\)",
    "a charge of $5,121 +$ 300",
    "$$1,000 and $$2,000",
    "**bold** <b> # no heading\n- no item",
]


@pytest.mark.parametrize(("text", "formulas"), FORMULAS.items())
def test_formulas_are_found(text: str, formulas: list[str]) -> None:
    runs = typed_runs(text)
    assert [run.text for run in runs if run.kind is RunKind.MATHS] == formulas
    assert "".join(run.text for run in runs) == text


@pytest.mark.parametrize("text", TEXTS)
def test_everything_else_stays_as_it_is(text: str) -> None:
    assert [(run.text, run.kind) for run in typed_runs(text)] == [(text, RunKind.TEXT)]


@given(st.text(st.sampled_from("$\\()[]{}`x^2, 1\n")))
def test_nothing_is_lost(text: str) -> None:
    assert "".join(run.text for run in typed_runs(text)) == text


@given(st.lists(st.from_regex(r"(US|HK)?\$[1-9]\d{0,2}(,\d{3})*(\.\d\d)?( million| billion)?", fullmatch=True)))
def test_no_amount_is_swallowed(amounts: list[str]) -> None:
    for between in (" and ", ", ", " to ", "；", "\n"):
        assert all(run.kind is RunKind.TEXT for run in typed_runs(between.join(amounts)))
