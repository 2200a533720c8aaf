"""The printing of an answer: whatever the pieces, the same text; nothing of a model's text commands the terminal."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from finr1_desk.core.conversation import PartKind, text_of
from finr1_desk.core.reasoning import ReasoningSplitter, split
from finr1_desk.terminal.output import AnswerPrinter, one_line, visible


class Paper:
    """Keeps what is written, by kind."""

    def __init__(self) -> None:
        self.pieces: list[tuple[str, str]] = []

    def plain(self, text: str) -> None:
        self.pieces.append(("plain", text))

    def dim(self, text: str) -> None:
        self.pieces.append(("dim", text))

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.pieces)


def printed(output: str, cuts: list[int], *, show_thinking: bool) -> Paper:
    paper = Paper()
    printer = AnswerPrinter(paper, show_thinking=show_thinking)
    splitter = ReasoningSplitter()
    places = sorted({0, len(output), *(cut % (len(output) + 1) for cut in cuts)})
    for start, end in itertools.pairwise(places):
        splitter.feed(output[start:end])
        printer.show(splitter.parts, final=False)
    printer.show(splitter.finish(), final=True)
    return paper


WORDS = st.text(st.characters(blacklist_characters="<>`~", blacklist_categories=["Cs"]), min_size=1).filter(str.strip)


@given(WORDS, WORDS, st.lists(st.integers(0, 1000), max_size=30))
@example("a", "b < c <", list(range(60)))
def test_any_pieces_print_thinking_and_answer_once(think: str, answer: str, cuts: list[int]) -> None:
    output = f"<think>\n{think}\n</think>\n<answer>\n{answer}\n</answer>"
    assert printed(output, cuts, show_thinking=False).text == answer.strip()
    paper = printed(output, cuts, show_thinking=True)
    assert paper.text == f"{think.strip()}\n\n{answer.strip()}"
    assert "".join(text for kind, text in paper.pieces if kind == "dim").strip() == think.strip()


@given(st.lists(st.sampled_from(["<think>", "</think>", "<answer>", "</answer>", "a", " b", "\n", "`", "```\n"])))
def test_whatever_a_model_writes_its_answer_is_printed(pieces: list[str]) -> None:
    output = "".join(pieces)
    paper = printed(output, list(range(len(output))), show_thinking=False)
    for part in split(output):
        if part.kind is PartKind.ANSWER:
            assert part.text.strip() in paper.text


def test_nothing_of_a_tag_is_printed_before_it_is_whole() -> None:
    output = "Sums < 5.\n<think>\nHidden.\n</think>\nShown."
    paper = printed(output, list(range(len(output))), show_thinking=False)
    assert "<t" not in paper.text
    assert paper.text == "Sums < 5.\n\nShown."


def test_text_that_turns_out_to_be_thinking_stays_and_the_answer_follows() -> None:
    output = "All this was thought.\n</think>\nThe answer."
    assert text_of(split(output), PartKind.ANSWER) == "The answer."
    paper = printed(output, list(range(len(output))), show_thinking=False)
    assert paper.text.endswith("\n\nThe answer.")


@given(st.text())
def test_visible_text_holds_no_control_characters(text: str) -> None:
    shown = visible(text)
    assert len(shown) == len(text)
    assert not [char for char in shown if char not in "\n\t" and (ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("净利润\r\n", "净利润␍\n"),
        ("a\u202eb", "a\ufffdb"),
        ("\x9b31m", "\ufffd31m"),
    ],
)
def test_control_sequences_are_shown_instead_of_obeyed(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_one_line_is_one_line() -> None:
    assert one_line(" a\n b\tc\x1b[2J ") == "a b c␛[2J"
