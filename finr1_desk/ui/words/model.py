"""What is said about a model where models are listed.

Owns the wording, in English; the translation comes from whatever translator is installed. QtCore only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from finr1_desk.core.wording import filled, percent_text

if TYPE_CHECKING:
    from finr1_desk.library.discovery import FoundModel

translate = QCoreApplication.translate


def verification_text(model: FoundModel) -> str:
    """What the model's quantisation cost, in one line; empty where nobody has measured it."""
    if model.verification is None:
        return ""
    template = translate("ModelWords", "%1: same first choice on %2 % of tokens")
    return filled(template, model.header.quantisation, percent_text(model.verification.same_first_choice))
