"""What was asked, on its way to an answer.

Owns the values, and what of an earlier question another version of it keeps; `answers` owns the queue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from finr1_desk.core.choices import UNCHOSEN, Choices
from finr1_desk.core.conversation import Message

if TYPE_CHECKING:
    from finr1_desk.core.tasks.note import TaskNote


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that waits for its answer, and what was chosen for this answer alone."""

    question: Message
    choices: Choices = UNCHOSEN


@dataclass(frozen=True, slots=True)
class Question:
    """A question as the user asks it.

    `beside` is the earlier one that it is another version of, if it is one; `task` is what made its text.
    """

    text: str
    choices: Choices = UNCHOSEN
    beside: str = ""
    task: TaskNote | None = None


def follow(earlier: Message | None, text: str) -> TaskNote | None:
    """The note of a question's task for another version of it; None where it had none, or has outgrown it."""
    if earlier is None or earlier.task is None:
        return None
    from finr1_desk.core.tasks.note import reworded  # few questions come from a task

    return reworded(earlier.task, earlier.raw, text)
