"""Blocks of a text that grows: those of the whole text in the end, finished ones left alone, half a line shown."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from finr1_desk.markup.markdown import UNFINISHED, Markdown
from finr1_desk.ui.pane.blocks import Block, Code, Heading, ListItem, Maths, Paragraph, Quote, Rule, Table
from finr1_desk.ui.pane.reading import CODE_LINES, TABLE_ROWS, plain_pieces
from finr1_desk.ui.pane.stream import BlockStream

FRAGMENTS = [
    *("text", " ", "\n", "\n\n", "**", "`", "|", "-", "=", "\t", "    code\n", "<br>", "\r\n", "&amp;", "中文，", "😀"),
    *("- a\n", "  - b\n", "1. x\n", "10) z\n", "* * *\n", "+\n", "> q\n", "# h\n", "---\n", "===\n", "~~~\n"),
    *("| a | b |\n|---|--:|\n", "| 1 | 2 |\n", "```py\n", "```\n", "\\[ x\n", "\\]\n", "$$\n", "\\(a", "\\)"),
    *(
        "[x]",
        "[x]: http://e.example\n",
        "[^x]",
        "[^x]: note\n",
        "- [ ] t\n",
        "$x_1",
        "x\n" * (CODE_LINES + 3),
        "| r | s |\n" * (TABLE_ROWS + 3),
        "word " * 900,
    ),
]
NESTED = [
    *("> | a | b |\n> |---|--:|\n", "> | 1 | 2 |\n", "> ```\n", "> x = 1\n", "> > q\n", "> - x\n", ">\n", ">   y\n"),
    *("- ```py\n", "  x = 1\n", "  ```\n", "  | a |\n  |---|\n", "  | 1 |\n", "- | a |\n", "  > q\n", "    - z\n"),
    *("3. one\n", "   two\n", "   ```\n", "10. - x\n", "\t- y\n", "-\n", "- - x\n", "-     code\n", "- [x] done\n"),
    "> word\n>\n" * 45,
    "  - y\n" * 45,
    "  words\n\n" * 45,
    "> | r | s |\n" * (TABLE_ROWS + 3),
    "   x = 2\n" * (CODE_LINES + 3),
    "  | r |\n" * (TABLE_ROWS + 3),
    "> " + "word " * 900,
]
PARSER = Markdown()
TEXTS = st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join) | st.lists(
    st.sampled_from([*NESTED, "\n", "text\n"]), max_size=25
).map("".join)


def _whole(text: str) -> BlockStream:
    stream = BlockStream(PARSER)
    stream.update(text, finished=True)
    return stream


def _so_far(text: str) -> list[Block]:
    stream = BlockStream(PARSER)
    stream.update(text, finished=False)
    return stream.blocks


def _definitions(stream: BlockStream) -> dict[str, str]:
    """What is defined anywhere; lines are counted from where reading went on."""
    notes = dict.fromkeys(stream.env.get("footnotes", {}), "")
    return notes | {label: found["href"] for label, found in stream.env.get("references", {}).items()}


@settings(deadline=None, max_examples=150)
@given(TEXTS, st.lists(st.integers(1, 300), min_size=1, max_size=12))
def test_a_text_that_grew_gives_the_blocks_of_the_whole(text: str, steps: list[int]) -> None:
    stream = BlockStream(PARSER)
    position, step = 0, 0
    shown: list[Block] = []
    while position < len(text):
        position += steps[step % len(steps)]
        step += 1
        changed = stream.update(text[:position], finished=False)
        assert stream.blocks[:changed] == shown[:changed]
        shown = list(stream.blocks)
    stream.update(text, finished=True)
    whole = _whole(text)
    assert stream.blocks == whole.blocks, text
    assert _definitions(stream) == _definitions(whole)


@settings(deadline=None, max_examples=100)
@given(TEXTS)
def test_blocks_stand_one_behind_the_other(text: str) -> None:
    stream = _whole(text)
    for one, other in zip(stream.blocks, stream.blocks[1:], strict=False):
        assert one.start <= one.end <= other.start
    assert all(block.end <= len(stream.source) for block in stream.blocks)


def test_finished_blocks_are_not_read_again() -> None:
    stream = BlockStream(PARSER)
    text = "one\n\ntwo\n\n- a\n- b\n\nthree"
    stream.update(text, finished=False)
    before = list(stream.blocks)
    changed = stream.update(text + " goes on", finished=False)
    assert changed == len(before) - 1
    # All but the last two: the last block's line was not complete, so the one before it was not certain either.
    assert all(one is other for one, other in zip(before[:-2], stream.blocks, strict=False))


def test_a_text_that_does_not_continue_the_earlier_one_is_read_anew() -> None:
    stream = BlockStream(PARSER)
    stream.update("# one\n\ntwo\n\nthree", finished=False)
    assert stream.update("other", finished=False) == 0
    assert [type(block) for block in stream.blocks] == [Paragraph]


def test_items_keep_their_numbers_however_long_the_list_is() -> None:
    stream = BlockStream(PARSER)
    text = "".join(f"1. item {index}\n" for index in range(50))
    for end in range(10, len(text), 10):
        stream.update(text[:end], finished=False)
    stream.update(text, finished=True)
    assert [block.marker for block in stream.blocks if isinstance(block, ListItem)] == [f"{n}." for n in range(1, 51)]


def test_long_tables_and_code_come_in_pieces_of_one_whole() -> None:
    table = "| a |\n|---|\n" + "| 1 |\n" * 45
    code = "```py\n" + "x = 1\n" * 100 + "```\n"
    blocks = _whole(f"{table}\n{code}").blocks
    tables = [block for block in blocks if isinstance(block, Table)]
    codes = [block for block in blocks if isinstance(block, Code)]
    assert [len(block.rows) for block in tables] == [20, 20, 5]
    assert [(block.first, block.last) for block in tables] == [(True, False), (False, False), (False, True)]
    assert {block.block for block in tables} == {0}
    assert [block.text.count("\n") + 1 for block in codes] == [40, 40, 20]
    assert {block.language for block in codes} == {"py"}


def test_every_kind_of_block_is_known() -> None:
    text = "# h\n\np\n\n> q\n\n- i\n  - j\n\n---\n\n```\nc\n```\n\n|a|\n|-|\n|1|\n\n\\[x\\]\n"
    kinds = [type(block) for block in _whole(text).blocks]
    assert kinds == [Heading, Paragraph, Quote, ListItem, Rule, Code, Table, Maths]


# -- while it is being written


def test_the_head_of_a_table_is_a_table_at_once() -> None:
    for text in ("| Year | Net", "| Year | Net |\n", "| Year | Net |\n|--", "text\n\n| Year | Net |\n|---|"):
        last = _so_far(text)[-1]
        assert isinstance(last, Table), text
        assert last.header[0] == "Year"


def test_half_a_rule_under_a_paragraph_makes_no_heading() -> None:
    for text in ("para\n-", "para\n--", "para\n=", "para\n#", "para\n1."):
        blocks = _so_far(text)
        assert [type(block) for block in blocks] == [Paragraph], text
        assert isinstance(blocks[0], Paragraph)
        assert blocks[0].text == "para"


def test_what_is_opened_is_closed_for_now() -> None:
    shown = {
        "a **bol": "a **bol**",
        "a **": "a",
        "a **bold*": "a **bold**",
        "a `co": "a `co`",
        "a \\( x_1": f"a \\( x_1{UNFINISHED}\\)",
        "a \\( x_1\\": f"a \\( x_1{UNFINISHED}\\)",
        "a $x_1 + \\frac{": f"a $x_1 + \\frac{{{UNFINISHED}$",
        "a $1,000 and": "a $1,000 and",
        "a $$ x": f"a $$ x{UNFINISHED}$$",
        "so \\boxed{\\text{No": "so \\boxed{\\text{No}}",
        "so \\boxed{5\\": "so \\boxed{5}",
        "- item **b": "item **b**",
    }
    for text, expected in shown.items():
        block = _so_far(text)[-1]
        while isinstance(block, ListItem):
            block = block.children[-1]
        assert isinstance(block, Paragraph)
        assert block.text.strip() == expected, text


def test_the_language_is_shown_when_it_is_complete() -> None:
    for text, language in (("```py", ""), ("```python\n", "python"), ("```python\nx", "python")):
        last = _so_far(text)[-1]
        assert isinstance(last, Code)
        assert last.language == language


# -- questions


@given(st.text(alphabet="ab \n", max_size=300))
def test_the_pieces_of_a_question_give_back_the_question(text: str) -> None:
    pieces = plain_pieces(text)
    assert all(text[piece.start : piece.end].removesuffix("\n") == getattr(piece, "text", None) for piece in pieces)
    assert [piece.start for piece in pieces][:1] == [0]
