"""The application's version: what exports, records and `--version` say. pyproject.toml reads it from here."""

from __future__ import annotations

from typing import Final

VERSION: Final = "0.1.0"
