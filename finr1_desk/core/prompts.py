"""What Fin-R1 is told: its official system prompt, and what it is shown of earlier turns.

Owns wording that the model was trained on. It tokenises nothing: a prompt leaves as turns of plain text, and the
worker writes the markers around them by token id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from finr1_desk.core.conversation import Message, Part, PartKind, Role

# Verbatim from the model's documentation: it was trained to answer in this format under this prompt.
OFFICIAL_SYSTEM_PROMPT: Final = (
    "You are a helpful AI Assistant that provides well-reasoned and detailed responses. "
    "You first think about the reasoning process as an internal monologue and then provide the user with the answer. "
    "Respond in the following format: <think>\n...\n</think>\n<answer>\n...\n</answer>"
)

# Written in the model's place by «Answer now» and by a thinking budget.
CLOSE_THINKING: Final = "\n</think>\n<answer>\n"


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a prompt. `role` is `system`, `user` or `assistant`."""

    role: str
    content: str


def shown_to_model(parts: Sequence[Part]) -> str:
    """What a later turn sees of an answer: what came after the thinking, as produced; nothing if it never ended."""
    thinking = [part.kind is PartKind.THINK or _is_tag(part, "<think>") for part in parts]
    if not any(thinking):
        return "".join(part.text for part in parts)
    shown: list[str] = []
    inside = False
    for part, thinks in list(zip(parts, thinking, strict=True))[thinking.index(True) :]:
        if thinks:
            inside = True
        elif _is_tag(part, "</think>"):
            inside = False
        elif _is_tag(part, "<answer>") or not inside:  # the answer may begin without the thinking having been closed
            inside = False
            shown.append(part.text)
    return "".join(shown)


def _is_tag(part: Part, tag: str) -> bool:
    return part.kind is PartKind.TAG and part.text == tag


def build_turns(system_prompt: str | None, messages: Sequence[Message]) -> list[Turn]:
    """The turns for answering the last message of a branch, oldest first."""
    turns = [Turn("system", system_prompt)] if system_prompt else []
    for message in messages:
        content = message.raw if message.role is Role.USER else shown_to_model(message.parts)
        turns.append(Turn(message.role.value, content))
    return turns
