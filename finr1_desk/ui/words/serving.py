"""What is said when the local API cannot be offered: a sentence and a hint for each code.

Owns the wording, in English; the translation comes from whatever translator is installed. QtCore only, so that the
terminal can say the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication

from finr1_desk.core.errors import ErrorCode, Param
from finr1_desk.core.wording import filled

translate = QCoreApplication.translate


def serving_words(code: ErrorCode, params: Mapping[str, Param]) -> tuple[str, str] | None:
    """The sentence and the hint; None for a code that is not about the local API."""
    address = str(params.get("address") or "?")
    match code:
        case ErrorCode.ADDRESS_UNAVAILABLE:
            return (
                filled(
                    translate("ServingWords", "The local API cannot listen at %1: %2."),
                    address,
                    " ".join(str(params.get("reason") or "?").split()),
                ),
                translate("ServingWords", "Another program may use this port; choose another one."),
            )
        case ErrorCode.KEY_NEEDED:
            return (
                filled(
                    translate(
                        "ServingWords", "At %1 other computers could reach the model with a key that is guessed."
                    ),
                    address,
                ),
                translate("ServingWords", "Give a key of 16 characters at least, or none for a random one."),
            )
        case ErrorCode.API_ENDED:
            return (
                translate("ServingWords", "The local API has ended unexpectedly."),
                translate("ServingWords", "Try again from its entry in the status bar. The log says more."),
            )
        case _:
            return None
