"""Where the application's own files are: icons, translations, task templates, the built-in model.

Owns that question only. From a checkout they are the top-level `assets/` folder, in an installed wheel they lie
inside the package.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent.parent


def asset(*parts: str) -> Path:
    """The path of an asset, `asset("translations", "finr1_desk_zh_CN.qm")` say; it need not exist."""
    packaged = _PACKAGE / "assets"
    root = packaged if packaged.is_dir() else _PACKAGE.parent / "assets"
    return root.joinpath(*parts)
