"""The words between the texts of an exported conversation, in the language of the installed translator.

Owns this wording. It uses QtCore only, so that the terminal's exports say the same.
"""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from finr1_desk.export.options import Labels

translate = QCoreApplication.translate


def export_labels(language: str) -> Labels:
    """The labels; `language` is `en` or `zh_CN`."""
    return Labels(
        question=translate("Export", "Question"),
        answer=translate("Export", "Answer"),
        reasoning=translate("Export", "Reasoning"),
        thought=translate("Export", "Thought for {seconds} s · {tokens} tokens"),
        cut_short=translate("Export", "cut short"),
        other_branches=translate("Export", "Other branches"),
        follows=translate("Export", "follows {number}"),
        another_beginning=translate("Export", "another beginning"),
        stopped=translate("Export", "Stopped by the user"),
        length=translate("Export", "Ended at the token limit"),
        loop=translate("Export", "Was repeating itself and was stopped"),
        interrupted=translate("Export", "Interrupted"),
        failed=translate("Export", "Failed"),
        language=language.replace("_", "-"),
        untitled=translate("Export", "Conversation"),
        system_prompt=translate("Export", "System prompt"),
        begun=translate("Export", "Begun {when}"),
        exported=translate("Export", "Exported {when} with Fin-R1 Desk {version}"),
        tokens=translate("Export", "{count} tokens"),
        speed=translate("Export", "{speed} tokens/s"),
        seed=translate("Export", "seed {seed}"),
        temperature=translate("Export", "temperature {value}"),
        page=translate("Export", "Page {page} of {pages}"),
    )
