"""Where a message stands among its versions: edited questions, other answers to the same question.

Owns the value and the controls that lead from one version to the next.
"""

from __future__ import annotations

from dataclasses import dataclass

from finr1_desk.ui.pane import wording


@dataclass(frozen=True, slots=True)
class Versions:
    """`number` counts from 1; `agreeing` of all answers come to the same as this one, 0 where that says nothing.

    `unanswered` is a question that has no answer, and waits for none.
    """

    number: int
    count: int
    agreeing: int = 0
    unanswered: bool = False


def version_controls(versions: Versions | None) -> list[tuple[str, str]]:
    """(action, text) of each control; none for a message that has no other version."""
    if versions is None:
        return []
    if versions.unanswered:
        return [("regenerate", wording.control("answer")), *_to_others(versions)]
    return _to_others(versions)


def _to_others(versions: Versions) -> list[tuple[str, str]]:
    if versions.count < 2:
        return []
    controls = [
        ("previous_version", "‹"),
        ("versions", f"{versions.number}/{versions.count}"),
        ("next_version", "›"),
    ]
    if versions.agreeing > 1:
        controls[1] = ("versions", f"{controls[1][1]} · {wording.agreement(versions.agreeing, versions.count)}")
    return controls
