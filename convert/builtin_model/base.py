"""The same two stages from a checkpoint that exists already: SFT, then GRPO, on worked questions of one's own.

Owns what goes into ``trl``'s trainers: texts in the output format, the format and the accuracy reward. How the work is
spread over devices and machines is ``accelerate``'s. Sole importer of trl, datasets and transformers here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer

from builtin_model.conversation import OFFICIAL_SYSTEM
from builtin_model.own_data import WorkedExample
from builtin_model.records import THINK_OPEN
from builtin_model.rewards import agrees, appealed, well_formed
from builtin_model.verifier import Verifier

LOG = logging.getLogger(__name__)
Reward = Callable[..., list[float]]
"""What ``GRPOTrainer`` calls with ``completions`` and the columns of the data set, each a list."""


@dataclass(frozen=True)
class BasePlan:
    """Lengths, sizes and rates of both stages; steps of -1 mean as many as ``epochs`` takes."""

    epochs: float = 1.0
    sft_steps: int = -1
    grpo_steps: int = -1
    batch: int = 4
    gathered: int = 4
    """Batches whose gradients make one step."""
    group: int = 4
    longest: int = 4096
    longest_completion: int = 1024
    sft_rate: float = 1e-5
    grpo_rate: float = 1e-6
    temperature: float = 0.9
    seed: int = 7
    verifier: Verifier | None = None


def prompt_text(tokeniser: Any, question: str) -> str:
    """The question with the official system prompt, as the checkpoint's own chat template writes it.

    A template that opens the thinking itself gets it from the completion instead; a first token that the tokeniser
    adds anyway is left to it.
    """
    messages = [{"role": "system", "content": OFFICIAL_SYSTEM}, {"role": "user", "content": question}]
    text: str = tokeniser.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    if tokeniser.bos_token and tokeniser("", add_special_tokens=True)["input_ids"]:
        text = text.removeprefix(tokeniser.bos_token)
    return text.removesuffix(THINK_OPEN)


def rows(tokeniser: Any, examples: Sequence[WorkedExample]) -> Dataset:
    """Prompt, completion, and what the rewards need: question and expected answer."""
    return Dataset.from_list(
        [
            {
                "prompt": prompt_text(tokeniser, example.question),
                "completion": example.completion + tokeniser.eos_token,
                "question": example.question,
                "expected": example.answer,
            }
            for example in examples
        ]
    )


def format_reward(completions: Sequence[str], **_: Any) -> list[float]:
    """One for each well-formed completion."""
    return [float(well_formed(completion)) for completion in completions]


def accuracy_reward(verifier: Verifier | None) -> Reward:
    """One for each right answer, by rule or, where there is one, by the verifier's word."""

    def accuracy(completions: Sequence[str], question: Sequence[str], expected: Sequence[str], **_: Any) -> list[float]:
        by_rule = [agrees(output, wanted) for output, wanted in zip(completions, expected, strict=True)]
        asked = list(zip(question, expected, strict=True))
        return [float(accept) for accept in appealed(by_rule, completions, asked, verifier)]

    return accuracy


def common(plan: BasePlan, folder: Path) -> dict[str, Any]:
    """The settings that both stages share. Nothing is reported to any service."""
    return {
        "output_dir": str(folder),
        "num_train_epochs": plan.epochs,
        "per_device_train_batch_size": plan.batch,
        "gradient_accumulation_steps": plan.gathered,
        "seed": plan.seed,
        "bf16": torch.cuda.is_available() and torch.cuda.is_bf16_supported(),
        "use_cpu": not torch.cuda.is_available(),
        "logging_steps": 5,
        "save_strategy": "no",
        "report_to": "none",
    }


def supervise(model: Any, tokeniser: Any, data: Dataset, folder: Path, plan: BasePlan) -> None:
    """Stage 1: SFT on the completions alone."""
    settings = SFTConfig(
        **common(plan, folder / "sft"),
        max_steps=plan.sft_steps,
        learning_rate=plan.sft_rate,
        max_length=plan.longest,
        completion_only_loss=True,
        lr_scheduler_type="cosine",
        warmup_steps=0.03,
    )
    SFTTrainer(
        model=model,
        args=settings,
        train_dataset=data.select_columns(["prompt", "completion"]),
        processing_class=tokeniser,
    ).train()


def reinforce(model: Any, tokeniser: Any, data: Dataset, folder: Path, plan: BasePlan) -> None:
    """Stage 2: GRPO with the format and the accuracy reward."""
    settings = GRPOConfig(
        **common(plan, folder / "grpo"),
        max_steps=plan.grpo_steps,
        learning_rate=plan.grpo_rate,
        num_generations=plan.group,
        max_completion_length=plan.longest_completion,
        temperature=plan.temperature,
    )
    GRPOTrainer(
        model=model,
        reward_funcs=[format_reward, accuracy_reward(plan.verifier)],
        args=settings,
        train_dataset=data.remove_columns(["completion"]),
        processing_class=tokeniser,
    ).train()


def run(base: str, examples: Sequence[WorkedExample], folder: Path, plan: BasePlan) -> Path:
    """Both stages from ``base`` (a folder, or a name that transformers can fetch); returns the finished checkpoint."""
    tokeniser = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base, dtype="auto" if torch.cuda.is_available() else torch.float32)
    data = rows(tokeniser, examples)
    LOG.info("stage: sft from %s on %d examples", base, len(examples))
    supervise(model, tokeniser, data, folder, plan)
    LOG.info("stage: grpo")
    reinforce(model, tokeniser, data, folder, plan)
    finished = folder / "checkpoint"
    model.save_pretrained(finished)
    tokeniser.save_pretrained(finished)
    return finished
