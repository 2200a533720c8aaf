"""Thinking and content apart, from text in any pieces."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finr1_desk.server.separating import Separated

OUTPUTS = {
    "<think>\nA < B, so\n\nC.\n</think>\n<answer>\nIt is **C**.\n</answer>": ("A < B, so\n\nC.", "It is **C**."),
    "No tags, 3 <4 \n": ("", "No tags, 3 <4 \n"),
    "<think>\nNever closed <ans": ("Never closed <ans", ""),
    "<think>\nOne</think>\n<answer>\n`<think>` is a tag": ("One", "`<think>` is a tag"),
}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(OUTPUTS)), st.data())
def test_pieces_give_what_the_whole_gives(text: str, data: st.DataObject) -> None:
    separated = Separated(starts_in_think=False)
    thinking, content, start = "", "", 0
    while start < len(text):
        end = data.draw(st.integers(start + 1, min(len(text), start + 9)))
        more = separated.feed(text[start:end])
        thinking, content, start = thinking + more[0], content + more[1], end
    more = separated.finish()
    assert (thinking + more[0], content + more[1]) == OUTPUTS[text]


@pytest.mark.parametrize("pieces", [["think", "ing</think>\nanswer"], ["thinking</thi", "nk>\nanswer"]])
def test_thinking_that_the_template_opened(pieces: list[str]) -> None:
    separated = Separated(starts_in_think=True)
    told = [separated.feed(piece) for piece in pieces] + [separated.finish()]
    assert "".join(each[0] for each in told) == "thinking"
    assert "".join(each[1] for each in told) == "answer"


def test_what_was_given_out_is_never_given_out_again() -> None:
    separated = Separated(starts_in_think=False)
    first = separated.feed("All of this turns out to be thinking")
    assert first == ("", "All of this turns out to be thinking")
    rest = [separated.feed("</think>\nThe answer"), separated.finish()]
    assert "".join(each[1] for each in rest).strip() == "The answer"
