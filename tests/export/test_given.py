"""Files of any kind that are given to the window: told apart by what is in them, and nothing is lost in silence."""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finr1_desk.core.errors import ErrorCode
from finr1_desk.export.given import LONGEST, Given, read_given
from finr1_desk.export.table_files import write_table
from tests.export import foreign_files as files
from tests.export.foreign_files import write

NOW = 1_750_000_000.0


def read(*paths: Path) -> Given:
    return read_given(paths, NOW)


def problems(found: Given) -> list[ErrorCode]:
    return [problem.code for imported in found.imported for problem in imported.problems]


def test_cells_become_a_table_and_text_stays_text(tmp_path: Path) -> None:
    cells = [("Year", "Profit"), (2023, 1000), (2024, -12.5)]
    write_table(tmp_path / "a.xlsx", cells)
    (tmp_path / "b.csv").write_bytes("年份;利润\r\n2023;1,000.5\r\n".encode("gb18030"))
    (tmp_path / "c.txt").write_bytes("\ufeffLine 1\r\n\r\n  Line 2\r\n\r\n".encode())
    found = read(*(tmp_path / name for name in ("a.xlsx", "b.csv", "c.txt")))
    assert found.texts == [
        "| Year | Profit |\n| ---: | ---: |\n| 2023 | 1000 |\n| 2024 | -12.5 |",
        "| 年份 | 利润 |\n| ---: | ---: |\n| 2023 | 1,000.5 |",
        "Line 1\n\n  Line 2",
    ]
    assert not found.imported
    assert not found.models


def test_headings_stay_as_they_are(tmp_path: Path) -> None:
    assert read(write(tmp_path / "a.csv", ",2024,2024\nProfit,1,2\n")).texts == [
        "|  | 2024 | 2024 |\n| --- | ---: | ---: |\n| Profit | 1 | 2 |"
    ]


def test_where_text_alone_is_of_use_anything_else_is_a_problem(tmp_path: Path) -> None:
    text = write(tmp_path / "a.txt", "Text.")
    chat = write(tmp_path / "b.json", json.dumps([files.chatgpt()]))
    model = write(tmp_path / "c.gguf", b"GGUF" + b"\0" * 100)
    assert read(text).problem_for_text() is None
    for other in (chat, model):
        problem = read(text, other).problem_for_text()
        assert problem is not None
        assert problem.code is ErrorCode.GIVEN_UNREADABLE
        assert problem.params["path"] == str(other)
    gone = read(tmp_path / "gone.txt").problem_for_text()
    assert gone is not None
    assert gone.code is ErrorCode.FILE_UNREADABLE


def test_conversations_are_told_by_what_is_in_them(tmp_path: Path) -> None:
    exported = write(tmp_path / "conversations.txt", json.dumps([files.chatgpt()]))
    archive = tmp_path / "export.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("chats/1.json", json.dumps([files.open_webui()]))
    chat = write(tmp_path / "gpt4all-x.chat", files.gpt4all(12))
    folder = tmp_path / "folder"
    folder.mkdir()
    write(folder / "1.conversation.json", json.dumps(files.lm_studio()))
    found = read(exported, archive, chat, folder)
    assert [len(imported.conversations) for imported in found.imported] == [1, 1, 1, 1]
    assert not found.texts


def test_other_json_and_markdown_is_text(tmp_path: Path) -> None:
    facts = write(tmp_path / "facts.json", '{"revenue": 12}\n')
    notes = write(tmp_path / "notes.md", "# Notes\n\nRevenue **rose**.\n")
    found = read(facts, notes)
    assert found.texts == ['{"revenue": 12}', "# Notes\n\nRevenue **rose**."]
    assert not found.imported


def test_a_model_is_told_by_its_first_bytes_and_not_read(tmp_path: Path) -> None:
    model = write(tmp_path / "Fin-R1", b"GGUF" + b"\0" * 100)
    assert read(model).models == [model]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("report.pdf", b"%PDF-1.7\n1 0 obj\n<<>>\n", ErrorCode.GIVEN_UNREADABLE),
        ("report.docx", b"PK\x03\x04" + b"\0" * 50, ErrorCode.GIVEN_UNREADABLE),
        ("page.html", b"\n<!DOCTYPE html><p>1</p>", ErrorCode.GIVEN_UNREADABLE),
        ("note.rtf", rb"{\rtf1 hello}", ErrorCode.GIVEN_UNREADABLE),
        ("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", ErrorCode.GIVEN_UNREADABLE),
        ("binary", bytes(range(256)), ErrorCode.GIVEN_UNREADABLE),
        ("empty.txt", b"", ErrorCode.GIVEN_EMPTY),
        ("blank.txt", b" \r\n\t\r\n", ErrorCode.GIVEN_EMPTY),
        ("empty.csv", b",,\n,,\n", ErrorCode.TABLE_UNREADABLE),
        ("broken.xlsx", b"PK\x03\x04nothing", ErrorCode.TABLE_UNREADABLE),
        ("long.txt", b"x " * (LONGEST // 2 + 1), ErrorCode.GIVEN_TOO_LONG),
        ("long.csv", b"a,b\n" + b"1,2\n" * LONGEST, ErrorCode.GIVEN_TOO_LONG),
        ("huge.txt", b"x" * (5 * LONGEST), ErrorCode.GIVEN_TOO_LONG),
        ("huge.json", b'{"a": 1}' + b" " * (5 * LONGEST), ErrorCode.GIVEN_TOO_LONG),
        ("broken.zip", b"PK\x03\x04nothing", ErrorCode.IMPORT_ARCHIVE_DAMAGED),
    ],
)
def test_what_is_of_no_use_is_named_and_the_others_are_taken(
    tmp_path: Path, name: str, data: bytes, code: ErrorCode
) -> None:
    good = write(tmp_path / "good.txt", "Good.")
    found = read(write(tmp_path / name, data), good)
    assert problems(found) == [code]
    assert str(found.imported[0].problems[0].params["path"]).endswith(name)
    assert found.texts == ["Good."]


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    assert problems(read(tmp_path / "gone.txt")) == [ErrorCode.FILE_UNREADABLE]


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=300), suffix=st.sampled_from(["", ".txt", ".csv", ".md", ".json", ".zip", ".xlsx"]))
def test_any_bytes_are_one_thing_or_a_problem(data: bytes, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = read(write(Path(folder) / f"file{suffix}", data))
    assert len(found.models) + len(found.texts) + len(found.imported) == 1
    assert all("\0" not in text and "\r" not in text and text.strip() for text in found.texts)
