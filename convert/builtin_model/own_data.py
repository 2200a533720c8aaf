"""Worked questions of one's own, from a file with one JSON object a line: question, reasoning, answer.

Owns reading the file and saying what is wrong with it, and the text in which such an example is learned. It draws
nothing and trains nothing; no torch here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builtin_model.records import THINK_CLOSE, THINK_OPEN

FIELDS = ("question", "reasoning", "answer")
TAGS = ("<think>", "</think>", "<answer>", "</answer>")
SHOWN = 20
"""So many faults are listed; the rest is counted."""


class BadExamplesError(ValueError):
    """The file cannot be trained on; the message has a sentence for each fault."""


@dataclass(frozen=True)
class WorkedExample:
    """A question, the reasoning that leads to its answer, and the answer."""

    question: str
    reasoning: str
    answer: str

    @property
    def completion(self) -> str:
        """What the model should write, without the end-of-turn token."""
        return f"{THINK_OPEN}{self.reasoning}{THINK_CLOSE}\n<answer>\n{self.answer}\n</answer>"


def read(path: Path) -> list[WorkedExample]:
    """The examples of a file; empty lines are passed over. Raises ``BadExamplesError`` with all that is wrong."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadExamplesError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadExamplesError(f"{path} is not UTF-8 text (byte {error.start})") from error
    examples: list[WorkedExample] = []
    faults: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            examples.append(parse(line))
        except BadExamplesError as error:
            faults.append(f"{path.name}, line {number}: {error}")
    if faults:
        more = [f"and {len(faults) - SHOWN} more lines"] if len(faults) > SHOWN else []
        raise BadExamplesError("\n".join(faults[:SHOWN] + more))
    if not examples:
        raise BadExamplesError(f"{path} holds no example: one JSON object a line with {', '.join(FIELDS)} is wanted")
    return examples


def parse(line: str) -> WorkedExample:
    """The example of one line; ``BadExamplesError`` says in a sentence what is wrong with it."""
    try:
        entry: Any = json.loads(line)
    except ValueError as error:
        raise BadExamplesError(f"not JSON ({error})") from error
    if not isinstance(entry, dict):
        raise BadExamplesError(f"a JSON object is wanted, not {type(entry).__name__}")
    texts = [_text(entry, field) for field in FIELDS]
    return WorkedExample(*texts)


def _text(entry: dict[str, Any], field: str) -> str:
    if field not in entry:
        near = next((key for key in entry if str(key).lower() == field), None)
        raise BadExamplesError(f"“{field}” is missing" + (f" (is “{near}” meant?)" if near else ""))
    value = entry[field]
    if not isinstance(value, str):
        raise BadExamplesError(f"“{field}” must be a text, not {type(value).__name__}")
    if not value.strip():
        raise BadExamplesError(f"“{field}” is empty")
    if field != "question" and (tag := next((tag for tag in TAGS if tag in value), None)):
        raise BadExamplesError(f"“{field}” must not hold {tag}: the tags are put around it")
    return value.strip()
