"""The texts that come with the converter: long enough, in both languages, without repetition, and apart."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from finr1_convert import calibration_text
from finr1_convert.calibration_text import calibration_file, evaluation_file
from finr1_convert.errors import ConvertError

GRAM = 12
_UNITS = re.compile(r"[\u4e00-\u9fff]|[A-Za-z]+|\d+")
_CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


def _grams(path: Path) -> list[tuple[str, ...]]:
    """Every run of 12 Chinese characters, words or numbers."""
    units = _UNITS.findall(path.read_text(encoding="utf-8"))
    return [tuple(units[start : start + GRAM]) for start in range(len(units) - GRAM + 1)]


@pytest.mark.parametrize(("path", "kilobytes"), [(calibration_file(), 100), (evaluation_file(), 40)])
def test_a_text_is_long_bilingual_and_hardly_repeats_itself(path: Path, kilobytes: int) -> None:
    text = path.read_bytes().decode("utf-8")
    assert len(text.encode()) >= kilobytes * 1000
    chinese = 3 * len(_CHINESE.findall(text)) / len(text.encode())
    assert 0.4 < chinese < 0.6, "share of the bytes that are Chinese"
    assert "\r" not in text
    assert "\ufffd" not in text
    grams = _grams(path)
    repeated = sum(count - 1 for count in Counter(grams).values())
    assert repeated / len(grams) < 0.002


def test_what_is_evaluated_was_not_calibrated_with() -> None:
    known = set(_grams(calibration_file()))
    unseen = _grams(evaluation_file())
    assert sum(gram in known for gram in unseen) / len(unseen) < 0.001


@pytest.mark.parametrize("path", [calibration_file(), evaluation_file()])
def test_reasoning_stands_in_the_models_own_format(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    answers = re.findall(r"<think>\n.+?\n</think>\n<answer>\n.+?\\boxed\{.+?\n</answer>", text, flags=re.DOTALL)
    assert len(answers) == text.count("<think>") == text.count("</answer>")
    in_chinese = [answer for answer in answers if len(_CHINESE.findall(answer)) > len(answer) / 3]
    assert len(in_chinese) >= 5
    assert len(answers) - len(in_chinese) >= 5
    assert not re.search(r"<\|.*?\|>", text), "control tokens would be taken for text"


def test_both_beginnings_are_bilingual_since_a_limit_takes_the_first_chunks() -> None:
    for path in (calibration_file(), evaluation_file()):
        beginning = path.read_bytes()[:12_000].decode("utf-8", errors="ignore")
        assert 0.3 < 3 * len(_CHINESE.findall(beginning)) / len(beginning.encode()) < 0.7


def test_texts_are_found_in_an_installed_package_and_missed_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration_text, "__file__", str(tmp_path / "finr1_convert" / "calibration_text.py"))
    with pytest.raises(ConvertError, match=r"lacks its text calibration\.txt"):
        calibration_file()
    installed = tmp_path / "finr1_convert" / "calibration" / "calibration.txt"
    installed.parent.mkdir(parents=True)
    installed.write_text("text")
    assert calibration_file() == installed
