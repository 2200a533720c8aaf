"""Loops in text without tokens: found however the text comes, and never in what Fin-R1 or a report really says."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finr1_desk.engine.remote.loops import TextLoops
from tests.engine.decode.test_repetition import GOOD

real_data = os.environ.get("FINR1_REAL_DATA")


def looping_after(text: str, step: int = 7) -> int | None:
    """How many characters were taken when a loop was noticed; None where there was none."""
    loops = TextLoops()
    return next((at for at in range(0, len(text), step) if loops.feed(text[at : at + step])), None)


@pytest.mark.parametrize(
    "sentence",
    [
        "Wait, let me check the calculation again. ",
        "因此，净利润同比增长12.5%，毛利率为35.2%。",
        "- Revenue grew by 5%.\n- Costs grew by 4%.\n\n- Revenue grew by 5%.\n- Costs grew by 3%.\n\n",
        "no ",
    ],
)
def test_a_sentence_over_and_over_is_a_loop(sentence: str) -> None:
    opening = "The question asks for the operating margin of 2018, 2019 and 2020. First, what is given? "
    assert looping_after(opening + sentence * 2000) is not None
    assert looping_after(opening + sentence * 2) is None


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_tables_lists_and_columns_are_no_loops(text: str) -> None:
    assert looping_after(text) is None


@settings(max_examples=40, deadline=None)
@given(passage=st.text(alphabet="ab1 。净-\n", min_size=1, max_size=40), steps=st.lists(st.integers(1, 90), min_size=1))
def test_it_does_not_matter_in_which_pieces_a_text_comes(passage: str, steps: list[int]) -> None:
    text = "So: " + passage * 40
    at_once, in_pieces, at = TextLoops(), TextLoops(), 0
    found = at_once.feed(text)
    noticed = False
    for step in steps * len(text):
        noticed = in_pieces.feed(text[at : at + step]) or noticed
        at += step
        if at >= len(text):
            break
    assert noticed is found


def test_a_new_text_begins_anew() -> None:
    loops = TextLoops()
    loops.feed("again and " * 250)
    loops.clear()
    assert not loops.feed("again and " * 250)
    assert loops.feed("again and " * 150)


@pytest.mark.skipif(not real_data, reason="FINR1_REAL_DATA is not set")
def test_what_was_really_written_is_no_loop() -> None:
    """Recorded outputs, one after the other as well; each over and over is. Pages and tables of annual reports too."""
    folder = Path(real_data or "")
    outputs = [path.read_text("utf-8") for path in sorted((folder / "fin-r1-outputs").glob("*.txt"))]
    assert len(outputs) >= 10
    for output in outputs:
        assert looping_after(output) is None
        assert looping_after(output * 3 + " x y") is not None
    assert looping_after("".join(outputs)) is None
    for page in json.loads((folder / "finance-qa" / "tatqa_dev.json").read_text("utf-8")):
        rows = "\n".join("| " + " | ".join(row) + " |" for row in page["table"]["table"])
        text = "\n".join(paragraph["text"] for paragraph in page["paragraphs"])
        asked = "\n".join(f"{each['question']} {each['answer']} {each['derivation']}" for each in page["questions"])
        assert looping_after(rows, 400) is None
        assert looping_after(text + asked, 400) is None
