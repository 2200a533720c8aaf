"""Code of an answer becomes a file with the suffix of its language."""

from __future__ import annotations

from pathlib import Path

import pytest

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.export.code import suffix_of, write_code


@pytest.mark.parametrize(
    ("language", "suffix"),
    [
        ("python", ".py"),
        ("Python", ".py"),
        ("sql", ".sql"),
        ("c++", ".cpp"),
        ("stata", ".do"),
        ("", ".txt"),
        ("x", ".txt"),
    ],
)
def test_a_language_has_a_suffix(language: str, suffix: str) -> None:
    assert suffix_of(language) == suffix


def test_code_is_written_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "code.py"
    path.write_text("before")
    write_code("利润 = 1\n\tx\n\n", path)
    assert path.read_bytes() == "利润 = 1\n\tx\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError) as raised:
        write_code("x", tmp_path / "missing" / "code.py")
    assert raised.value.code is ErrorCode.FILE_UNWRITABLE
