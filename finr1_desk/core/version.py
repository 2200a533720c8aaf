"""The application's version: what exports, records and `--version` say.

pyproject.toml says the same; a test holds both together.
"""

from __future__ import annotations

from typing import Final

VERSION: Final = "0.1.0"
