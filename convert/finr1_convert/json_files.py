"""Reading the small JSON and text files of a checkpoint.

Owns the bounds (a configuration of a gigabyte is refused, not loaded) and the wording of the errors that a
missing, unreadable or malformed file gives. Knows nothing of what the files mean.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .errors import ConvertError

# The largest tokenizer.json in circulation are about 35 MB; beyond this the file is not what its name says.
MAX_BYTES = 256 * 1024 * 1024


def read_text(path: Path) -> str:
    """The file's text. Raises ConvertError when it is missing, too large, unreadable or not UTF-8."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ConvertError(f"{path.name} is {size:,} bytes long, which no file of this kind is")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConvertError(f"{path.name} is missing from {path.parent}") from None
    except UnicodeDecodeError:
        raise ConvertError(f"{path.name} is not UTF-8 text", _FETCH_AGAIN) from None
    except OSError as error:
        raise ConvertError(f"{path.name} cannot be read: {error.strerror or error}") from None


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in the file. Raises ConvertError when there is none."""
    return parse_object(read_text(path), path.name)


def read_optional_object(path: Path) -> dict[str, Any] | None:
    """Like :func:`read_object`, but None where the file does not exist."""
    return read_object(path) if path.is_file() else None


def parse_object(text: str, name: str) -> dict[str, Any]:
    """The JSON object in ``text``; ``name`` is the file's name for the error sentence."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise ConvertError(f"{name} is not valid JSON", _FETCH_AGAIN) from None
    if not isinstance(value, dict):
        raise ConvertError(f"{name} does not hold a JSON object", _FETCH_AGAIN)
    return value


_FETCH_AGAIN = "fetch the file again from the model's repository"
