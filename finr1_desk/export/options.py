"""What can be chosen for an export, and the words between the texts.

Owns the formats, the options and the labels. The labels are English unless a caller brings its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from finr1_desk.core.conversation import Generation, MessageState


class Format(StrEnum):
    MARKDOWN = "markdown"
    HTML = "html"
    PDF = "pdf"
    DOCX = "docx"

    @property
    def suffix(self) -> str:
        return ".md" if self is Format.MARKDOWN else f".{self.value}"


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """`thinking`: with the reasoning; `all_branches`: also what is not shown; `facts`: model, time, tokens, seed."""

    format: Format = Format.MARKDOWN
    thinking: bool = True
    all_branches: bool = False
    facts: bool = True


@dataclass(frozen=True, slots=True)
class Labels:
    """The words between the texts. An import does not read them."""

    question: str = "Question"
    answer: str = "Answer"
    reasoning: str = "Reasoning"
    thought: str = "Thought for {seconds} s · {tokens} tokens"
    cut_short: str = "cut short"
    other_branches: str = "Other branches"
    follows: str = "follows {number}"
    another_beginning: str = "another beginning"
    stopped: str = "Stopped by the user"
    length: str = "Ended at the token limit"
    loop: str = "Was repeating itself and was stopped"
    interrupted: str = "Interrupted"
    failed: str = "Failed"
    language: str = "en"
    untitled: str = "Conversation"
    system_prompt: str = "System prompt"
    begun: str = "Begun {when}"
    exported: str = "Exported {when} with Fin-R1 Desk {version}"
    tokens: str = "{count} tokens"
    speed: str = "{speed} tokens/s"
    seed: str = "seed {seed}"
    temperature: str = "temperature {value}"
    page: str = "Page {page} of {pages}"

    def of_thinking(self, generation: Generation | None) -> str:
        """What heads the thinking: how long it took, where that is known."""
        if generation is None or not generation.timing.think_s:
            return self.reasoning
        seconds = generation.timing.think_s
        shown = f"{max(seconds, 0.1):.1f}" if seconds < 1 else str(round(seconds))
        thought = self.thought.format(seconds=shown, tokens=f"{generation.usage.think_tokens:,}")
        return f"{thought} · {self.cut_short}" if generation.think_cut else thought

    def of_state(self, state: MessageState) -> str:
        return {
            MessageState.STOPPED: self.stopped,
            MessageState.LENGTH: self.length,
            MessageState.LOOP: self.loop,
            MessageState.INTERRUPTED: self.interrupted,
            MessageState.WRITING: self.interrupted,
            MessageState.FAILED: self.failed,
        }.get(state, "")


ENGLISH: Final = Labels()
