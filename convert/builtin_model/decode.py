"""Batched generation with a key-value cache, for scoring and for GRPO. Owns sampling; knows nothing of tasks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from builtin_model.model import Cache, Qwen2

COMPACTED = 0.75
"""Finished rows are dropped from the cache when fewer than this share are left: dropping copies the cache."""


@dataclass(frozen=True)
class Sampling:
    """How tokens are chosen; temperature 0 takes the most likely one. The penalty is over prompt and output."""

    temperature: float = 0.0
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    longest: int = 480


@torch.no_grad()
def complete(
    model: Qwen2, prompts: list[list[int]], stop: int, sampling: Sampling, generator: torch.Generator
) -> list[list[int]]:
    """Continue every prompt until ``stop`` (which is left out of the result) or ``sampling.longest`` tokens."""
    width = max(len(prompt) for prompt in prompts)
    count = len(prompts)
    ids = torch.full((count, width), stop)
    seen = torch.zeros((count, width), dtype=torch.bool)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = torch.tensor(prompt)
        seen[row, width - len(prompt) :] = True
    positions = (seen.cumsum(1) - 1).clamp(min=0)
    cache = Cache(model.shape, count, width + sampling.longest)
    used = torch.zeros((count, model.shape.vocabulary), dtype=torch.bool).scatter_(1, ids, True)
    causal = torch.ones((width, width), dtype=torch.bool).tril()
    mask = (causal[None] & seen[:, None, :]) | torch.eye(width, dtype=torch.bool)
    hidden = model.hidden(ids, positions, mask[:, None], cache)[:, -1]
    following = positions[:, -1:] + 1
    outputs: list[list[int]] = [[] for _ in prompts]
    alive = torch.arange(count)
    going = torch.ones(count, dtype=torch.bool)
    for _ in range(sampling.longest):
        chosen = pick(model.logits(hidden), used, sampling, generator)
        going &= chosen != stop
        for row, token in zip(alive[going].tolist(), chosen[going].tolist(), strict=True):
            outputs[row].append(token)
        if not going.any():
            break
        if going.sum() < COMPACTED * len(going):
            alive, chosen, following, seen, used = (x[going] for x in (alive, chosen, following, seen, used))
            cache.keep(going.nonzero()[:, 0])
            going = going[going]
        used.scatter_(1, chosen[:, None], True)
        seen = torch.cat((seen, torch.ones((len(alive), 1), dtype=torch.bool)), dim=1)
        hidden = model.hidden(chosen[:, None], following, seen[:, None, None, :], cache)[:, -1]
        following = following + 1
    return outputs


def pick(logits: Tensor, used: Tensor, sampling: Sampling, generator: torch.Generator) -> Tensor:
    """One token for each row: repetition penalty, then temperature, then top-p, as vLLM orders them."""
    if sampling.repetition_penalty != 1.0:
        penalised = torch.where(logits > 0, logits / sampling.repetition_penalty, logits * sampling.repetition_penalty)
        logits = torch.where(used, penalised, logits)
    if sampling.temperature == 0:
        return logits.argmax(-1)
    probabilities = torch.softmax(logits / sampling.temperature, dim=-1)
    if sampling.top_p < 1.0:
        ordered, order = probabilities.sort(-1, descending=True)
        ordered[ordered.cumsum(-1) - ordered >= sampling.top_p] = 0
        probabilities = torch.zeros_like(probabilities).scatter_(1, order, ordered)
    return torch.multinomial(probabilities, 1, generator=generator)[:, 0]
