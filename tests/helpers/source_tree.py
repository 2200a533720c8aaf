"""The project's own files, as the tests that hold the house read them."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent.parent
_NOT_OURS: Final = frozenset({".git", ".venv", ".tools", "build", "dist", "__pycache__"})


@cache
def files() -> tuple[Path, ...]:
    """Every file that belongs to the project: what git tracks, or, without git, all but environments and caches."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        found = (path for path in ROOT.rglob("*") if not _NOT_OURS & set(path.relative_to(ROOT).parts))
    else:
        found = (ROOT / name for name in listed.decode().split("\0") if name)
    return tuple(sorted(path for path in found if path.is_file()))


def python_files(*folders: str) -> tuple[Path, ...]:
    """Python files below the given top-level folders; all of them where none is given."""
    return tuple(
        path for path in files() if path.suffix == ".py" and (not folders or path.relative_to(ROOT).parts[0] in folders)
    )


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def name(path: Path) -> str:
    """How a file is named to a reader: relative to the project, with forward slashes."""
    return path.relative_to(ROOT).as_posix()
