"""What counts as a loop: synthetic ones of every length, and good text, tables and columns that are none."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from itertools import chain, count, cycle, islice, repeat
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finr1_desk.engine import llama
from finr1_desk.engine.decode.repetition import COPIES, LEAST, LEAST_WITHOUT_WORDS, LoopDetector

real_data = os.environ.get("FINR1_REAL_DATA")


class Words:
    """A tokeniser for tests: words, single figures, single marks."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._texts: list[str] = []

    def tokens(self, text: str) -> list[int]:
        found = re.findall(r"[^\W\d_]+|.", text, re.DOTALL)
        for piece in found:
            if piece not in self._ids:
                self._ids[piece] = len(self._texts)
                self._texts.append(piece)
        return [self._ids[piece] for piece in found]

    def have_letters(self, tokens: Sequence[int]) -> bool:
        return any(character.isalpha() for token in tokens for character in self._texts[token])


def first_loop(detector: LoopDetector, tokens: Sequence[int]) -> int | None:
    """How many tokens were taken when a loop was noticed; None where there was none."""
    return next((place for place, token in enumerate(tokens, 1) if detector.add(token)), None)


def noticed_after(text: str) -> int | None:
    words = Words()
    return first_loop(LoopDetector(words.have_letters), words.tokens(text))


def of_words(_tokens: Sequence[int]) -> bool:
    return True


# -- loops


@pytest.mark.parametrize("variety", [2, 3, 10, 1000, 150_000], ids="{} different tokens".format)
def test_a_passage_of_any_length_is_noticed_when_it_has_been_repeated_enough(variety: int) -> None:
    random = Random(variety)
    for length in (*range(1, 60), *range(60, 401, 17), 400):
        before = [random.randrange(variety) for _ in range(random.randrange(300))]
        passage = [random.randrange(variety) for _ in range(length)]
        detector = LoopDetector(of_words)
        assert first_loop(detector, before) is None
        place = first_loop(detector, list(islice(cycle(passage), 3 * LEAST + 3 * length)))
        assert place is not None, length
        # What stands before may happen to end like the passage, and short ones may repeat within themselves.
        assert place <= max(LEAST, COPIES * length), length
        if variety == 150_000:
            assert place == max(LEAST, COPIES * length), length


@settings(max_examples=60, deadline=None)
@given(
    passage=st.lists(st.integers(0, 4), min_size=1, max_size=400),
    before=st.lists(st.integers(0, 4), max_size=200),
)
def test_any_passage_is_noticed(passage: list[int], before: list[int]) -> None:
    tokens = before + list(islice(cycle(passage), LEAST + COPIES * len(passage)))
    assert first_loop(LoopDetector(of_words), tokens) is not None


@pytest.mark.parametrize(
    "sentence",
    [
        "Wait, let me check the calculation again. ",
        "因此，净利润同比增长12.5%，毛利率为35.2%。",
        "So the operating margin of the segment is 12.4 % for 2018 and 12.4 % for 2019, which means that the answer "
        "should be 12.4 %, but wait, I should double-check whether the revenue of 1,204.5 million includes the "
        "discontinued operations, since note 7 says that these were restated; let me compute it once more.\n",
        "- Revenue grew by 5%.\n- Costs grew by 4%.\n\n- Revenue grew by 5%.\n- Costs grew by 3%.\n\n",
    ],
)
def test_a_sentence_over_and_over_is_a_loop(sentence: str) -> None:
    opening = "The question asks for the operating margin of 2018, 2019 and 2020. First, what is given? "
    assert noticed_after(opening + sentence * 200) is not None
    assert noticed_after(opening + sentence * 2) is None


def test_a_loop_is_noticed_where_the_passage_takes_up_words_of_before() -> None:
    story = "The revenue of 2018 was 10 and that of 2019 was 12, so it grew by 20 percent. "
    beginning = "The revenue of 2018 was 10 and that of 2020 was 15, so it grew by 50 percent. "
    assert noticed_after(story + beginning + (story + beginning + story) * 20) is not None


def test_figures_alone_need_more_copies_than_words() -> None:
    assert noticed_after("0 " * 2000) == LEAST_WITHOUT_WORDS
    assert noticed_after("none " * 2000) == LEAST


def test_a_new_text_begins_anew() -> None:
    detector = LoopDetector(of_words)
    assert first_loop(detector, [1] * (LEAST - 1)) is None
    detector.clear()
    assert first_loop(detector, [1] * (LEAST - 1)) is None
    assert detector.add(1)


def test_a_loop_that_is_interrupted_counts_from_the_start() -> None:
    detector = LoopDetector(of_words)
    once_more = [*[1] * (LEAST - 1), 2]
    assert first_loop(detector, once_more) is None
    assert first_loop(detector, once_more) is None


# -- no loops


def rows_of_figures() -> Iterator[str]:
    random = Random(7)
    for year in range(1900, 2100):
        yield f"| {year} | {random.randrange(10**6):,} | {random.random():.2%} | 0 | 0 | 0 |\n"


GOOD = {
    "a table of figures": "".join(rows_of_figures()),
    "a plan of payments": "".join(f"| {n} | 1,933.28 | {1000 - n}.{n % 100:02} | 0.00 |\n" for n in range(1, 241)),
    "a numbered list": "".join(f"{n}. Check the figure in row {n}.\n" for n in range(1, 300)),
    "a list of years": "".join(f"- In {year}, revenue did not change.\n" for year in range(1900, 2100)),
    "zeros": "0 0 0 0 0 0 0 0 0 0\n" * 20,
    "an empty table": "|   |   |   |   |\n" * 40,
    "a matrix": "[[" + "], [".join(", ".join("01"[row == column] for column in range(20)) for row in range(20)) + "]]",
    "a rule": "-" * 300 + "\n" + "|---" * 40,
    "two drafts": "Assets were 12 and debts were 7, so equity is 5. Now the same for 2019 in full detail. " * 2,
    "a sum in columns": "".join(
        f"  {a:>6}\n+ {b:>6}\n--------\n  {a + b:>6}\n"
        for a, b in zip(islice(count(912_345, 977), 60), repeat(48_211), strict=False)
    ),
    "a sum of digits": "".join(
        f"{a} + {b} + {carry} = {a + b + carry}, write {(a + b + carry) % 10}, carry {(a + b + carry) // 10}\n"
        for a, b, carry in islice(((r.randrange(10), r.randrange(10), r.randrange(2)) for r in repeat(Random(3))), 120)
    ),
    "choices": "".join(chain.from_iterable((f"Question {n}: \\boxed{{是}}\n", "\n") for n in range(200))),
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_tables_lists_and_columns_are_no_loops(text: str) -> None:
    assert noticed_after(text) is None


@settings(max_examples=50, deadline=None)
@given(tokens=st.lists(st.integers(0, 1), max_size=2 * LEAST))
def test_what_is_called_a_loop_is_one(tokens: list[int]) -> None:
    """Held to the definition: the end of the text consists of copies of one passage."""
    place = first_loop(LoopDetector(of_words), tokens)
    if place is not None:
        text = tokens[:place]
        lengths = [n for n in range(1, place) if text[-n:] * COPIES == text[-n * COPIES :]]
        assert any(all(text[-i] == text[-i - n] for i in range(1, LEAST - n + 1)) for n in lengths)


@pytest.mark.skipif(not real_data, reason="FINR1_REAL_DATA is not set")
def test_what_fin_r1_really_wrote_is_no_loop() -> None:
    """All recorded outputs, one after the other as well; each over and over is."""
    folder = Path(real_data or "")
    vocabulary_file = folder / "qwen2-tokenizer" / "ggml-vocab-qwen2.gguf"
    model = llama.Model(str(vocabulary_file), llama.LlamaLog(lambda _line: None), vocabulary_only=True)
    outputs = [path.read_text("utf-8") for path in sorted((folder / "fin-r1-outputs").glob("*.txt"))]
    tokens = [model.vocabulary.tokenise(output, parse_special=False) for output in outputs]
    model.close()
    assert len(tokens) >= 10
    for one in tokens:
        assert first_loop(LoopDetector(of_words), one) is None
        assert first_loop(LoopDetector(of_words), one * COPIES) is not None
    assert first_loop(LoopDetector(of_words), [token for one in tokens for token in one]) is None
