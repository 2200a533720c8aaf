"""Code of an answer as a file of its own.

Owns the suffix that belongs to a language, and the writing. Which code it is, and where it goes, the caller says.
"""

from __future__ import annotations

import contextlib
import secrets
from pathlib import Path
from typing import Final

from finr1_desk.core.errors import ErrorCode, UserError

PLAIN: Final = ".txt"
_LANGUAGES: Final = {  # as fences name them, by suffix where they are not simply called by it
    ".py": "python py python3 py3",
    ".sh": "bash sh shell zsh",
    ".ps1": "powershell ps1 pwsh",
    ".js": "javascript js node",
    ".ts": "typescript ts",
    ".cpp": "c++ cpp cxx",
    ".cs": "c# csharp cs",
    ".yaml": "yaml yml",
    ".md": "markdown md",
    ".m": "matlab octave",
    ".tex": "latex tex",
    ".vb": "vba vb vbnet",
    ".jl": "julia jl",
    ".kt": "kotlin kt",
    ".rb": "ruby rb",
    ".rs": "rust rs",
    ".do": "stata",
    ".pl": "perl pl",
}
_BY_SUFFIX: Final = "c css csv go html ini java json jsonl lua php r sas scala sql swift toml tsv xml"
_SUFFIXES: Final = {name: suffix for suffix, names in _LANGUAGES.items() for name in names.split()} | {
    name: f".{name}" for name in _BY_SUFFIX.split()
}


def suffix_of(language: str) -> str:
    """The suffix of files in a language, as a fence names it; `.txt` for one that is not known."""
    return _SUFFIXES.get(language.lower(), PLAIN)


def write_code(code: str, path: Path) -> None:
    """Writes the code in UTF-8 with a line end at its end.

    Raises:
        UserError: `FILE_UNWRITABLE` where the file cannot be written.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}{path.suffix}")
    try:
        with temporary.open("x", encoding="utf-8", newline="", errors="replace") as file:
            file.write(code.rstrip("\n") + "\n")
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise UserError(ErrorCode.FILE_UNWRITABLE, path=str(path), reason=error.strerror) from None
