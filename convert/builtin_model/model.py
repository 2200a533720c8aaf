"""The network: a small Qwen2 causal language model in plain PyTorch.

Owns the architecture, its tensor names (those of Hugging Face's Qwen2, so that an exported state
dictionary is a Qwen2 checkpoint without renaming) and cached decoding steps. It knows nothing of
tasks, tokenisers or files.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Shape:
    """Sizes of the network; about 5.2 million parameters as they stand."""

    vocabulary: int = 3072
    hidden: int = 256
    layers: int = 6
    heads: int = 4
    kv_heads: int = 2
    feed_forward: int = 704
    positions: int = 2048
    rope_theta: float = 10000.0
    rms_eps: float = 1e-6

    @property
    def head_dim(self) -> int:
        """Width of one attention head."""
        return self.hidden // self.heads

    def to_json(self) -> dict[str, Any]:
        """The sizes as plain data, for checkpoints."""
        return asdict(self)


class RmsNorm(nn.Module):
    """Root-mean-square normalisation with a learned scale."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last axis of ``x``."""
        return functional.rms_norm(x, self.weight.shape, self.weight, self.eps)


class Cache:
    """Keys and values of every layer, ``(layer, batch, kv head, position, head width)``, filled from the left."""

    def __init__(self, shape: Shape, batch: int, length: int) -> None:
        size = (shape.layers, batch, shape.kv_heads, length, shape.head_dim)
        self.keys = torch.zeros(size)
        self.values = torch.zeros(size)
        self.filled = 0

    def keep(self, rows: Tensor) -> None:
        """Drop all batch rows except ``rows`` (indices)."""
        self.keys = self.keys[:, rows]
        self.values = self.values[:, rows]


class Attention(nn.Module):
    """Grouped-query attention with rotary positions and biased input projections."""

    def __init__(self, shape: Shape, layer: int) -> None:
        super().__init__()
        self.shape = shape
        self.layer = layer
        kv_width = shape.kv_heads * shape.head_dim
        self.q_proj = nn.Linear(shape.hidden, shape.hidden)
        self.k_proj = nn.Linear(shape.hidden, kv_width)
        self.v_proj = nn.Linear(shape.hidden, kv_width)
        self.o_proj = nn.Linear(shape.hidden, shape.hidden, bias=False)

    def forward(self, x: Tensor, rope: tuple[Tensor, Tensor], mask: Tensor | None, cache: Cache | None) -> Tensor:
        """``x`` is ``(batch, length, hidden)``; without a mask the attention is causal."""
        batch, length, _ = x.shape
        shape = self.shape
        q = self.q_proj(x).view(batch, length, shape.heads, shape.head_dim).transpose(1, 2)
        k = self.k_proj(x).view(batch, length, shape.kv_heads, shape.head_dim).transpose(1, 2)
        v = self.v_proj(x).view(batch, length, shape.kv_heads, shape.head_dim).transpose(1, 2)
        q, k = rotate(q, *rope), rotate(k, *rope)
        if cache is not None:
            end = cache.filled + length
            cache.keys[self.layer][:, :, cache.filled : end] = k
            cache.values[self.layer][:, :, cache.filled : end] = v
            k, v = cache.keys[self.layer][:, :, :end], cache.values[self.layer][:, :, :end]
        mixed = self._attend(q, k, v, mask)
        out: Tensor = self.o_proj(mixed.transpose(1, 2).reshape(batch, length, shape.hidden))
        return out

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        """Mix values by attention; ``(batch, head, length, width)``, as many heads as ``q`` has."""
        batch, heads, length, width = q.shape
        groups = heads // k.shape[1]
        if length == 1 and mask is not None:
            # One query each: the heads of a group become rows of one query matrix, and keys need no copies.
            grouped = q.reshape(batch, k.shape[1], groups, width)
            return functional.scaled_dot_product_attention(grouped, k, v, attn_mask=mask).reshape(q.shape)
        k, v = k.repeat_interleave(groups, dim=1), v.repeat_interleave(groups, dim=1)
        if mask is None:
            return causal_attention(q, k, v)
        return functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)


class FeedForward(nn.Module):
    """The gated feed-forward part of a layer."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.hidden, shape.feed_forward, bias=False)
        self.up_proj = nn.Linear(shape.hidden, shape.feed_forward, bias=False)
        self.down_proj = nn.Linear(shape.feed_forward, shape.hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """SwiGLU over the last axis."""
        out: Tensor = self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))
        return out


class Layer(nn.Module):
    """One transformer layer, normalised before each part."""

    def __init__(self, shape: Shape, layer: int) -> None:
        super().__init__()
        self.self_attn = Attention(shape, layer)
        self.mlp = FeedForward(shape)
        self.input_layernorm = RmsNorm(shape.hidden, shape.rms_eps)
        self.post_attention_layernorm = RmsNorm(shape.hidden, shape.rms_eps)

    def forward(self, x: Tensor, rope: tuple[Tensor, Tensor], mask: Tensor | None, cache: Cache | None) -> Tensor:
        """``x`` is ``(batch, length, hidden)``."""
        x = x + self.self_attn(self.input_layernorm(x), rope, mask, cache)
        out: Tensor = x + self.mlp(self.post_attention_layernorm(x))
        return out


class Body(nn.Module):
    """Embedding, layers and final norm; named as in Hugging Face checkpoints."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.hidden)
        self.layers = nn.ModuleList(Layer(shape, index) for index in range(shape.layers))
        self.norm = RmsNorm(shape.hidden, shape.rms_eps)


class Qwen2(nn.Module):
    """The language model. Input and output embeddings are one matrix."""

    cosines: Tensor
    sines: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.model = Body(shape)
        inverse = shape.rope_theta ** (-torch.arange(0, shape.head_dim, 2).float() / shape.head_dim)
        angles = torch.outer(torch.arange(shape.positions).float(), inverse)
        angles = torch.cat((angles, angles), dim=-1)
        self.register_buffer("cosines", angles.cos(), persistent=False)
        self.register_buffer("sines", angles.sin(), persistent=False)
        self._initialise()

    def _initialise(self) -> None:
        residual = 0.02 / (2 * self.shape.layers) ** 0.5
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                outgoing = name.endswith(("o_proj.weight", "down_proj.weight"))
                nn.init.normal_(parameter, std=residual if outgoing else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def hidden(
        self, ids: Tensor, positions: Tensor | None = None, mask: Tensor | None = None, cache: Cache | None = None
    ) -> Tensor:
        """Final hidden states ``(batch, length, hidden)`` of token ids ``(batch, length)``.

        ``positions`` has the shape of ``ids`` (default: 0, 1, …); ``mask`` is boolean, true where a query may
        look, broadcastable to ``(batch, 1, queries, keys)`` (default: causal). A cache is advanced by ``length``.
        """
        if positions is None:
            length = ids.shape[1]
            rope = (self.cosines[:length], self.sines[:length])
        else:
            rope = (self.cosines[positions][:, None], self.sines[positions][:, None])
        x: Tensor = self.model.embed_tokens(ids)
        for layer in self.model.layers:
            x = layer(x, rope, mask, cache)
        if cache is not None:
            cache.filled += ids.shape[1]
        out: Tensor = self.model.norm(x)
        return out

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores over the vocabulary for hidden states of any leading shape."""
        return functional.linear(hidden, self.model.embed_tokens.weight)


def causal_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention over ``(batch, head, length, width)``.

    Written out because on a CPU the fused kernel's backward pass takes three times as long at these lengths.
    """
    length = q.shape[2]
    hidden = torch.full((length, length), float("-inf"), dtype=q.dtype).triu(1)
    scores = torch.matmul(q * q.shape[-1] ** -0.5, k.transpose(-1, -2)) + hidden
    return torch.matmul(torch.softmax(scores, dim=-1, dtype=q.dtype), v)


def rotate(x: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """Rotary position embedding of ``x`` ``(…, length, head width)``, halves convention (GPT-NeoX)."""
    first, second = x.chunk(2, dim=-1)
    cosines, sines = cosines.to(x.dtype), sines.to(x.dtype)
    return x * cosines + torch.cat((-second, first), dim=-1) * sines


def parameter_count(model: nn.Module) -> int:
    """Number of trained values."""
    return sum(parameter.numel() for parameter in model.parameters())
