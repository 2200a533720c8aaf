"""Supervised training: the loop, its schedule, and checkpoints from which it goes on after a break.

Owns the optimisers (Muon for the matrices, AdamW for the rest) and the learning rate. What is trained on is
``dataset``'s.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
import torch.distributed as dist
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from builtin_model import dataset
from builtin_model.model import Qwen2, Shape

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """How long and how fast to train. ``bfloat16`` computes the layers in half the width: worth it where the CPU can.

    ``batch_tokens`` is for each of the worker processes.
    """

    tokens: int = 35_000_000
    batch_tokens: int = 2560
    peak: float = 3e-3
    warmup_steps: int = 100
    decay_share: float = 0.5
    seed: int = 7
    bfloat16: bool = True
    save_every: int = 1_000_000


class Training:
    """A model with its optimisers and its place in the plan."""

    def __init__(self, model: Qwen2, plan: Plan) -> None:
        self.model = model
        self.plan = plan
        matrices = [p for name, p in model.named_parameters() if p.dim() == 2 and "embed" not in name]
        others = [p for name, p in model.named_parameters() if p.dim() != 2 or "embed" in name]
        self.optimisers: list[torch.optim.Optimizer] = [
            torch.optim.Muon(matrices, lr=plan.peak, weight_decay=0.05, adjust_lr_fn="match_rms_adamw", ns_steps=4),
            torch.optim.AdamW(others, lr=plan.peak, betas=(0.9, 0.95), weight_decay=0.0),
        ]
        self.step = 0
        self.tokens = 0

    @property
    def progress(self) -> float:
        """Share of the planned tokens that have been seen."""
        return self.tokens / self.plan.tokens

    def rate(self) -> float:
        """Learning rate now: a short warm-up, a plateau, then a straight line down."""
        warm = min(1.0, (self.step + 1) / self.plan.warmup_steps)
        falling = min(1.0, max(0.0, (1.0 - self.progress) / self.plan.decay_share))
        return self.plan.peak * warm * max(falling, 0.01)

    def update(self) -> None:
        """One optimiser step from the gradients that have been computed."""
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = self.rate()
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        self.step += 1

    def save(self, path: Path) -> None:
        """Write everything that going on needs, whole or not at all."""
        state = {
            "shape": self.model.shape.to_json(),
            "model": self.model.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "step": self.step,
            "tokens": self.tokens,
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(path)

    def restore(self, path: Path) -> None:
        """Go on from a saved state."""
        state = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.step, self.tokens = state["step"], state["tokens"]


def load_model(path: Path) -> Qwen2:
    """The model of a saved training, ready to decode."""
    state = torch.load(path, weights_only=True)
    model = Qwen2(Shape(**state["shape"]))
    model.load_state_dict(state["model"])
    model.eval()
    return model


def collate(samples: list[dataset.Sample]) -> tuple[Tensor, Tensor]:
    """Token ids ``(batch, length)`` and prediction weights of the same shape, padded on the right."""
    width = -(-max(len(sample.ids) for sample in samples) // 8) * 8
    ids = torch.zeros((len(samples), width), dtype=torch.long)
    weights = torch.zeros((len(samples), width))
    for row, sample in enumerate(samples):
        ids[row, : len(sample.ids)] = torch.tensor(sample.ids)
        weights[row, 1 : len(sample.ids)] = torch.tensor(sample.weights[1:])
    return ids, weights


def loss_of(model: Qwen2, ids: Tensor, weights: Tensor, bfloat16: bool) -> Tensor:
    """Weighted mean cross-entropy of the predicted tokens; only those with a weight reach the vocabulary."""
    chosen = weights[:, 1:] > 0
    with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        logits = model.logits(model.hidden(ids)[:, :-1][chosen])
    losses = functional.cross_entropy(logits.float(), ids[:, 1:][chosen], reduction="none")
    picked = weights[:, 1:][chosen]
    return (losses * picked).sum() / picked.sum()


def phase_at(progress: float) -> dataset.Phase:
    """The phase of the mixture that a share of the training falls in."""
    return next(phase for phase in dataset.PHASES if progress < phase.until)


def stream(training: Training, tokeniser: Tokenizer) -> Iterator[list[dataset.Sample]]:
    """Batches for the rest of the training; resumed runs draw fresh ones, seeded by their place."""
    while training.progress < 1.0:
        phase = phase_at(training.progress)
        random = Random(f"{training.plan.seed}-{training.step}-{rank()}")
        for batch in dataset.batches(random, tokeniser, phase, training.plan.batch_tokens):
            yield batch
            if training.progress >= min(phase.until, 1.0):
                break


def rank() -> int:
    """Number of this worker process."""
    return dist.get_rank() if dist.is_initialized() else 0


def share(training: Training, tokens: int, loss: float) -> tuple[int, float]:
    """Average the gradients over the worker processes; returns all their tokens and their mean loss.

    One exchange a step instead of two threads that meet after every operation: on a machine that does other work
    besides, the threads would wait for each other most of the time.
    """
    if not dist.is_initialized():
        return tokens, loss
    gradients = [p.grad for p in training.model.parameters() if p.grad is not None]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients] + [torch.tensor([float(tokens), loss])])
    dist.all_reduce(flat)
    workers = dist.get_world_size()
    place = 0
    for gradient in gradients:
        gradient.copy_(flat[place : place + gradient.numel()].view_as(gradient) / workers)
        place += gradient.numel()
    return int(flat[-2]), float(flat[-1]) / workers


class Journal:
    """Writes speed and loss to ``sft.jsonl`` every so many steps."""

    def __init__(self, path: Path, every: int = 25) -> None:
        self.path = path
        self.every = every
        self._begin()

    def _begin(self) -> None:
        self.started, self.seen = time.monotonic(), 0
        self.losses: list[float] = []

    def note(self, training: Training, tokens: int, loss: float) -> None:
        """Count a step; write a line when it is time."""
        self.seen += tokens
        self.losses.append(loss)
        if training.step % self.every:
            return
        speed = self.seen / (time.monotonic() - self.started)
        entry = {"step": training.step, "tokens": training.tokens,
        "loss": round(sum(self.losses) / len(self.losses), 4),
                 "rate": training.rate(), "tokens_per_second": round(speed)}  # fmt: skip
        with self.path.open("a", encoding="utf-8") as log:
            log.write(json.dumps(entry) + "\n")
        LOG.info("%s", entry)
        self._begin()


def run(training: Training, tokeniser: Tokenizer, folder: Path, journal: Journal) -> None:
    """Train to the end of the plan. The first worker keeps the journal and saves every so many tokens."""
    plan = training.plan
    training.model.train()
    for batch in stream(training, tokeniser):
        ids, weights = collate(batch)
        loss = loss_of(training.model, ids, weights, plan.bfloat16)
        loss.backward()  # type: ignore[no-untyped-call]
        tokens, mean = share(training, sum(len(sample.ids) for sample in batch), loss.item())
        saved = training.tokens // plan.save_every
        training.tokens += tokens
        training.update()
        if rank() == 0:
            journal.note(training, tokens, mean)
            if training.tokens // plan.save_every != saved:
                training.save(folder / "sft.pt")
    if rank() == 0:
        training.save(folder / "sft.pt")
