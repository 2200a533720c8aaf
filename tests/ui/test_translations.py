"""The translation files: complete, in step with the sources, with equal placeholders; and the switch while it runs."""

from __future__ import annotations

import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel

from finr1_desk.library.assets import asset
from finr1_desk.ui.language import Language
from finr1_desk.ui.window import Window
from tests.ui.translations import CHINESE, ENGLISH, release, update

_PLACEHOLDER = re.compile(r"\{\w+\}|%\d|%n")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Names, keys and the questions that are English on purpose.
_THE_SAME_IN_CHINESE = {"Top-p", "Enter", "Ctrl+Enter", "Shift+Enter", "English", "简体中文", "Fin-R1 Desk"}


def _messages(file: Path) -> list[tuple[str, str, list[str], str]]:
    """Context, source, translations and the mark of each message."""
    found = []
    for context in ET.parse(file).iter("context"):
        name = context.findtext("name", "")
        for message in context.iter("message"):
            translation = message.find("translation")
            assert translation is not None
            forms = [form.text or "" for form in translation.iter("numerusform")] or [translation.text or ""]
            found.append((name, message.findtext("source", ""), forms, translation.get("type", "")))
    return found


@pytest.fixture
def language(qapp: QApplication) -> Iterator[Language]:
    language = Language(qapp, asset("translations"))
    yield language
    language.remove()


@pytest.mark.parametrize("file", [CHINESE, ENGLISH], ids=lambda file: file.stem)
def test_nothing_is_untranslated(file: Path) -> None:
    messages = _messages(file)
    assert messages
    assert [(name, source) for name, source, forms, mark in messages if mark or not all(forms)] == []


@pytest.mark.parametrize("file", [CHINESE, ENGLISH], ids=lambda file: file.stem)
def test_the_texts_are_those_of_the_sources(file: Path, tmp_path: Path) -> None:
    fresh = tmp_path / file.name
    shutil.copy(file, fresh)
    update(fresh, plurals_only=file is ENGLISH)

    def texts(of: Path) -> set[tuple[str, str]]:
        return {(name, source) for name, source, _, _ in _messages(of)}

    assert texts(fresh) - texts(file) == set(), "new texts: run python -m tests.ui.translations and translate them"
    assert texts(file) - texts(fresh) == set(), "texts that are gone: run python -m tests.ui.translations"


@pytest.mark.parametrize("file", [CHINESE, ENGLISH], ids=lambda file: file.stem)
def test_the_loaded_file_is_made_from_the_written_one(file: Path, tmp_path: Path) -> None:
    release(file, tmp_path / "fresh.qm")
    assert (tmp_path / "fresh.qm").read_bytes() == file.with_suffix(".qm").read_bytes()


@pytest.mark.parametrize("file", [CHINESE, ENGLISH], ids=lambda file: file.stem)
def test_placeholders_are_the_same_on_both_sides(file: Path) -> None:
    for name, source, forms, _ in _messages(file):
        for form in forms:
            assert sorted(_PLACEHOLDER.findall(form)) == sorted(_PLACEHOLDER.findall(source)), (name, source)


def test_the_chinese_is_chinese_with_its_own_punctuation() -> None:
    for name, source, forms, _ in _messages(CHINESE):
        text = forms[0]
        if source not in _THE_SAME_IN_CHINESE:
            assert _CHINESE.search(text), (name, source)
        assert not re.search(r"[\u4e00-\u9fff][,;!?](?!\d)", text), (name, text)
        assert not re.search(r"[\u4e00-\u9fff]\.$", text), (name, text)
        assert source.endswith("…") == text.endswith("…"), (name, source)


def test_one_term_has_one_translation() -> None:
    """The same English text is the same Chinese text, wherever it stands."""
    seen: dict[str, str] = {}
    for _, source, forms, _ in _messages(CHINESE):
        assert seen.setdefault(source, forms[0]) == forms[0]


def test_the_terms_of_the_trade_are_used_consistently() -> None:
    glossary = {
        "quantisation": "量化",
        "context": "上下文",
        "token": "词元",
        "net margin": "净利率",
        "efficient frontier": "有效前沿",
        "risk-free rate": "无风险利率",
        "keychain": "钥匙串",
        "reasoning": "推理",
    }
    for name, source, forms, _ in _messages(CHINESE):
        for english, chinese in glossary.items():
            if re.search(rf"\b{english}s?\b", source, re.IGNORECASE):
                assert chinese in forms[0], (name, source)


def _texts(window: Window) -> list[str]:
    """Everything that can be read in the window now, in a fixed order."""
    found = [action.text() for action in window.actions_.by_name.values()]
    found += [menu.title() for menu in window.actions_.menus.values()]
    for button in window.findChildren(QAbstractButton):
        if button.isVisible():
            found += [button.text(), button.toolTip(), button.accessibleName()]
    found += [label.text() for label in window.findChildren(QLabel) if label.isVisible()]
    found.append(window.composer.edit.placeholderText())
    return [text for text in found if text]


def test_the_window_changes_its_language_while_it_runs(window: Window, language: Language) -> None:
    language.apply("en")
    window.composer.set_writing(True, 1)
    window.status.show_loaded("Fin-R1", "Q4_K_M", "CPU")
    window.status.show_speed(12.0)
    window.header.show_title("营业收入")
    english = _texts(window)
    language.apply("zh_CN")
    QCoreApplication.processEvents()
    chinese = _texts(window)
    assert "1 question waiting" in english
    assert "1 个问题在等待" in chinese
    unchanged = {text for text in chinese if not _CHINESE.search(text)}
    english_on_purpose = [text for text in unchanged if "Sharpe" in text or text == "Fin-R1 · Q4_K_M · CPU"]
    assert unchanged == set(english_on_purpose)
    language.apply("en")
    QCoreApplication.processEvents()
    assert _texts(window) == english


@pytest.mark.parametrize(("count", "text"), [(1, "1 question waiting"), (2, "2 questions waiting")])
def test_english_has_its_plurals(window: Window, language: Language, count: int, text: str) -> None:
    language.apply("en")
    window.composer.set_writing(True, count)
    assert text in _texts(window)
