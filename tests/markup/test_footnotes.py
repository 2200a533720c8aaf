"""Footnotes keep their labels and stay where they were written."""

from __future__ import annotations

import pytest

from finr1_desk.markup.markdown import Env, Markdown, Run, RunKind


def test_a_number_is_a_note_wherever_it_is_defined(markdown: Markdown) -> None:
    runs = markdown.runs("Sales[^1] grew", {})
    assert runs == [Run("Sales"), Run("1", RunKind.NOTE), Run(" grew")]


@pytest.mark.parametrize("text", ["[^a-z] is a class", "[^]", "[^a b]", "\\[^1]", "`[^1]`"])
def test_what_is_not_defined_is_text(markdown: Markdown, text: str) -> None:
    assert all(run.kind is not RunKind.NOTE for run in markdown.runs(text, {}))


def test_a_definition_is_read_with_what_belongs_to_it(markdown: Markdown) -> None:
    env: Env = {}
    tokens = markdown.blocks("Sales[^src]\n\n[^src]: The **report**\n    page 5\n\n    - and more\n[^2]: x\n\nend", env)
    kinds = [token.type for token in tokens if token.nesting == 1 and token.level == 0]
    assert kinds == ["paragraph_open", "footnote_open", "footnote_open", "paragraph_open"]
    assert env["footnotes"] == {"src": {"map": [2, 6]}, "2": {"map": [6, 8]}}
    assert [token.meta["label"] for token in tokens if token.type == "footnote_open"] == ["src", "2"]
    assert markdown.runs("[^src]", env) == [Run("src", RunKind.NOTE)]


def test_notes_in_notes_end_somewhere(markdown: Markdown) -> None:
    assert markdown.blocks("[^1]: " * 500, {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("so boxed{5\\%}.", ["5%"]),
        ("答案是boxed{是}", ["是"]),
        ("\\boxed{a} and \\fbox{b}", ["a", "b"]),
        ("unboxed{5}", []),
        ("`boxed{5}`", []),
        ("boxed{5", []),
        ("boxed 5", []),
    ],
)
def test_answers_are_boxed_with_and_without_a_backslash(markdown: Markdown, text: str, expected: list[str]) -> None:
    assert [run.text for run in markdown.runs(text, {}) if run.kind is RunKind.BOXED] == expected
