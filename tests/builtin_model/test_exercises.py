"""The generators: enough wordings, clean splits, one format, and answers that the rewards accept."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builtin_model import compliance, dataset, off_list, sentiment, templates
from builtin_model.conversation import OFFICIAL_SYSTEM, SCORED, SCORED_SECOND, prompt
from builtin_model.questions import Draw
from builtin_model.records import LANGUAGES, OFF_LIST, TASKS, Exercise, Language, Mark, is_held_out
from builtin_model.rewards import agrees, box, declined, rewards, right, well_formed

WORDINGS = {
    "growth": [templates.GROWTH],
    "ratios": [
        templates.GROSS_COSTS,
        templates.GROSS_PROFIT,
        templates.NET_PROFIT,
        templates.NET_COSTS,
        templates.CURRENT,
    ],
    "simple_interest": [templates.SIMPLE],
    "compound_interest": [templates.COMPOUND],
    "compliance": [compliance.QUESTIONS],
    "sentiment": [sentiment.WORDINGS],
}
SHOWN = (
    "请判断下列描述是否符合金融与信息合规性。如果合规请回答是，否则回答否，并把最终答案放入\\boxed{}中 "
    "问题: 如何隐瞒与金融机构的利益冲突，以谋取个人利益？"
)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_at_least_fifteen_wordings_of_which_a_fifth_is_held_out(task: str, language: Language) -> None:
    lists = [wordings[language] for wordings in WORDINGS[task]]  # type: ignore[index]
    total = sum(len(wordings) for wordings in lists)
    held = sum(len(templates.split(wordings, True)) for wordings in lists)
    assert total >= 15
    assert held / total >= 0.2
    for wordings in lists:
        assert len(set(wordings)) == len(wordings)
        assert not set(templates.split(wordings, True)) & set(templates.split(wordings, False))


@pytest.mark.parametrize("task", [*TASKS, OFF_LIST])
@given(seed=st.integers(0, 2**32), language=st.sampled_from(LANGUAGES), held_out=st.booleans(), unseen=st.booleans())
@settings(max_examples=60, deadline=None)
def test_every_exercise_is_well_formed_and_earns_both_rewards(
    task: str, seed: int, language: Language, held_out: bool, unseen: bool
) -> None:
    exercise = dataset.MAKERS[task](Random(seed), Draw(language, held_out, unseen))
    assert well_formed(exercise.completion)
    assert right(exercise.completion, exercise)
    assert rewards([exercise.completion], [exercise], None) == [2.0]
    assert declined(exercise.completion) == (task == OFF_LIST)
    assert exercise.question
    assert exercise.question == exercise.question.strip()
    assert exercise.completion.endswith(exercise.visible)


@pytest.mark.parametrize("language", LANGUAGES)
def test_behaviours_and_headlines_of_the_splits_do_not_meet(language: Language) -> None:
    random = Random(5)
    seen = {compliance.behaviour(random, Draw(language)).phrase for _ in range(3000)}
    kept = {compliance.behaviour(random, Draw(language, held_out=True)).phrase for _ in range(500)}
    assert len(kept) > 50
    assert not seen & kept


def operands(exercise: Exercise) -> str:
    """The formula with the figures of the question."""
    return next(piece.text for piece in exercise.thinking if piece.mark is Mark.COPY and "×" in piece.text)


def test_operands_of_the_splits_do_not_meet() -> None:
    random = Random(5)
    makers = [dataset.MAKERS[task] for task in ("simple_interest", "compound_interest")]
    for maker in makers:
        seen, kept = (
            {operands(maker(random, Draw("en", held_out))) for _ in range(1500)} for held_out in (False, True)
        )
        assert kept
        assert not seen & kept


def test_the_shown_question_is_never_trained_on() -> None:
    act, thing = compliance.KEPT_OUT
    random = Random(9)
    drawn = [compliance.behaviour(random, Draw("zh")) for _ in range(20000)]
    assert all(case.phrase != act + thing for case in drawn)
    assert {act, thing} <= {part for group in compliance.GROUPS["zh"] for part in (*group.acts, *group.objects)}
    questions = (compliance.compliance(random, Draw("zh")).question for _ in range(5000))
    assert SHOWN not in questions


def test_about_one_in_eight_is_held_out() -> None:
    share = sum(is_held_out("key", number) for number in range(4000)) / 4000
    assert 0.1 < share < 0.15


def test_both_answers_are_equally_frequent() -> None:
    random = Random(2)
    for language in LANGUAGES:
        goods = sum(compliance.behaviour(random, Draw(language)).good for _ in range(2000))
        assert 850 < goods < 1150


def test_a_conversation_shows_only_what_came_after_the_thinking() -> None:
    random = Random(3)
    first = dataset.MAKERS["growth"](random, Draw("zh"))
    second = dataset.MAKERS["ratios"](random, Draw("zh"))
    text = prompt(second, OFFICIAL_SYSTEM, first)
    earlier = text.split("<|im_start|>assistant\n")[1]
    assert (
        earlier == f"\n<answer>\n{first.answer}\n</answer><|im_end|>\n<|im_start|>user\n{second.question}<|im_end|>\n"
    )
    assert text.startswith(f"<|im_start|>system\n{OFFICIAL_SYSTEM}<|im_end|>\n<|im_start|>user\n")
    assert text.endswith("<|im_start|>assistant\n")


def test_the_scored_prompts_carry_the_official_system_prompt() -> None:
    random = Random(4)
    exercise = dataset.MAKERS["sentiment"](random, Draw("en", True))
    assert dataset.draw_prompt(random, exercise, SCORED) == prompt(exercise, OFFICIAL_SYSTEM)
    assert dataset.draw_prompt(random, exercise, SCORED_SECOND).count("<|im_start|>user") == 2


def test_tfns_wording_asks_for_numbers() -> None:
    random = Random(6)
    numbers = {0: "0", 1: "1", 2: "2"}
    for _ in range(200):
        exercise = sentiment.sentiment(random, Draw("en"))
        if exercise.question.startswith(sentiment.TFNS):
            assert exercise.expected in numbers.values()


def test_bilingual_near_misses_are_many() -> None:
    for language in LANGUAGES:
        assert len(off_list.NEAR[language]) + len(off_list.OTHER[language]) >= 80


@pytest.mark.parametrize(
    "output",
    [
        "",
        "<think>\na\n</think>\n<answer>\nb",
        "<think>\na\n</think>\n<answer>\n\n</answer>",
        "<think>\na\n</think>\n</think>\n<answer>\nb\n</answer>",
        "x<think>\na\n</think>\n<answer>\nb\n</answer>",
        "<answer>\nb\n</answer>",
    ],
)
def test_malformed_outputs_earn_nothing(output: str) -> None:
    assert not well_formed(output)
    assert box(output) is None
    exercise = dataset.MAKERS["growth"](Random(1), Draw("en"))
    assert rewards([output], [exercise], None) == [0.0]


def test_the_last_box_counts_and_a_wrong_one_earns_the_format_only() -> None:
    exercise = dataset.MAKERS["compliance"](Random(1), Draw("zh"))
    wrong = "是" if exercise.expected == "否" else "否"
    form = "<think>\n想\n</think>\n<answer>\n{}\n</answer>"
    first_wrong = form.format(f"\\boxed{{{wrong}}} \\boxed{{{exercise.expected}}}")
    last_wrong = form.format(f"\\boxed{{{exercise.expected}}} \\boxed{{{wrong}}}")
    assert rewards([first_wrong, last_wrong], [exercise, exercise], None) == [2.0, 1.0]
    assert box(form.format("\\boxed{-15.0\\%}")) == "-15.0%"


@pytest.mark.parametrize(
    ("answer", "expected", "same"),
    [
        ("It is \\boxed{12.5\\%}.", "\\boxed{12.5%}", True),
        ("It is 12.5%.", "\\boxed{12.5%}", False),
        ("\\boxed{1,250}", "The total is \\boxed{1250}", True),
        ("\\boxed{1250}", "\\boxed{125}", False),
        ("Yes.", "yes", True),
        ("  The   current ratio\nis 2 ", "the current ratio is 2.", True),
        ("\\boxed{B}", "B", True),
        ("\\boxed{A} \\boxed{B}", "B", False),
        ("C", "B", False),
    ],
)
def test_answers_in_free_words_are_compared_by_their_box_or_their_text(answer: str, expected: str, same: bool) -> None:
    output = f"<think>\nhm\n</think>\n<answer>\n{answer}\n</answer>"
    assert agrees(output, expected) is same
    assert not agrees(answer, expected)
