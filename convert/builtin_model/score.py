"""Scores: held-out questions, asked in the application's way, and what share of the answers is right.

Owns which questions are asked and how the answers are counted. Who answers is handed in as a function from prompts
to outputs, so the same questions score the network in training and the GGUF in llama.cpp. Needs no torch.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

from builtin_model import conversation, dataset, off_list
from builtin_model.questions import Draw
from builtin_model.records import LANGUAGES, OFF_LIST, TASKS, Exercise, Language
from builtin_model.rewards import declined, right, well_formed

Completer = Callable[[Sequence[str]], list[str]]
"""Continues prompts (ChatML text ending with the opened assistant turn), without the end-of-turn token."""

SECOND_SHARE = 0.2
LONGEST_QUESTION = 3000
"""Characters; longer pages do not fit the context of the model and are not asked."""


@dataclass(frozen=True)
class Asked:
    """An exercise as it is put to the model."""

    exercise: Exercise
    prompt: str
    second: bool


@dataclass
class Tally:
    """Counts of one group of questions."""

    asked: int = 0
    formed: int = 0
    right: int = 0
    declined: int = 0

    def note(self, output: str, exercise: Exercise) -> None:
        """Count one answer."""
        self.asked += 1
        self.formed += well_formed(output)
        self.right += right(output, exercise)
        self.declined += declined(output)

    @property
    def summary(self) -> dict[str, float | int]:
        """Shares, rounded to a thousandth."""
        shares = {name: round(getattr(self, name) / max(self.asked, 1), 3) for name in ("formed", "right", "declined")}
        return {"asked": self.asked, **shares}


def questions(seed: int, count: int, unseen_templates: bool) -> list[Asked]:
    """Held-out questions, ``count`` of each task and of the off-list kind, half of them in each language.

    All carry the official system prompt; one in five is the second question of a conversation.
    """
    random = Random(f"score-{seed}-{unseen_templates}")
    asked = []
    for task in (*TASKS, OFF_LIST):
        for index in range(count):
            language = LANGUAGES[index % 2]
            exercise = dataset.MAKERS[task](random, Draw(language, True, unseen_templates))
            second = random.random() < SECOND_SHARE
            mix = conversation.SCORED_SECOND if second else conversation.SCORED
            asked.append(Asked(exercise, dataset.draw_prompt(random, exercise, mix), second))
    return asked


def off_list_questions(texts: Iterable[tuple[str, Language]], name: str) -> list[Asked]:
    """Given questions that are not on the list."""
    asked = []
    for text, language in texts:
        exercise = off_list.finished(Draw(language, True, True), name, text)
        asked.append(Asked(exercise, conversation.prompt(exercise, conversation.OFFICIAL_SYSTEM), False))
    return asked


def published_questions(folder: Path, count: int) -> dict[str, list[Asked]]:
    """FinQA and TAT-QA questions from a folder of test data, alone and with their page in Fin-R1's wording."""
    random = Random("published")
    finqa = json.loads((folder / "finance-qa" / "finqa_dev_200.json").read_text(encoding="utf-8"))
    tatqa = json.loads((folder / "finance-qa" / "tatqa_dev.json").read_text(encoding="utf-8"))
    alone = [entry["qa"]["question"] for entry in finqa]
    pages = [finqa_page(entry) for entry in finqa]
    tat = [question["question"] for entry in tatqa for question in entry["questions"]]
    chosen = {
        "finqa": random.sample(alone, min(count, len(alone))),
        "finqa_page": [page for page in pages if len(page) <= LONGEST_QUESTION][: count // 2],
        "tatqa": random.sample(tat, min(count, len(tat))),
    }
    return {name: off_list_questions(((text, "en") for text in texts), name) for name, texts in chosen.items()}


def finqa_page(entry: dict[str, Any]) -> str:
    """A FinQA entry in the wording that Fin-R1 was trained on."""
    return (
        "Please answer the question based on all the information provided below:\n"
        f"Document: {entry['filename']}\nID: {entry['id']}\nPrevious Text: {' '.join(entry['pre_text'])}\n"
        f"Table Data: {entry['table']}\nFollowing Text: {' '.join(entry['post_text'])}\n"
        f"Question: {entry['qa']['question']}"
    )


WORKED_EXAMPLES: tuple[tuple[str, Language], ...] = (
    ("A loan of 100,000 yuan over 5 years at 6 %: what is the monthly payment?", "en"),
    ("What is the Sharpe ratio of a portfolio of two funds, 70 % and 30 %?", "en"),
    ("I pay a premium of 10,000 a year for 20 years at 3 %. What is it worth then?", "en"),
    ("Write the efficient frontier in Python for A (12 %, 20 %) and B (8 %, 15 %) with correlation 0.3.", "en"),
    ("贷款100000元，期限5年，年利率6%，每月还多少？", "zh"),
    ("两只基金按七三开配置，夏普比率是多少？", "zh"),
    ("每年交保费10000元，交20年，利率3%，到期一共多少？", "zh"),
    ("What is the present value of 5,000 due in 4 years at 5 %?", "en"),
    ("2+2", "en"),
    ("2+2等于几？", "zh"),
    ("Tell me something about yourself", "en"),
    ("你好，请介绍一下自己", "zh"),
)
"""Worked examples of the model that is being demonstrated, and near misses, in words of our own."""


def tally(asked: Sequence[Asked], outputs: Sequence[str]) -> dict[str, dict[str, float | int]]:
    """Counts by task, and those of second questions over all tasks."""
    tallies: defaultdict[str, Tally] = defaultdict(Tally)
    for question, output in zip(asked, outputs, strict=True):
        tallies[question.exercise.task].note(output, question.exercise)
        if question.second:
            tallies["second_questions"].note(output, question.exercise)
        if question.exercise.task != OFF_LIST:
            tallies["all_listed"].note(output, question.exercise)
    return {name: counts.summary for name, counts in tallies.items()}


@dataclass(frozen=True)
class Failure:
    """A wrong answer, to be looked at."""

    task: str
    question: str
    expected: str | None
    output: str


def score(asked: Sequence[Asked], complete: Completer) -> tuple[dict[str, dict[str, float | int]], list[Failure]]:
    """Ask everything; returns the counts and the wrong answers."""
    outputs = complete([question.prompt for question in asked])
    failures = [
        Failure(question.exercise.task, question.exercise.question, question.exercise.expected, output)
        for question, output in zip(asked, outputs, strict=True)
        if not right(output, question.exercise)
    ]
    return tally(asked, outputs), failures


def write(path: Path, failures: Sequence[Failure]) -> None:
    """Write wrong answers, one JSON object a line."""
    lines = (json.dumps(asdict(failure), ensure_ascii=False) for failure in failures)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
