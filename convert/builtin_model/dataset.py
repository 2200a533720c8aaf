"""Training samples: which exercises, in which view, with which loss weights, packed into batches.

Owns the mixture of tasks and its change over the training. A view shows an exercise whole, cut off after the
operands are copied, or without its prompt; weights are per character until the tokeniser is asked. No torch here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from tokenizers import Tokenizer

from builtin_model import conversation, questions
from builtin_model.compliance import compliance
from builtin_model.conversation import END, Mix
from builtin_model.drills import drill
from builtin_model.off_list import off_list
from builtin_model.questions import Draw
from builtin_model.records import ARITHMETIC, LANGUAGES, OFF_LIST, THINK_OPEN, Exercise, Mark
from builtin_model.sentiment import sentiment

MAKERS: dict[str, Callable[[Random, Draw], Exercise]] = {
    "growth": questions.growth,
    "ratios": questions.ratios,
    "simple_interest": questions.simple_interest,
    "compound_interest": questions.compound_interest,
    "compliance": compliance,
    "sentiment": sentiment,
    OFF_LIST: off_list,
}
WEIGHTS = {Mark.PLAIN: 1.0, Mark.COPY: 3.0, Mark.GIVEN: 0.0, Mark.TRIAL: 0.0}
CHOICE_WEIGHT = 4.0
"""Of the first words of the thinking: they tell which task it is, and everything after follows from them."""
LONGEST = 1700
OPENED = f"{conversation.START}assistant\n"
THINKING = OPENED + THINK_OPEN


@dataclass(frozen=True)
class Phase:
    """One stretch of the training: until which share of the tokens it lasts, and what is drawn in it."""

    until: float
    tasks: dict[str, float]
    truncated: float
    headless: float
    drilled: float
    mix: Mix


_EARLY = {"growth": 0.21, "ratios": 0.18, "simple_interest": 0.07, "compound_interest": 0.1, "compliance": 0.17,
          "sentiment": 0.15, OFF_LIST: 0.2}  # fmt: skip
_LATE = {"growth": 0.26, "ratios": 0.2, "simple_interest": 0.1, "compound_interest": 0.19, "compliance": 0.19,
         "sentiment": 0.05, OFF_LIST: 0.14}  # fmt: skip
_LAST = {"growth": 0.22, "ratios": 0.17, "simple_interest": 0.06, "compound_interest": 0.11, "compliance": 0.15,
         "sentiment": 0.09, OFF_LIST: 0.2}  # fmt: skip
PHASES = (
    Phase(0.3, _EARLY, truncated=0.08, headless=0.1, drilled=0.35, mix=Mix(official=0.1, none=0.8, second=0.05)),
    Phase(0.4, _EARLY, truncated=0.0, headless=0.0, drilled=0.25, mix=Mix(official=0.35, none=0.5, second=0.1)),
    Phase(0.6, _LATE, truncated=0.0, headless=0.0, drilled=0.25, mix=Mix(official=0.5, none=0.3, second=0.15)),
    Phase(1.01, _LAST, truncated=0.0, headless=0.0, drilled=0.12, mix=Mix(official=0.6, none=0.2, second=0.15)),
)


@dataclass(frozen=True)
class Sample:
    """Token ids and, for each, the weight of its prediction (the first is never predicted)."""

    ids: list[int]
    weights: list[float]


def draw_exercise(random: Random, task: str, held_out: bool = False, unseen: bool = False) -> Exercise:
    """An exercise of a task in either language."""
    return MAKERS[task](random, Draw(random.choice(LANGUAGES), held_out, unseen))


def draw_prompt(random: Random, exercise: Exercise, mix: Mix) -> str:
    """The exercise as a prompt, sometimes after another question of the same split and language."""
    earlier = None
    if random.random() < mix.second:
        task = random.choice(tuple(MAKERS))
        draw = Draw(exercise.language, exercise.held_out, exercise.unseen_template)
        earlier = MAKERS[task](random, draw)
        if len(earlier.question) > 400:
            earlier = MAKERS["growth"](random, draw)
    return conversation.prompt(exercise, conversation.draw_system(random, mix), earlier)


def spans(exercise: Exercise, copy_weight: float, choice_weight: float) -> list[tuple[str, float]]:
    """The completion with the weight of each stretch."""
    parts = [(THINK_OPEN, 1.0), (exercise.thinking[0].text, choice_weight)]
    weights = WEIGHTS | {Mark.COPY: copy_weight}
    parts += [(piece.text, weights[piece.mark]) for piece in exercise.thinking[1:]]
    parts.append((exercise.conclusion + END, 1.0))
    return parts


def truncated(parts: list[tuple[str, float]], exercise: Exercise) -> list[tuple[str, float]]:
    """The completion up to the copied operands."""
    last = max(index for index, piece in enumerate(exercise.thinking) if piece.mark is Mark.COPY)
    return parts[: last + 2]


def encode(tokeniser: Tokenizer, prompt: str, parts: list[tuple[str, float]]) -> Sample:
    """Tokenise prompt and completion as one text; prompt tokens weigh nothing."""
    text = prompt + "".join(part for part, _ in parts)
    by_character = [0.0] * len(prompt)
    for part, weight in parts:
        by_character += [weight] * len(part)
    encoding = tokeniser.encode(text, add_special_tokens=False)
    weights = [by_character[min(start, len(text) - 1)] for start, _ in encoding.offsets]
    return Sample(encoding.ids, weights)


def draw_sample(random: Random, tokeniser: Tokenizer, phase: Phase) -> Sample:
    """A training sample of the phase."""
    if random.random() < phase.drilled:
        page = drill(random, random.choice(LANGUAGES))
        return encode(tokeniser, THINKING, [(piece.text, WEIGHTS[piece.mark]) for piece in page])
    task = random.choices(tuple(phase.tasks), tuple(phase.tasks.values()))[0]
    exercise = draw_exercise(random, task)
    has_operands = task in ARITHMETIC
    view = random.random()
    if has_operands and view < phase.headless:
        return encode(tokeniser, OPENED, spans(exercise, copy_weight=0.0, choice_weight=0.0))
    parts = spans(exercise, WEIGHTS[Mark.COPY], CHOICE_WEIGHT)
    if has_operands and view < phase.headless + phase.truncated:
        parts = truncated(parts, exercise)
    return encode(tokeniser, draw_prompt(random, exercise, phase.mix), parts)


def batches(random: Random, tokeniser: Tokenizer, phase: Phase, tokens: int, pool: int = 12) -> Iterator[list[Sample]]:
    """Batches of samples of like length, about ``tokens`` tokens each; a pool of them is sorted and shuffled."""
    while True:
        drawn: list[Sample] = []
        total = 0
        while total < tokens * pool:
            sample = draw_sample(random, tokeniser, phase)
            if len(sample.ids) <= LONGEST:
                drawn.append(sample)
                total += len(sample.ids)
        drawn.sort(key=lambda sample: len(sample.ids))
        groups = list(grouped(drawn, tokens))
        random.shuffle(groups)
        yield from groups


def grouped(samples: list[Sample], tokens: int) -> Iterator[list[Sample]]:
    """Consecutive samples whose padded size stays within ``tokens``."""
    group: list[Sample] = []
    for sample in samples:
        if group and (len(group) + 1) * len(sample.ids) > tokens:
            yield group
            group = []
        group.append(sample)
    if group:
        yield group
