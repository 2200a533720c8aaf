from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finr1_desk.core.boxed import boxed_answer, last_boxed, plain

REAL = Path(os.environ["FINR1_REAL_DATA"], "fin-r1-outputs") if "FINR1_REAL_DATA" in os.environ else None


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"\boxed{5}", "5"),
        (r"First \boxed{1}, then \boxed{\text{No}}.", "No"),
        ("boxed{-15\\%}", "-15%"),
        (r"\boxed{150,\!000}", "150,000"),
        (r"\boxed{150{,}000}", "150,000"),
        (r"\boxed{是}", "是"),
        ("答案是boxed{7}", "7"),
        (r"答案是\boxed{7}", "7"),
        (r"\boxed{\frac{1}{2}}", "1/2"),
        (r"\boxed{\dfrac{\text{净利润}}{\text{收入}}}", "净利润/收入"),
        (r"\boxed{\{1, 2\}}", "{1, 2}"),
        (r"\boxed{a\}b}", "a}b"),
        (r"\fbox{x}", "x"),
        (r"\boxed {4}", "4"),
        (r"\boxed{}", ""),
        (r"\boxed{\boxed{6}}", "6"),
        (r"\boxed{a} \boxed{cut off", "a"),
        (r"\boxed{\text{a {b} c}}", "a {b} c"),
        (r"\boxed{\$1,000 \times 10^6}", "$1,000 × 10^6"),
        (r"\boxed{100~\text{USD}}", "100 USD"),
        (r"\boxed{5 \,\text{M}}", "5 M"),
        (r"\boxed{\text{The fund is suitable, since } r \leq 5\%}", "The fund is suitable, since r ≤ 5%"),
        (r"\boxed{\(5\)}", "5"),
        (r"\boxed{\sqrt{2}}", r"\sqrt{2}"),
        (r"\\boxed{5}", "5"),
        ("\\boxed{one\ntwo}", "one two"),
        ("{ } } \\boxed{5} {", "5"),
    ],
)
def test_boxed_answers(text: str, answer: str) -> None:
    assert boxed_answer(text) == answer


@pytest.mark.parametrize("text", ["", "no box", r"\boxed{cut off", r"\boxed", "unboxed{3}", r"\boxed5", r"\boxed{a\}"])
def test_no_box(text: str) -> None:
    assert boxed_answer(text) is None


def test_the_content_as_written() -> None:
    assert last_boxed(r"x \boxed{ \frac{1}{2} } y") == r"\frac{1}{2}"


@given(st.text(alphabet="\\boxed{}text% 净1", max_size=60))
def test_nothing_raises_and_plain_text_stays_plain(text: str) -> None:
    answer = boxed_answer(f"{text}")
    assert answer is None or answer == " ".join(answer.split())


@given(st.text(alphabet=st.characters(exclude_characters="\\{}~", exclude_categories=("Cs",)), max_size=40))
def test_a_box_around_plain_text_is_that_text(text: str) -> None:
    assert boxed_answer(f"so \\boxed{{{text}}} it is") == " ".join(text.split())
    assert plain(text) == " ".join(text.split())


def test_many_boxes_that_never_end_take_no_time() -> None:
    start = time.monotonic()
    assert boxed_answer("\\boxed{" * 20_000) is None
    assert time.monotonic() - start < 10


@pytest.mark.skipif(REAL is None or not REAL.is_dir(), reason="FINR1_REAL_DATA is not set")
def test_real_outputs_that_box_something_give_it() -> None:
    assert REAL is not None
    boxed = [path for path in REAL.glob("*.txt") if re.search(r"boxed\{", path.read_text(encoding="utf-8"))]
    assert boxed
    for path in boxed:
        answer = boxed_answer(path.read_text(encoding="utf-8"))
        assert answer
        assert not re.search(r"\\(?:text|boxed|frac)\b", answer)
