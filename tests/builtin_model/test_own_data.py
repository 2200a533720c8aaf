"""Files of worked questions: what is read from good ones, and the sentences about bad ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from builtin_model.own_data import SHOWN, BadExamplesError, WorkedExample, parse, read
from builtin_model.rewards import agrees, well_formed

GOOD = {"question": "毛利率？", "reasoning": "先减后除。", "answer": "\\boxed{30\\%}"}


def write(path: Path, *lines: Any) -> Path:
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return path


def test_examples_are_read_in_order_and_empty_lines_passed_over(tmp_path: Path) -> None:
    second = GOOD | {"question": " a\u2028b ", "source": "ignored"}
    path = write(tmp_path / "own.jsonl", GOOD, "", json.dumps(second, ensure_ascii=False), "  ")
    examples = read(path)
    assert examples == [WorkedExample(**GOOD), WorkedExample("a\u2028b", GOOD["reasoning"], GOOD["answer"])]
    assert well_formed(examples[0].completion)
    assert agrees(examples[0].completion, GOOD["answer"])


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\r\n" + json.dumps(GOOD).encode() + b"\r\n")
    assert len(read(path)) == 2


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{", "not JSON"),
        ("[1]", "a JSON object is wanted, not list"),
        ({"question": "a", "reasoning": "b"}, "“answer” is missing"),
        ({"question": "a", "reasoning": "b", "Answer": "c"}, "“answer” is missing (is “Answer” meant?)"),
        (GOOD | {"answer": 3}, "“answer” must be a text, not int"),
        (GOOD | {"reasoning": " "}, "“reasoning” is empty"),
        (GOOD | {"reasoning": "<think>a"}, "“reasoning” must not hold <think>"),
        (GOOD | {"answer": "a</answer>"}, "“answer” must not hold </answer>"),
    ],
)
def test_a_bad_line_is_named_with_what_is_wrong(tmp_path: Path, line: Any, sentence: str) -> None:
    path = write(tmp_path / "own.jsonl", GOOD, line)
    with pytest.raises(BadExamplesError) as caught:
        read(path)
    assert str(caught.value).startswith("own.jsonl, line 2: ")
    assert sentence in str(caught.value)


def test_many_bad_lines_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "own.jsonl", *["{"] * (SHOWN + 5))
    with pytest.raises(BadExamplesError, match="and 5 more lines") as caught:
        read(path)
    assert str(caught.value).count("\n") == SHOWN


def test_missing_empty_and_foreign_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadExamplesError, match="cannot be read"):
        read(tmp_path / "absent.jsonl")
    with pytest.raises(BadExamplesError, match="holds no example"):
        read(write(tmp_path / "empty.jsonl", ""))
    (tmp_path / "bytes.jsonl").write_bytes(b'{"question": "\xff"}')
    with pytest.raises(BadExamplesError, match="not UTF-8"):
        read(tmp_path / "bytes.jsonl")


def test_questions_may_hold_tags() -> None:
    assert parse(json.dumps(GOOD | {"question": "What does <think> do?"})).question == "What does <think> do?"
