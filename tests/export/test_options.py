"""The words of an export."""

from __future__ import annotations

from dataclasses import replace

import pytest

from finr1_desk.core.conversation import Timing
from finr1_desk.export.options import ENGLISH
from tests.ui.pane.samples import GENERATION


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.0, "Reasoning"), (0.02, "0.1 s"), (0.43, "0.4 s"), (34.4, "34 s · 812 tokens")]
)
def test_short_thinking_is_not_said_to_have_taken_no_time(seconds: float, said: str) -> None:
    assert said in ENGLISH.of_thinking(replace(GENERATION, timing=Timing(think_s=seconds)))


def test_what_nobody_timed_is_reasoning() -> None:
    assert ENGLISH.of_thinking(None) == "Reasoning"
