from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finr1_desk.core.conversation import Conversation
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.export.files import safe_file_name, write_file


def named(title: str, id: str = "0123456789abcdef") -> Conversation:
    return Conversation(id, title, None, None, 0.0, 0.0)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Net income 2023", "Net income 2023.md"),
        ("净利润是多少？", "净利润是多少？.md"),
        ("Profit 📈 now", "Profit 📈 now.md"),
        ("a/b\\c:d*e?f\"g<h>i|j", "a b c d e f g h i j.md"),
        ("", "conversation 01234567.md"),
        (" . ", "conversation 01234567.md"),
        ("???", "conversation 01234567.md"),
        ("\u200d", "conversation 01234567.md"),
        ("..", "conversation 01234567.md"),
        ("../../etc/passwd", "etc passwd.md"),
        ("con", "_con.md"),
        ("NUL.txt", "_NUL.txt.md"),
        ("com1", "_com1.md"),
        ("LPT¹", "_LPT¹.md"),
        ("console", "console.md"),
        ("a\nb\tc\0d", "a b c d.md"),
        ("name.", "name.md"),
        (".hidden", "hidden.md"),
        ("report.pdf", "report.pdf.md"),
        ("fdp\u202etxt", "fdp txt.md"),
        ("lone \ud800", "lone \ufffd.md"),
        ("e\u0301", "é.md"),
        ("👩\u200d👧", "👩\u200d👧.md"),
    ],
)  # fmt: skip
def test_names(title: str, name: str) -> None:
    assert safe_file_name(title, "0123456789abcdef") == name


@given(st.text() | st.text(alphabet="净📈👩\u200d\ufe0fe\u0301. ", min_size=50))
def test_every_name_can_be_a_file(title: str) -> None:
    name = safe_file_name(title, "0123456789abcdef")
    assert name.endswith(".md")
    assert 4 <= len(name.encode()) <= 200
    assert not set(name) & set('<>:"/\\|?*\0\n\r\u202e')
    assert name == name.strip(" ")
    assert not name.startswith(".")
    stem = name.removesuffix(".md")
    assert stem == stem.rstrip(". ")


def test_a_long_title_is_cut_between_characters() -> None:
    family = "👩\u200d👩\u200d👧"
    name = safe_file_name("x" * 170 + family, "id")
    assert name == "x" * 170 + ".md"
    assert safe_file_name("e\u0301" * 500, "id").removesuffix(".md").strip("é") == ""


def test_taken_names_are_numbered(tmp_path: Path) -> None:
    paths = [write_file(tmp_path, named("Report"), f"{n}") for n in range(3)]
    assert [path.name for path in paths] == ["Report.md", "Report (2).md", "Report (3).md"]
    assert [path.read_text() for path in paths] == ["0", "1", "2"]
    assert sorted(tmp_path.iterdir()) == sorted(paths)


def test_many_at_once_get_names_of_their_own(tmp_path: Path) -> None:
    written: list[Path] = []
    threads = [
        threading.Thread(target=lambda n=n: written.append(write_file(tmp_path, named("R"), str(n)))) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len({path.name for path in written}) == 8
    assert sorted(path.read_text() for path in written) == [str(n) for n in range(8)]


def test_the_file_is_utf8_with_the_line_ends_it_was_given(tmp_path: Path) -> None:
    path = write_file(tmp_path / "new" / "folder", named("净"), "a\n净\r\n\u2028")
    assert path.read_bytes() == "a\n净\r\n\u2028".encode()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError) as caught:
        write_file(tmp_path / "file", named("R"), "text")
    assert caught.value.code is ErrorCode.FILE_UNWRITABLE
    assert "text" not in str(caught.value.params["path"])


def test_nothing_is_left_of_a_file_that_could_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError) as caught:
        write_file(tmp_path, named("R"), "text")
    assert caught.value.params["reason"] == "No space left on device"
    assert list(tmp_path.iterdir()) == []
