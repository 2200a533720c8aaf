"""Where the texts lie that come with this program: one to calibrate with, another to evaluate with.

Owns the finding of ``convert/calibration/`` from a checkout and of its copy in an installed package. No passage of the
one text is in the other, so that a quantised model is not measured by what it was tuned to.
"""

from __future__ import annotations

from pathlib import Path

from .errors import ConvertError

# How a matrix, and a model quantised with it, name the text.
CALIBRATION = "finr1-desk/calibration.txt"


def calibration_file() -> Path:
    """The text for importance matrices. Raises ConvertError where the installation lacks it."""
    return _find("calibration.txt")


def evaluation_file() -> Path:
    """The text for verification. Raises ConvertError where the installation lacks it."""
    return _find("evaluation.txt")


def _find(name: str) -> Path:
    package = Path(__file__).parent
    for folder in (package / "calibration", package.parent / "calibration"):
        if (folder / name).is_file():
            return folder / name
    raise ConvertError(f"this installation lacks its text {name}", "install it again, or give a text with --text")
