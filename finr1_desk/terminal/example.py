"""`finr1-desk example`: one example question, answered, and how to go on.

Owns the question. It is what an installation shows where there is neither a display nor a terminal to chat in.
"""

from __future__ import annotations

import sys

from finr1_desk.terminal.ask import AskOptions, ask
from finr1_desk.terminal.output import StreamPen
from finr1_desk.terminal.voice import Voice
from finr1_desk.terminal.workspace import Workspace


def example(workspace: Workspace) -> int:
    """Answers the example question, its reasoning included, and says how to go on. Returns the exit status."""
    voice, pen = workspace.voice, StreamPen(sys.stdout)
    question = example_question(voice)
    pen.plain(f"{voice.translate('Terminal', 'An example question:')}\n\n{question}\n\n")
    status = ask(workspace, AskOptions(text=question, think=True))
    if status == 0:
        pen.plain(f"\n{how_to_go_on(voice)}\n")
    return status


def example_question(voice: Voice) -> str:
    """A question that the built-in demonstration model was made for, too."""
    return voice.translate(
        "Terminal", "Revenue was 250 million last year and 300 million this year. What is the growth rate of revenue?"
    )


def how_to_go_on(voice: Voice) -> str:
    lines = (
        voice.translate("Terminal", "How to go on:"),
        "  " + voice.translate("Terminal", "finr1-desk                opens the window, where there is a display"),
        "  " + voice.translate("Terminal", "finr1-desk chat           chats in a terminal"),
        "  " + voice.translate("Terminal", "finr1-desk ask QUESTION   answers one question"),
        "  " + voice.translate("Terminal", "finr1-desk doctor         checks what the application needs"),
    )
    return "\n".join(lines)
