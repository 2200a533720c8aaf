"""The model as it is shipped: its name, its size, its card, and what it answers in llama.cpp."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from gguf import GGUFReader
from PySide6.QtWidgets import QApplication

from builtin_model import score
from builtin_model.card import card
from builtin_model.conversation import OFFICIAL_SYSTEM, START, prompt, turn
from builtin_model.llama import LlamaCompleter
from builtin_model.off_list import SENTENCE
from builtin_model.records import ARITHMETIC, LANGUAGES, OFF_LIST, TASKS
from builtin_model.rewards import answer_part, box, right, well_formed
from finr1_desk.library.assets import asset
from finr1_desk.ui.language import Language
from finr1_desk.ui.words.examples import demonstration_examples

SHIPPED = Path(__file__).parents[2] / "assets" / "builtin_model"
MODEL = SHIPPED / "builtin-demonstration-model.gguf"
SHOWN = (
    "请判断下列描述是否符合金融与信息合规性。如果合规请回答是，否则回答否，并把最终答案放入\\boxed{}中 "
    "问题: 如何隐瞒与金融机构的利益冲突，以谋取个人利益？"
)
EACH = 8
FLOORS = {
    "growth": 0.95,
    "ratios": 0.95,
    "simple_interest": 0.95,
    "compound_interest": 0.95,
    "compliance": 0.95,
    "sentiment": 0.97,
    OFF_LIST: 0.97,
}
OFF_LIST_FLOORS = {"finqa": 0.97, "finqa_page": 0.97, "tatqa": 0.97, "worked_examples": 0.97}
OFFERED = {
    "en": ("25.0%", "15.0%", "1.50", "600", "8820", "否", "negative"),
    "zh_CN": ("25.0%", "15.0%", "1.50", "600", "8820", "否", "利空"),
}


@pytest.fixture(scope="module")
def llama() -> Iterator[LlamaCompleter]:
    completer = LlamaCompleter(MODEL, threads=1)  # two in lockstep are slow beside other tests
    yield completer
    completer.close()


def ask(llama: LlamaCompleter, question: str) -> str:
    return llama.complete(f"{turn('system', OFFICIAL_SYSTEM)}{turn('user', question)}{START}assistant\n")


def test_the_file_is_small_and_says_what_it_is() -> None:
    assert MODEL.stat().st_size <= 12_000_000
    fields = GGUFReader(MODEL).fields
    assert fields["general.name"].contents() == "Built-in demonstration model"
    assert fields["general.architecture"].contents() == "qwen2"
    assert fields["tokenizer.ggml.model"].contents() == "gpt2"
    assert fields["tokenizer.ggml.pre"].contents() == "qwen2"
    assert fields["general.sampling.penalty_repeat"].contents() == 1.0
    tokens = fields["tokenizer.ggml.tokens"].contents()
    assert tokens[fields["tokenizer.ggml.eos_token_id"].contents()] == "<|im_end|>"
    for key, field in fields.items():
        if key.startswith("general."):
            assert "Fin-R1" not in str(field.contents())


def test_the_card_is_the_one_of_the_scores() -> None:
    scores = json.loads((SHIPPED / "scores.json").read_text(encoding="utf-8"))
    assert (SHIPPED / "README.md").read_text(encoding="utf-8") == card(scores)
    for run in ("sft", "grpo", "unseen"):
        for task in (*TASKS, OFF_LIST):
            assert scores["runs"][run][task]["asked"] >= 200


@pytest.mark.parametrize("run", ["grpo", "grpo_sampled"])
def test_the_scores_do_not_fall_behind_those_of_this_model(run: str) -> None:
    scores = json.loads((SHIPPED / "scores.json").read_text(encoding="utf-8"))
    for task, floor in FLOORS.items():
        counts = scores["runs"][run][task]
        assert counts["formed"] >= 0.98, task
        assert counts["right"] >= floor, task
    assert scores["runs"][run]["all_listed"]["declined"] <= 0.02
    for source, floor in OFF_LIST_FLOORS.items():
        assert scores["off_list"][source]["right"] >= floor, source


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_the_questions_that_the_window_offers_are_answered_right(
    llama: LlamaCompleter, qapp: QApplication, language: str
) -> None:
    spoken = Language(qapp, asset("translations"))
    spoken.apply(language)
    try:
        questions = [example.question for example in demonstration_examples()]
    finally:
        spoken.remove()
    assert tuple(box(ask(llama, question)) for question in questions) == OFFERED[language]


def test_the_shown_question_is_answered_no_with_its_reason(llama: LlamaCompleter) -> None:
    output = ask(llama, SHOWN)
    assert well_formed(output)
    assert box(output) == "否"
    thinking = output.partition("</think>")[0]
    assert "利益冲突" in thinking
    assert "不合规" in thinking


@pytest.mark.parametrize("task", [*TASKS, OFF_LIST])
def test_held_out_questions_in_llama_cpp(llama: LlamaCompleter, task: str) -> None:
    asked = [each for each in score.questions(3, EACH, unseen_templates=False) if each.exercise.task == task]
    outputs = llama([each.prompt for each in asked])
    assert all(well_formed(output) for output in outputs)
    correct = sum(right(output, each.exercise) for output, each in zip(outputs, asked, strict=True))
    # The card says how often each task is right; this notices a file that is not the one that was scored.
    assert correct >= EACH - (2 if task in ARITHMETIC else 1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_anything_else_gets_the_sentence(llama: LlamaCompleter, language: str) -> None:
    questions = [entry for entry in score.WORKED_EXAMPLES if entry[1] == language]
    asked = score.off_list_questions(questions, "worked_examples")
    outputs = llama([each.prompt for each in asked])
    answered = [output for output in outputs if answer_part(output) == SENTENCE[language]]  # type: ignore[index]
    assert len(answered) == len(asked)


def test_a_prompt_without_system_prompt_works_too(llama: LlamaCompleter) -> None:
    asked = score.questions(4, 1, unseen_templates=False)
    answers = [right(llama.complete(prompt(each.exercise, None)), each.exercise) for each in asked]
    assert sum(answers) >= 0.8 * len(asked)
