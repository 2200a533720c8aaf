"""What is chosen for a conversation, and the presets."""

from __future__ import annotations

import pytest

from finr1_desk.core.choices import PRESETS, Choices, from_json, from_texts, preset_of, with_preset
from finr1_desk.core.errors import UserError
from finr1_desk.core.settings import Settings, most_thinking, sampling_overrides


def test_presets_hold_the_published_figures() -> None:
    official, evaluation = PRESETS["official"], PRESETS["evaluation"]
    assert (official.temperature, official.top_p, official.max_tokens) == (0.7, 0.8, 4000)
    assert official.repetition_penalty == 1.05
    assert (evaluation.temperature, evaluation.top_p, evaluation.max_tokens) == (0.6, 0.95, 4096)
    assert (PRESETS["deterministic"].temperature, PRESETS["deterministic"].seed) == (0.0, 0)


@pytest.mark.parametrize("name", ["", *PRESETS])
def test_a_preset_is_recognised_whatever_else_was_chosen(name: str) -> None:
    chosen = with_preset(Choices(temperature=1.9, seed=5, max_think=200, samples=8), name)
    assert preset_of(chosen) == name
    assert (chosen.max_think, chosen.samples) == (200, 8)


def test_sampling_of_ones_own_is_no_preset() -> None:
    assert preset_of(Choices(temperature=0.7)) is None
    assert preset_of(Choices(seed=3)) is None


def test_what_is_chosen_wins_over_the_settings_and_the_rest_is_left_to_them() -> None:
    settings = Settings(max_tokens=100, max_think=7)
    chosen = Choices(temperature=0.0, seed=3, max_think=0)
    assert sampling_overrides(settings, chosen) == {"max_tokens": 100, "temperature": 0.0}
    assert most_thinking(settings, chosen) == 0
    assert most_thinking(settings, Choices()) == 7
    assert Choices(temperature=1.0).over(Choices(temperature=0.5, seed=1)) == Choices(temperature=1.0, seed=1)


def test_json_gives_the_choices_back_and_leaves_out_what_it_does_not_know() -> None:
    chosen = Choices(0.5, 0.9, 1.1, 200, 2**64 - 1, 300, 8)
    assert from_json(chosen.to_json()) == chosen
    assert from_json({"unknown": 1, "temperature": None}) == Choices()
    assert Choices().to_json() == {}


def test_texts_of_a_file_are_read_as_far_as_they_make_sense() -> None:
    written = {"preset": "official", "temperature": "0.5", "top_p": "nonsense", "seed": "7", "samples": "999", "x": []}
    assert from_texts(written) == Choices(temperature=0.5, seed=7)
    assert from_texts(None) == from_texts("text") == from_texts({"seed": "9" * 5000}) == Choices()


@pytest.mark.parametrize(
    "value", [[], {"temperature": "hot"}, {"seed": -1}, {"seed": 1.5}, {"samples": 0}, {"samples": True}, {"top_p": 9}]
)
def test_what_may_not_be_chosen_is_refused(value: object) -> None:
    with pytest.raises(UserError):
        from_json(value)
