"""Spares every import the search for PySide6's `__feature__` switches, which this application does not use.

Owns one correction of PySide6's import hook. From the import of QtCore on, the hook reads the source of every module
that is imported, only to see whether the word «PySide6» stands in it, and the sources stay in memory.
"""

from __future__ import annotations

import sys
from typing import Any


def ignore_features() -> None:
    """Answers for all modules that they switch nothing; to be called when QtCore has been imported.

    The name is private to the version of PySide6 that the project pins: where it is missing, nothing is changed, and
    starting only takes longer.
    """
    support: Any = sys.modules.get("shibokensupport.feature")
    if hasattr(support, "_mod_uses_pyside"):
        support._mod_uses_pyside = _uses_no_features


def _uses_no_features(_module: object) -> bool:
    return True  # which says «a module with Qt, no feature selected», the state that every module begins in
