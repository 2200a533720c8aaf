"""Prompts: system prompts, ChatML, and conversations in which a question comes second.

Owns how a question becomes the text that the model continues. In a conversation the earlier answer appears as
the application shows it to the model: only what came after ``</think>``.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from builtin_model.records import Exercise

OFFICIAL_SYSTEM = (
    "You are a helpful AI Assistant that provides well-reasoned and detailed responses. You first think about the "
    "reasoning process as an internal monologue and then provide the user with the answer. Respond in the following "
    "format: <think>\n...\n</think>\n<answer>\n...\n</answer>"
)
DEFAULT_SYSTEM = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."
SHORT_SYSTEM = "You are a helpful assistant."
START, END, END_OF_TEXT = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% if message['role'] == 'assistant' %}{{ message['content'].split('</think>')[-1] }}"
    "{% else %}{{ message['content'] }}{% endif %}{{ '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


@dataclass(frozen=True)
class Mix:
    """How prompts are made up: shares of the system prompts and of second questions."""

    official: float = 0.65
    none: float = 0.2
    second: float = 0.15


SCORED = Mix(official=1.0, none=0.0, second=0.0)
SCORED_SECOND = Mix(official=1.0, none=0.0, second=1.0)


def turn(role: str, content: str) -> str:
    """One finished turn."""
    return f"{START}{role}\n{content}{END}\n"


def prompt(exercise: Exercise, system: str | None, earlier: Exercise | None = None) -> str:
    """Everything before the completion."""
    text = turn("system", system) if system is not None else ""
    if earlier is not None:
        text += turn("user", earlier.question) + turn("assistant", earlier.visible)
    return f"{text}{turn('user', exercise.question)}{START}assistant\n"


def draw_system(random: Random, mix: Mix) -> str | None:
    """A system prompt, or none."""
    kind = random.random()
    if kind < mix.official:
        return OFFICIAL_SYSTEM
    if kind < mix.official + mix.none:
        return None
    return DEFAULT_SYSTEM if random.random() < 0.6 else SHORT_SYSTEM
