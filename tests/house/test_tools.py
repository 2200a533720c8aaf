"""The tools that hold the house agree: import rules, style, types. Their settings are in pyproject.toml."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.helpers.source_tree import ROOT, python_files

BIN = Path(sys.executable).parent


def check(*command: str | Path) -> None:
    result = subprocess.run([*map(str, command)], cwd=ROOT, capture_output=True, text=True, timeout=220)
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"


def test_imports_go_down_only() -> None:
    check(BIN / "lint-imports")


def test_style() -> None:
    check(sys.executable, "-m", "ruff", "check", "--output-format=concise", *python_files())


def test_format() -> None:
    check(sys.executable, "-m", "ruff", "format", "--check", *python_files())


def test_types() -> None:
    check(sys.executable, "-m", "mypy")
