"""What is said when conversations cannot be read from files, only in part, or cannot be written.

Owns the wording of these errors, in English; the rest is `sentences`', which asks here. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication

from finr1_desk.core.errors import ErrorCode
from finr1_desk.core.wording import filled

translate = QCoreApplication.translate


Words = tuple[str, str]


def transfer_sentence(code: ErrorCode, text: Callable[[str], str], size: Callable[[str], str]) -> Words | None:
    """The sentence and the hint; `text` and `size` give a parameter of the error in words."""
    return _import_sentence(code, text, size) or _other_sentence(code, text)


def _import_sentence(code: ErrorCode, text: Callable[[str], str], size: Callable[[str], str]) -> Words | None:
    match code:
        case ErrorCode.IMPORT_NOT_CONVERSATION:
            return (
                filled(
                    translate("Sentences", "%1 is not an exported conversation (line %2)."), text("path"), text("line")
                ),
                translate("Sentences", "Choose a Markdown file that Fin-R1 Desk exported."),
            )
        case ErrorCode.IMPORT_DAMAGED:
            return (
                filled(
                    translate("Sentences", "The conversation in %1 is damaged at line %2."), text("path"), text("line")
                ),
                translate("Sentences", "Undo changes that were made to the file, or export it again."),
            )
        case ErrorCode.IMPORT_UNKNOWN:
            return (
                filled(translate("Sentences", "No conversation was found in %1."), text("path")),
                translate(
                    "Sentences",
                    "Choose a file that Fin-R1 Desk exported, or an export of ChatGPT, Open WebUI, LM Studio, Jan or "
                    "GPT4All.",
                ),
            )
        case ErrorCode.IMPORT_CUT_OFF:
            return (
                filled(translate("Sentences", "%1 ends in the middle."), text("path")),
                translate("Sentences", "What comes before that was imported. Get the file again for the rest."),
            )
        case ErrorCode.IMPORT_PART_DAMAGED:
            return (
                filled(translate("Sentences", "A part of %1 cannot be read: %2."), text("path"), text("name")),
                translate("Sentences", "Export it again from the application that it comes from."),
            )
        case ErrorCode.IMPORT_EMPTY:
            return (
                filled(translate("Sentences", "A conversation in %1 has no messages: %2."), text("path"), text("name")),
                translate("Sentences", "There is nothing of it to import."),
            )
        case ErrorCode.IMPORT_TOO_LARGE:
            return (
                filled(
                    translate("Sentences", "%1 is too large to be imported; %2 is the limit of one file."),
                    text("path"),
                    size("limit_bytes"),
                ),
                translate("Sentences", "Unpack it, or export fewer conversations at a time."),
            )
        case ErrorCode.IMPORT_ARCHIVE_DAMAGED:
            return (
                filled(translate("Sentences", "The archive %1 cannot be opened."), text("path")),
                translate("Sentences", "Get the file again. An archive with a password has to be unpacked first."),
            )
    return None


def _other_sentence(code: ErrorCode, text: Callable[[str], str]) -> Words | None:
    match code:
        case ErrorCode.GIVEN_UNREADABLE:
            return (
                filled(translate("Sentences", "%1 cannot be put into a question."), text("path")),
                translate(
                    "Sentences",
                    "Text, tables (CSV, XLSX), exported conversations and GGUF models can be dropped here. Of other "
                    "documents, copy the passage that matters.",
                ),
            )
        case ErrorCode.GIVEN_EMPTY:
            return (
                filled(translate("Sentences", "There is no text in %1."), text("path")),
                translate("Sentences", "Choose another file."),
            )
        case ErrorCode.GIVEN_TOO_LONG:
            return (
                filled(translate("Sentences", "%1 is too long for a question."), text("path")),
                translate("Sentences", "Copy the part that matters. A task (Ctrl+T) goes through all rows of a table."),
            )
        case ErrorCode.EXPORT_FAILED:
            return (
                filled(translate("Sentences", "The %1 file could not be made."), text("format").upper()),
                filled(
                    translate(
                        "Sentences", "Try Markdown, which needs least memory. The process that makes it ended with %1."
                    ),
                    text("exit_code"),
                ),
            )
    return None
