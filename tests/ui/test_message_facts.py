"""What is told about how an answer was written, and the small window that shows it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QLocale, QRect
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from finr1_desk.core.conversation import LeftOut, ModelIdentity, Timing, Usage
from finr1_desk.core.sampling import Sampling
from finr1_desk.ui.dialogs.facts_popover import FactsPopover
from finr1_desk.ui.window import Window
from finr1_desk.ui.words.message_facts import as_text, facts_of, sampling_words
from tests.ui.pane.samples import GENERATION, answer, question

FULL = replace(
    GENERATION,
    model=ModelIdentity("Fin-R1", "Fin-R1-Q4_K_M.gguf", "Q4_K_M", "ab" * 32),
    usage=Usage(1500, 1200, 900, 812),
    timing=Timing(0.0, 1.25, 40.0, 34.2, 23.44),
    left_out=LeftOut(4, 2000),
)


def test_everything_that_is_known_is_told() -> None:
    facts = {fact.label: fact.value for fact in facts_of(answer("So.", generation=FULL))}
    assert facts["Model"] == "Fin-R1"
    assert facts["Quantisation"] == "Q4_K_M"
    assert facts["Tokens of the prompt"] == "1,500 · 1,200 of them from the cache"
    assert facts["Tokens written"] == "900 · 812 of them thinking"
    assert facts["Speed"] == "23.4 tokens/s"
    assert facts["Time"] == "reading the question 1.3 s · writing 40 s · of it thinking 34.2 s"
    assert facts["Seed"] == "7"
    assert facts["Left out"].startswith("messages: 4")
    assert facts["Left out"].endswith(" · 2,000 tokens")
    assert facts["Ended"] == "by itself"
    assert facts["SHA-256 of the file"] == "ab" * 32


def test_what_is_not_known_is_left_out() -> None:
    labels = [fact.label for fact in facts_of(answer("So.", generation=None))]
    assert labels == ["Written"]
    labels = [fact.label for fact in facts_of(answer("So."))]
    assert "Left out" not in labels
    assert "SHA-256 of the file" not in labels


def test_sampling_is_told_as_it_acts() -> None:
    assert sampling_words(Sampling()) == "repetition penalty 1.05 · temperature 0.7 · top-p 0.8 · at most 4,000 tokens"
    greedy = Sampling(temperature=0, top_k=40, top_p=1, min_p=0.05, repetition_penalty=1, max_tokens=10)
    assert sampling_words(greedy) == "temperature 0 · top-k 40 · min-p 0.05 · at most 10 tokens"


def test_numbers_are_written_as_the_language_does() -> None:
    before = QLocale()
    try:
        QLocale.setDefault(QLocale(QLocale.Language.German))
        assert "1,05" in sampling_words(Sampling())
        assert "4.000" in sampling_words(Sampling())
    finally:
        QLocale.setDefault(before)


def test_the_popover_shows_the_facts_and_copies_them(window: Window, qtbot: QtBot) -> None:
    facts = facts_of(answer("So.", generation=FULL))
    popover = FactsPopover(facts, window)
    with qtbot.waitExposed(popover, timeout=30_000):
        popover.show_beside(QRect(200, 300, 40, 20))
    shown = [label.text().replace("\u200b", "") for label in popover.findChildren(QLabel)]
    assert {fact.value for fact in facts} <= set(shown)
    copy = popover.findChild(QPushButton, "copyFacts")
    assert copy is not None
    copy.click()
    assert QApplication.clipboard().text() == as_text(facts)


def test_questions_have_no_details() -> None:
    assert [fact.label for fact in facts_of(question("q"))] == ["Written"]
