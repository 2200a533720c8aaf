"""What is said when a model cannot be downloaded, converted, checked or removed: a sentence and a hint for each code.

Owns the wording, in English; the rest is `sentences`', which asks here. QtCore only, so that the terminal can say the
same. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication

from finr1_desk.core.errors import ErrorCode
from finr1_desk.core.wording import filled

translate = QCoreApplication.translate

Words = tuple[str, str]
Value = Callable[[str], str]


def download_sentence(code: ErrorCode, text: Value, size: Value) -> Words | None:
    """The sentence and the hint; `text` and `size` give a parameter of the error in words."""
    return _at_the_hub(code, text) or _on_the_way(code, text, size) or _of_a_file(code, text)


def _at_the_hub(code: ErrorCode, text: Value) -> Words | None:
    """What a hub says instead of a file."""
    match code:
        case ErrorCode.DOWNLOAD_NOT_FOUND:
            return (
                filled(translate("Downloads", "%2 has no %1."), text("what"), text("host")),
                translate("Downloads", "Check the name, or choose another conversion."),
            )
        case ErrorCode.DOWNLOAD_REFUSED:
            return (
                filled(translate("Downloads", "%2 refuses %1 (%3)."), text("what"), text("host"), text("status")),
                translate("Downloads", "If the model needs an account there, enter its access key and try again."),
            )
        case ErrorCode.DOWNLOAD_UNREACHABLE:
            return (
                filled(translate("Downloads", "%1 cannot be reached: %2."), text("host"), text("reason").rstrip(".")),
                translate(
                    "Downloads",
                    "Check the network or the proxy, or choose the mirror. What has been fetched is kept: go on later.",
                ),
            )
        case ErrorCode.DOWNLOAD_CERTIFICATE:
            return (
                filled(translate("Downloads", "The certificate of %1 is not valid: %2."), text("host"), text("reason")),
                translate(
                    "Downloads",
                    "Nothing was fetched. If your company issues its own certificates, add them to the system's.",
                ),
            )
        case ErrorCode.DOWNLOAD_BUSY:
            return (
                filled(translate("Downloads", "%1 has too much to do (%2)."), text("host"), text("status")),
                translate("Downloads", "What has been fetched is kept: go on later, or choose the mirror."),
            )
    return None


def _on_the_way(code: ErrorCode, text: Value, size: Value) -> Words | None:
    """What happens between the hub and the disk."""
    match code:
        case ErrorCode.DOWNLOAD_DAMAGED:
            return (
                filled(translate("Downloads", "%1 is not what it should be: its hash differs."), text("what")),
                translate("Downloads", "It was thrown away. Try again, or from another place."),
            )
        case ErrorCode.DOWNLOAD_NO_ROOM:
            return (
                filled(
                    translate("Downloads", "There is not enough room in %1: %2 are needed, %3 are free."),
                    text("path"),
                    size("needed_bytes"),
                    size("free_bytes"),
                ),
                translate("Downloads", "Free some space and go on, or choose a smaller quantisation."),
            )
        case ErrorCode.DOWNLOAD_UNWRITABLE:
            return (
                filled(translate("Downloads", "%1 cannot be written: %2."), text("path"), text("reason")),
                translate("Downloads", "Check the permissions of the data folder, or choose another one."),
            )
        case ErrorCode.DOWNLOAD_RUNNING:
            return (
                filled(translate("Downloads", "%1 is being downloaded already."), text("what")),
                translate("Downloads", "Wait for the other window or terminal, or end it there."),
            )
        case ErrorCode.DOWNLOAD_CRASHED:
            return (
                filled(translate("Downloads", "The download ended unexpectedly (%1)."), text("status")),
                translate("Downloads", "What has been fetched is kept: go on with it."),
            )
    return None


def _of_a_file(code: ErrorCode, text: Value) -> Words | None:
    """What is wrong with a file that is here."""
    match code:
        case ErrorCode.CONVERSION_FAILED:
            return (
                filled(
                    translate("Downloads", "The checkpoint could not be converted: %1."), text("reason").rstrip(".")
                ),
                translate("Downloads", "Check that the folder holds a whole Fin-R1 or Qwen2 checkpoint."),
            )
        case ErrorCode.MODEL_NOT_OWN:
            return (
                filled(translate("Downloads", "%1 is not in the application's own models folder."), text("path")),
                translate("Downloads", "Only files that were put there are removed. Remove others where they belong."),
            )
        case ErrorCode.MODEL_HASH_DIFFERS:
            return (
                filled(translate("Downloads", "%1 is not what it was when it came: its hash differs."), text("path")),
                translate("Downloads", "Remove it and get it again."),
            )
    return None
