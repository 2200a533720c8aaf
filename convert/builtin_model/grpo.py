"""The second stage: GRPO with a format reward and an accuracy reward, by rule or with a verifier's help.

Owns the groups of sampled answers, their advantages and the clipped objective. One update is made for each batch of
samples, so the ratio to the sampling policy is one and the gradient is that of the advantage-weighted likelihood.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from builtin_model import dataset
from builtin_model.conversation import END, Mix
from builtin_model.decode import Sampling, complete
from builtin_model.model import Qwen2
from builtin_model.records import OFF_LIST, Exercise
from builtin_model.rewards import rewards
from builtin_model.sft import Plan, Training, collate, rank, share
from builtin_model.tokeniser import control_token
from builtin_model.verifier import Verifier

LOG = logging.getLogger(__name__)
TASKS = {"growth": 0.34, "ratios": 0.3, "simple_interest": 0.08, "compound_interest": 0.16, "compliance": 0.03,
         "sentiment": 0.03, OFF_LIST: 0.06}  # fmt: skip
PROMPTS = Mix(official=0.75, none=0.15, second=0.15)


@dataclass(frozen=True)
class GrpoPlan:
    """Sizes of the stage; ``questions`` is for each worker.

    Groups whose samples all earn the same teach nothing and are left out.
    """

    updates: int = 8
    questions: int = 12
    group: int = 6
    rate: float = 6e-5
    temperature: float = 1.0
    longest: int = 440
    longest_prompt: int = 300
    micro_batch_tokens: int = 8192
    seed: int = 11
    verifier: Verifier | None = None


@dataclass(frozen=True)
class Rollout:
    """One sampled answer and how much better than its group it was."""

    prompt: list[int]
    completion: list[int]
    advantage: float


def advantages(earned: list[float]) -> list[float]:
    """Rewards of one group, centred and divided by their standard deviation; zeros where all are equal."""
    mean = sum(earned) / len(earned)
    deviation = (sum((value - mean) ** 2 for value in earned) / len(earned)) ** 0.5
    return [(value - mean) / deviation if deviation > 0 else 0.0 for value in earned]


def draw_questions(random: Random, tokeniser: Tokenizer, plan: GrpoPlan) -> list[tuple[Exercise, list[int]]]:
    """Training questions with their prompt ids."""
    drawn: list[tuple[Exercise, list[int]]] = []
    while len(drawn) < plan.questions:
        task = random.choices(tuple(TASKS), tuple(TASKS.values()))[0]
        exercise = dataset.draw_exercise(random, task)
        ids = tokeniser.encode(dataset.draw_prompt(random, exercise, PROMPTS), add_special_tokens=False).ids
        if len(ids) <= plan.longest_prompt:
            drawn.append((exercise, ids))
    return drawn


def roll_out(
    model: Qwen2,
    tokeniser: Tokenizer,
    asked: list[tuple[Exercise, list[int]]],
    plan: GrpoPlan,
    generator: torch.Generator,
) -> tuple[list[Rollout], float]:
    """Sample a group of answers to each question; returns those that teach something, and the mean reward."""
    stop = control_token(tokeniser, END)
    prompts = [ids for _, ids in asked for _ in range(plan.group)]
    sampling = Sampling(temperature=plan.temperature, longest=plan.longest)
    outputs = complete(model, prompts, stop, sampling, generator)
    rollouts: list[Rollout] = []
    texts = [tokeniser.decode(output, skip_special_tokens=False) for output in outputs]
    earned = rewards(texts, [exercise for exercise, _ in asked for _ in range(plan.group)], plan.verifier)
    for index, (_, ids) in enumerate(asked):
        group = slice(index * plan.group, (index + 1) * plan.group)
        for output, advantage in zip(outputs[group], advantages(earned[group]), strict=True):
            if advantage:
                rollouts.append(Rollout(ids, [*output, stop], advantage))
    return rollouts, sum(earned) / len(earned)


def objective(model: Qwen2, ids: Tensor, weights: Tensor) -> Tensor:
    """Sum over the sampled tokens of minus advantage times log-likelihood; ``weights`` holds the advantages."""
    chosen = weights[:, 1:] != 0
    with torch.autocast("cpu", torch.bfloat16):
        logits = model.logits(model.hidden(ids)[:, :-1][chosen])
    losses = functional.cross_entropy(logits.float(), ids[:, 1:][chosen], reduction="none")
    return (losses * weights[:, 1:][chosen]).sum()


def learn(training: Training, rollouts: list[Rollout], plan: GrpoPlan, mean: float = 0.0) -> float:
    """One update from the rollouts of all workers, every sampled token counting alike; returns their mean reward."""
    for parameter in training.model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    samples = [
        dataset.Sample(
            roll.prompt + roll.completion, [0.0] * len(roll.prompt) + [roll.advantage] * len(roll.completion)
        )
        for roll in rollouts
    ]
    samples.sort(key=lambda sample: len(sample.ids))
    tokens = sum(len(roll.completion) for roll in rollouts)
    for group in dataset.grouped(samples, plan.micro_batch_tokens):
        ids, weights = collate(group)
        loss = objective(training.model, ids, weights) / tokens
        loss.backward()  # type: ignore[no-untyped-call]
    _, shared = share(training, tokens, mean)
    training.update()
    return shared


def run(model: Qwen2, tokeniser: Tokenizer, folder: Path, plan: GrpoPlan) -> None:
    """Improve the model in place, logging to ``grpo.jsonl``; the first worker saves the result as ``grpo.pt``."""
    training = Training(model, Plan(peak=plan.rate, warmup_steps=5, tokens=plan.updates))
    seed = plan.seed + rank()
    random, generator = Random(seed), torch.Generator().manual_seed(seed)
    for update in range(plan.updates):
        started = time.monotonic()
        model.eval()
        rollouts, mean = roll_out(model, tokeniser, draw_questions(random, tokeniser, plan), plan, generator)
        model.train()
        mean = learn(training, rollouts, plan, mean)
        training.tokens = update + 1
        if rank() == 0:
            seconds = round(time.monotonic() - started, 1)
            entry = {"update": update + 1, "reward": round(mean, 4), "taught": len(rollouts), "seconds": seconds}
            with (folder / "grpo.jsonl").open("a", encoding="utf-8") as log:
                log.write(json.dumps(entry) + "\n")
            LOG.info("%s", entry)
    if rank() == 0:
        training.save(folder / "grpo.pt")
