from __future__ import annotations

import os
import pickle
import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finr1_desk.core.conversation import Part, PartKind, text_of
from finr1_desk.core.reasoning import TAGS, ReasoningSplitter, split

REAL = Path(os.environ["FINR1_REAL_DATA"], "fin-r1-outputs") if "FINR1_REAL_DATA" in os.environ else None
OUTPUTS = sorted(REAL.glob("*.txt")) if REAL is not None and REAL.is_dir() else []
with_real_outputs = pytest.mark.skipif(not OUTPUTS, reason="FINR1_REAL_DATA is not set")

T, A, G, X = PartKind.THINK, PartKind.ANSWER, PartKind.TAG, PartKind.TEXT
WELL_FORMED = re.compile(r"\s*<think>(.*)</think>\s*<answer>(.*)</answer>\s*", re.DOTALL)


def pieces(text: str, *, starts_in_think: bool = False) -> list[tuple[PartKind, str]]:
    """The parts; neighbouring tags and the white space between them as one."""
    merged: list[tuple[PartKind, str]] = []
    for part in split(text, starts_in_think=starts_in_think):
        if merged and part.kind is G and merged[-1][0] is G:
            merged[-1] = (G, merged[-1][1] + part.text)
        else:
            merged.append((part.kind, part.text))
    return merged


def fed(chunks: list[str], *, starts_in_think: bool = False, look: bool = False) -> tuple[Part, ...]:
    splitter = ReasoningSplitter(starts_in_think)
    for chunk in chunks:
        splitter.feed(chunk)
        if look:
            assert "".join(part.text for part in splitter.parts) == splitter.raw
    return splitter.finish()


# -- real outputs


@with_real_outputs
@pytest.mark.parametrize("path", OUTPUTS, ids=lambda path: path.stem)
def test_a_real_output_is_split_as_its_tags_say(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    parts = split(text)
    assert "".join(part.text for part in parts) == text
    if match := WELL_FORMED.fullmatch(text):
        assert text_of(parts, T) == match[1].strip()
        assert text_of(parts, A) == match[2].strip()
        assert [part.text for part in parts if part.kind is G and part.text.strip()] == list(TAGS)
    else:
        assert not any(tag in text for tag in TAGS)
        assert text_of(parts, A) == text.strip()


@with_real_outputs
@pytest.mark.parametrize("path", OUTPUTS, ids=lambda path: path.stem)
def test_a_real_output_in_single_characters_looked_at_after_each(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    splitter = ReasoningSplitter()
    for position, char in enumerate(text, 1):
        splitter.feed(char)
        assert sum(len(part.text) for part in splitter.parts) == position
    assert splitter.revision == 0  # nothing that was shown had to be shown anew
    assert splitter.finish() == split(text)


@with_real_outputs
@pytest.mark.parametrize("path", OUTPUTS, ids=lambda path: path.stem)
def test_a_real_output_cut_in_two_around_its_tags(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    expected = split(text)
    near = {place for tag in TAGS if tag in text for place in range(text.index(tag) - 3, text.index(tag) + 13)}
    for cut in sorted(near | set(range(0, len(text), 211))):
        assert fed([text[: max(cut, 0)], text[max(cut, 0) :]], look=True) == expected


@with_real_outputs
@pytest.mark.parametrize("path", OUTPUTS, ids=lambda path: path.stem)
def test_a_real_output_cut_everywhere(path: Path) -> None:
    """At every position the rest comes in one piece; what is known a while later is what single characters gave."""
    text = path.read_text(encoding="utf-8")
    window = 48  # more than all tags together with the white space between them
    splitter = ReasoningSplitter()
    waiting = [pickle.dumps(splitter)]  # a copy, a tenth as dear as `copy.deepcopy`
    for position, char in enumerate(text, 1):
        splitter.feed(char)
        assert splitter.raw == text[:position]  # joins its chunks, too, which makes copies quick
        if len(waiting) == window:
            cut: ReasoningSplitter = pickle.loads(waiting.pop(0))
            cut.feed(text[position - window : position])
            assert cut.parts == splitter.parts
        waiting.append(pickle.dumps(splitter))
    for copied in waiting:
        cut = pickle.loads(copied)
        cut.feed(text[len(cut.raw) :])
        assert cut.finish() == split(text)


# -- properties

FRAGMENTS = [*TAGS, "<thi", "nk>", "</", "<", ">", "`", "``", "```", "~~~", "```python", "\n", "\n\n", " ", "    ",
             "\t", "x", "利润", "\\boxed{5}", "$1,000", "\r\n", "\0", "<b>", "<think", "</answer"]  # fmt: skip
outputs = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=30).map("".join)


@settings(deadline=None, max_examples=300)
@given(outputs, st.booleans(), st.data())
def test_any_chunking_gives_the_same_parts_and_every_character(
    text: str, starts_in_think: bool, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    chunks = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole = split(text, starts_in_think=starts_in_think)
    assert "".join(part.text for part in whole) == text
    assert fed(chunks, starts_in_think=starts_in_think, look=True) == whole
    assert fed(list(text), starts_in_think=starts_in_think, look=True) == whole
    assert all(part.text for part in whole)
    assert not any(part.kind is X for part in whole)
    assert all(part.text in TAGS or part.text.isspace() for part in whole if part.kind is G)


@settings(deadline=None, max_examples=300)
@given(outputs)
def test_text_and_tags_take_turns(text: str) -> None:
    """No two neighbouring parts of the same kind, but tags; and a tag decides what may come after it."""
    parts = split(text)
    for before, after in pairwise(parts):
        assert before.kind is not after.kind or before.kind is G
        if before.text in ("</think>", "<answer>", "</answer>"):
            assert after.kind is not T
        if before.text == "<think>":
            assert after.kind is not A


code = st.text(alphabet="ab \n<>/", max_size=20).filter(lambda text: not any(tag in text for tag in TAGS))


@settings(deadline=None, max_examples=200)
@given(code, st.sampled_from(TAGS), code, st.sampled_from(["```", "~~~~", "```xml", "   ```"]))
def test_a_tag_in_a_code_block_is_text(before: str, tag: str, after: str, fence: str) -> None:
    closing = fence.strip().removesuffix("xml")
    block = f"{fence}\n{before}\n{tag}{after}\n{closing}"
    assert text_of(split(f"<think>\n{block}\n</think>\n<answer>\nyes\n</answer>"), T) == block.strip()
    answer = split(f"<think>\nt\n</think>\n<answer>\n{block}\n</answer>")
    assert text_of(answer, A) == block.strip()
    assert split(f"words\n{block}\nmore") == (Part(A, f"words\n{block}\nmore"),)


@given(st.sampled_from(TAGS), st.sampled_from(["`", "``"]))
def test_a_tag_in_inline_code_is_text(tag: str, ticks: str) -> None:
    quoted = f"the tag {ticks}{tag}{ticks} ends"
    assert split(quoted) == (Part(A, quoted),)
    assert text_of(split(f"<think>\n{quoted}\n</think>\nyes"), T) == quoted
    alone = f"{ticks}{tag}{ticks}"
    assert split(alone) == (Part(A, alone),)


# -- the rules, one by one


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("Plain *Markdown*.\n", [(A, "Plain *Markdown*.\n")], id="no tags"),
        pytest.param(
            "<think>\na\n</think>\n<answer>\nb\n</answer>",
            [(G, "<think>\n"), (T, "a"), (G, "\n</think>\n<answer>\n"), (A, "b"), (G, "\n</answer>")],
            id="well formed",
        ),
        pytest.param(
            "\n <think>a</think>b", [(G, "\n <think>"), (T, "a"), (G, "</think>"), (A, "b")], id="space before"
        ),
        pytest.param("<think>\nnever closed", [(G, "<think>\n"), (T, "never closed")], id="token limit"),
        pytest.param(
            "<think>a\n<answer>\nb", [(G, "<think>"), (T, "a"), (G, "\n<answer>\n"), (A, "b")], id="never closed"
        ),
        pytest.param("a </think> b", [(T, "a"), (G, " </think> "), (A, "b")], id="the template opened it"),
        pytest.param(
            "<think>a</think>b\n</think>\nc",
            [(G, "<think>"), (T, "a"), (G, "</think>"), (A, "b"), (G, "\n</think>\n"), (A, "c")],
            id="closed twice",
        ),
        pytest.param(
            "<think>a</think>b </think> c", [(G, "<think>"), (T, "a"), (G, "</think>"), (A, "b </think> c")], id="named"
        ),
        pytest.param(
            "<think>\n<think>\na</think>", [(G, "<think>\n<think>\n"), (T, "a"), (G, "</think>")], id="opened twice"
        ),
        pytest.param(
            "<think>a</think>b\n<think>c",
            [(G, "<think>"), (T, "a"), (G, "</think>"), (A, "b"), (G, "\n<think>"), (T, "c")],
            id="thinks again",
        ),
        pytest.param("use <think> to think", [(A, "use <think> to think")], id="named in a sentence"),
        pytest.param("</answer>", [(A, "</answer>")], id="closes nothing"),
        pytest.param("a </answer> b", [(A, "a </answer> b")], id="closes nothing in a line"),
        pytest.param("<answer>5</answer>", [(G, "<answer>"), (A, "5"), (G, "</answer>")], id="answer alone"),
        pytest.param("<answer>5</answer>\n", [(G, "<answer>"), (A, "5"), (G, "</answer>\n")], id="space after"),
        pytest.param("x <thi", [(A, "x <thi")], id="ends in a tag"),
        pytest.param("<<think>a", [(A, "<<think>a")], id="one too many"),
        pytest.param("<THINK>a", [(A, "<THINK>a")], id="capitals"),
        pytest.param(" \n", [(G, " \n")], id="only space"),
    ],
)  # fmt: skip
def test_rules(text: str, expected: list[tuple[PartKind, str]]) -> None:
    assert pieces(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n</think>\nb", [(T, "a"), (G, "\n</think>\n"), (A, "b")]),
        ("a", [(T, "a")]),
        ("\n<think>\na</think>b", [(G, "\n<think>\n"), (T, "a"), (G, "</think>"), (A, "b")]),
        ("a\n<answer>b</answer>", [(T, "a"), (G, "\n<answer>"), (A, "b"), (G, "</answer>")]),
        ("", []),
    ],
)
def test_a_prompt_that_opened_the_thinking(text: str, expected: list[tuple[PartKind, str]]) -> None:
    assert pieces(text, starts_in_think=True) == expected
    assert ReasoningSplitter(starts_in_think=True).thinking


@pytest.mark.parametrize(
    ("text", "think", "answer"),
    [
        ("<think>\n```python\nx = 1\n</think>\n<answer>\n5\n</answer>", "```python\nx = 1", "5"),
        ("<think>\n```\nx\n```</think>\n<answer>5</answer>", "```\nx\n```", "5"),
        ("<think>\n```\nx\n<answer>\n5\n</answer>", "```\nx", "5"),
        ("<think>\n~~~\nx\n```\ny\n</think>\n5", "~~~\nx\n```\ny", "5"),
        ("<think>\n```\na\n```\n```\nb\n</think>\n5", "```\na\n```\n```\nb", "5"),
        ("<think>t</think>\n<answer>\n```\ncode\n</answer>", "t", "```\ncode"),
        ("```\ntemplate opened\n</think>\n5", "```\ntemplate opened", "5"),
        ("<think>a ` alone </think>5", "a ` alone", "5"),
        ("<think>a ` alone `` two </think>5\n", "a ` alone `` two", "5"),
        ("<think>say `x` and ` then\n</think>\n5", "say `x` and ` then", "5"),
        ("<think>a ` b </think> c ` d\n5", "a ` b </think> c ` d\n5", ""),
        ("<think>a `` b </think> `c <answer> ` d\n</think>\n5", "a `` b", "`c <answer> ` d5"),
        ("<think>\n```\n</think>\n```", "```\n</think>\n```", ""),
        ("<think>\n```\n</think>\n```\nmore\n</think>\n5", "```\n</think>\n```\nmore", "5"),
        ("<think>\n`````\n```\n</think>\n```\n`````\n</think>\n5", "`````\n```\n</think>\n```\n`````", "5"),
    ],
)
def test_code_that_is_never_closed_swallows_no_tag(text: str, think: str, answer: str) -> None:
    for chunks in ([text], list(text)):
        parts = fed(chunks)
        assert "".join(part.text for part in parts) == text
        assert text_of(parts, T) == think
        assert text_of(parts, A) == answer


def test_many_blocks_that_are_never_closed_end() -> None:
    text = "<think>\n" + "```\n~~~\n</think>\n" * 30
    assert "".join(part.text for part in split(text)) == text


def test_a_line_full_of_open_code_takes_no_time() -> None:
    text = "<think>" + "".join("`" * (n % 90 + 1) + " <answer> " for n in range(2000))
    assert "".join(part.text for part in split(text)) == text


# -- while it streams


def test_the_parts_while_a_tag_arrives() -> None:
    splitter = ReasoningSplitter()
    seen = []
    for char in "<think>a</think>b":
        splitter.feed(char)
        seen.append((splitter.thinking, splitter.parts))
    assert seen[5] == (False, (Part(A, "<think"),))
    assert seen[6] == (True, (Part(G, "<think>"),))
    assert seen[9] == (True, (Part(G, "<think>"), Part(T, "a</")))
    assert seen[-1] == (False, (Part(G, "<think>"), Part(T, "a"), Part(G, "</think>"), Part(A, "b")))


def test_a_change_of_kind_is_announced() -> None:
    splitter = ReasoningSplitter()
    splitter.feed("some thoughts")
    assert splitter.revision == 0
    splitter.feed("\n</think>")
    assert splitter.revision == 1
    assert splitter.parts[0] == Part(T, "some thoughts")

    splitter = ReasoningSplitter()
    splitter.feed("<think>\n```\nx\n</think>\n5")
    assert splitter.thinking
    assert splitter.revision == 0
    splitter.finish()
    assert splitter.revision == 1

    splitter = ReasoningSplitter()
    splitter.feed("<think>a ` b </think> c")
    assert splitter.thinking
    splitter.feed("\n")
    assert not splitter.thinking
    assert splitter.revision == 1


def test_nothing_is_fed_after_the_end() -> None:
    splitter = ReasoningSplitter()
    splitter.feed("a")
    assert splitter.finish() == splitter.finish() == (Part(A, "a"),)
    with pytest.raises(ValueError, match="finished"):
        splitter.feed("b")


@pytest.mark.parametrize(
    "text",
    ["<think>\nwords", "<think>\n```python\nx = 1\n", "<think>\n```python", "<think>\n   ~~~~\nx", "<think>a `b",
     "<think>", "<think>\n```\nx\n```"],
)  # fmt: skip
def test_the_closing_text_ends_the_thinking_at_once(text: str) -> None:
    splitter = ReasoningSplitter()
    splitter.feed(text)
    assert splitter.thinking
    splitter.feed(splitter.closing_text)
    assert not splitter.thinking
    splitter.feed("5")
    assert text_of(splitter.finish(), A) == "5"
    assert splitter.revision == 0
