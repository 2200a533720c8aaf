"""Contrast: what is read stands out from what it stands on, in both themes (WCAG 2.2, level AA)."""

from __future__ import annotations

import pytest

from finr1_desk.ui.look.theme import DARK, LIGHT, Theme

# text → the backgrounds on which it may stand
_READ_ON = {
    "text": ("window", "sidebar", "surface", "question", "code", "accent_soft", "hover", "selection", "warning_soft"),
    "muted": ("window", "sidebar", "surface", "question", "code", "accent_soft", "hover"),
    "accent": ("window", "sidebar", "surface", "question", "accent_soft", "hover"),
    "accent_text": ("accent",),
    "danger": ("window", "surface", "sidebar"),
    "warning": ("window", "surface", "warning_soft"),
    "code_string": ("code",),
    "code_number": ("code",),
    "code_name": ("code",),
}
READABLE = 4.5
SEEN = 3.0  # what is no text: the frame that shows the focus


def _luminance(color: str) -> float:
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1 to 21: source W3C, WCAG 2.2, «contrast ratio»."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure_is_right_at_its_ends() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read_on_every_background_it_stands_on(theme: Theme) -> None:
    poor = {
        (text, ground): round(contrast(getattr(theme, text), getattr(theme, ground)), 2)
        for text, grounds in _READ_ON.items()
        for ground in grounds
        if contrast(getattr(theme, text), getattr(theme, ground)) < READABLE
    }
    assert poor == {}


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_frame_of_the_focus_is_seen(theme: Theme) -> None:
    for ground in ("window", "surface", "sidebar"):
        assert contrast(theme.accent, getattr(theme, ground)) >= SEEN
